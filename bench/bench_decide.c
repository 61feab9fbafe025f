/*
 * What a decision costs in process, over a view in memory: the decision's own
 * part, without the index. Keys are asked uniformly. Prints a table; the best of
 * several rounds, since other programs only ever slow one down.
 *
 * usage: bench_decide [KEYS]
 */
#include "table_view.h"

#include "base/clock.h"
#include "base/limits.h"
#include "key/app_key.h"
#include "key/token.h"
#include "ledger/use.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define KEYS_DEFAULT 1000u
#define ROUNDS 7u
#define DECISIONS 200000u
#define KEY_TEXT 64u

struct bench {
	struct table_view *table;
	size_t keys_count;
	char (*app_keys)[KEY_TEXT];
	char (*tokens)[TOKEN_LEN];
	struct decide_scratch scratch;
	struct decide_input input;
	struct ledger *ledger;
	struct use_totals unkept;
	struct limits_source limits;
};

enum question {
	ASK_PAIR = 0,
	ASK_LIMITED,
	ASK_COUNTED,
	ASK_TOKEN,
	ASK_PUBLIC,
	ASK_MISTYPED,
	ASK_WRONG,
	QUESTIONS
};

static const char *const LABELS[QUESTIONS] = {
	[ASK_PAIR] = "pair, allowed",
	[ASK_LIMITED] = "pair, allowed, a rate and a quota counted",
	[ASK_COUNTED] = "pair, allowed, its use counted",
	[ASK_TOKEN] = "token alone, allowed",
	[ASK_PUBLIC] = "public route",
	[ASK_MISTYPED] = "mistyped token, refused by its text",
	[ASK_WRONG] = "wrong token, refused with every near miss tried",
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void make_key(struct bench *b, size_t i, uint32_t account, uint32_t profile)
{
	uint8_t random[TOKEN_RANDOM_SIZE] = { 0 };
	struct buf text = buf_fixed(b->app_keys[i], KEY_TEXT);
	struct view_key *key;

	put_u32(random, (uint32_t)i);
	if (app_key_make(SPAN_LIT(APP_KEY_PREFIX_DEFAULT), SPAN_LIT("acme"), random, &text) !=
		ST_OK)
		abort();
	token_make(TOKEN_LIVE, random, b->tokens[i]);
	key = table_key(b->table, account, b->app_keys[i]);
	table_token(b->table, key, span_of(b->tokens[i], TOKEN_LEN), true);
	table_link(key, profile);
}

static void make_world(struct bench *b)
{
	struct table_view *t = table_make(b->keys_count);
	uint32_t account = table_account(t, "acme");
	uint32_t profile = table_profile(t, account, "reader");
	struct service_spec *service = table_service(t, "store", "/api");
	uint32_t needed = 0;

	b->table = t;
	for (int i = 0; i < 16; i++) {
		needed = table_resource(t, "OMS", "ListOrders", "List Orders");
		table_grant(t, profile, needed);
	}
	(void)table_route(t, service, "GET", "/orders", needed);
	(void)table_route(t, service, "GET", "/orders/{id}", needed);
	(void)table_route(t, service, "PUT", "/orders/{id}/items/{item}", needed);
	table_route(t, service, "GET", "/ping", 0)->access = ROUTE_PUBLIC;
	for (size_t i = 0; i < b->keys_count; i++)
		make_key(b, i, account, profile);
	table_build(t);
	b->scratch.digests = t->digests;
	b->input = (struct decide_input){
		.method = SPAN_LIT("GET"), .host = SPAN_LIT("acme.example.com"), .now_us = 1
	};
}

/* ---- counting, as a gate does ---- */

static struct allowance_state take(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	const struct bench *b = context;

	return ledger_take(
		b->ledger, key_slot, limits, (struct ledger_now){ clock_boot_us(), now_us });
}

static void count(struct bench *b, const struct decision *decision)
{
	use_count(b->ledger, &b->unkept,
		&(struct use){ .account = decision->owner_account,
			.key = decision->key,
			.route = decision->route.route_id,
			.resource = decision->resource,
			.token = USE_TOKEN_NEWEST,
			.at_us = clock_wall_us(),
			.took_ns = 500 });
}

/* A ledger of its own; the file is gone before anything can leave it behind. */
static void open_ledger(struct bench *b)
{
	char dir[] = "/tmp/llavero-bench-XXXXXX", file[sizeof(dir) + 16];
	enum ledger_found found;

	if (mkdtemp(dir) == NULL || ledger_prepare(dir, 1, &found) != ST_OK ||
		ledger_open(dir, &b->ledger) != ST_OK)
		abort();
	snprintf(file, sizeof(file), "%s/" LEDGER_FILE, dir);
	(void)unlink(file);
	(void)rmdir(dir);
	b->limits = (struct limits_source){ b, take };
	b->input.limits = &b->limits;
}

/* As much as no round uses, or none. */
static void limit_keys(struct bench *b, bool limited)
{
	for (size_t i = 0; i < b->keys_count; i++) {
		b->table->keys[i].limits.counts[RATE_SECOND] = limited ? LIMIT_RATE : 0;
		b->table->keys[i].limits.counts[QUOTA_MONTH] = limited ? LIMIT_QUOTA : 0;
	}
}

static void ask(struct bench *b, enum question question, size_t key, char token[TOKEN_LEN])
{
	struct presented *credential = &b->input.credential;

	memcpy(token, b->tokens[question == ASK_WRONG ? (key + 1) % b->keys_count : key],
		TOKEN_LEN);
	if (question == ASK_MISTYPED)
		token[20] = token[20] == 'Q' ? 'P' : 'Q';
	b->input.target = question == ASK_PUBLIC ? SPAN_LIT("/api/ping")
						 : SPAN_LIT("/api/orders/4711?page=1");
	credential->form = question == ASK_TOKEN ? PRESENTED_TOKEN : PRESENTED_PAIR;
	credential->app_key = question == ASK_TOKEN ? SPAN_ABSENT : span_str(b->app_keys[key]);
	credential->app_token = span_of(token, TOKEN_LEN);
}

static double round_ns(struct bench *b, enum question question)
{
	bool expected = question <= ASK_PUBLIC;
	uint32_t seed = 7;
	struct decision decision;
	char token[TOKEN_LEN];
	uint64_t start = now_ns();

	for (size_t i = 0; i < DECISIONS; i++) {
		ask(b, question, next_random(&seed) % b->keys_count, token);
		decide(&b->table->view, &b->input, &b->scratch, &decision);
		if (question == ASK_COUNTED)
			count(b, &decision);
		if ((decision.verdict == VERDICT_ALLOW) != expected) {
			(void)fprintf(stderr, "bench_decide: %s: %s\n", LABELS[question],
				cause_name(decision.cause));
			exit(1);
		}
	}
	return (double)(now_ns() - start) / DECISIONS;
}

int main(int argc, char **argv)
{
	struct bench b = { .keys_count = KEYS_DEFAULT };
	uint64_t wanted;

	if (argc > 1 && span_to_u64(span_str(argv[1]), &wanted) && wanted > 1 && wanted <= 2000000)
		b.keys_count = (size_t)wanted;
	b.app_keys = calloc(b.keys_count, sizeof(*b.app_keys));
	b.tokens = calloc(b.keys_count, sizeof(*b.tokens));
	if (crypto_init() != ST_OK || b.app_keys == NULL || b.tokens == NULL)
		return 1;
	make_world(&b);
	open_ledger(&b);
	printf("%zu keys, view in memory: ns a decision\n", b.keys_count);
	for (int question = 0; question < QUESTIONS; question++) {
		double best;

		limit_keys(&b, question == ASK_LIMITED);
		best = round_ns(&b, (enum question)question);

		for (unsigned i = 1; i < ROUNDS; i++) {
			double ns = round_ns(&b, (enum question)question);

			best = ns < best ? ns : best;
		}
		printf("  %-50s %7.0f\n", LABELS[question], best);
	}
	table_free(&b.table);
	ledger_close(&b.ledger);
	free(b.app_keys);
	free(b.tokens);
	return 0;
}
