/*
 * What a decision costs through libllavero, and what the same one costs inside:
 * by turns, over the data folder of an installation (bench_index builds its index).
 *
 *   bench_library DATA-DIR KEYS COUNT
 *
 * Prints "name value" lines. COUNT: decisions of a round; one round of few is for
 * callgrind, which counts what decide_inside() and decide_by_library() take.
 */
#include "keys.h"
#include "lib/decider.h"
#include "llavero.h"

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 5u
#define COUNTED 10000u
#define HEADERS 12u

struct bench {
	uint32_t keys;
	uint64_t count;
	struct decider *decider;
	struct llv *llv;
	char key_memory[64], token_memory[64], path_memory[64];
	struct buf key, token, path;
	struct llv_header headers[HEADERS];
	struct llv_request request;
	unsigned refused;
};

/* As many headers as a request has, the credential's last. */
static const char *const OTHERS[HEADERS - 2] = { "Host", "User-Agent", "Accept", "Accept-Encoding",
	"Accept-Language", "Cache-Control", "Content-Type", "Connection", "X-Request-Id",
	"Traceparent" };

static struct llv_span text_of(const char *text)
{
	return (struct llv_span){ text, strlen(text) };
}

static void ask_about(struct bench *bench, uint32_t slot)
{
	struct span key = app_key_of(slot, &bench->key), token = token_of(slot, &bench->token);
	struct span path = path_of(slot, &bench->path);

	bench->headers[HEADERS - 2].value = (struct llv_span){ key.ptr, key.len };
	bench->headers[HEADERS - 1].value = (struct llv_span){ token.ptr, token.len };
	bench->request.target = (struct llv_span){ path.ptr, path.len };
}

/* What is left when nobody reads headers, copies or renders. Callgrind counts between its ends. */
__attribute__((noinline, noclone)) static void decide_inside(struct bench *bench)
{
	const struct view *view = decider_view(bench->decider, 0);
	struct decide_input input = decider_input(bench->decider);
	struct decision decision;

	input.method = SPAN_LIT("GET");
	input.target = buf_span(&bench->path);
	input.credential = (struct presented){
		.form = PRESENTED_PAIR,
		.app_key = buf_span(&bench->key),
		.app_token = buf_span(&bench->token),
	};
	decider_decide(bench->decider, view, &input, &decision);
	decider_view_end(bench->decider);
	bench->refused += decision.verdict != VERDICT_ALLOW;
}

__attribute__((noinline, noclone)) static void decide_by_library(struct bench *bench)
{
	struct llv_decision decision = { .size = sizeof(decision) };

	bench->refused += llv_decide(bench->llv, &bench->request, &decision) == 0;
}

static void decide_not_at_all(struct bench *bench)
{
	(void)bench;
}

/* CPU seconds of a round. */
static double round_s(struct bench *bench, void (*decide_once)(struct bench *bench))
{
	uint64_t random = 42;
	double start = cpu_s();

	for (uint64_t i = 0; i < bench->count; i++) {
		ask_about(bench, next_slot(&random, bench->keys));
		decide_once(bench);
	}
	return cpu_s() - start;
}

static double best_us(struct bench *bench, void (*decide_once)(struct bench *bench), double before)
{
	double us = (round_s(bench, decide_once) - round_s(bench, decide_not_at_all)) * 1e6 /
		    (double)bench->count;

	return before == 0 || us < before ? us : before;
}

static void make_request(struct bench *bench)
{
	bench->key = BUF_ARRAY(bench->key_memory);
	bench->token = BUF_ARRAY(bench->token_memory);
	bench->path = BUF_ARRAY(bench->path_memory);
	for (size_t i = 0; i < HEADERS - 2; i++)
		bench->headers[i] =
			(struct llv_header){ text_of(OTHERS[i]), text_of("some/value") };
	bench->headers[HEADERS - 2].name = text_of("X-App-Key");
	bench->headers[HEADERS - 1].name = text_of("X-App-Token");
	bench->request = (struct llv_request){
		.size = sizeof(struct llv_request),
		.method = text_of("GET"),
		.client_address = text_of("192.0.2.7"),
		.headers = bench->headers,
		.headers_count = HEADERS,
	};
}

static void open_both(struct bench *bench, const char *dir)
{
	static char index[512], ledger[512];
	static struct decider_setup inside;
	struct llv_setup setup = { .size = sizeof(setup), .serve_stale = 1 };

	(void)snprintf(index, sizeof(index), "%s/index", dir);
	(void)snprintf(ledger, sizeof(ledger), "%s/ledger", dir);
	inside = (struct decider_setup){
		.index_dir = index, .ledger_dir = ledger, .app_key_prefix = SPAN_LIT("appkey")
	};
	setup.index_dir = index;
	setup.ledger_dir = ledger;
	must(decider_open(&inside, &bench->decider), "open");
	if (llv_open(&setup, &bench->llv) != LLV_OK)
		must(ST_IO, "llv_open");
}

int main(int argc, char **argv)
{
	static struct bench bench;
	uint64_t keys = 0;
	double inside = 0, library = 0;

	if (argc != 4 || !span_to_u64(span_str(argv[2]), &keys) || keys == 0 || keys > KEYS_MAX ||
		!span_to_u64(span_str(argv[3]), &bench.count) || bench.count == 0) {
		(void)fprintf(stderr, "usage: bench_library DATA-DIR KEYS COUNT\n");
		return 2;
	}
	bench.keys = (uint32_t)keys;
	make_request(&bench);
	open_both(&bench, argv[1]);
	for (unsigned i = 0; i < (bench.count > COUNTED ? ROUNDS : 1); i++) {
		inside = best_us(&bench, decide_inside, inside);
		library = best_us(&bench, decide_by_library, library);
	}
	if (bench.refused > 0)
		must(ST_DENIED, "refused");
	(void)printf("inside_us %.3f\nlibrary_us %.3f\ndecisions %llu\n", inside, library,
		(unsigned long long)bench.count);
	decider_close(&bench.decider);
	llv_close(&bench.llv);
	return 0;
}
