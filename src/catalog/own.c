/* The catalogue's own form (docs/catalog.md). Strict: what is not known is refused, with its place.
 */
#include "catalog/names.h"
#include "catalog/read.h"

#include <stdio.h>
#include <stdlib.h>

struct own {
	const struct catalog *known;
	struct catalog *out;
	struct catalog *all; /* resources of known and out */
	struct names *names; /* over them, for resources that are named by key alone */
	struct complaint *complaint;
	const char *list; /* "routes" */
	size_t index;
};

static enum status refuse(struct own *own, const char *key, const char *field)
{
	char place[COMPLAINT_VALUE_MAX];

	(void)snprintf(place, sizeof(place), "%s[%zu]%s%s", own->list, own->index,
		field[0] == '\0' ? "" : ".", field);
	complaint_set(own->complaint, key, 1, "place", place);
	return ST_INVALID;
}

static bool is_listed(const char *text, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(text, *list) == 0)
			return true;
	}
	return false;
}

/* An object with no other fields than those. */
static enum status check_fields(struct own *own, json_t *item, const char *const *fields)
{
	const char *field;
	json_t *value;

	if (!json_is_object(item))
		return refuse(own, "catalog.wrong_type", "");
	json_object_foreach(item, field, value)
	{
		if (!is_listed(field, fields))
			return refuse(own, "catalog.unknown_field", field);
	}
	return ST_OK;
}

/* A text, or fallback when it is missing; NULL fallback: it must be there. */
static enum status read_text(
	struct own *own, json_t *item, const char *field, const char *fallback, const char **out)
{
	json_t *value = json_object_get(item, field);

	if (value == NULL && fallback == NULL)
		return refuse(own, "catalog.missing_field", field);
	if (value != NULL && !json_is_string(value))
		return refuse(own, "catalog.wrong_type", field);
	*out = value == NULL ? fallback : json_string_value(value);
	return ST_OK;
}

static enum status read_flag(struct own *own, json_t *item, const char *field, bool *out)
{
	json_t *value = json_object_get(item, field);

	if (value != NULL && !json_is_boolean(value))
		return refuse(own, "catalog.wrong_type", field);
	*out = json_is_true(value);
	return ST_OK;
}

