/*
 * The own form, as YAML or JSON. Resources, services and routes take a line each, profiles a
 * line for each resource; so a change shows as the lines that changed.
 */
#include "catalog/internal.h"
#include "catalog/read.h"

struct writer {
	struct buf *out;
	enum catalog_form form;
	bool first; /* of the fields or items at hand */
};

/* Words that some reader of YAML takes for something else than a text. */
static bool is_reserved(struct span text)
{
	static const char *const WORDS[] = { "true", "false", "null", "yes", "no", "on", "off", "y",
		"n" };

	for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
		if (span_equal_nocase(text, span_str(WORDS[i])))
			return true;
	}
	return false;
}

/* Begins with a letter or a slash, and has nothing that YAML could read otherwise. */
static bool is_plain(struct span text)
{
	if (text.len == 0 || text.ptr[text.len - 1] == ' ' || is_reserved(text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/';
		bool more = (c >= '0' && c <= '9') || c == ' ' || c == '.' || c == '_' ||
			    c == '-' || c == '(' || c == ')';

		if (!letter && !(more && i > 0))
			return false;
	}
	return true;
}

/* As it is, but for what both JSON and YAML escape: so non-ASCII stays legible. */
static void write_quoted(struct buf *out, struct span text)
{
	buf_append_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '"' || c == '\\')
			buf_append_char(out, '\\');
		if ((uint8_t)c < 0x20 || c == 0x7F)
			buf_printf(out, "\\u%04x", (unsigned)(uint8_t)c);
		else
			buf_append_char(out, c);
	}
	buf_append_char(out, '"');
}

static void write_text(struct writer *w, struct span text)
{
	if (w->form == CATALOG_YAML && is_plain(text))
		buf_append(w->out, text);
	else
		write_quoted(w->out, text);
}

static void separate(struct writer *w)
{
	buf_append_str(w->out, w->first ? "" : ", ");
	w->first = false;
}

static void write_name(struct writer *w, const char *name)
{
	separate(w);
	buf_printf(w->out, w->form == CATALOG_YAML ? "%s: " : "\"%s\": ", name);
}

static void write_field(struct writer *w, const char *name, const char *text)
{
	write_name(w, name);
	write_text(w, span_str(text));
}

static void write_flag(struct writer *w, const char *name, bool flag)
{
	write_name(w, name);
	buf_append_str(w->out, flag ? "true" : "false");
}

static void write_lines(struct writer *w, const char *name, const char *lines)
{
	struct span rest = span_str(lines), line;

	write_name(w, name);
	buf_append_char(w->out, '[');
	w->first = true;
	while (lines_next(&rest, &line)) {
		separate(w);
		write_text(w, line);
	}
	buf_append_char(w->out, ']');
	w->first = false;
}

static void write_ref(struct writer *w, const struct catalog_ref *ref)
{
	buf_append_char(w->out, '{');
	w->first = true;
	write_field(w, "product", ref->product);
	write_field(w, "key", ref->key);
	buf_append_char(w->out, '}');
}

static void write_resource(struct writer *w, const void *item)
{
	const struct catalog_resource *resource = item;

	write_field(w, "product", resource->product);
	if (resource->category[0] != '\0')
		write_field(w, "category", resource->category);
	write_field(w, "key", resource->key);
	if (resource->name[0] != '\0')
		write_field(w, "name", resource->name);
	if (resource->aliases[0] != '\0')
		write_lines(w, "aliases", resource->aliases);
}

static void write_service(struct writer *w, const void *item)
{
	const struct catalog_service *service = item;

	write_field(w, "name", service->name);
	if (!service->settled)
		return;
	write_lines(w, "hosts", service->hosts);
	write_field(w, "basePath", service->base_path);
	write_flag(w, "caseInsensitive", service->case_insensitive);
	write_field(w, "semicolon", service->semicolon_strip ? "strip" : "refuse");
	write_field(w, "unmapped", service->unmapped_authenticated ? "authenticated" : "refuse");
	write_field(w, "preflight", service->preflight_pass ? "pass" : "refuse");
}

