#include "keeper/entry.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/password.h"
#include "keeper/told.h"
#include "keeper/wrong_codes.h"
#include "records/session.h"

#include <stdlib.h>

#define PENDING_US (10 * 60 * US_PER_S)

struct pending {
	struct entry_whose whose; /* nobody's: free */
	int64_t until_us;
	uint8_t secret[TOTP_SECRET_SIZE];
};

struct entry {
	pthread_mutex_t lock;
	pthread_cond_t one_ended;
	unsigned running, waiting, strangers_max;
	struct record_login nobody;
	char nobody_password[PASSWORD_TEXT_SIZE];
	struct pending *pending_secret; /* ENTRY_PENDING of them, in locked memory */
	/* Apart, so that neither takes the room of the other. */
	struct told_list logins, sessions;
	struct wrong_codes wrong_codes;
	struct guesses *guesses;
};

static enum status nobody_make(struct entry *entry, const struct root_key *key)
{
	uint8_t unknown[TOTP_SECRET_SIZE];
	enum status st;

	crypto_random(unknown, sizeof(unknown));
	totp_seal(key, 0, unknown, entry->nobody.totp);
	crypto_random(unknown, sizeof(unknown));
	st = password_text_make(span_of(unknown, sizeof(unknown)), entry->nobody_password);
	entry->nobody.password = span_str(entry->nobody_password);
	return st;
}

const struct record_login *entry_nobody(const struct entry *entry)
{
	return &entry->nobody;
}

enum status entry_make(const struct root_key *key, unsigned workers, struct entry **out_entry)
{
	CLEANUP(entry_free)
	struct entry *entry = calloc(1, sizeof(*entry));
	enum status st;

	if (entry == NULL)
		return ST_NO_MEMORY;
	(void)pthread_mutex_init(&entry->lock, NULL);
	(void)pthread_cond_init(&entry->one_ended, NULL);
	entry->strangers_max = workers / 4 > 0 ? workers / 4 : 1;
	entry->pending_secret = secret_alloc(ENTRY_PENDING * sizeof(*entry->pending_secret));
	if (entry->pending_secret == NULL)
		return ST_NO_MEMORY;
	memset(entry->pending_secret, 0, ENTRY_PENDING * sizeof(*entry->pending_secret));
	st = guesses_make(&entry->guesses);
	if (st == ST_OK)
		st = nobody_make(entry, key);
	if (st != ST_OK)
		return st;
	*out_entry = entry;
	entry = NULL;
	return ST_OK;
}

void entry_free(struct entry **entry)
{
	if (*entry == NULL)
		return;
	secret_free((void **)&(*entry)->pending_secret);
	guesses_free(&(*entry)->guesses);
	free(*entry);
	*entry = NULL;
}

struct guesses *entry_guesses(struct entry *entry)
{
	return entry->guesses;
}

/* ---- passwords ---- */

/* E1, E2 */
static enum status turn_take(struct entry *entry, enum entry_turn turn)
{
	unsigned most;
	enum status st = ST_OK;

	pthread_mutex_lock(&entry->lock);
	most = entry->strangers_max + (turn == ENTRY_KNOWN ? 1 : 0);
	if (entry->running + entry->waiting >= most) {
		st = ST_BUSY;
	} else {
		entry->waiting++;
		while (entry->running >= ENTRY_HASHES)
			pthread_cond_wait(&entry->one_ended, &entry->lock);
		entry->waiting--;
		entry->running++;
	}
	pthread_mutex_unlock(&entry->lock);
	return st;
}

static void turn_give(struct entry *entry)
{
	pthread_mutex_lock(&entry->lock);
	entry->running--;
	pthread_cond_signal(&entry->one_ended);
	pthread_mutex_unlock(&entry->lock);
}

enum status entry_password_is(struct entry *entry, enum entry_turn turn, struct span text,
	struct span password, bool *out_is)
{
	char ended[PASSWORD_TEXT_SIZE] = { 0 };
	enum status st = turn_take(entry, turn);

	if (st != ST_OK)
		return st;
	memcpy(ended, text.ptr, text.len < sizeof(ended) ? text.len : sizeof(ended) - 1);
	*out_is = password_is(ended, password);
	turn_give(entry);
	return ST_OK;
}

