/*
 * The index with many keys, one measurement a run, so that scripts/bench can
 * take turns between sizes:
 *
 *   bench_index build DIR KEYS       an index of KEYS keys in DIR; when there is
 *                                    one, of the same revision as that one
 *   bench_index decide DIR KEYS      decisions over it, keys asked uniformly
 *   bench_index count DIR KEYS       the same, few: for callgrind
 *   bench_index open DIR KEYS        open to first decision, memory of a reader
 *   bench_index change DIR KEYS      one key changed among all, committed
 *   bench_index requests KEYS N      N requests as nginx sends them to /auth/nginx
 *
 * Prints "name value" lines. KEYS must be the number that DIR was built with.
 */
#include "keys.h"

#include "base/clock.h"
#include "base/encode.h"
#include "decide/decision.h"
#include "decide/routes.h"
#include "index/reader.h"
#include "index/writer.h"
#include "key/app_key.h"
#include "key/digest.h"
#include "key/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PROFILES 2000u
#define RESOURCES 200u
#define DECISIONS 1000000u
#define COUNTED 5000u
#define CHANGES 300u

static struct digest_context *digests;

static double wall_s(void)
{
	return (double)clock_boot_us() / 1e6;
}

/* ---- What stands in it ---- */

static void put_key(struct index_writer *writer, uint32_t slot, bool active)
{
	char memory[64];
	struct buf text = BUF_ARRAY(memory);
	struct view_key key = { .slot = slot,
		.account = 1 + slot % ACCOUNTS,
		.state = active ? KEY_ACTIVE : KEY_INACTIVE,
		.digests_count = 1,
		.profiles_count = 2,
		.profiles = { 1 + ACCOUNTS + slot % ACCOUNTS, 1 + slot % ACCOUNTS } };
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
	/* Each account: one profile with all resources, one without. */
	for (uint32_t slot = 1; slot <= PROFILES; slot++)
		must(index_put_profile(
			     writer, &(struct view_profile){ slot, 1 + (slot - 1) % ACCOUNTS,
					     SPAN_LIT("Profile"), resources,
					     slot <= ACCOUNTS ? RESOURCES : 0 }),
			"profile");
	put_routes(writer);
}

/* That of the index in dir, if there is one: the records of dir then take the new one for theirs.
 */
static struct index_mark mark_of(const char *dir, uint32_t keys)
{
	struct index_mark mark = { .epoch = 1, .revision = keys };
	struct index_writer *writer = NULL;

	if (index_writer_open(dir, &writer) == ST_OK)
		must(index_writer_mark(writer, &mark), "mark");
	index_writer_close(&writer);
	return mark;
}

static int build(const char *dir, uint32_t keys)
{
	struct index_mark mark = mark_of(dir, keys);
	struct index_writer *writer = NULL;
	struct index_writer_stats stats;
	double start = wall_s(), took;

	must(index_writer_create(dir, &writer), "create");
	must(index_writer_begin(writer), "begin");
	put_few(writer);
	for (uint32_t i = 0; i < keys; i++)
		put_key(writer, SLOT_FIRST + i, true);
	must(index_writer_commit(writer, &mark), "commit");
	must(index_writer_publish(writer), "publish");
	took = wall_s() - start;
	must(index_writer_tend(writer, &stats), "tend");
	index_writer_confirm(writer, clock_boot_us());
	index_writer_close(&writer);
	(void)printf("build_s %.2f\nbuild_keys_per_s %.0f\nindex_bytes %" PRIu64 "\n", took,
		(double)keys / took, stats.bytes_file);
	return 0;
}

/* ---- Measuring ---- */

struct asking {
	struct decide_scratch scratch;
	struct decision decision;
	struct decide_input input;
	char key_memory[64], token_memory[64], path_memory[64];
};

static void ask_about(struct asking *asking, uint32_t slot)
{
	struct buf app_key = BUF_ARRAY(asking->key_memory), token = BUF_ARRAY(asking->token_memory);
	struct buf path = BUF_ARRAY(asking->path_memory);

	asking->input = (struct decide_input){ .method = SPAN_LIT("GET"), .now_us = 1 };
	asking->input.target = path_of(slot, &path);
	asking->input.credential = (struct presented){ .form = PRESENTED_PAIR,
		.app_key = app_key_of(slot, &app_key),
		.app_token = token_of(slot, &token) };
}

/* What a gate does for a request, without its transport. Callgrind counts between its ends. */
__attribute__((noinline, noclone)) static void decide_once(
	struct index_reader *reader, struct asking *asking)
{
	const struct view *view;

	must(index_reader_view_begin(reader, 1, &view), "view");
	decide(view, &asking->input, &asking->scratch, &asking->decision);
	index_reader_view_end(reader);
}

/* CPU seconds for count decisions; without a reader those of making the requests' texts. */
static double round_s(struct index_reader *reader, uint32_t keys, uint32_t count)
{
	static struct asking asking;
	uint64_t random = 42;
	double start = cpu_s();

	asking.scratch.digests = digests;
	for (uint32_t i = 0; i < count; i++) {
		ask_about(&asking, next_slot(&random, keys));
		if (reader == NULL)
			continue;
		decide_once(reader, &asking);
		if (asking.decision.verdict == VERDICT_ALLOW)
			continue;
		(void)fprintf(
			stderr, "bench_index: refused: %s\n", cause_name(asking.decision.cause));
		exit(1);
	}
	return cpu_s() - start;
}

