#include "gate/metrics.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>

/* Upper borders in nanoseconds: a decision takes from under one to some tens of microseconds. */
static const int64_t BUCKETS_NS[GATE_BUCKETS_COUNT] = { 500, 1000, 2000, 3000, 5000, 10000, 20000,
	50000, 100000, 500000, 1000000, 10000000 };

struct gate_counters *gate_counters_map(size_t count)
{
	void *memory = mmap(NULL, count * sizeof(struct gate_counters), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int64_t metrics_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* One writer a slot, so a relaxed load and store do; readers may see it one late. */
static void add(_Atomic uint64_t *counter, uint64_t by)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
		memory_order_relaxed);
}

void metrics_count(struct gate *gate, const struct decision *decision, int64_t took_ns)
{
	struct gate_counters *mine = &gate->setup->counters[gate->setup->number];
	size_t bucket = 0;

	if (decision->verdict == VERDICT_ALLOW)
		add(&mine->allowed, 1);
	else
		add(&mine->refused[decision->cause < CAUSE_COUNT ? decision->cause : CAUSE_NONE],
			1);
	while (bucket < GATE_BUCKETS_COUNT && took_ns > BUCKETS_NS[bucket])
		bucket++;
	add(&mine->buckets[bucket], 1);
	add(&mine->duration_ns, took_ns > 0 ? (uint64_t)took_ns : 0);
}

/* The sum over all gates of the counter that stands offset bytes into their counters. */
static uint64_t sum(const struct gate *gate, size_t offset)
{
	uint64_t total = 0;

	for (size_t i = 0; i < gate->setup->counters_count; i++) {
		const char *base = (const char *)&gate->setup->counters[i];

		total += atomic_load_explicit(
			(const _Atomic uint64_t *)(const void *)(base + offset),
			memory_order_relaxed);
	}
	return total;
}

#define SUM(gate, member) sum(gate, offsetof(struct gate_counters, member))

static void append_decisions(const struct gate *gate, struct buf *out)
{
	buf_append_str(out, "# HELP llavero_decisions_total Decisions by verdict and cause.\n"
			    "# TYPE llavero_decisions_total counter\n");
	buf_printf(out, "llavero_decisions_total{verdict=\"allow\",cause=\"none\"} %llu\n",
		(unsigned long long)SUM(gate, allowed));
	for (enum cause cause = CAUSE_NONE + 1; cause < CAUSE_COUNT; cause++)
		buf_printf(out, "llavero_decisions_total{verdict=\"deny\",cause=\"%s\"} %llu\n",
			cause_name(cause),
			(unsigned long long)sum(gate, offsetof(struct gate_counters, refused) +
							      cause * sizeof(uint64_t)));
}

static void append_durations(const struct gate *gate, struct buf *out)
{
	uint64_t running = 0;

	buf_append_str(out, "# HELP llavero_decision_duration_seconds Time of a decision, without "
			    "the transport.\n"
			    "# TYPE llavero_decision_duration_seconds histogram\n");
	for (size_t i = 0; i <= GATE_BUCKETS_COUNT; i++) {
		running +=
			sum(gate, offsetof(struct gate_counters, buckets) + i * sizeof(uint64_t));
		if (i < GATE_BUCKETS_COUNT)
			buf_printf(out,
				"llavero_decision_duration_seconds_bucket{le=\"%.7g\"} %llu\n",
				(double)BUCKETS_NS[i] / 1e9, (unsigned long long)running);
	}
	buf_printf(out, "llavero_decision_duration_seconds_bucket{le=\"+Inf\"} %llu\n",
		(unsigned long long)running);
	buf_printf(out, "llavero_decision_duration_seconds_sum %.9f\n",
		(double)SUM(gate, duration_ns) / 1e9);
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
	append_decisions(gate, out);
	append_durations(gate, out);
	append_index(gate, out);
	buf_append_str(out, "# HELP llavero_untrusted_total Questions by peers that may not ask.\n"
			    "# TYPE llavero_untrusted_total counter\n");
	buf_printf(out, "llavero_untrusted_total %llu\n", (unsigned long long)SUM(gate, untrusted));
	buf_append_str(out, "# HELP llavero_build_info The running version.\n"
			    "# TYPE llavero_build_info gauge\n");
	buf_printf(out, "llavero_build_info{version=\"%s\"} 1\n", gate->setup->version);
}
