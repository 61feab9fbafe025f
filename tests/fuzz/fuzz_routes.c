/*
 * Catalogues and their compiled form. The first byte chooses: lines of a
 * catalogue, which are compiled and then asked their own templates; or damage
 * to a compiled one under a good checksum, which must never be read outside.
 */
#include "base/crypto.h"
#include "decide/routes_blob.h"

#include <stdlib.h>

#define ROUTES_MAX 24u

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	must(crypto_init() == ST_OK);
	return 0;
}

/* Reads all of it, so that what cannot be read is noticed. */
static size_t read_all(struct span s)
{
	size_t sum = 0;

	for (size_t i = 0; i < s.len; i++)
		sum += (uint8_t)s.ptr[i];
	return sum;
}

static void read_match(const struct route_match *match)
{
	size_t sum = read_all(match->template_text) + read_all(match->service_name) +
		     read_all(match->method);

	for (size_t i = 0; i < match->resources_count; i++)
		sum += route_match_resource(match, i);
	must(sum < SIZE_MAX);
}

static void ask(const struct routes *view, struct span host, struct span method, struct span target)
{
	static char memory[PATH_SIZE];
	struct path_result path;
	struct route_match match;
	struct route_request request = { host, method, &path };

	path_canonicalise(target, host, memory, sizeof(memory), &path);
	if (routes_match(view, &request, &match) != ST_OK) {
		must(match.kind == ROUTE_MATCH_NONE && !match.unmapped_authenticated);
		return;
	}
	read_match(&match);
}

static void check_conflict(void *context, const struct route_conflict *conflict)
{
	must(conflict->route != NULL && conflict->other != NULL);
	must(conflict->path.len > 0 && conflict->path.ptr[0] == '/');
	(void)context;
}

static enum status build(const struct route_spec *routes, size_t routes_count, bool fold,
	struct buf *out, struct complaint *complaint)
{
	static const struct span HOSTS[] = { { "a.example", 9 }, { "*.example", 9 } };
	const struct service_spec services[] = {
		{ .id = 1,
			.name = SPAN_LIT("one"),
			.hosts = HOSTS,
			.hosts_count = 2,
			.base_path = SPAN_LIT("/api"),
			.switches = { .strip_semicolon = true, .case_insensitive = fold } },
		{ .id = 2, .name = SPAN_LIT("two"), .unmapped_authenticated = true },
	};
	struct routes_input input = { services, 2, routes, routes_count };
	struct route_conflict_sink sink = { check_conflict, NULL };
	struct routes_built built;

	return routes_build(&input, &sink, out, &built, complaint);
}

static void fuzz_catalogue(struct span text, bool fold)
{
	static const struct span METHODS[] = { { "GET", 3 }, { "HEAD", 4 }, { "PUT", 3 } };
	static const uint32_t IDS[] = { 1, 2, 3 };
	CLEANUP(buf_free)
	struct buf blob = buf_heap(ROUTES_BLOB_MAX);
	struct route_spec routes[ROUTES_MAX];
	struct complaint complaint = { 0 };
	struct routes view;
	size_t count = 0;

	for (; text.len > 0 && count < ROUTES_MAX; count++) {
		struct span line = span_part(text, 0, span_find(text, '\n'));

		text = span_part(text, line.len + 1, text.len);
		routes[count] = (struct route_spec){ .id = count,
			.service_id = 1 + count % 2,
			.method = METHODS[line.len % 3],
			.template_text = line,
			.access = line.len % 7 == 0 ? ROUTE_PUBLIC : ROUTE_NEEDS_RESOURCE,
			.resource_ids = &IDS[line.len % 3],
			.resource_ids_count = line.len % 7 == 0 ? 0 : 1 };
	}
	if (build(routes, count, fold, &blob, &complaint) != ST_OK) {
		must(complaint.key != NULL && blob.len == 0);
		return;
	}
	must(routes_open(buf_span(&blob), &view) == ST_OK);
	for (size_t i = 0; i < count; i++) {
		ask(&view, SPAN_LIT("a.example"), METHODS[i % 3], routes[i].template_text);
		ask(&view, SPAN_ABSENT, METHODS[i % 3], routes[i].template_text);
	}
}

/* Four bytes each: where, and what is put there. */
static void fuzz_damage(struct span changes)
{
	static const char *const TEMPLATES[] = { "/o/group/{x}", "/o/{id}/note", "/v{x}/{a}@{b}",
		"/f/{p...}", "/f/s/", "/{x}b/c", "/a{x}/c" };
	struct route_spec routes[ARRAY_LEN(TEMPLATES) * 2];
	struct buf blob = buf_heap(ROUTES_BLOB_MAX);
	static const uint32_t IDS[] = { 1, 2 };
	struct routes view;
	char *copy;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		routes[i] = (struct route_spec){ .id = i,
			.service_id = 1 + i % 2,
			.method = SPAN_LIT("GET"),
			.template_text = span_str(TEMPLATES[i / 2]),
			.resource_ids = IDS,
			.resource_ids_count = 1 + i / 2 % 2 };
	must(build(routes, ARRAY_LEN(routes), true, &blob, NULL) == ST_OK);
	/* Of just its size, so that the sanitizer sees the first byte beyond. */
	copy = malloc(blob.len);
	must(copy != NULL);
	memcpy(copy, blob.ptr, blob.len);
	for (; changes.len >= 4; changes = span_part(changes, 4, changes.len)) {
		size_t at =
			BLOB_AT_OFFSETS + get_u16(changes.ptr) % (blob.len - BLOB_AT_OFFSETS - 2);

		put_u16(copy + at, get_u16(changes.ptr + 2));
	}
	put_u64(copy + BLOB_AT_CHECKSUM, routes_checksum(span_of(copy, blob.len)));
	if (routes_open(span_of(copy, blob.len), &view) == ST_OK) {
		ask(&view, SPAN_LIT("a.example"), SPAN_LIT("GET"), SPAN_LIT("/api/o/group/note"));
		ask(&view, SPAN_LIT("b.example"), SPAN_LIT("HEAD"), SPAN_LIT("/API/v1/x@y"));
		ask(&view, SPAN_ABSENT, SPAN_LIT("GET"), SPAN_LIT("/f/s"));
		ask(&view, SPAN_ABSENT, SPAN_LIT("GET"), SPAN_LIT("/aab/c/"));
	}
	free(copy);
	buf_free(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] % 3 == 0)
		fuzz_damage(span_of(data + 1, size - 1));
	else
		fuzz_catalogue(span_of(data + 1, size - 1), data[0] % 3 == 1);
	return 0;
}
