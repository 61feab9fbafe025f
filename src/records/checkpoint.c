/* Checkpoints: a head, signed, as one line of text; and the public key as one. */
#include "records/verify.h"

#include "base/encode.h"
#include "records/store.h"

#include <limits.h>

#define WORD "llavero-checkpoint-1 "
#define KEPT_FILE "checkpoint"
#define KEY_WORD "llavero-event-key-1 "

/* What is signed: all of the line but the signature. */
static void append_unsigned(struct buf *out, const struct checkpoint *checkpoint)
{
	buf_append_str(out, WORD);
	encode_hex(out, checkpoint->installation_id, sizeof(checkpoint->installation_id));
	buf_printf(out, " %lld %lld ", (long long)checkpoint->head.epoch,
		(long long)checkpoint->head.revision);
	encode_hex(out, checkpoint->head.hash, DIGEST_SIZE);
	buf_append_char(out, ' ');
	clock_append_rfc3339(out, checkpoint->time_us);
}

void checkpoint_append(struct buf *out, const struct checkpoint *checkpoint)
{
	append_unsigned(out, checkpoint);
	buf_append_char(out, ' ');
	encode_hex(out, checkpoint->signature, SIGNATURE_SIZE);
	buf_append_char(out, '\n');
}

void checkpoint_sign(const struct records *records, const struct head *head, int64_t now_us,
	struct checkpoint *out_checkpoint)
{
	char memory[512];
	struct buf text = BUF_ARRAY(memory);

	*out_checkpoint = (struct checkpoint){ .head = *head, .time_us = now_us };
	memcpy(out_checkpoint->installation_id, records->installation_bytes,
		sizeof(out_checkpoint->installation_id));
	append_unsigned(&text, out_checkpoint);
	sign_make(records->sign_secret, buf_span(&text), out_checkpoint->signature);
}

bool checkpoint_is_signed(
	const struct checkpoint *checkpoint, const uint8_t public_key[SIGN_PUBLIC_KEY_SIZE])
{
	char memory[512];
	struct buf text = BUF_ARRAY(memory);

	append_unsigned(&text, checkpoint);
	return buf_ok(&text) && sign_check(public_key, buf_span(&text), checkpoint->signature);
}

enum status checkpoint_make(
	struct records *records, int64_t now_us, struct checkpoint *out_checkpoint)
{
	struct head head = records_head(records);

	if (head.revision == 0)
		return ST_NOT_FOUND;
	checkpoint_sign(records, &head, now_us, out_checkpoint);
	return ST_OK;
}

/* The next word up to a space or the end; the rest stays in *text. */
static struct span word_next(struct span *text)
{
	size_t end = span_find(*text, ' ');
	struct span word = span_part(*text, 0, end);

	*text = span_part(*text, end + 1, text->len);
	return word;
}

static bool number_next(struct span *text, int64_t *out_number)
{
	uint64_t number;

	if (!span_to_u64(word_next(text), &number) || number > INT64_MAX)
		return false;
	*out_number = (int64_t)number;
	return true;
}

static struct span one_line(struct span text)
{
	while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
		text.len--;
	return text;
}

enum status checkpoint_parse(struct span text, struct checkpoint *out_checkpoint)
{
	struct checkpoint c = { 0 };

	text = one_line(text);
	if (!span_starts_with(text, SPAN_LIT(WORD)))
		return ST_INVALID;
	text = span_part(text, sizeof(WORD) - 1, text.len);
	if (!decode_hex(word_next(&text), c.installation_id, sizeof(c.installation_id)) ||
		!number_next(&text, &c.head.epoch) || !number_next(&text, &c.head.revision) ||
		!decode_hex(word_next(&text), c.head.hash, DIGEST_SIZE) ||
		clock_parse_rfc3339(word_next(&text), &c.time_us) != ST_OK ||
		!decode_hex(text, c.signature, SIGNATURE_SIZE))
		return ST_INVALID;
	*out_checkpoint = c;
	return ST_OK;
}

void public_key_append(struct buf *out, const uint8_t public_key[SIGN_PUBLIC_KEY_SIZE])
{
	buf_append_str(out, KEY_WORD);
	encode_hex(out, public_key, SIGN_PUBLIC_KEY_SIZE);
	buf_append_char(out, '\n');
}

enum status public_key_parse(struct span text, uint8_t out_public_key[SIGN_PUBLIC_KEY_SIZE])
{
	text = one_line(text);
	if (span_starts_with(text, SPAN_LIT(KEY_WORD)))
		text = span_part(text, sizeof(KEY_WORD) - 1, text.len);
	return decode_hex(text, out_public_key, SIGN_PUBLIC_KEY_SIZE) ? ST_OK : ST_INVALID;
}

/* ---- the newest one, kept ---- */

static enum status kept_path(char out[PATH_MAX], const struct records *records)
{
	struct buf b = buf_fixed(out, PATH_MAX);

	buf_printf(&b, "%s/%s", records->data_dir, KEPT_FILE);
	return buf_ok(&b) ? ST_OK : ST_LIMIT;
}

enum status checkpoint_keep(const struct records *records, const struct checkpoint *checkpoint)
{
	char path[PATH_MAX], memory[512];
	struct buf line = BUF_ARRAY(memory);
	enum status st = kept_path(path, records);

	checkpoint_append(&line, checkpoint);
	return st != ST_OK ? st : file_replace(path, buf_span(&line), 0600);
}

enum status checkpoint_kept(const struct records *records, struct checkpoint *out_checkpoint)
{
	char path[PATH_MAX], memory[1024];
	struct buf text = BUF_ARRAY(memory);
	struct checkpoint kept;
	enum status st = kept_path(path, records);

	if (st == ST_OK)
		st = file_read(path, &text);
	if (st != ST_OK)
		return st == ST_LIMIT ? ST_DAMAGED : st;
	if (checkpoint_parse(buf_span(&text), &kept) != ST_OK ||
		!checkpoint_is_signed(&kept, records->public_key) ||
		memcmp(kept.installation_id, records->installation_bytes,
			sizeof(kept.installation_id)) != 0)
		return ST_DAMAGED;
	*out_checkpoint = kept;
	return ST_OK;
}
