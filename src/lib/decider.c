#include "lib/decider.h"

#include "base/clock.h"
#include "ledger/refusals.h"
#include "ledger/steady.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

struct decider {
	const struct decider_setup *setup;
	struct index_reader *reader;  /* NULL while there is no index */
	struct view waiting;          /* the view when it is older than the caller asked for */
	struct ledger *ledger;        /* NULL while there is none */
	enum status ledger_status;    /* of the last try to open it, to tell a change only */
	bool ledger_full;             /* a key found no cell since it was last told */
	struct use_totals unkept;     /* counted while there was none */
	struct limits_source limits;  /* over it; counts */
	struct limits_source looking; /* over it; counts nothing */
	struct steady clock;          /* the time to decide by, as the keeper keeps it */
	struct key_file_secret *sealing_key; /* locked memory; NULL while its file is not there */
	struct timespec
		sealing_key_at; /* when the file that was read was changed; it may be replaced */
	enum status sealing_key_status; /* of the last reading */
	struct decide_scratch scratch;
};

static void tell(const struct decider *decider, enum decider_event event, enum status st)
{
	if (decider->setup->told != NULL)
		decider->setup->told(decider->setup->context, event, st);
}

/* ---- index and sealing key: opened when they are there ---- */

static enum status open_index(struct decider *decider)
{
	struct index_reader_options options = {
		.populate = true,
		.lease_us = decider->setup->lease_us,
		.serve_stale = !decider->setup->refuse_when_stale,
	};
	enum status st = index_reader_open(decider->setup->index_dir, &options, &decider->reader);

	tell(decider, st == ST_OK ? DECIDER_INDEX_OPENED : DECIDER_INDEX_NOT_OPENED, st);
	return st;
}

static enum status tend_index(struct decider *decider)
{
	enum status st;

	if (decider->reader == NULL)
		return open_index(decider);
	st = index_reader_tend(decider->reader);
	if (st != ST_OK)
		tell(decider, DECIDER_INDEX_NOT_USABLE, st);
	return st;
}

static enum status keep_sealing_key(struct decider *decider, const struct key_file_secret *file)
{
	if (decider->sealing_key == NULL)
		decider->sealing_key = secret_alloc(sizeof(*decider->sealing_key));
	if (decider->sealing_key == NULL)
		return ST_NO_MEMORY;
	*decider->sealing_key = *file;
	return ST_OK;
}

/* Read when it is new, or another one: the keeper puts right what was damaged. Tried again after a
 * failure, which may have been the disk's; told once. */
static void tend_sealing_key(struct decider *decider)
{
	const char *path = decider->setup->sealing_key_path;
	struct key_file_secret file;
	struct stat info;
	enum status st;

	if (path == NULL || stat(path, &info) != 0 ||
		memcmp(&info.st_ctim, &decider->sealing_key_at, sizeof(info.st_ctim)) == 0)
		return;
	st = key_file_read(path, "sealing", 037, &file);
	if (st == ST_OK)
		st = keep_sealing_key(decider, &file);
	crypto_wipe(&file, sizeof(file));
	if (st == ST_OK) {
		decider->sealing_key_at = info.st_ctim;
		tell(decider, DECIDER_SEALING_KEY_READ, st);
	} else if (st != decider->sealing_key_status) {
		tell(decider, DECIDER_SEALING_KEY_NOT_READ, st);
	}
	decider->sealing_key_status = st;
}

/* ---- the ledger: opened when it is there, each allowed use counted ---- */

/* struct limits_source: without a ledger nobody can tell, and limited keys are refused. */
static struct allowance_state take(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	struct decider *decider = context;
	struct allowance_state state = ledger_take(
		decider->ledger, key_slot, limits, (struct ledger_now){ clock_boot_us(), now_us });

	decider->ledger_full |= decider->ledger != NULL && state.outcome == ALLOWANCE_UNKNOWN;
	return state;
}

static struct allowance_state peek(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	const struct decider *decider = context;

	return ledger_peek(
		decider->ledger, key_slot, limits, (struct ledger_now){ clock_boot_us(), now_us });
}