/* One of two words; the first is meant when it is missing. */
static enum status read_choice(struct own *own, json_t *item, const char *field,
	const char *const words[2], bool *out_second)
{
	const char *text = words[0];
	enum status st = read_text(own, item, field, words[0], &text);

	if (st != ST_OK)
		return st;
	*out_second = strcmp(text, words[1]) == 0;
	return *out_second || strcmp(text, words[0]) == 0
		       ? ST_OK
		       : refuse(own, "catalog.wrong_choice", field);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A list of texts as sorted lines. */
static enum status read_lines(struct own *own, json_t *item, const char *field, const char **out)
{
	json_t *list = json_object_get(item, field), *value;
	struct buf lines = buf_heap(LIMIT_BODY);
	const char **texts;
	size_t count = json_array_size(list), i;

	*out = "";
	if (list == NULL || (json_is_array(list) && count == 0))
		return ST_OK;
	if (!json_is_array(list))
		return refuse(own, "catalog.wrong_type", field);
	texts = arena_array(own->out->arena, count, sizeof(*texts));
	if (texts == NULL)
		return ST_NO_MEMORY;
	json_array_foreach(list, i, value)
	{
		texts[i] = json_string_value(value);
		if (texts[i] == NULL || texts[i][0] == '\0' || strchr(texts[i], '\n') != NULL)
			return refuse(own, "catalog.wrong_type", field);
	}
	qsort(texts, count, sizeof(*texts), compare_texts);
	for (i = 0; i < count; i++) {
		if (i > 0 && strcmp(texts[i - 1], texts[i]) == 0)
			continue;
		buf_append_str(&lines, i == 0 ? "" : "\n");
		buf_append_str(&lines, texts[i]);
	}
	*out = buf_ok(&lines) ? text_copy_span(own->out->arena, buf_span(&lines)) : NULL;
	buf_free(&lines);
	return *out == NULL ? ST_NO_MEMORY : ST_OK;
}

/* ---- resources ---- */

static enum status read_resource(struct own *own, json_t *item)
{
	static const char *const FIELDS[] = { "product", "category", "key", "name", "aliases",
		NULL };
	struct catalog_resource resource;
	enum status st = check_fields(own, item, FIELDS);

	if (st == ST_OK)
		st = read_text(own, item, "product", NULL, &resource.product);
	if (st == ST_OK)
		st = read_text(own, item, "key", NULL, &resource.key);
	if (st == ST_OK)
		st = read_text(own, item, "category", "", &resource.category);
	if (st == ST_OK)
		st = read_text(own, item, "name", "", &resource.name);
	if (st == ST_OK)
		st = read_lines(own, item, "aliases", &resource.aliases);
	if (st != ST_OK)
		return st;
	if (!name_is_sound(span_str(resource.product)))
		return refuse(own, "catalog.no_name", "product");
	if (!name_is_sound(span_str(resource.key)))
		return refuse(own, "catalog.no_name", "key");
	return catalog_add_resource(own->out, &resource);
}

/* {product, key}, or the key alone when only one resource has it. */
static enum status read_ref(struct own *own, json_t *value, struct catalog_ref *out)
{
	static const char *const FIELDS[] = { "product", "key", NULL };
	struct name_query query = { .product = SPAN_LIT("?"),
		.key = span_str(json_string_value(value)) };
	size_t before = own->out->resources_count;
	enum status st;

	if (!json_is_string(value)) {
		st = check_fields(own, value, FIELDS);
		if (st == ST_OK)
			st = read_text(own, value, "product", NULL, &out->product);
		return st == ST_OK ? read_text(own, value, "key", NULL, &out->key) : st;
	}
	st = names_resolve_key(own->names, &query, own->out, out);
	if (st == ST_NO_MEMORY)
		return st;
	/* Only known resources may be named so; a derived one means that there is none. */
	if (st != ST_OK || own->out->resources_count != before) {
		own->out->resources_count = before;
		return refuse(own,
			st == ST_CONFLICT ? "catalog.key_ambiguous" : "catalog.key_unknown",
			"resources");
	}
	return ST_OK;
}

static enum status read_refs(
	struct own *own, json_t *item, struct catalog_ref **out, size_t *out_count)
{
	json_t *list = json_object_get(item, "resources"), *value;
	size_t count = json_array_size(list), i;
	struct catalog_ref *refs = arena_array(own->out->arena, count + 1, sizeof(*refs));

	if (!json_is_array(list))
		return refuse(own, list == NULL ? "catalog.missing_field" : "catalog.wrong_type",
			"resources");
	if (refs == NULL)
		return ST_NO_MEMORY;
	json_array_foreach(list, i, value)
	{
		enum status st = read_ref(own, value, &refs[i]);

		if (st != ST_OK)
			return st;
	}
	*out = refs;
	*out_count = count;
	return ST_OK;
}

/* ---- services, routes, profiles ---- */

static enum status read_service(struct own *own, json_t *item)
{
	static const char *const FIELDS[] = { "name", "hosts", "basePath", "caseInsensitive",
		"semicolon", "unmapped", "preflight", NULL };
	static const char *const STRIP[] = { "refuse", "strip" };
	static const char *const AUTHENTICATED[] = { "refuse", "authenticated" };
	static const char *const PASS[] = { "refuse", "pass" };
	/* The name alone: the settings stay as they are. */
	struct catalog_service service = { .settled = json_object_size(item) > 1 };
	enum status st = check_fields(own, item, FIELDS);

	if (st == ST_OK)
		st = read_text(own, item, "name", NULL, &service.name);
	if (st == ST_OK)
		st = read_lines(own, item, "hosts", &service.hosts);
	if (st == ST_OK)
		st = read_text(own, item, "basePath", "", &service.base_path);
	if (st == ST_OK)
		st = read_flag(own, item, "caseInsensitive", &service.case_insensitive);
	if (st == ST_OK)
		st = read_choice(own, item, "semicolon", STRIP, &service.semicolon_strip);
	if (st == ST_OK)
		st = read_choice(
			own, item, "unmapped", AUTHENTICATED, &service.unmapped_authenticated);
	if (st == ST_OK)
		st = read_choice(own, item, "preflight", PASS, &service.preflight_pass);
	if (st == ST_OK && strcmp(service.base_path, "/") == 0)
		service.base_path = "";
	if (st == ST_OK && !service_name_is_sound(span_str(service.name)))
		return refuse(own, "catalog.no_service_name", "name");
	if (st == ST_OK && !base_path_is_sound(span_str(service.base_path)))
		return refuse(own, "catalog.no_base_path", "basePath");
	return st == ST_OK ? catalog_add_service(own->out, &service) : st;
}

/* Exactly one of resources, authenticated: true, public: true. */
static enum status read_need(struct own *own, json_t *item, struct catalog_need *out)
{
	struct catalog_ref *refs = NULL;
	bool authenticated = false, public = false;
	bool resources = json_object_get(item, "resources") != NULL;
	enum status st = read_flag(own, item, "authenticated", &authenticated);

	if (st == ST_OK)
		st = read_flag(own, item, "public", &public);
	if (st != ST_OK)
		return st;
	if (resources + authenticated + public != 1)
		return refuse(own, "catalog.one_need", "");
	*out = (struct catalog_need){ .access = CATALOG_RESOURCES };
	if (resources) {
		st = read_refs(own, item, &refs, &out->resources_count);
		out->resources = refs;
	} else {
		out->access = public ? CATALOG_PUBLIC : CATALOG_AUTHENTICATED;
	}
	return st;
}

static enum status read_route(struct own *own, json_t *item)
{
	static const char *const FIELDS[] = { "service", "method", "path", "resources",
		"authenticated", "public", "from", NULL };
	struct catalog_route route = { .origin = "" };
	enum status st = check_fields(own, item, FIELDS);

	if (st == ST_OK)
		st = read_text(own, item, "service", CATALOG_SERVICE_DEFAULT, &route.service);
	if (st == ST_OK)
		st = read_text(own, item, "method", NULL, &route.method);
	if (st == ST_OK)
		st = read_text(own, item, "path", NULL, &route.path);
	if (st == ST_OK)
		st = read_lines(own, item, "from", &route.sources);
	if (st == ST_OK)
		st = read_need(own, item, &route.need);
	return st == ST_OK ? catalog_add_route(own->out, &route) : st;
}

static enum status read_profile(struct own *own, json_t *item)
{
	static const char *const FIELDS[] = { "name", "resources", NULL };
	struct catalog_profile profile = { 0 };
	struct catalog_ref *refs = NULL;
	enum status st = check_fields(own, item, FIELDS);

	if (st == ST_OK)
		st = read_text(own, item, "name", NULL, &profile.name);
	if (st == ST_OK)
		st = read_refs(own, item, &refs, &profile.resources_count);
	profile.resources = refs;
	if (st == ST_OK && !name_is_sound(span_str(profile.name)))
		return refuse(own, "catalog.no_name", "name");
	return st == ST_OK ? catalog_add_profile(own->out, &profile) : st;
}

/* ---- the whole ---- */

static enum status read_list(struct own *own, json_t *root, const char *name, size_t limit,
	enum status (*read_item)(struct own *, json_t *))
{
	json_t *list = json_object_get(root, name), *item;
	enum status st = ST_OK;
	size_t i;

	own->list = name;
	if (list != NULL && !json_is_array(list)) {
		complaint_set(own->complaint, "catalog.wrong_type", 1, "place", name);
		return ST_INVALID;
	}
	if (json_array_size(list) > limit) {
		complain_too_many(own->complaint, name);
		return ST_LIMIT;
	}
	json_array_foreach(list, i, item)
	{
		own->index = i;
		st = read_item(own, item);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

/* Known resources and those of the document, for references by key alone. */
static enum status index_resources(struct own *own)
{
	enum status st;

	own->all = catalog_make();
	st = own->all == NULL ? ST_NO_MEMORY : ST_OK;
	for (size_t i = 0; st == ST_OK && own->known != NULL && i < own->known->resources_count;
		i++)
		st = catalog_add_resource(own->all, &own->known->resources[i]);
	for (size_t i = 0; st == ST_OK && i < own->out->resources_count; i++)
		st = catalog_add_resource(own->all, &own->out->resources[i]);
	if (st == ST_OK)
		own->names = names_make(own->all);
	return own->names == NULL ? ST_NO_MEMORY : st;
}

/* A route without a service belongs to the default one, which need not be listed. */
static enum status add_default_service(struct catalog *out)
{
	struct catalog_service service = {
		.name = CATALOG_SERVICE_DEFAULT, .hosts = "", .base_path = ""
	};
	bool used = false;

	for (size_t i = 0; i < out->routes_count; i++)
		used |= strcmp(out->routes[i].service, CATALOG_SERVICE_DEFAULT) == 0;
	for (size_t i = 0; i < out->services_count; i++)
		used &= strcmp(out->services[i].name, CATALOG_SERVICE_DEFAULT) != 0;
	return used ? catalog_add_service(out, &service) : ST_OK;
}

static enum status check_root(json_t *root, struct complaint *out_complaint)
{
	static const char *const FIELDS[] = { "llavero", "resources", "services", "routes",
		"profiles", NULL };
	const char *form = json_string_value(json_object_get(root, "llavero"));
	const char *field;
	json_t *value;

	if (form == NULL || strcmp(form, OWN_FORM) != 0) {
		complaint_set(out_complaint, "catalog.own_version", 1, "version",
			form == NULL ? "?" : form);
		return ST_INVALID;
	}
	json_object_foreach(root, field, value)
	{
		if (!is_listed(field, FIELDS)) {
			complaint_set(out_complaint, "catalog.unknown_field", 1, "place", field);
			return ST_INVALID;
		}
	}
	return ST_OK;
}

enum status own_read(json_t *root, const struct catalog *known, struct catalog *out,
	struct complaint *out_complaint)
{
	struct own own = { .known = known, .out = out, .complaint = out_complaint };
	enum status st = check_root(root, out_complaint);

	if (st == ST_OK)
		st = read_list(&own, root, "resources", LIMIT_RESOURCES, read_resource);
	if (st == ST_OK)
		st = read_list(&own, root, "services", LIMIT_SERVICES, read_service);
	if (st == ST_OK)
		st = index_resources(&own);
	if (st == ST_OK)
		st = read_list(&own, root, "routes", LIMIT_ROUTES, read_route);
	if (st == ST_OK)
		st = read_list(&own, root, "profiles", LIMIT_RESOURCES, read_profile);
	if (st == ST_OK)
		st = add_default_service(out);
	names_free(&own.names);
	catalog_free(&own.all);
	return st;
}