static void write_route(struct writer *w, const void *item)
{
	const struct catalog_route *route = item;
	const struct catalog_need *need = &route->need;

	write_field(w, "service", route->service);
	write_field(w, "method", route->method);
	write_field(w, "path", route->path);
	if (need->access != CATALOG_RESOURCES) {
		write_flag(w, need->access == CATALOG_PUBLIC ? "public" : "authenticated", true);
	} else {
		write_name(w, "resources");
		buf_append_char(w->out, '[');
		for (size_t i = 0; i < need->resources_count; i++) {
			buf_append_str(w->out, i == 0 ? "" : ", ");
			write_ref(w, &need->resources[i]);
		}
		buf_append_char(w->out, ']');
		w->first = false;
	}
	if (route->sources[0] != '\0')
		write_lines(w, "from", route->sources);
}

static void write_profile_yaml(struct writer *w, const struct catalog_profile *profile)
{
	buf_append_str(w->out, "  - name: ");
	write_text(w, span_str(profile->name));
	buf_append_str(w->out,
		profile->resources_count == 0 ? "\n    resources: []\n" : "\n    resources:\n");
	for (size_t i = 0; i < profile->resources_count; i++) {
		buf_append_str(w->out, "      - ");
		write_ref(w, &profile->resources[i]);
		buf_append_char(w->out, '\n');
	}
}

static void write_profile_json(struct writer *w, const struct catalog_profile *profile, bool last)
{
	buf_append_str(w->out, "    {\"name\": ");
	write_text(w, span_str(profile->name));
	buf_append_str(w->out, ", \"resources\": [");
	for (size_t i = 0; i < profile->resources_count; i++) {
		buf_append_str(w->out, i == 0 ? "\n      " : ",\n      ");
		write_ref(w, &profile->resources[i]);
	}
	buf_append_str(w->out, profile->resources_count == 0 ? "]}" : "\n    ]}");
	buf_append_str(w->out, last ? "\n" : ",\n");
}

static void open_list(struct writer *w, const char *name, size_t count)
{
	if (w->form == CATALOG_YAML)
		buf_printf(w->out, count == 0 ? "%s: []\n" : "%s:\n", name);
	else
		buf_printf(w->out, count == 0 ? "  \"%s\": [" : "  \"%s\": [\n", name);
}

static void close_list(struct writer *w, size_t count, bool last)
{
	if (w->form == CATALOG_JSON)
		buf_printf(w->out, "%s]%s\n", count == 0 ? "" : "  ", last ? "" : ",");
}

struct list {
	const char *name;
	const void *items;
	size_t count, size;
	void (*write)(struct writer *, const void *);
};

static void write_list(struct writer *w, const struct list *list)
{
	open_list(w, list->name, list->count);
	for (size_t i = 0; i < list->count; i++) {
		buf_append_str(w->out, w->form == CATALOG_YAML ? "  - {" : "    {");
		w->first = true;
		list->write(w, (const char *)list->items + i * list->size);
		buf_append_str(w->out, "}");
		buf_append_str(
			w->out, w->form == CATALOG_JSON && i + 1 < list->count ? ",\n" : "\n");
	}
	close_list(w, list->count, false);
}

enum status catalog_write(const struct catalog *c, enum catalog_form form, struct buf *out)
{
	struct writer w = { .out = out, .form = form };
	const struct list lists[] = {
		{ "resources", c->resources, c->resources_count, sizeof(*c->resources),
			write_resource },
		{ "services", c->services, c->services_count, sizeof(*c->services), write_service },
		{ "routes", c->routes, c->routes_count, sizeof(*c->routes), write_route },
	};

	buf_append_str(out, form == CATALOG_YAML ? "llavero: " OWN_FORM "\n"
						 : "{\n  \"llavero\": \"" OWN_FORM "\",\n");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		write_list(&w, &lists[i]);
	open_list(&w, "profiles", c->profiles_count);
	for (size_t i = 0; i < c->profiles_count; i++) {
		if (form == CATALOG_YAML)
			write_profile_yaml(&w, &c->profiles[i]);
		else
			write_profile_json(&w, &c->profiles[i], i + 1 == c->profiles_count);
	}
	close_list(&w, c->profiles_count, true);
	buf_append_str(out, form == CATALOG_YAML ? "" : "}\n");
	return buf_ok(out) ? ST_OK : ST_LIMIT;
}
