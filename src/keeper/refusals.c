/*
 * /v1/refusals: who was refused lately, for an owner whose integrator did not keep
 * the code. Source: ledger/refusals.h to search by; what is shown comes from the
 * sealed diagnosis, as POST /v1/explain would open it.
 */
#include "keeper/explain.h"

#include "base/clock.h"
#include "keeper/keys.h"
#include "keeper/query.h"
#include "ledger/refusals.h"

#define ENTRY_ARENA (4 * MIB)
/* A cursor is the time of the last entry and how many of that very time were shown. */
#define TIES_MAX 1000

struct search {
	uint32_t account_slot; /* REFUSALS_OF_ALL */
	uint32_t key_slot;     /* 0: any */
	enum cause cause;      /* CAUSE_NONE: any */
	bool by_address;
	struct address address;
	struct span request_id;
	int64_t since_us, until_us;
	int64_t last_us; /* of the page before; INT64_MAX: this is the first */
	int64_t ties;
	size_t count_max;
};

/* ---- the question ---- */

static enum status read_page(struct api_call *call, struct search *search)
{
	uint64_t cursor = 0;
	enum status st = query_limit(call, &search->count_max);

	if (st == ST_OK)
		st = query_number(call, "cursor", INT64_MAX, &cursor);
	search->last_us = INT64_MAX;
	if (st == ST_OK && span_present(http_query(call->http, "cursor"))) {
		search->last_us = (int64_t)(cursor / TIES_MAX);
		search->ties = (int64_t)(cursor % TIES_MAX);
	}
	return st;
}

static enum status read_search(struct api_call *call, struct search *search)
{
	struct span address = http_query(call->http, "address");
	struct record_key key = { .slot = 0 };
	enum status st = read_page(call, search);

	search->until_us = INT64_MAX;
	search->request_id = http_query(call->http, "requestId");
	search->by_address = span_present(address);
	if (st == ST_OK && search->by_address && address_parse(address, &search->address) != ST_OK)
		return api_refuse(call, ST_INVALID, "api.query_address", NULL, NULL);
	if (st == ST_OK)
		st = query_cause(call, &search->cause);
	if (st == ST_OK)
		st = query_time(call, "since", &search->since_us);
	if (st == ST_OK)
		st = query_time(call, "until", &search->until_us);
	if (st == ST_OK)
		st = api_reading(call);
	if (st == ST_OK)
		st = query_account(call, &search->account_slot);
	/* No account is one of its own there. */
	if (search->account_slot == 0)
		search->account_slot = REFUSALS_OF_ALL;
	if (st == ST_OK)
		st = query_key(call, &key);
	search->key_slot = key.slot;
	return st;
}

/* ---- what fits ---- */

/* By what stands beside the diagnosis, before that is opened. */
static bool may_fit(const struct search *search, const struct refused *entry)
{
	return span_present(entry->diagnosis) && entry->at_us <= search->last_us &&
	       (search->key_slot == 0 || entry->key == search->key_slot) &&
	       (!span_present(search->request_id) ||
		       span_equal(entry->request_id, search->request_id));
}

static bool fits(const struct search *search, const struct diagnosis *diagnosis)
{
	if (diagnosis->allowed || diagnosis->at_us < search->since_us ||
		diagnosis->at_us >= search->until_us)
		return false;
	if (search->key_slot != 0 && diagnosis->key != search->key_slot)
		return false;
	if (search->cause != CAUSE_NONE && diagnosis->cause != search->cause)
		return false;
	return !search->by_address ||
	       (diagnosis->client.known && memcmp(diagnosis->client.bytes, search->address.bytes,
						   sizeof(search->address.bytes)) == 0);
}

/* ---- the answer ---- */

static void append_text(struct buf *out, const char *name, struct span value)
{
	buf_printf(out, ",\"%s\":", name);
	if (span_present(value))
		buf_append_json(out, value);
	else
		buf_append_str(out, "null");
}

static enum status append_key(struct api_call *call, struct arena *arena,
	const struct diagnosis *diagnosis, struct buf *out)
{
	struct record_key key;
	enum status st = diagnosis->key == 0
				 ? ST_NOT_FOUND
				 : snapshot_key(call->reading, diagnosis->key, arena, &key);

	buf_append_str(out, ",\"key\":");
	if (st == ST_NOT_FOUND || (st == ST_OK && !key_seen(call, &key))) {
		buf_append_str(out, "null");
		return ST_OK;
	}
	if (st != ST_OK)
		return st;
	buf_append_str(out, "{\"appKey\":");
	buf_append_json(out, key.app_key);
	append_text(out, "label", api_sees(call, key.account_slot) ? key.label : key.app_key);
	buf_append_char(out, '}');
	return ST_OK;
}