enum status entry_password_make(struct entry *entry, struct span password, char *out_text)
{
	enum status st = turn_take(entry, ENTRY_KNOWN);

	if (st != ST_OK)
		return st;
	st = password_text_make(password, out_text);
	turn_give(entry);
	return st;
}

/* ---- second factors that are being set up ---- */

/* His, or NULL. */
static struct pending *pending_of(struct entry *entry, uint32_t user_slot)
{
	for (unsigned i = 0; i < ENTRY_PENDING; i++) {
		if (entry->pending_secret[i].whose.user_slot == user_slot)
			return &entry->pending_secret[i];
	}
	return NULL;
}

/* One that is free, or over; NULL: none. */
static struct pending *pending_room(struct entry *entry, int64_t now_us)
{
	for (unsigned i = 0; i < ENTRY_PENDING; i++) {
		struct pending *at = &entry->pending_secret[i];

		if (at->whose.user_slot == 0 || now_us >= at->until_us)
			return at;
	}
	return NULL;
}

/* E4 */
enum status entry_pending_put(struct entry *entry, struct entry_whose whose,
	const uint8_t secret[TOTP_SECRET_SIZE], int64_t now_us)
{
	struct pending *pending;

	pthread_mutex_lock(&entry->lock);
	pending = pending_of(entry, whose.user_slot);
	if (pending == NULL)
		pending = pending_room(entry, now_us);
	if (pending != NULL) {
		pending->whose = whose;
		pending->until_us = now_us + PENDING_US;
		memcpy(pending->secret, secret, TOTP_SECRET_SIZE);
	}
	pthread_mutex_unlock(&entry->lock);
	return pending != NULL ? ST_OK : ST_BUSY;
}

enum status entry_pending_get(struct entry *entry, struct entry_whose whose, int64_t now_us,
	uint8_t out_secret[TOTP_SECRET_SIZE])
{
	const struct pending *pending;
	enum status st = ST_NOT_FOUND;

	pthread_mutex_lock(&entry->lock);
	pending = pending_of(entry, whose.user_slot);
	if (pending != NULL && pending->whose.session_slot == whose.session_slot &&
		now_us < pending->until_us) {
		memcpy(out_secret, pending->secret, TOTP_SECRET_SIZE);
		st = ST_OK;
	}
	pthread_mutex_unlock(&entry->lock);
	return st;
}

void entry_pending_drop(struct entry *entry, struct entry_whose whose)
{
	struct pending *pending;

	pthread_mutex_lock(&entry->lock);
	pending = pending_of(entry, whose.user_slot);
	if (pending != NULL && pending->whose.session_slot == whose.session_slot)
		crypto_wipe(pending, sizeof(*pending));
	pthread_mutex_unlock(&entry->lock);
}

/* ---- failures, told ---- */

/* E3 */
void entry_failed(
	struct entry *entry, uint32_t account_slot, uint32_t user_slot, struct span address)
{
	pthread_mutex_lock(&entry->lock);
	told_add(user_slot == 0 ? &entry->logins : &entry->sessions, account_slot, user_slot,
		address);
	pthread_mutex_unlock(&entry->lock);
}

void entry_code_wrong(struct entry *entry, uint32_t user_slot, struct span address)
{
	pthread_mutex_lock(&entry->lock);
	wrong_codes_add(&entry->wrong_codes, user_slot, address);
	pthread_mutex_unlock(&entry->lock);
}

void entry_code_right(struct entry *entry, uint32_t user_slot)
{
	pthread_mutex_lock(&entry->lock);
	wrong_codes_forget(&entry->wrong_codes, user_slot);
	pthread_mutex_unlock(&entry->lock);
}

static bool codes_due(struct entry *entry, struct wrong_codes_of *out_of)
{
	bool found;

	pthread_mutex_lock(&entry->lock);
	found = wrong_codes_due(&entry->wrong_codes, out_of);
	pthread_mutex_unlock(&entry->lock);
	return found;
}

static bool take(struct entry *entry, struct told_list *list, int64_t now_us, struct told *out_told)
{
	bool found;

	pthread_mutex_lock(&entry->lock);
	found = told_take(list, now_us, out_told);
	pthread_mutex_unlock(&entry->lock);
	return found;
}

