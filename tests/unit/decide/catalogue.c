#include "catalogue.h"

#include <stdlib.h>

void catalogue_init(struct catalogue *c)
{
	memset(c, 0, sizeof(*c));
	c->blob = buf_heap(ROUTES_BLOB_MAX);
}

void catalogue_free(struct catalogue *c)
{
	buf_free(&c->blob);
}

static struct span next_word(struct span *rest)
{
	struct span word;

	while (rest->len > 0 && rest->ptr[0] == ' ')
		*rest = span_part(*rest, 1, rest->len);
	word = span_part(*rest, 0, span_find(*rest, ' '));
	*rest = span_part(*rest, word.len, rest->len);
	return word;
}

void catalogue_service(struct catalogue *c, const char *line)
{
	size_t i = c->services_count++;
	struct service_spec *s = &c->services[i];
	struct span rest = span_str(line);
	struct span word;

	static const char NAMES[] = "ABCDEFGHIJKLMNOP";

	*s = (struct service_spec){ .id = i + 1,
		.name = span_of(&NAMES[i], 1),
		.hosts = c->hosts[i],
		.base_path = SPAN_LIT("/") };
	while ((word = next_word(&rest)).len > 0) {
		if (span_starts_with(word, SPAN_LIT("host=")))
			c->hosts[i][s->hosts_count++] = span_part(word, 5, word.len);
		else if (span_starts_with(word, SPAN_LIT("base=")))
			s->base_path = span_part(word, 5, word.len);
		s->unmapped_authenticated |= span_is(word, "unmapped");
		s->preflight_pass |= span_is(word, "preflight");
		s->switches.strip_semicolon |= span_is(word, "strip");
		s->switches.case_insensitive |= span_is(word, "fold");
	}
}

static void read_needs(struct catalogue *c, struct route_spec *route, struct span needs)
{
	uint32_t *ids = c->resources[route->id - 1];

	route->resource_ids = ids;
	if (span_is(needs, "public"))
		route->access = ROUTE_PUBLIC;
	else if (span_is(needs, "auth"))
		route->access = ROUTE_AUTHENTICATED;
	else if (!span_is(needs, "nobody"))
		while (needs.len > 0) {
			size_t end = span_find(needs, ',');
			uint64_t id = 0;

			(void)!span_to_u64(span_part(needs, 0, end), &id);
			ids[route->resource_ids_count++] = (uint32_t)id;
			needs = span_part(needs, end + 1, needs.len);
		}
}

void catalogue_route(struct catalogue *c, const char *line)
{
	struct route_spec *route = &c->routes[c->routes_count++];
	struct span rest = span_str(line);

	*route = (struct route_spec){ .id = c->routes_count, .service_id = c->services_count };
	route->method = next_word(&rest);
	route->template_text = next_word(&rest);
	read_needs(c, route, next_word(&rest));
}

static void note_conflict(void *context, const struct route_conflict *conflict)
{
	static const char *const KINDS[] = { "?", "crossing", "slash", "same" };
	struct catalogue *c = context;
	struct buf text;

	if (c->conflicts_count == CATALOGUE_CONFLICTS)
		return;
	text = BUF_ARRAY(c->conflicts[c->conflicts_count]);
	c->conflicts_count++;
	buf_printf(&text, "%s %llu %llu ", KINDS[conflict->kind],
		(unsigned long long)conflict->route->id, (unsigned long long)conflict->other->id);
	buf_append(&text, conflict->method);
	buf_append_char(&text, ' ');
	buf_append(&text, conflict->path);
}

enum status catalogue_build(struct catalogue *c)
{
	struct routes_input input = { c->services, c->services_count, c->routes, c->routes_count };
	struct route_conflict_sink sink = { note_conflict, c };
	enum status st = routes_build(&input, &sink, &c->blob, &c->built, &c->complaint);

	return st == ST_OK ? routes_open(buf_span(&c->blob), &c->view) : st;
}

static void append_match(struct buf *out, const struct route_match *match)
{
	switch (match->kind) {
	case ROUTE_MATCH_FOUND:
		buf_append_u64(out, match->route_id);
		return;
	case ROUTE_MATCH_AMBIGUOUS:
		if (match->exhausted)
			buf_append_str(out, "exhausted");
		else
			buf_printf(out, "ambiguous %llu %llu", (unsigned long long)match->route_id,
				(unsigned long long)match->other_route_id);
		return;
	case ROUTE_MATCH_PATH_REFUSED:
		buf_printf(out, "refused %s", path_reason_name(match->path_reason));
		return;
	case ROUTE_MATCH_NONE:
		buf_append_str(out, "-");
		if (match->has_service)
			buf_printf(out, " service %llu", (unsigned long long)match->service_id);
		return;
	}
}

void catalogue_ask(const struct catalogue *c, const char *host, const char *method,
	const char *target, struct buf *out)
{
	char memory[PATH_SIZE];
	struct path_result path;
	struct route_match match;
	struct route_request request = { span_str(host), span_str(method), &path };

	path_canonicalise(span_str(target), request.host, memory, sizeof(memory), &path);
	if (routes_match(&c->view, &request, &match) != ST_OK)
		buf_append_str(out, "damaged");
	else
		append_match(out, &match);
}