static enum status append_entry(struct api_call *call, struct arena *arena,
	const struct refused *entry, const struct diagnosis *diagnosis, struct buf *out)
{
	char memory[64];
	struct buf address = BUF_ARRAY(memory);
	enum status st;

	if (diagnosis->client.known)
		address_append(&address, &diagnosis->client);
	buf_append_str(out, "{\"at\":\"");
	clock_append_rfc3339(out, diagnosis->at_us);
	buf_printf(out, "\",\"cause\":\"%s\",\"status\":%d", cause_name(diagnosis->cause),
		cause_http_status(diagnosis->cause));
	st = append_key(call, arena, diagnosis, out);
	append_text(out, "presented", diagnosis_text_span(&diagnosis->app_key));
	append_text(out, "method", diagnosis_text_span(&diagnosis->method));
	append_text(out, "path", diagnosis_text_span(&diagnosis->path));
	append_text(out, "address", diagnosis->client.known ? buf_span(&address) : SPAN_ABSENT);
	append_text(out, "requestId", diagnosis_text_span(&diagnosis->request_id));
	append_text(out, "node", diagnosis_text_span(&diagnosis->node));
	buf_printf(out, ",\"proven\":%s", diagnosis->proven ? "true" : "false");
	append_text(out, "diagnosis", entry->diagnosis);
	buf_append_char(out, '}');
	return st;
}

struct page {
	struct api_call *call;
	const struct search *search;
	struct diagnosis *diagnosis; /* of the entry that is looked at */
	struct buf *out;
	size_t count;
	int64_t last_us, ties; /* of the last one that was looked at */
};

/* One entry: shown when it fits and the caller may see it. A forged one does not open. */
static enum status page_entry(struct page *page, const struct refused *entry)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(ENTRY_ARENA);
	struct api_call *call = page->call;
	enum status st = ST_OK;

	if (arena == NULL)
		return ST_NO_MEMORY;
	if (diagnosis_open(entry->diagnosis, call->keeper->sealing_key_secret, 1,
		    page->diagnosis) != ST_OK)
		return ST_OK;
	st = explain_mask(call, arena, page->diagnosis);
	if (st == ST_INVALID) {
		call->complaint.key = NULL;
		return ST_OK;
	}
	if (st != ST_OK || !fits(page->search, page->diagnosis))
		return st;
	buf_append_str(page->out, page->count > 0 ? "," : "");
	page->count++;
	return append_entry(call, arena, entry, page->diagnosis, page->out);
}

static enum status page_fill(struct page *page, const struct refusals *list)
{
	const struct search *search = page->search;
	enum status st = ST_OK;

	page->last_us = INT64_MAX;
	for (size_t i = 0; st == ST_OK && i < list->count && page->count < search->count_max; i++) {
		const struct refused *entry = &list->items[i];

		page->ties = entry->at_us == page->last_us ? page->ties + 1 : 1;
		page->last_us = entry->at_us;
		/* Of the time at which the page before ended, those that it looked at. */
		if (entry->at_us == search->last_us && page->ties <= search->ties)
			continue;
		if (may_fit(search, entry))
			st = page_entry(page, entry);
	}
	return st;
}

static int64_t cursor_of(const struct page *page)
{
	int64_t ties = page->ties < TIES_MAX ? page->ties : TIES_MAX - 1;
	/* The time was written by whoever may write the ledger. */
	int64_t most = INT64_MAX / TIES_MAX - 1;
	int64_t at_us = page->last_us < 0 ? 0 : page->last_us > most ? most : page->last_us;

	return at_us * TIES_MAX + ties;
}

static enum status refusals_get(struct api_call *call)
{
	struct search search = { .cause = CAUSE_NONE };
	struct diagnosis *diagnosis = arena_alloc(call->arena, sizeof(*diagnosis));
	CLEANUP(refusals_free)
	struct refusals list = { .count = 0 };
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	struct page page = { call, &search, diagnosis, &object, 0, 0, 0 };
	enum status st = diagnosis == NULL ? ST_NO_MEMORY : read_search(call, &search);

	if (st == ST_OK) {
		st = refusals_read(call->keeper->setup->ledger_dir, search.account_slot, &list);
		/* The keeper makes another ledger within a second. */
		if (st == ST_NOT_FOUND || st == ST_DAMAGED || st == ST_FORMAT)
			st = ST_OK;
	}
	buf_append_str(&object, "{\"items\":[");
	if (st == ST_OK)
		st = page_fill(&page, &list);
	if (st != ST_OK)
		return st;
	if (page.count == search.count_max)
		buf_printf(&object, "],\"next\":\"%lld\"}", (long long)cursor_of(&page));
	else
		buf_append_str(&object, "],\"next\":null}");
	return api_answer(call, 200, &object, 0, NULL);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/v1/refusals", refusals_get,
		"account key cause address requestId since until limit cursor", 0, RIGHT_DIAGNOSE,
		0 },
};

const struct api_table REFUSALS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