static int measure_decisions(const char *dir, uint32_t keys, uint32_t count)
{
	struct index_reader *reader = NULL;
	double texts = round_s(NULL, keys, count);

	must(index_reader_open(dir, NULL, &reader), "open");
	if (count > COUNTED) /* once for the caches */
		(void)round_s(reader, keys, count);
	(void)printf("decision_us %.3f\ndecisions %u\n",
		(round_s(reader, keys, count) - texts) * 1e6 / count, count);
	index_reader_close(&reader);
	return 0;
}

/* A number of a file of /proc/self, in KiB; -1 when it is not there. */
static long proc_kib(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	char line[200];
	long value = -1;

	if (file == NULL)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name), NULL, 10);
	(void)fclose(file);
	return value;
}

static int measure_open(const char *dir)
{
	long before = proc_kib("/proc/self/smaps_rollup", "Private_Dirty:");
	struct index_reader *reader = NULL;
	double start = wall_s();

	must(index_reader_open(dir, NULL, &reader), "open");
	(void)round_s(reader, 1, 1);
	(void)printf("open_ms %.2f\n", (wall_s() - start) * 1e3);
	(void)printf("private_kib %ld\npage_tables_kib %ld\n",
		proc_kib("/proc/self/smaps_rollup", "Private_Dirty:") - before,
		proc_kib("/proc/self/status", "VmPTE:"));
	index_reader_close(&reader);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int measure_changes(const char *dir, uint32_t keys)
{
	static double took[CHANGES];
	struct index_writer *writer = NULL;
	struct index_mark mark;
	uint64_t random = (uint64_t)(wall_s() * 1e6);
	double start = wall_s();

	must(index_writer_open(dir, &writer), "open for writing");
	(void)printf("writer_open_ms %.2f\n", (wall_s() - start) * 1e3);
	must(index_writer_mark(writer, &mark), "mark");
	for (unsigned i = 0; i < CHANGES; i++) {
		start = wall_s();
		must(index_writer_begin(writer), "begin");
		/* Written anew as it was: the next run asks all keys again. */
		put_key(writer, next_slot(&random, keys), true);
		must(index_writer_commit(writer, &mark), "commit");
		took[i] = (wall_s() - start) * 1e3;
	}
	index_writer_close(&writer);
	qsort(took, CHANGES, sizeof(took[0]), by_value);
	(void)printf("change_ms %.3f\nchange_p99_ms %.3f\n", took[CHANGES / 2],
		took[CHANGES * 99 / 100]);
	return 0;
}

/* Fifteen headers, as behind nginx for a client of an integration. */
static int print_requests(uint32_t keys, uint64_t count)
{
	static struct asking asking;
	uint64_t random = 42;

	for (uint64_t i = 0; i < count; i++) {
		ask_about(&asking, next_slot(&random, keys));
		(void)printf(
			"GET /auth/nginx HTTP/1.1\r\nHost: gate\r\n"
			"X-Original-Method: GET\r\nX-Original-URI: %s\r\n"
			"X-Original-Host: shop.example.com\r\nX-Original-Address: 192.0.2.7\r\n"
			"X-App-Key: %s\r\nX-App-Token: %s\r\n"
			"User-Agent: integration/2.1 (linux; x86_64)\r\n"
			"Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\n"
			"Accept-Language: es-AR,es;q=0.9\r\nX-Request-Id: 7d4f0c0aa3\r\n"
			"X-Trace: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
			"Cache-Control: no-cache\r\nCookie: session=0123456789abcdef\r\n\r\n",
			asking.path_memory, asking.key_memory, asking.token_memory);
	}
	return 0;
}

static int run(const char *what, const char *dir, uint32_t keys)
{
	if (strcmp(what, "build") == 0)
		return build(dir, keys);
	if (strcmp(what, "decide") == 0)
		return measure_decisions(dir, keys, DECISIONS);
	if (strcmp(what, "count") == 0)
		return measure_decisions(dir, keys, COUNTED);
	if (strcmp(what, "open") == 0)
		return measure_open(dir);
	return strcmp(what, "change") == 0 ? measure_changes(dir, keys) : 2;
}

int main(int argc, char **argv)
{
	const char *what = argc == 4 ? argv[1] : "";
	bool requests = strcmp(what, "requests") == 0;
	uint64_t keys, count = 0;
	int status = 2;

	must(crypto_init(), "crypto");
	digests = digest_context_make();
	if (argc == 4 && span_to_u64(span_str(argv[requests ? 2 : 3]), &keys) && keys > 0 &&
		keys <= KEYS_MAX && (!requests || span_to_u64(span_str(argv[3]), &count)))
		status = requests ? print_requests((uint32_t)keys, count)
				  : run(what, argv[2], (uint32_t)keys);
	digest_context_free(&digests);
	if (status == 2)
		(void)fprintf(stderr, "usage: bench_index build|decide|count|open|change DIR KEYS\n"
				      "       bench_index requests KEYS COUNT\n");
	return status;
}