static void open_ledger(struct decider *decider)
{
	enum status st = ledger_open(decider->setup->ledger_dir, &decider->ledger);

	if (st == ST_OK) {
		use_keep(decider->ledger, &decider->unkept);
		tell(decider, DECIDER_LEDGER_OPENED, st);
	} else if (st != decider->ledger_status) {
		tell(decider, DECIDER_LEDGER_NOT_OPENED, st);
	}
	decider->ledger_status = st;
}

static void tend_ledger(struct decider *decider)
{
	enum status st = decider->ledger == NULL ? ST_OK : ledger_check(decider->ledger);

	if (decider->setup->ledger_dir == NULL)
		return;
	/* What was read before holds on when there is nothing to read. */
	(void)!steady_read(&decider->clock, decider->setup->ledger_dir);
	if (decider->ledger_full)
		tell(decider, DECIDER_LEDGER_FULL, ST_LIMIT);
	decider->ledger_full = false;
	if (st != ST_OK) {
		tell(decider, DECIDER_LEDGER_LET_GO, st);
		ledger_close(&decider->ledger);
	}
	if (decider->ledger == NULL)
		open_ledger(decider);
}

/* ---- opening ---- */

enum status decider_open(const struct decider_setup *setup, struct decider **out_decider)
{
	CLEANUP(decider_close)
	struct decider *decider = NULL;
	enum status st = crypto_init();

	if (st != ST_OK)
		return st;
	decider = calloc(1, sizeof(*decider));
	if (decider == NULL)
		return ST_NO_MEMORY;
	decider->setup = setup;
	decider->limits = (struct limits_source){ decider, take };
	decider->looking = (struct limits_source){ decider, peek };
	decider->scratch.app_key_prefix = setup->app_key_prefix;
	decider->scratch.digests = digest_context_make();
	if (decider->scratch.digests == NULL)
		return ST_NO_MEMORY;
	(void)decider_tend(decider);
	*out_decider = decider;
	decider = NULL;
	return ST_OK;
}

void decider_close(struct decider **decider)
{
	struct decider *closing = *decider;

	if (closing == NULL)
		return;
	index_reader_close(&closing->reader);
	ledger_close(&closing->ledger);
	if (closing->sealing_key != NULL) {
		void *secret = closing->sealing_key;

		secret_free(&secret);
	}
	digest_context_free(&closing->scratch.digests);
	free(closing);
	*decider = NULL;
}

enum status decider_tend(struct decider *decider)
{
	tend_sealing_key(decider);
	tend_ledger(decider);
	return tend_index(decider);
}

/* ---- deciding ---- */

const struct view *decider_view(struct decider *decider, uint64_t min_revision)
{
	const struct view *view = NULL;

	if (decider->reader == NULL ||
		index_reader_view_begin(decider->reader, clock_boot_us(), &view) != ST_OK)
		return NULL;
	if (view->revision >= min_revision)
		return view;
	decider->waiting = *view;
	decider->waiting.stale = true;
	return &decider->waiting;
}

void decider_view_end(struct decider *decider)
{
	if (decider->reader != NULL)
		index_reader_view_end(decider->reader);
}

enum status decider_index_info(struct decider *decider, struct index_info *out_info)
{
	if (decider->reader == NULL)
		return ST_NOT_FOUND;
	return index_reader_info(decider->reader, clock_boot_us(), out_info);
}

bool decider_seals(const struct decider *decider)
{
	return decider->sealing_key != NULL;
}

struct decide_input decider_input(const struct decider *decider)
{
	return (struct decide_input){
		.now_us = steady_us(
			&decider->clock, (struct ledger_now){ clock_boot_us(), clock_wall_us() }),
		.limits = &decider->limits,
	};
}

/* ---- counting ---- */

static_assert(CAUSE_COUNT <= USE_CAUSES, "each cause is counted");

static int64_t clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static struct use_client client_of(const struct address *address)
{
	struct use_client client = { .known = address->known };

	memcpy(client.bytes, address->bytes, sizeof(client.bytes));
	return client;
}

/* A refusal without a cause is a fault, and answered as this one. */
static uint8_t cause_counted(const struct decision *decision)
{
	if (decision->verdict == VERDICT_ALLOW)
		return 0;
	return decision->cause == CAUSE_NONE ? CAUSE_INDEX_UNAVAILABLE : (uint8_t)decision->cause;
}

