#include "keeper/gates.h"

#include "base/encode.h"
#include "ledger/use.h"

static void append_or_null(struct buf *out, struct span text)
{
	if (span_present(text))
		buf_append_json(out, text);
	else
		buf_append_str(out, "null");
}

void gates_append_credentials(struct buf *out, const struct families *families)
{
	buf_append_str(out, "{\"headers\":[");
	for (size_t i = 0; i < families->count; i++) {
		buf_append_str(out, i == 0 ? "{\"appKey\":" : ",{\"appKey\":");
		append_or_null(out, families->items[i].key_header);
		buf_append_str(out, ",\"appToken\":");
		append_or_null(out, families->items[i].token_header);
		buf_append_char(out, '}');
	}
	buf_printf(out, "],\"bearer\":%s}", families->bearer ? "true" : "false");
}

static const char *source_name(enum account_source source)
{
	switch (source) {
	case ACCOUNT_FIXED:
		return "fixed";
	case ACCOUNT_HEADER:
		return "header";
	case ACCOUNT_HOST:
		return "host";
	case ACCOUNT_OF_KEY:
		break;
	}
	return "key";
}

void gates_append(struct buf *out, const struct keeper_setup *setup)
{
	struct use_totals totals = { .duration_ns = 0 };
	const char *between = "";

	/* Without a ledger nothing is known of them. */
	if (setup->ledger_dir != NULL)
		(void)!use_totals_of(setup->ledger_dir, &totals);
	buf_append_str(out, "{\"listeners\":[");
	for (size_t i = 0; i < setup->gates_count; i++) {
		buf_append_str(out, i == 0 ? "{\"address\":" : ",{\"address\":");
		buf_append_json(out, setup->gates[i].address);
		buf_printf(out, ",\"account\":\"%s\",\"value\":",
			source_name(setup->gates[i].account_source));
		append_or_null(out, setup->gates[i].value);
		buf_append_char(out, '}');
	}
	buf_printf(out, "],\"allowed\":%llu,\"refused\":{", (unsigned long long)totals.decided[0]);
	for (enum cause cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++) {
		if (totals.decided[cause] == 0)
			continue;
		buf_printf(out, "%s\"%s\":%llu", between, cause_name(cause),
			(unsigned long long)totals.decided[cause]);
		between = ",";
	}
	buf_append_str(out, "}}");
}
