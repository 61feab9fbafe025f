/* From the input to trees; routes_tree.h has the map. */
#include "decide/routes_tree.h"

#include "base/crypto.h"

#include <stdlib.h>

static const char *shown(struct span s, char out[COMPLAINT_VALUE_MAX])
{
	size_t len = s.len < COMPLAINT_VALUE_MAX - 1 ? s.len : COMPLAINT_VALUE_MAX - 1;

	if (len > 0)
		memcpy(out, s.ptr, len);
	out[len] = '\0';
	return out;
}

static enum status refuse_route(
	const struct tree *t, const struct route_spec *route, const char *key, enum status st)
{
	char method[COMPLAINT_VALUE_MAX], text[COMPLAINT_VALUE_MAX];

	complaint_set(t->complaint, key, 2, "method", shown(route->method, method), "template",
		shown(route->template_text, text));
	return st;
}

static enum status too_many(const struct tree *t, const char *key, uint64_t limit)
{
	char number[24];
	struct buf digits = BUF_ARRAY(number);

	buf_append_u64(&digits, limit);
	complaint_set(t->complaint, key, 1, "limit", number);
	return ST_LIMIT;
}

/* ---- Nodes ---- */

struct wanted_node {
	const struct tree *tree;
	uint32_t parent;
	uint8_t kind;
	uint32_t label_at;
	uint16_t label_len;
};

static bool node_is(const void *context, uint32_t number)
{
	const struct wanted_node *wanted = context;
	const struct tree_node *node = &wanted->tree->nodes[number];

	return node->parent == wanted->parent && node->kind == wanted->kind &&
	       node->label_at == wanted->label_at && node->label_len == wanted->label_len;
}

static uint64_t node_hash(const struct wanted_node *w)
{
	const uint64_t factor = 0x9E3779B97F4A7C15u;
	uint64_t hash = ((uint64_t)w->parent << 32 | w->label_at) * factor;

	hash = (hash ^ hash >> 32 ^ ((uint64_t)w->kind << 16 | w->label_len)) * factor;
	return hash ^ hash >> 29;
}

static enum status node_add(struct tree *t, struct tree_node node, uint32_t *out)
{
	enum status st;

	if (t->nodes_count >= LIMIT_ROUTE_NODES)
		return too_many(t, "route.nodes_limit", LIMIT_ROUTE_NODES);
	st = array_grow((void **)&t->nodes, t->nodes_count, &t->nodes_capacity, sizeof(*t->nodes));
	if (st != ST_OK)
		return st;
	*out = (uint32_t)t->nodes_count;
	t->nodes[t->nodes_count++] = node;
	return ST_OK;
}

/* The child with this segment, made when there is none. */
static enum status node_child(
	struct tree *t, uint32_t parent, enum segment_kind kind, struct span label, uint32_t *out)
{
	struct wanted_node wanted = {
		.tree = t, .parent = parent, .kind = (uint8_t)kind, .label_len = (uint16_t)label.len
	};
	struct tree_node node = { .parent = parent, .kind = (uint8_t)kind };
	enum status st = pool_intern(&t->strings, label, &wanted.label_at);

	if (st != ST_OK)
		return st;
	if (table_find(&t->nodes_table, node_hash(&wanted), node_is, &wanted, out))
		return ST_OK;
	node.label_at = wanted.label_at;
	node.label_len = wanted.label_len;
	node.hash = segment_hash(label);
	node.text_len = kind == SEGMENT_MIXED ? (uint32_t)mixed_text_len(label) : 0;
	node.next_sibling = t->nodes[parent].first_child;
	st = node_add(t, node, out);
	if (st != ST_OK)
		return st;
	t->nodes[parent].first_child = *out;
	return table_add(&t->nodes_table, node_hash(&wanted), *out);
}

