/* llavero events verify: offline, on a copy of the database, with the public key alone. */
#include "cli/commands.h"

#include "base/encode.h"
#include "base/limits.h"
#include "records/verify.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define SMALL_FILE_MAX (4 * KIB)

struct verifying {
	struct cli *cli;
	const char *path;
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE];
	bool key_is_stated; /* the database's own: no key was given */
	struct checkpoint checkpoint;
	bool has_checkpoint;
};

/* A file that holds the key, or the key itself in hex. */
static int take_key(struct verifying *v, const char *given)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(0);
	struct complaint complaint = { .key = NULL };
	struct head head;
	int code;

	if (given == NULL) {
		v->key_is_stated = true;
		return events_stated(v->path, v->public_key, &head, &complaint) == ST_OK
			       ? EXIT_YES
			       : cli_complain(v->cli, EXIT_FAULT, &complaint);
	}
	if (public_key_parse(span_str(given), v->public_key) == ST_OK)
		return EXIT_YES;
	code = input_file(v->cli, given, INPUT_OPEN, SMALL_FILE_MAX, &text);
	if (code == EXIT_YES && public_key_parse(buf_span(&text), v->public_key) != ST_OK)
		code = cli_fail_with(v->cli, EXIT_USAGE, "cli.not_a_public_key", "path", given);
	return code;
}

static int take_checkpoint(struct verifying *v, const char *path)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(0);
	int code;

	if (path == NULL)
		return EXIT_YES;
	code = input_file(v->cli, path, INPUT_OPEN, SMALL_FILE_MAX, &text);
	if (code == EXIT_YES && checkpoint_parse(buf_span(&text), &v->checkpoint) != ST_OK)
		code = cli_fail_with(v->cli, EXIT_USAGE, "cli.not_a_checkpoint", "path", path);
	v->has_checkpoint = code == EXIT_YES;
	return code;
}

static void on_progress(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	show_progress((uint64_t)done, (uint64_t)total);
}

static json_t *hex_value(const void *bytes, size_t len)
{
	char memory[160];
	struct buf text = BUF_ARRAY(memory);

	encode_hex(&text, bytes, len);
	return json_string(buf_str(&text));
}

static json_t *result_json(const struct verifying *v, const struct verify_result *result)
{
	bool good = result->fault == EVENT_FAULT_NONE;
	json_t *object = json_object();

	(void)json_object_set_new(object, "valid", json_boolean(good));
	(void)json_object_set_new(
		object, "fault", good ? json_null() : json_string(event_fault_name(result->fault)));
	(void)json_object_set_new(object, "firstBad",
		result->first_bad == 0 ? json_null() : json_integer(result->first_bad));
	(void)json_object_set_new(object, "events", json_integer(result->events));
	(void)json_object_set_new(object, "signatures", json_integer(result->signatures));
	(void)json_object_set_new(object, "epoch", json_integer(result->head.epoch));
	(void)json_object_set_new(object, "revision", json_integer(result->head.revision));
	(void)json_object_set_new(object, "hash", hex_value(result->head.hash, DIGEST_SIZE));
	(void)json_object_set_new(object, "checkpoint",
		v->has_checkpoint ? json_integer(v->checkpoint.head.revision) : json_null());
	(void)json_object_set_new(
		object, "publicKey", hex_value(v->public_key, SIGN_PUBLIC_KEY_SIZE));
	(void)json_object_set_new(
		object, "keySource", json_string(v->key_is_stated ? "database" : "option"));
	return object;
}

static int show_result(const struct verifying *v, const struct verify_result *result,
	const struct complaint *complaint)
{
	static const struct column good[] = {
		{ "cli.col_events", "events" },
		{ "cli.col_signatures", "signatures" },
		{ "cli.col_epoch", "epoch" },
		{ "cli.col_revision", "revision" },
		{ "cli.col_hash", "hash" },
		{ "cli.col_checkpoint", "checkpoint" },
		{ "cli.col_public_key", "publicKey" },
	};
	CLEANUP(buf_free)
	struct buf sentence = buf_heap(4 * KIB);
	json_t *object = result_json(v, result);
	bool is_good = result->fault == EVENT_FAULT_NONE;

	if (is_good)
		message_append(&sentence, v->cli->lang, "cli.events_good", NULL, 0);
	else
		complaint_append(&sentence, v->cli->lang, complaint);
	(void)json_object_set_new(object, "detail", json_string(buf_str(&sentence)));
	if (v->cli->json) {
		(void)show_json(object);
	} else {
		(void)printf("%s\n", buf_str(&sentence));
		show_fields(v->cli, object, good, ARRAY_LEN(good));
	}
	json_decref(object);
	if (v->key_is_stated)
		cli_note(v->cli, "cli.verify_key_stated", NULL, 0);
	if (is_good && !v->has_checkpoint)
		cli_note(v->cli, "cli.verify_no_checkpoint", NULL, 0);
	return is_good ? EXIT_YES : EXIT_REFUSED;
}

int run_events_verify(struct cli *cli, const struct cli_args *args)
{
	struct verifying v = { .cli = cli, .path = args->operands[0] };
	struct verify_result result;
	struct complaint complaint = { .key = NULL };
	struct verify_options options = {
		.path = v.path,
		.public_key = v.public_key,
		.progress = on_progress,
	};
	enum status st;
	int code;

	if (access(v.path, R_OK) != 0) {
		struct message_arg why[] = { { "path", span_str(v.path) },
			{ "reason", span_str(cli_reason(cli, errno)) } };

		return cli_fail(cli, EXIT_FAULT, "cli.open_failed", why, ARRAY_LEN(why));
	}
	code = take_key(&v, cli_value(args, "public-key"));

	if (code == EXIT_YES)
		code = take_checkpoint(&v, cli_value(args, "checkpoint"));
	if (code != EXIT_YES)
		return code;
	options.checkpoint = v.has_checkpoint ? &v.checkpoint : NULL;
	st = events_verify(&options, &result, &complaint);
	show_progress(1, 1);
	if (st != ST_OK)
		return cli_complain(cli, EXIT_FAULT, &complaint);
	return show_result(&v, &result, &complaint);
}