static enum use_token token_used(const struct decision *decision)
{
	if (!decision->proven)
		return USE_TOKEN_NONE;
	if (decision->cause == CAUSE_TOKEN_RETIRED)
		return USE_TOKEN_RETIRED;
	return decision->previous_token ? USE_TOKEN_PREVIOUS : USE_TOKEN_NEWEST;
}

static void count(struct decider *decider, const struct decide_input *input,
	const struct decision *decision, int64_t took_ns)
{
	use_count(decider->ledger, &decider->unkept,
		&(struct use){
			.account = decision->owner_account,
			.key = decision->key,
			.route = decision->route.route_id,
			.resource = decision->resource,
			.cause = cause_counted(decision),
			.token = (uint8_t)token_used(decision),
			.by = (uint8_t)decider->setup->by,
			.client = client_of(&input->client),
			.at_us = input->now_us,
			.took_ns = took_ns,
		});
}

void decider_totals(const struct decider *decider, struct use_totals *out)
{
	use_totals_read(decider->ledger, &decider->unkept, out);
}

void decider_count_untrusted(struct decider *decider)
{
	use_count_untrusted(decider->ledger, &decider->unkept);
}

void decider_decide(struct decider *decider, const struct view *view,
	const struct decide_input *input, struct decision *out)
{
	int64_t began_ns = clock_ns();

	decide(view, input, &decider->scratch, out);
	count(decider, input, out, clock_ns() - began_ns);
}

void decider_try(struct decider *decider, const struct view *view, const struct decide_input *input,
	struct decision *out)
{
	struct decide_input trial = *input;

	trial.limits = &decider->looking;
	decide(view, &trial, &decider->scratch, out);
}

struct span decider_named_key(const struct decider *decider, const struct decision *decision)
{
	return decision->key != 0 ? decider->scratch.key.app_key : SPAN_ABSENT;
}

void decider_diagnose(const struct decider *decider, const struct view *view,
	const struct decide_input *input, const struct decision *decision, struct span request_id,
	struct diagnosis *out)
{
	struct diagnosis_origin origin = { request_id, decider->setup->node };

	diagnosis_make(decision, input, &decider->scratch, view, &origin, out);
}

enum status decider_open_diagnosis(
	const struct decider *decider, struct span text, struct diagnosis *out)
{
	if (decider->sealing_key == NULL)
		return ST_UNAVAILABLE;
	return diagnosis_open(text, decider->sealing_key, 1, out);
}

/* ---- a refusal ---- */

static void note(struct decider *decider, const struct decide_input *input,
	const struct decision *decision, struct span request_id, struct span diagnosis)
{
	refusals_note(decider->ledger, &(struct refused){
					       .at_us = input->now_us,
					       .account = decision->owner_account,
					       .key = decision->key,
					       .route = decision->route.route_id,
					       .cause = cause_counted(decision),
					       .by = (uint8_t)decider->setup->by,
					       .proven = decision->proven,
					       .client = client_of(&input->client),
					       .request_id = request_id,
					       .method = input->method,
					       .diagnosis = diagnosis,
				       });
}

static void seal(struct decider *decider, const struct view *view, const struct decide_input *input,
	const struct decision *decision, struct span request_id, struct refusal *out)
{
	struct buf sealed = BUF_ARRAY(out->memory);
	uint8_t nonce[SEAL_NONCE_SIZE];
	struct diagnosis diagnosis;

	out->diagnosis = SPAN_ABSENT;
	if (decider->sealing_key == NULL)
		return;
	decider_diagnose(decider, view, input, decision, request_id, &diagnosis);
	crypto_random(nonce, sizeof(nonce));
	diagnosis_seal(&diagnosis, decider->sealing_key, nonce, &sealed);
	if (buf_ok(&sealed))
		out->diagnosis = buf_span(&sealed);
}

void decider_refuse(struct decider *decider, const struct view *view,
	const struct decide_input *input, const struct decision *decision,
	const struct refusal_request *request, struct refusal *out)
{
	seal(decider, view, input, decision, request->request_id, out);
	problem_make(&decider->setup->site, decision, view,
		&(struct problem_request){
			.request_id = request->request_id,
			.diagnosis = out->diagnosis,
			.lang = request->lang,
		},
		&out->problem);
	note(decider, input, decision, request->request_id, out->diagnosis);
}