static enum status node_path(
	struct tree *t, uint32_t root, const struct template *path, uint32_t *out)
{
	*out = root;
	for (size_t i = 0; i < path->segments_count; i++) {
		enum status st =
			node_child(t, *out, path->segments[i].kind, template_label(path, i), out);

		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

/* ---- Services and hosts ---- */

struct wanted_host {
	const struct tree *tree;
	struct span text;
};

static bool host_is(const void *context, uint32_t number)
{
	const struct wanted_host *wanted = context;

	return span_equal(wanted->tree->hosts[number].text, wanted->text);
}

/* The entry of a host, made when it is new. The empty text is none. */
static enum status host_entry(struct tree *t, struct span text, struct tree_host **out)
{
	static const uint8_t KEY[16] = "llavero hostsss";
	struct wanted_host wanted = { t, text };
	uint64_t hash = crypto_hash64(KEY, text);
	uint32_t number;
	enum status st;

	if (table_find(&t->hosts_table, hash, host_is, &wanted, &number)) {
		*out = &t->hosts[number];
		return ST_OK;
	}
	st = array_grow((void **)&t->hosts, t->hosts_count, &t->hosts_capacity, sizeof(*t->hosts));
	if (st == ST_OK)
		st = table_add(&t->hosts_table, hash, (uint32_t)t->hosts_count);
	if (st != ST_OK)
		return st;
	t->hosts[t->hosts_count] = (struct tree_host){ .text = text };
	*out = &t->hosts[t->hosts_count++];
	/* A pattern is stored without its star. */
	return pool_intern(
		&t->strings, span_part(text, host_is_pattern(text), text.len), &(*out)->text_at);
}

static enum status host_claim(struct tree *t, struct span text, uint32_t service)
{
	const struct tree_service *s = &t->services[service];
	struct tree_host *host;
	uint32_t *root, node;
	enum status st = host_entry(t, text, &host);

	if (st != ST_OK)
		return st;
	root = s->spec->switches.case_insensitive ? &host->folded : &host->exact;
	if (*root == 0)
		st = node_add(t, (struct tree_node){ 0 }, root);
	if (st == ST_OK)
		st = node_path(t, *root, &s->base, &node);
	if (st != ST_OK)
		return st;
	t->nodes[node].first_route = service;
	t->nodes[node].routes_count = 1;
	return ST_OK;
}

static enum status add_service(struct tree *t, uint32_t service)
{
	struct tree_service *s = &t->services[service];
	enum status st = service_base_parse(s->spec, &s->base, t->complaint);

	if (st == ST_OK)
		st = pool_intern(&t->strings, s->spec->name, &s->name_at);
	if (st == ST_OK)
		st = node_add(t, (struct tree_node){ 0 }, &s->root);
	if (st == ST_OK && s->spec->hosts_count == 0)
		st = host_claim(t, SPAN_LIT(""), service);
	for (size_t i = 0; st == ST_OK && i < s->spec->hosts_count; i++)
		st = host_claim(t, s->spec->hosts[i], service);
	return st;
}

static int services_order(const void *a, const void *b)
{
	const struct tree_service *x = a, *y = b;

	return (x->spec->id > y->spec->id) - (x->spec->id < y->spec->id);
}

static int hosts_order(const void *a, const void *b)
{
	const struct tree_host *x = a, *y = b;

	return span_compare(x->text, y->text);
}

static enum status add_services(struct tree *t, const struct routes_input *input)
{
	struct tree_host *none;
	enum status st;

	t->services = calloc(input->services_count + 1, sizeof(*t->services));
	if (t->services == NULL)
		return ST_NO_MEMORY;
	t->services_count = input->services_count;
	for (size_t i = 0; i < input->services_count; i++)
		t->services[i].spec = &input->services[i];
	qsort(t->services, t->services_count, sizeof(*t->services), services_order);
	st = host_entry(t, SPAN_LIT(""), &none);
	for (uint32_t i = 0; st == ST_OK && i < t->services_count; i++)
		st = add_service(t, i);
	if (st == ST_OK)
		qsort(t->hosts, t->hosts_count, sizeof(*t->hosts), hosts_order);
	return st;
}

static struct tree_service *service_by_id(const struct tree *t, uint64_t id)
{
	size_t low = 0, high = t->services_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->services[middle].spec->id == id)
			return &t->services[middle];
		if (id < t->services[middle].spec->id)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* ---- Methods ---- */

static int spans_order(const void *a, const void *b)
{
	return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static enum status add_methods(struct tree *t)
{
	t->methods = calloc(t->specs_count + 1, sizeof(*t->methods));
	if (t->methods == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < t->specs_count; i++) {
		enum status st = method_check(t->specs[i]->method, t->complaint);

		if (st != ST_OK)
			return st;
		t->methods[i] = t->specs[i]->method;
	}
	qsort(t->methods, t->specs_count, sizeof(*t->methods), spans_order);
	for (size_t i = 0; i < t->specs_count; i++) {
		if (t->methods_count == 0 ||
			!span_equal(t->methods[t->methods_count - 1], t->methods[i]))
			t->methods[t->methods_count++] = t->methods[i];
	}
	return ST_OK;
}

static uint16_t method_number(const struct tree *t, struct span method)
{
	const struct span *found =
		bsearch(&method, t->methods, t->methods_count, sizeof(*t->methods), spans_order);

	return (uint16_t)(found - t->methods);
}

/* ---- Routes ---- */

static int needs_order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The list in its one form: ascending, each once. */
static enum status add_needs(struct tree *t, const struct route_spec *spec, struct blob_route *out)
{
	uint32_t ids[LIMIT_RESOURCES_PER_ROUTE];
	uint32_t at, count = 0;
	enum status st;

	if (spec->resource_ids_count > LIMIT_RESOURCES_PER_ROUTE)
		return refuse_route(t, spec, "route.resources_limit", ST_LIMIT);
	if (spec->access != ROUTE_NEEDS_RESOURCE && spec->resource_ids_count > 0)
		return refuse_route(t, spec, "route.flag_and_resources", ST_INVALID);
	if ((unsigned)spec->access > ROUTE_PUBLIC)
		return refuse_route(t, spec, "route.access", ST_INVALID);
	out->access = (uint8_t)spec->access;
	if (spec->resource_ids_count == 0)
		return ST_OK;
	memcpy(ids, spec->resource_ids, spec->resource_ids_count * sizeof(ids[0]));
	qsort(ids, spec->resource_ids_count, sizeof(ids[0]), needs_order);
	for (size_t i = 0; i < spec->resource_ids_count; i++) {
		if (count == 0 || ids[count - 1] != ids[i])
			ids[count++] = ids[i];
	}
	st = pool_intern(&t->needs, span_of(ids, count * sizeof(ids[0])), &at);
	out->needs_at = at / NEED_SIZE;
	out->needs_count = (uint16_t)count;
	return st;
}

/* Where the route hangs. */
static enum status add_template(
	struct tree *t, const struct route_spec *spec, struct template *scratch, uint32_t *out_node)
{
	const struct tree_service *service = service_by_id(t, spec->service_id);
	enum status st;

	if (service == NULL)
		return refuse_route(t, spec, "route.service_unknown", ST_INVALID);
	st = template_parse(spec->template_text, scratch, t->complaint);
	if (st != ST_OK)
		return st;
	if (service->base.segments_count + scratch->segments_count > LIMIT_PATH_SEGMENTS + 1 ||
		service->spec->base_path.len + spec->template_text.len > LIMIT_TARGET)
		return refuse_route(t, spec, "route.below_base_long", ST_LIMIT);
	if (service->base.segments_count + scratch->segments_count == 0)
		return refuse_route(t, spec, "route.template_empty", ST_INVALID);
	if (service->spec->switches.case_insensitive && !template_fold(scratch))
		return refuse_route(t, spec, "route.template_non_ascii", ST_INVALID);
	return node_path(t, service->root, scratch, out_node);
}

/* A route of the same method at the node, or NULL. */
static struct tree_route *route_at(struct tree *t, uint32_t node, uint16_t method)
{
	for (uint32_t i = t->nodes[node].first_route; i != 0; i = t->routes[i - 1].next) {
		if (t->routes[i - 1].record.method == method)
			return &t->routes[i - 1];
	}
	return NULL;
}

static enum status add_route(
	struct tree *t, const struct route_spec *spec, struct template *scratch)
{
	struct tree_route *route = &t->routes[t->routes_count];
	struct tree_route *same;
	uint32_t node;
	enum status st;

	*route = (struct tree_route){ .spec = spec };
	st = add_template(t, spec, scratch, &node);
	if (st == ST_OK)
		st = add_needs(t, spec, &route->record);
	if (st == ST_OK)
		st = pool_intern(&t->strings, spec->template_text, &route->record.template_at);
	if (st != ST_OK)
		return st;
	route->record.id = spec->id;
	route->record.template_len = (uint16_t)spec->template_text.len;
	route->record.method = method_number(t, spec->method);
	same = route_at(t, node, route->record.method);
	if (same != NULL) {
		/* The first one stays; a second with the same needs changes nothing. */
		if (!blob_same_needs(&same->record, &route->record) &&
			(same->record.risk & RISK_SAME) == 0) {
			same->record.risk |= RISK_SAME;
			same->record.other_id = spec->id;
		}
		return ST_OK;
	}
	route->next = t->nodes[node].first_route;
	t->nodes[node].first_route = (uint32_t)++t->routes_count;
	t->nodes[node].routes_count++;
	return ST_OK;
}

static int specs_order(const void *a, const void *b)
{
	const struct route_spec *x = *(const struct route_spec *const *)a;
	const struct route_spec *y = *(const struct route_spec *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

static enum status sort_specs(struct tree *t, const struct routes_input *input)
{
	t->specs = calloc(input->routes_count + 1, sizeof(struct route_spec *));
	t->routes = calloc(input->routes_count + 1, sizeof(*t->routes));
	if (t->specs == NULL || t->routes == NULL)
		return ST_NO_MEMORY;
	t->specs_count = input->routes_count;
	for (size_t i = 0; i < input->routes_count; i++)
		t->specs[i] = &input->routes[i];
	qsort(t->specs, t->specs_count, sizeof(struct route_spec *), specs_order);
	for (size_t i = 1; i < t->specs_count; i++) {
		if (t->specs[i - 1]->id == t->specs[i]->id)
			return refuse_route(t, t->specs[i], "route.id_twice", ST_EXISTS);
	}
	return ST_OK;
}

static enum status add_routes(struct tree *t)
{
	struct template *scratch = malloc(sizeof(*scratch));
	enum status st = scratch == NULL ? ST_NO_MEMORY : ST_OK;

	for (size_t i = 0; st == ST_OK && i < t->specs_count; i++)
		st = add_route(t, t->specs[i], scratch);
	free(scratch);
	return st;
}

/* ---- All of it ---- */

static void tree_free(struct tree *t)
{
	free(t->services);
	free(t->specs);
	free(t->methods);
	free(t->hosts);
	table_free(&t->hosts_table);
	free(t->nodes);
	table_free(&t->nodes_table);
	free(t->routes);
	pool_free(&t->strings);
	pool_free(&t->needs);
}

static enum status tree_fill(struct tree *t, const struct routes_input *input)
{
	uint32_t nobody;
	enum status st = services_check(input->services, input->services_count, t->complaint);

	if (st != ST_OK)
		return st;
	if (input->routes_count > LIMIT_ROUTES)
		return too_many(t, "route.routes_limit", LIMIT_ROUTES);
	st = node_add(t, (struct tree_node){ 0 }, &nobody);
	if (st == ST_OK)
		st = sort_specs(t, input);
	if (st == ST_OK)
		st = add_methods(t);
	if (st == ST_OK)
		st = add_services(t, input);
	return st == ST_OK ? add_routes(t) : st;
}

static enum status tree_write(struct tree *t, const struct route_conflict_sink *sink,
	struct buf *out, struct routes_built *out_built)
{
	size_t before = out->len, size = 0;
	char *image = NULL;
	struct routes view;
	enum status st = tree_emit(t, &image, &size);

	if (st != ST_OK)
		return st;
	image_seal(image, size);
	st = routes_open(span_of(image, size), &view);
	if (st == ST_OK) {
		tree_find_risks(t, &view, image, sink, out_built);
		image_seal(image, size);
		buf_append(out, span_of(image, size));
	}
	free(image);
	if (st == ST_OK && !buf_ok(out)) {
		st = size > out->ceiling - before ? ST_LIMIT : ST_NO_MEMORY;
		out->len = before;
	}
	return st;
}

enum status routes_build(const struct routes_input *input, const struct route_conflict_sink *sink,
	struct buf *out, struct routes_built *out_built, struct complaint *complaint)
{
	struct tree t = { .strings = pool_make(ROUTES_BLOB_MAX),
		.needs = pool_make(ROUTES_BLOB_MAX),
		.complaint = complaint };
	enum status st = tree_fill(&t, input);

	*out_built = (struct routes_built){ 0 };
	if (st == ST_OK)
		st = tree_write(&t, sink, out, out_built);
	tree_free(&t);
	return st;
}
