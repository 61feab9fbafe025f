/*
 * Published interfaces: every operation of the documents in shared/data must
 * be found again by a request that follows its template. Without the folder, or
 * in a copy of the project alone, this says so and is skipped.
 */
#include "../testing.h"

#include "base/crypto.h"
#include "decide/routes.h"

#include <stdio.h>
#include <stdlib.h>

#define OPERATIONS_MAX 2000u

struct operation {
	char method[16], path[256];
	uint32_t needs; /* of its class and resources */
};

struct published {
	struct operation operations[OPERATIONS_MAX];
	struct route_spec routes[OPERATIONS_MAX];
	size_t count, skipped;
	size_t conflicts;
};

static FILE *open_table(void)
{
	const char *root = getenv("SOURCE_ROOT");
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/../shared/data/openapi-resources.tsv",
		root == NULL ? "." : root);
	return fopen(path, "r");
}

static struct span field(struct span line, unsigned number)
{
	for (; number > 0; number--)
		line = span_part(line, span_find(line, '\t') + 1, line.len);
	return span_part(line, 0, span_find(line, '\t'));
}

static bool known(const struct published *p, struct span method, struct span path)
{
	for (size_t i = 0; i < p->count; i++) {
		if (span_is(method, p->operations[i].method) &&
			span_is(path, p->operations[i].path))
			return true;
	}
	return false;
}

static void take_line(struct published *p, struct span line)
{
	static const uint8_t KEY[16] = "published needs";
	struct operation *operation = &p->operations[p->count];
	struct span method = field(line, 1), path = field(line, 2);

	/* The same route in two documents is the import's business. */
	if (p->count == OPERATIONS_MAX || span_is(method, "method") || known(p, method, path)) {
		p->skipped++;
		return;
	}
	(void)snprintf(
		operation->method, sizeof(operation->method), "%.*s", (int)method.len, method.ptr);
	(void)snprintf(operation->path, sizeof(operation->path), "%.*s", (int)path.len, path.ptr);
	operation->needs = (uint32_t)crypto_hash64(KEY, field(line, 5));
	p->routes[p->count] = (struct route_spec){ .id = p->count,
		.method = span_str(operation->method),
		.template_text = span_str(operation->path),
		.resource_ids = &operation->needs,
		.resource_ids_count = 1 };
	p->count++;
}

static bool load(struct published *p)
{
	FILE *file = open_table();
	char line[4096];

	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL)
		take_line(p, span_part(span_str(line), 0, span_find(span_str(line), '\n')));
	(void)fclose(file);
	return true;
}

/* The path of a request: each parameter becomes "7". */
static void follow(const char *template, struct buf *out)
{
	for (bool inside = false; *template != '\0'; template ++) {
		if (*template == '{')
			buf_append_char(out, '7');
		inside = *template == '{' || (inside && *template != '}');
		if (!inside && *template != '}')
			buf_append_char(out, *template);
	}
}

/* But for the names of its parameters. */
static bool same_route(const struct operation *a, const struct operation *b)
{
	char a_text[512], b_text[512];
	struct buf a_path = BUF_ARRAY(a_text), b_path = BUF_ARRAY(b_text);

	follow(a->path, &a_path);
	follow(b->path, &b_path);
	return span_equal(buf_span(&a_path), buf_span(&b_path)) &&
	       strcmp(a->method, b->method) == 0 && a->needs == b->needs;
}

static void print_conflict(void *context, const struct route_conflict *conflict)
{
	struct published *p = context;

	p->conflicts++;
	print_message("# conflict: %.*s %.*s and %.*s on %.*s\n", (int)conflict->method.len,
		conflict->method.ptr, (int)conflict->route->template_text.len,
		conflict->route->template_text.ptr, (int)conflict->other->template_text.len,
		conflict->other->template_text.ptr, (int)conflict->path.len, conflict->path.ptr);
}

static void every_published_operation_is_found_again(void **state)
{
	static struct published p;
	struct service_spec service = { .name = SPAN_LIT("published") };
	CLEANUP(buf_free)
	struct buf blob = buf_heap(ROUTES_BLOB_MAX);
	struct routes_input input = { &service, 1, p.routes, 0 };
	struct route_conflict_sink sink = { print_conflict, &p };
	struct routes_built built;
	struct routes view;

	if (!load(&p)) {
		print_message(
			"# skipped: no shared/data/openapi-resources.tsv beside the project\n");
		return; /* said above; TAP counts cmocka's skip() as a failure */
	}
	assert_true(p.count > 300);
	input.routes_count = p.count;
	assert_int_equal(routes_build(&input, &sink, &blob, &built, NULL), ST_OK);
	assert_int_equal(routes_open(buf_span(&blob), &view), ST_OK);
	assert_int_equal(built.conflicts_count, p.conflicts);
	for (size_t i = 0; i < p.count; i++) {
		char memory[PATH_SIZE], text[512];
		struct buf target = BUF_ARRAY(text);
		struct path_result path;
		struct route_match match;
		struct route_request request = { SPAN_ABSENT, p.routes[i].method, &path };

		follow(p.operations[i].path, &target);
		path_canonicalise(buf_span(&target), SPAN_ABSENT, memory, sizeof(memory), &path);
		CHECK_ROW(p.operations[i].path, path.reason == PATH_OK);
		CHECK_ROW(p.operations[i].path, routes_match(&view, &request, &match) == ST_OK);
		CHECK_ROW(p.operations[i].path, match.kind == ROUTE_MATCH_FOUND);
		CHECK_ROW(p.operations[i].path,
			same_route(&p.operations[i], &p.operations[match.route_id]));
	}
	print_message("# %zu operations, %zu lines of doubles, %zu conflicts\n", p.count, p.skipped,
		p.conflicts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_published_operation_is_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