static enum status change_of_login(
	struct records *records, const char *address, int64_t now_us, struct change **out_change)
{
	const struct actor actor = {
		.kind = ACTOR_SYSTEM,
		.name = SPAN_LIT("login"),
		.peer_uid = -1,
		.address = span_str(address),
	};

	return change_begin(records, &actor, now_us, out_change);
}

/* What could not be written is tried again in a second. */
static void hold_codes(struct entry *entry, struct records *records, int64_t now_us)
{
	struct wrong_codes_of of;
	enum status st = ST_OK;

	while (st == ST_OK && codes_due(entry, &of)) {
		CLEANUP(change_abort)
		struct change *change = NULL;

		st = change_of_login(records, of.address, now_us, &change);
		if (st == ST_OK)
			st = login_hold_codes(change, of.user_slot, of.count, span_str(of.address));
		if (st == ST_OK)
			st = change_commit(&change, NULL);
		if (st == ST_OK)
			entry_code_right(entry, of.user_slot);
		else
			log_warn("codes_not_held", LOG_STR("status", status_name(st)));
	}
}

static enum status told_write(struct records *records, const struct told *told, int64_t now_us)
{
	CLEANUP(change_abort)
	struct change *change = NULL;
	enum status st = change_of_login(records, told->address, now_us, &change);

	if (st == ST_OK && told->user_slot == 0)
		st = login_failures(
			change, told->account_slot, told->count, span_str(told->address));
	else if (st == ST_OK)
		st = session_failures(
			change, told->user_slot, told->count, span_str(told->address));
	return st != ST_OK ? st : change_commit(&change, NULL);
}

static void tell(struct records *records, const struct told *told, int64_t now_us)
{
	enum status st = told_write(records, told, now_us);

	if (st != ST_OK)
		log_warn("login_failures_not_told", LOG_STR("status", status_name(st)),
			LOG_NUM("failures", told->count));
}

static void tend(
	struct entry *entry, struct told_list *list, struct records *records, int64_t now_us)
{
	struct told told;

	for (unsigned i = 0; i < TOLD_MAX && take(entry, list, now_us, &told); i++)
		tell(records, &told, now_us);
}

void entry_tend(struct entry *entry, struct records *records, int64_t now_us)
{
	tend(entry, &entry->logins, records, now_us);
	tend(entry, &entry->sessions, records, now_us);
	hold_codes(entry, records, now_us);
}

void entry_tell_last(struct entry *entry, struct records *records, int64_t now_us)
{
	struct told told;

	while (told_take_last(&entry->logins, &told) || told_take_last(&entry->sessions, &told))
		tell(records, &told, now_us);
}

/* ---- devices ---- */

/* A device's mark: over what it is, whose, and what he proves himself with since when: each new
 * password has another salt, each new factor another nonce. */
static bool device_mark(const struct root_key *key, const struct record_login *login,
	const uint8_t id[DEVICE_ID_SIZE], uint8_t out_mark[DIGEST_SIZE])
{
	char memory[80 + PASSWORD_TEXT_SIZE + TOTP_SEALED_SIZE];
	struct buf about = BUF_ARRAY(memory);
	uint8_t key_secret[SYMMETRIC_KEY_SIZE];

	buf_printf(&about, "llavero device 2\n%u\n%lld\n", login->user_slot,
		(long long)login->created_at_us);
	buf_append(&about, login->password);
	buf_append_char(&about, '\n');
	buf_append(&about, span_of(login->totp, TOTP_SEALED_SIZE));
	buf_append(&about, span_of(id, DEVICE_ID_SIZE));
	root_key_device(key, key_secret);
	crypto_mac(key_secret, buf_span(&about), out_mark);
	crypto_wipe(key_secret, sizeof(key_secret));
	return buf_ok(&about);
}

void device_make(const struct root_key *key, const struct record_login *login, struct buf *out)
{
	uint8_t bytes[DEVICE_ID_SIZE + DIGEST_SIZE];

	crypto_random(bytes, DEVICE_ID_SIZE);
	if (device_mark(key, login, bytes, bytes + DEVICE_ID_SIZE))
		encode_base64url(out, bytes, sizeof(bytes));
}

