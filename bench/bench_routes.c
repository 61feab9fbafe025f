/*
 * What a path costs: canonicalise and match, at several sizes of the catalogue,
 * and the worst catalogue that was thought of. Prints a table.
 */
#include "base/crypto.h"
#include "decide/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ASKS_MAX 4096u
#define TEXT_MAX 128u

struct bench {
	struct route_spec *routes;
	char (*texts)[TEXT_MAX];
	size_t routes_count;
	char (*targets)[TEXT_MAX];
	struct buf blob;
	struct routes view;
	double build_ms;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void must(enum status st, const char *what)
{
	if (st == ST_OK)
		return;
	(void)fprintf(stderr, "bench_routes: %s: %s\n", what, status_name(st));
	exit(1);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Eight routes a collection, as published interfaces have them. */
static void make_route(struct bench *b, size_t i)
{
	static const struct {
		const char *method, *format;
	} SHAPES[8] = {
		{ "GET", "/api/area%zu/collection-%zu" },
		{ "POST", "/api/area%zu/collection-%zu" },
		{ "GET", "/api/area%zu/collection-%zu/{id}" },
		{ "PUT", "/api/area%zu/collection-%zu/{id}" },
		{ "DELETE", "/api/area%zu/collection-%zu/{id}" },
		{ "GET", "/api/area%zu/collection-%zu/{id}/items/{itemId}" },
		{ "POST", "/api/area%zu/collection-%zu/{id}/items" },
		{ "GET", "/api/area%zu/collection-%zu/search@{filter}" },
	};
	static const uint32_t RESOURCES[] = { 1, 2, 3 };

	/* The formats above, none from outside. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(b->texts[i], TEXT_MAX, SHAPES[i % 8].format, i / 8 % 29, i / 8);
#pragma GCC diagnostic pop
	b->routes[i] = (struct route_spec){ .id = i + 1,
		.service_id = 1,
		.method = span_str(SHAPES[i % 8].method),
		.template_text = span_str(b->texts[i]),
		.resource_ids = &RESOURCES[i % 3],
		.resource_ids_count = 1 };
}

static void build(struct bench *b)
{
	struct service_spec service = {
		.id = 1, .name = SPAN_LIT("all"), .base_path = SPAN_LIT("/")
	};
	struct routes_input input = { &service, 1, b->routes, b->routes_count };
	struct routes_built built;
	uint64_t start = now_ns();

	b->blob = buf_heap(ROUTES_BLOB_MAX);
	must(routes_build(&input, NULL, &b->blob, &built, NULL), "build");
	b->build_ms = (double)(now_ns() - start) / 1e6;
	must(routes_open(buf_span(&b->blob), &b->view), "open");
}

static void allocate(struct bench *b, size_t routes_count)
{
	b->routes_count = routes_count;
	b->routes = calloc(routes_count, sizeof(*b->routes));
	b->texts = calloc(routes_count, TEXT_MAX);
	b->targets = calloc(ASKS_MAX, TEXT_MAX);
	if (b->routes == NULL || b->texts == NULL || b->targets == NULL)
		must(ST_NO_MEMORY, "memory");
}

static void release(struct bench *b)
{
	buf_free(&b->blob);
	free(b->routes);
	free(b->texts);
	free(b->targets);
}

static enum route_match_kind ask(
	const struct bench *b, struct span method, const char *target, struct route_match *match)
{
	char memory[PATH_SIZE];
	struct path_result path;
	struct route_request request = { SPAN_ABSENT, method, &path };

	path_canonicalise(span_str(target), SPAN_ABSENT, memory, sizeof(memory), &path);
	must(routes_match(&b->view, &request, match), "match");
	return match->kind;
}

/* Random routes with GET, and what comes of the parameters. */
static void bench_typical(size_t routes_count)
{
	struct bench b = { 0 };
	uint32_t seed = 1;
	unsigned rounds = 200, found = 0;
	uint64_t start;

	allocate(&b, routes_count);
	for (size_t i = 0; i < routes_count; i++)
		make_route(&b, i);
	build(&b);
	for (size_t i = 0; i < ASKS_MAX; i++) {
		size_t group = next_random(&seed) % (routes_count < 8 ? 1 : routes_count / 8);

		(void)snprintf(b.targets[i], TEXT_MAX, "/api/area%zu/collection-%zu/%u?fields=a,b",
			group % 29, group, next_random(&seed));
	}
	start = now_ns();
	for (unsigned round = 0; round < rounds; round++) {
		for (size_t i = 0; i < ASKS_MAX; i++) {
			struct route_match match;

			found +=
				ask(&b, SPAN_LIT("GET"), b.targets[i], &match) == ROUTE_MATCH_FOUND;
		}
	}
	printf("%8zu routes  %8.0f ns a path  %5.1f %% found  build %7.1f ms  %8zu bytes\n",
		routes_count, (double)(now_ns() - start) / (double)(rounds * ASKS_MAX),
		100.0 * found / (double)(rounds * ASKS_MAX), b.build_ms, b.blob.len);
	release(&b);
}

/* 65,536 routes of 16 segments, each text or parameter, that all take one path but for its end. */
static void bench_worst(void)
{
	struct bench b = { 0 };
	char target[TEXT_MAX] = "";
	struct route_match match;
	struct buf text = BUF_ARRAY(target);
	unsigned rounds = 50;
	uint64_t start;

	allocate(&b, LIMIT_ROUTES);
	for (size_t i = 0; i < LIMIT_ROUTES; i++) {
		struct buf route = buf_fixed(b.texts[i], TEXT_MAX);

		for (unsigned k = 0; k < 16; k++)
			buf_append_str(&route, (i >> k & 1) != 0 ? "/a" : "/{p}");
		buf_append_str(&route, "/end");
		b.routes[i] = (struct route_spec){ .id = i + 1,
			.service_id = 1,
			.method = SPAN_LIT("GET"),
			.template_text = buf_span(&route),
			.access = i % 2 == 0 ? ROUTE_PUBLIC : ROUTE_AUTHENTICATED };
	}
	build(&b);
	for (unsigned k = 0; k < 16; k++)
		buf_append_str(&text, "/a");
	buf_append_str(&text, "/other");
	start = now_ns();
	for (unsigned round = 0; round < rounds; round++)
		(void)ask(&b, SPAN_LIT("GET"), target, &match);
	printf("worst: %u routes crossing at 16 segments: %.2f ms a path, %s; build %.0f ms\n",
		LIMIT_ROUTES, (double)(now_ns() - start) / rounds / 1e6,
		match.exhausted ? "given up as ambiguous" : "to the end", b.build_ms);
	release(&b);
}

int main(void)
{
	must(crypto_init(), "crypto_init");
	bench_typical(10);
	bench_typical(1000);
	bench_typical(LIMIT_ROUTES);
	bench_worst();
	return 0;
}
