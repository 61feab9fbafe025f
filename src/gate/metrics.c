#include "gate/metrics.h"

static void append_decisions(const struct use_totals *totals, struct buf *out)
{
	buf_append_str(out, "# HELP llavero_decisions_total Decisions by verdict and cause.\n"
			    "# TYPE llavero_decisions_total counter\n");
	buf_printf(out, "llavero_decisions_total{verdict=\"allow\",cause=\"none\"} %llu\n",
		(unsigned long long)totals->decided[0]);
	for (enum cause cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++)
		buf_printf(out, "llavero_decisions_total{verdict=\"deny\",cause=\"%s\"} %llu\n",
			cause_name(cause), (unsigned long long)totals->decided[cause]);
}

static void append_durations(const struct use_totals *totals, struct buf *out)
{
	uint64_t running = 0;

	buf_append_str(out, "# HELP llavero_decision_duration_seconds Time of a decision, without "
			    "the transport.\n"
			    "# TYPE llavero_decision_duration_seconds histogram\n");
	for (size_t i = 0; i < USE_BUCKETS; i++) {
		running += totals->buckets[i];
		if (i < USE_BUCKETS - 1)
			buf_printf(out,
				"llavero_decision_duration_seconds_bucket{le=\"%.7g\"} %llu\n",
				(double)USE_BUCKETS_NS[i] / 1e9, (unsigned long long)running);
	}
	buf_printf(out, "llavero_decision_duration_seconds_bucket{le=\"+Inf\"} %llu\n",
		(unsigned long long)running);
	buf_printf(out, "llavero_decision_duration_seconds_sum %.9f\n",
		(double)totals->duration_ns / 1e9);
	buf_printf(
		out, "llavero_decision_duration_seconds_count %llu\n", (unsigned long long)running);
}

static void append_index(struct gate *gate, struct buf *out)
{
	struct index_info info = { .revision = 0 };
	bool known = decider_index_info(gate->decider, &info) == ST_OK;

	buf_append_str(out, "# HELP llavero_index_revision The revision that this node decides by; "
			    "0: no index.\n"
			    "# TYPE llavero_index_revision gauge\n");
	buf_printf(out, "llavero_index_revision %llu\n",
		(unsigned long long)(known ? info.revision : 0));
	buf_append_str(out,
		"# HELP llavero_index_age_seconds Since the keeper confirmed the index.\n"
		"# TYPE llavero_index_age_seconds gauge\n");
	if (known && info.age_us != INT64_MAX)
		buf_printf(out, "llavero_index_age_seconds %.3f\n", (double)info.age_us / 1e6);
	else
		buf_append_str(out, "llavero_index_age_seconds +Inf\n");
}

void metrics_append(struct gate *gate, struct buf *out)
{
	struct use_totals totals;

	decider_totals(gate->decider, &totals);
	append_decisions(&totals, out);
	append_durations(&totals, out);
	append_index(gate, out);
	buf_append_str(out, "# HELP llavero_untrusted_total Questions by peers that may not ask.\n"
			    "# TYPE llavero_untrusted_total counter\n");
	buf_printf(out, "llavero_untrusted_total %llu\n", (unsigned long long)totals.untrusted);
	buf_append_str(out,
		"# HELP llavero_ledger_dropped_total Decisions counted in the sums, but "
		"not by key and route, for want of room.\n"
		"# TYPE llavero_ledger_dropped_total counter\n");
	buf_printf(out, "llavero_ledger_dropped_total %llu\n", (unsigned long long)totals.dropped);
	buf_append_str(out, "# HELP llavero_build_info The running version.\n"
			    "# TYPE llavero_build_info gauge\n");
	buf_printf(out, "llavero_build_info{version=\"%s\"} 1\n", gate->setup->version);
}
