/* The public functions that open and decide. */
#include "lib/handle.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LEASE_DEFAULT_US (60 * US_PER_S)
#define TEXTS_MAX (64 * KIB)

/* ---- what is told ---- */

static void tell(struct llv *llv, enum llv_event event, enum status st)
{
	enum llv_status status = handle_status(st);

	if (event <= LLV_EVENT_LEDGER) {
		if (llv->told_status[event] == (int)status)
			return;
		llv->told_status[event] = (int)status;
	}
	if (llv->told != NULL)
		llv->told(llv->context, event, status);
}

static void told(void *context, enum decider_event event, enum status st)
{
	switch (event) {
	case DECIDER_INDEX_OPENED:
	case DECIDER_INDEX_NOT_OPENED:
	case DECIDER_INDEX_NOT_USABLE:
		tell(context, LLV_EVENT_INDEX, st);
		return;
	case DECIDER_SEALING_KEY_READ:
	case DECIDER_SEALING_KEY_NOT_READ:
		tell(context, LLV_EVENT_SEALING_KEY, st);
		return;
	case DECIDER_LEDGER_OPENED:
	case DECIDER_LEDGER_NOT_OPENED:
	case DECIDER_LEDGER_LET_GO:
		tell(context, LLV_EVENT_LEDGER, st);
		return;
	case DECIDER_LEDGER_FULL:
		tell(context, LLV_EVENT_LEDGER_FULL, st);
		return;
	}
}

/* ---- opening ---- */

/* A copy that lives as long as the handle; NULL stays NULL. */
static bool keep(struct llv *llv, const char *text, const char **out_kept)
{
	*out_kept = text == NULL ? NULL : arena_copy(llv->texts, span_str(text));
	return text == NULL || *out_kept != NULL;
}

static bool keep_span(struct llv *llv, const char *text, struct span *out_kept)
{
	const char *kept;
	bool ok = keep(llv, text, &kept);

	*out_kept = span_str(kept);
	return ok;
}

static bool keep_name(struct llv *llv, const char *name, struct span *out_name, size_t *count)
{
	if (!keep_span(llv, name, out_name))
		return false;
	if (name != NULL)
		llv->credential_headers[(*count)++] = out_name->ptr;
	return true;
}

static enum llv_status take_families(struct llv *llv, const struct llv_setup *setup)
{
	const struct families *usual = families_default();
	size_t names = 0;

	llv->families = *usual;
	if (setup->families != NULL)
		llv->families = (struct families){ .count = setup->families_count };
	llv->families.bearer = setup->no_bearer == 0;
	if (llv->families.count > FAMILIES_MAX)
		return LLV_INVALID;
	for (size_t i = 0; i < llv->families.count; i++) {
		struct family *family = &llv->families.items[i];
		struct llv_family given = setup->families != NULL
						  ? setup->families[i]
						  : (struct llv_family){ family->key_header.ptr,
							    family->token_header.ptr };

		if (given.token_header == NULL || given.token_header[0] == '\0' ||
			(given.key_header != NULL && given.key_header[0] == '\0'))
			return LLV_INVALID;
		if (!keep_name(llv, given.key_header, &family->key_header, &names) ||
			!keep_name(llv, given.token_header, &family->token_header, &names))
			return LLV_NO_MEMORY;
	}
	if (llv->families.bearer)
		llv->credential_headers[names] = "Authorization";
	return LLV_OK;
}

static enum llv_status take_setup(struct llv *llv, const struct llv_setup *setup)
{
	struct decider_setup *own = &llv->setup;
	const char *prefix =
		setup->app_key_prefix == NULL ? APP_KEY_PREFIX_DEFAULT : setup->app_key_prefix;
	const char *node = setup->node == NULL ? "lib" : setup->node;