bool device_is(const struct root_key *key, const struct record_login *login, struct span text,
	uint8_t out_id[DEVICE_ID_SIZE])
{
	char memory[DEVICE_ID_SIZE + DIGEST_SIZE + 1];
	struct buf bytes = BUF_ARRAY(memory);
	uint8_t mark[DIGEST_SIZE];

	if (!span_present(text) || decode_base64url(text, &bytes) != ST_OK ||
		bytes.len != DEVICE_ID_SIZE + DIGEST_SIZE)
		return false;
	memcpy(out_id, memory, DEVICE_ID_SIZE);
	return device_mark(key, login, out_id, mark) &&
	       crypto_equal(mark, memory + DEVICE_ID_SIZE, DIGEST_SIZE);
}

/* ---- recovery codes ---- */

#define RECOVERY_BYTES 15u
#define RECOVERY_CHARS 24u
/* Without I, L, O and U, which are read as others. */
static const char RECOVERY_ALPHABET[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static enum status recovery_hash(struct span plain, uint8_t out_digest[DIGEST_SIZE])
{
	const struct span parts[] = { SPAN_LIT("llavero recovery code 1\n"), plain };
	CLEANUP(digest_context_free)
	struct digest_context *context = digest_context_make();

	if (context == NULL || !digest_sha256_parts(context, parts, ARRAY_LEN(parts), out_digest))
		return ST_NO_MEMORY;
	return ST_OK;
}

static void recovery_write(const uint8_t bytes[RECOVERY_BYTES], char plain[RECOVERY_CHARS])
{
	for (unsigned i = 0; i < RECOVERY_CHARS; i++) {
		unsigned bit = i * 5, at = bit / 8, shift = bit % 8;
		unsigned two = (unsigned)bytes[at] << 8;

		if (at + 1 < RECOVERY_BYTES)
			two |= bytes[at + 1];
		plain[i] = RECOVERY_ALPHABET[(two >> (11 - shift)) & 31];
	}
}

enum status recovery_make(struct recovery_secrets *out)
{
	enum status st = ST_OK;

	for (unsigned n = 0; st == ST_OK && n < RECOVERY_CODES; n++) {
		struct buf text = BUF_ARRAY(out->texts[n]);
		uint8_t bytes[RECOVERY_BYTES];
		char plain[RECOVERY_CHARS];

		crypto_random(bytes, sizeof(bytes));
		recovery_write(bytes, plain);
		st = recovery_hash(span_of(plain, sizeof(plain)), out->digests[n]);
		for (unsigned i = 0; i < RECOVERY_CHARS; i++) {
			if (i > 0 && i % 6 == 0)
				buf_append_char(&text, '-');
			buf_append_char(&text, plain[i]);
		}
		crypto_wipe(bytes, sizeof(bytes));
		crypto_wipe(plain, sizeof(plain));
	}
	return st;
}

static char recovery_fold(char c)
{
	if (c >= 'a' && c <= 'z')
		c = (char)(c - 'a' + 'A');
	if (c == 'O')
		return '0';
	return c == 'I' || c == 'L' ? '1' : c;
}

/* What counts of it; more than RECOVERY_CHARS are too many. */
static size_t recovery_read(struct span text, char plain[RECOVERY_CHARS + 1])
{
	size_t len = 0;

	for (size_t i = 0; i < text.len && len <= RECOVERY_CHARS; i++) {
		if (text.ptr[i] != '-' && text.ptr[i] != ' ')
			plain[len++] = recovery_fold(text.ptr[i]);
	}
	return len;
}

bool recovery_has_form(struct span text)
{
	char plain[RECOVERY_CHARS + 1];
	size_t len = recovery_read(text, plain);
	bool has = len == RECOVERY_CHARS;

	for (size_t i = 0; i < len; i++)
		has = has && plain[i] != '\0' && strchr(RECOVERY_ALPHABET, plain[i]) != NULL;
	crypto_wipe(plain, sizeof(plain));
	return has;
}

enum status recovery_digest(struct span text, uint8_t out_digest[DIGEST_SIZE])
{
	char plain[RECOVERY_CHARS + 1];
	enum status st = recovery_hash(span_of(plain, recovery_read(text, plain)), out_digest);

	crypto_wipe(plain, sizeof(plain));
	return st;
}
