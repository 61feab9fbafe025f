/*
 * The index with many keys: building it, opening it, deciding over it, changing
 * one key among all, and what one more reader costs.
 *
 *   bench_index [keys ...]          default: 1000 1000000
 *
 * Each number of keys takes about 260 bytes a key under TMPDIR (/tmp), removed
 * afterwards. Times are CPU time of the thread where it says so.
 */
#include "base/clock.h"
#include "base/encode.h"
#include "decide/decision.h"
#include "decide/routes.h"
#include "index/reader.h"
#include "index/writer.h"
#include "key/digest.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ACCOUNTS 1000u
#define PROFILES 2000u
#define RESOURCES 200u
#define ROUTES 400u
#define DECISIONS 1000000u
#define CHANGES 300u

static struct digest_context *digests;

static void must(enum status st, const char *what)
{
	if (st == ST_OK)
		return;
	(void)fprintf(stderr, "bench_index: %s: %s\n", what, status_name(st));
	exit(1);
}

static double cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double wall_s(void)
{
	return (double)clock_boot_us() / 1e6;
}

/* ---- What stands in it ---- */

static struct span app_key_of(uint32_t slot, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "appkey-store%04u-%08u", slot % ACCOUNTS, slot);
	return buf_span(out);
}

/* 55 characters, as a token of ours has; not of its prefix. */
static struct span token_of(uint32_t slot, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "BENCH%010u4567890123456789012345678901234567890", slot);
	return buf_span(out);
}

static void put_key(struct index_writer *writer, uint32_t slot, bool active)
{
	char memory[64];
	struct buf text = BUF_ARRAY(memory);
	struct view_key key = { .slot = slot,
		.account = 1 + slot % ACCOUNTS,
		.state = active ? KEY_ACTIVE : KEY_INACTIVE,
		.digests_count = 1,
		.profiles_count = 2,
		.profiles = { 1 + slot % ACCOUNTS, 1 + ACCOUNTS + slot % ACCOUNTS } };
	struct view_token token = { slot, true };

	if (!token_digest(digests, token_of(slot, &text), key.digests[0]))
		must(ST_NO_MEMORY, "digest");
	must(index_put_token(writer, key.digests[0], &token), "token");
	key.app_key = app_key_of(slot, &text);
	must(index_put_key(writer, &key), "key");
}

static void put_routes(struct index_writer *writer)
{
	static struct route_spec routes[ROUTES];
	static char paths[ROUTES][32];
	static uint32_t resources[ROUTES];
	struct service_spec service = { .id = 1, .name = SPAN_LIT("bench") };
	struct routes_input input = { &service, 1, routes, ROUTES };
	CLEANUP(buf_free)
	struct buf compiled = buf_heap(ROUTES_BLOB_MAX);
	struct complaint complaint;
	struct routes_built built;

	for (uint32_t i = 0; i < ROUTES; i++) {
		struct buf path = BUF_ARRAY(paths[i]);

		buf_printf(&path, "/api/part%u/{id}/items", i);
		resources[i] = 1 + i % RESOURCES;
		routes[i] = (struct route_spec){ .id = i + 1,
			.service_id = 1,
			.method = SPAN_LIT("GET"),
			.template_text = buf_span(&path),
			.resource_ids = &resources[i],
			.resource_ids_count = 1 };
	}
	must(routes_build(&input, NULL, &compiled, &built, &complaint), "routes");
	must(index_put_routes(writer, buf_span(&compiled)), "routes");
}

static void put_few(struct index_writer *writer)
{
	uint8_t resources[RESOURCES * 4];
	char memory[64];
	struct buf name = BUF_ARRAY(memory);

	for (uint32_t i = 0; i < RESOURCES; i++)
		put_u32(resources + 4 * i, i + 1);
	for (uint32_t slot = 1; slot <= ACCOUNTS; slot++) {
		struct index_account account = { { slot, SPAN_ABSENT, true }, NULL, 0 };

		buf_clear(&name);
		buf_printf(&name, "store%04u", slot - 1);
		account.account.name = buf_span(&name);
		must(index_put_account(writer, &account), "account");
	}
	/* Each account: one profile without, one with most of the resources. */
	for (uint32_t slot = 1; slot <= PROFILES; slot++)
		must(index_put_profile(
			     writer, &(struct view_profile){ slot, 1 + (slot - 1) % ACCOUNTS,
					     SPAN_LIT("Profile"), resources,
					     slot <= ACCOUNTS ? 0 : RESOURCES }),
			"profile");
	put_routes(writer);
}

static void build(const char *dir, uint32_t keys)
{
	struct index_writer *writer = NULL;
	struct index_writer_stats stats;
	struct index_mark mark = { .epoch = 1, .revision = keys };
	double start = wall_s(), took;

	must(index_writer_create(dir, &writer), "create");
	must(index_writer_begin(writer), "begin");
	put_few(writer);
	for (uint32_t slot = 1; slot <= keys; slot++)
		put_key(writer, slot, true);
	must(index_writer_commit(writer, &mark), "commit");
	must(index_writer_publish(writer), "publish");
	took = wall_s() - start;
	must(index_writer_tend(writer, &stats), "tend");
	index_writer_confirm(writer, clock_boot_us());
	index_writer_close(&writer);
	(void)printf("  build                     %10.2f s   %8.0f keys/s   %" PRIu64 " MiB\n",
		took, (double)keys / took, stats.bytes_file >> 20);
}

/* ---- Measuring ---- */

struct asking {
	struct decide_scratch scratch;
	struct decision decision;
	char key_memory[64], token_memory[64], path_memory[64];
};