	llv->told = setup->told;
	llv->context = setup->context;
	own->told = told;
	own->context = llv;
	own->by = setup->by == LLV_BY_NGINX ? USE_BY_NGINX : USE_BY_LIBRARY;
	own->lease_us = setup->lease_us == 0 ? LEASE_DEFAULT_US : setup->lease_us;
	own->refuse_when_stale = setup->serve_stale == 0;
	if (setup->index_dir == NULL || own->lease_us < 0 ||
		(setup->by != LLV_BY_LIBRARY && setup->by != LLV_BY_NGINX) ||
		!app_key_prefix_ok(span_str(prefix)) || strlen(node) > DIAGNOSIS_NODE_MAX ||
		!handle_language(setup->language, &llv->lang))
		return LLV_INVALID;
	if (!keep(llv, setup->index_dir, &own->index_dir) ||
		!keep(llv, setup->ledger_dir, &own->ledger_dir) ||
		!keep(llv, setup->sealing_key, &own->sealing_key_path) ||
		!keep_span(llv, prefix, &own->app_key_prefix) ||
		!keep_span(llv, node, &own->node) ||
		!keep_span(llv, setup->public_url, &own->site.public_url) ||
		!keep_span(llv, setup->console_url, &own->site.console_url) ||
		!keep_span(llv, setup->realm, &own->site.realm))
		return LLV_NO_MEMORY;
	return take_families(llv, setup);
}

static enum llv_status mark_mine(struct llv *llv)
{
	bool *page = mmap(
		NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return LLV_NO_MEMORY;
	if (madvise(page, sizeof(*page), MADV_WIPEONFORK) != 0) {
		(void)munmap(page, sizeof(*page));
		return LLV_UNAVAILABLE;
	}
	*page = true;
	llv->mine = page;
	return LLV_OK;
}

static enum llv_status open_all(const struct llv_setup *setup, struct llv *llv)
{
	enum llv_status status;

	llv->texts = arena_make(TEXTS_MAX);
	if (llv->texts == NULL)
		return LLV_NO_MEMORY;
	status = mark_mine(llv);
	if (status == LLV_OK)
		status = take_setup(llv, setup);
	if (status == LLV_OK)
		status = handle_status(decider_open(&llv->setup, &llv->decider));
	return status;
}

enum llv_status llv_open(const struct llv_setup *setup, struct llv **out_llv)
{
	CLEANUP(llv_close)
	struct llv *llv = NULL;
	struct llv_setup own;
	enum llv_status status;

	if (out_llv == NULL || !handle_read(setup, sizeof(own), &own, sizeof(own)))
		return LLV_INVALID;
	llv = calloc(1, sizeof(*llv));
	if (llv == NULL)
		return LLV_NO_MEMORY;
	memset(llv->told_status, -1, sizeof(llv->told_status));
	status = open_all(&own, llv);
	if (status != LLV_OK)
		return status;
	*out_llv = llv;
	llv = NULL;
	return LLV_OK;
}

void llv_close(struct llv **llv)
{
	struct llv *closing = llv == NULL ? NULL : *llv;

	if (closing == NULL)
		return;
	decider_close(&closing->decider);
	if (closing->mine != NULL)
		(void)munmap((void *)(uintptr_t)closing->mine, sizeof(*closing->mine));
	arena_free(&closing->texts);
	free(closing);
	*llv = NULL;
}

enum llv_status llv_tend(struct llv *llv)
{
	enum status st;

	if (llv == NULL)
		return LLV_INVALID;
	if (!handle_is_mine(llv))
		return LLV_FORKED;
	st = decider_tend(llv->decider);
	/* The decider says when it opens one, and not when the one that it has is well again. */
	tell(llv, LLV_EVENT_INDEX, st);
	return handle_status(st);
}

const char *llv_credential_header(const struct llv *llv, size_t i)
{
	return llv != NULL && i < ARRAY_LEN(llv->credential_headers) ? llv->credential_headers[i]
								     : NULL;
}

enum llv_status llv_index(struct llv *llv, struct llv_index *out_index)
{
	struct llv_index found;
	struct index_info info;
	enum status st;
	size_t size;

	if (llv == NULL || out_index == NULL || out_index->size < sizeof(found))
		return LLV_INVALID;
	if (!handle_is_mine(llv))
		return LLV_FORKED;
	st = decider_index_info(llv->decider, &info);
	if (st != ST_OK)
		return handle_status(st);
	size = out_index->size;
	found = (struct llv_index){ .size = size,
		.epoch = info.epoch,
		.revision = info.revision,
		.age_us = info.age_us,
		.keys_count = info.keys_count };
	memcpy(out_index, &found, sizeof(found));
	return LLV_OK;
}