static bool ask(struct asking *asking, const struct view *view, uint32_t slot)
{
	struct buf app_key = BUF_ARRAY(asking->key_memory), token = BUF_ARRAY(asking->token_memory);
	struct buf path = BUF_ARRAY(asking->path_memory);
	struct decide_input input = { .method = SPAN_LIT("GET"), .now_us = 1 };

	buf_printf(&path, "/api/part%u/%u/items", slot % ROUTES, slot);
	input.target = buf_span(&path);
	input.credential = (struct presented){ .form = PRESENTED_PAIR,
		.app_key = app_key_of(slot, &app_key),
		.app_token = token_of(slot, &token) };
	if (view != NULL)
		decide(view, &input, &asking->scratch, &asking->decision);
	return asking->decision.verdict == VERDICT_ALLOW;
}

static uint32_t next_slot(uint64_t *random, uint32_t keys)
{
	*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return 1 + (uint32_t)((*random >> 32) % keys);
}

static void measure_decisions(struct index_reader *reader, uint32_t keys)
{
	static struct asking asking;
	uint64_t random = 42;
	uint32_t allowed = 0;
	double start, texts, best = 1e9;

	asking.scratch.digests = digests;
	start = cpu_s();
	for (uint32_t i = 0; i < DECISIONS; i++)
		(void)ask(&asking, NULL, next_slot(&random, keys));
	texts = cpu_s() - start;
	for (unsigned round = 0; round < 3; round++) {
		allowed = 0;
		start = cpu_s();
		for (uint32_t i = 0; i < DECISIONS; i++) {
			const struct view *view;

			must(index_reader_view_begin(reader, 1, &view), "view");
			allowed += ask(&asking, view, next_slot(&random, keys));
			index_reader_view_end(reader);
		}
		if (cpu_s() - start < best)
			best = cpu_s() - start;
	}
	if (allowed != DECISIONS)
		(void)fprintf(stderr, "bench_index: only %u allowed, %s\n", allowed,
			cause_name(asking.decision.cause));
	(void)printf(
		"  decision, uniform         %10.2f us CPU (its request's texts take %.2f more)\n",
		(best - texts) * 1e6 / DECISIONS, texts * 1e6 / DECISIONS);
}

/* Memory that no other process can share: what one more gate costs. */
static long private_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[200];
	long sum = 0, value;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Private_Dirty: %ld", &value) == 1)
			sum += value;
	(void)fclose(file);
	return sum;
}

static long page_tables_kib(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[200];
	long value = -1;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "VmPTE: %ld", &value) == 1)
			break;
	(void)fclose(file);
	return value;
}

static void measure_reader(const char *dir, uint32_t keys)
{
	static struct asking asking;
	struct index_reader *reader = NULL;
	const struct view *view;
	long before = private_kib();
	double start = wall_s(), open_ms;

	asking.scratch.digests = digests;
	must(index_reader_open(dir, NULL, &reader), "open");
	must(index_reader_view_begin(reader, clock_boot_us(), &view), "view");
	(void)ask(&asking, view, 1);
	open_ms = (wall_s() - start) * 1e3;
	index_reader_view_end(reader);
	(void)printf("  open to first decision    %10.1f ms\n", open_ms);
	measure_decisions(reader, keys);
	(void)printf("  private memory added      %10.1f MiB, and %.1f MiB of page tables\n",
		(double)(private_kib() - before) / 1024, (double)page_tables_kib() / 1024);
	index_reader_close(&reader);
}

static int by_value(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void measure_changes(const char *dir, uint32_t keys)
{
	static double took[CHANGES];
	struct index_writer *writer = NULL;
	struct index_mark mark;
	uint64_t random = 7;
	double start = wall_s(), opened;

	must(index_writer_open(dir, &writer), "open for writing");
	opened = wall_s() - start;
	must(index_writer_mark(writer, &mark), "mark");
	for (unsigned i = 0; i < CHANGES; i++) {
		start = wall_s();
		must(index_writer_begin(writer), "begin");
		put_key(writer, next_slot(&random, keys), i % 2 != 0);
		mark.revision++;
		must(index_writer_commit(writer, &mark), "commit");
		took[i] = (wall_s() - start) * 1e3;
	}
	index_writer_close(&writer);
	qsort(took, CHANGES, sizeof(took[0]), by_value);
	(void)printf("  one change, committed     %10.2f ms median, %.2f ms p99 (with its flush)\n",
		took[CHANGES / 2], took[CHANGES * 99 / 100]);
	(void)printf("  open for writing          %10.1f ms\n", opened * 1e3);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
	return remove(path);
}

/* Each number of keys in a process of its own, so that memory is its own. */
static int run(uint32_t keys)
{
	const char *base = getenv("TMPDIR");
	char dir[200];

	(void)snprintf(dir, sizeof(dir), "%s/llavero-bench-XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 1;
	must(crypto_init(), "crypto");
	digests = digest_context_make();
	(void)printf("%u keys\n", keys);
	build(dir, keys);
	measure_reader(dir, keys);
	measure_changes(dir, keys);
	digest_context_free(&digests);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const usual[] = { "1000", "1000000" };
	size_t count = argc > 1 ? (size_t)argc - 1 : ARRAY_LEN(usual);

	for (size_t i = 0; i < count; i++) {
		const char *text = argc > 1 ? argv[i + 1] : usual[i];
		uint64_t keys;
		int status = 0;
		pid_t child;

		if (!span_to_u64(span_str(text), &keys) || keys == 0 || keys > 20000000) {
			(void)fprintf(stderr, "usage: bench_index [keys ...], at most 20000000\n");
			return 2;
		}
		(void)fflush(stdout);
		child = fork();
		if (child == 0)
			exit(run((uint32_t)keys));
		if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
			return 1;
	}
	return 0;
}
