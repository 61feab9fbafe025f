/* From trees to the bytes of routes_blob.h. */
#include "decide/routes_tree.h"

#include <stdlib.h>

/* The image on its way. queue has the nodes in the order of the blob. */
struct emitter {
	struct tree *t;
	uint32_t *queue;
	size_t queue_count;
	struct blob_node *nodes; /* by place */
	uint32_t routes_count;
	uint32_t *routes; /* by place: number in the tree */
	char *image;
	size_t size;
	uint32_t offsets[BLOB_SECTIONS], counts[BLOB_SECTIONS];
};

/* B2. */
static int children_order(const void *a, const void *b, void *context)
{
	const struct tree *t = context;
	const struct tree_node *x = &t->nodes[*(const uint32_t *)a];
	const struct tree_node *y = &t->nodes[*(const uint32_t *)b];

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind == SEGMENT_LITERAL && x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->text_len != y->text_len)
		return x->text_len > y->text_len ? -1 : 1;
	return span_compare(tree_label(t, x), tree_label(t, y));
}

static int routes_order(const void *a, const void *b, void *context)
{
	const struct tree *t = context;
	uint16_t x = t->routes[*(const uint32_t *)a].record.method;
	uint16_t y = t->routes[*(const uint32_t *)b].record.method;

	return (x > y) - (x < y);
}

static void enqueue(struct emitter *e, uint32_t node)
{
	e->t->nodes[node].place = (uint32_t)e->queue_count;
	e->queue[e->queue_count++] = node;
}

/* B1: the children follow as one run. */
static void place_children(struct emitter *e, struct tree_node *node, struct blob_node *out)
{
	size_t start = e->queue_count;
	uint32_t *run = e->queue + start;
	size_t count = 0;

	for (uint32_t c = node->first_child; c != 0; c = e->t->nodes[c].next_sibling)
		run[count++] = c;
	if (count == 0)
		return;
	qsort_r(run, count, sizeof(*run), children_order, e->t);
	out->first_child = (uint32_t)start;
	for (size_t i = 0; i < count; i++) {
		enqueue(e, run[i]);
		if (e->t->nodes[run[i]].kind == SEGMENT_LITERAL)
			out->literals_count++;
		else
			out->others_count++;
	}
}

static void place_routes(struct emitter *e, const struct tree_node *node, struct blob_node *out)
{
	uint32_t *run = e->routes + e->routes_count;
	uint32_t count = 0;

	for (uint32_t i = node->first_route; i != 0; i = e->t->routes[i - 1].next)
		run[count++] = i - 1;
	if (count > 1)
		qsort_r(run, count, sizeof(*run), routes_order, e->t);
	out->first_route = e->routes_count;
	out->routes_count = count;
	e->routes_count += count;
}

/* Place what is below the nodes that wait in the queue from number from on. */
static void place_below(struct emitter *e, size_t from, bool bases)
{
	for (size_t i = from; i < e->queue_count; i++) {
		struct tree_node *node = &e->t->nodes[e->queue[i]];
		struct blob_node *out = &e->nodes[i];

		*out = (struct blob_node){ .label_at = node->label_at,
			.label_len = node->label_len,
			.kind = node->kind,
			.hash = node->hash };
		place_children(e, node, out);
		if (bases) {
			out->first_route = node->first_route;
			out->routes_count = node->routes_count;
		} else {
			place_routes(e, node, out);
		}
	}
}

/* The trees of base paths come first: their nodes have services, not routes. */
static void place_nodes(struct emitter *e)
{
	const struct tree *t = e->t;
	size_t services_from;

	enqueue(e, 0);
	for (size_t i = 0; i < t->hosts_count; i++) {
		if (t->hosts[i].exact != 0)
			enqueue(e, t->hosts[i].exact);
		if (t->hosts[i].folded != 0)
			enqueue(e, t->hosts[i].folded);
	}
	place_below(e, 1, true);
	services_from = e->queue_count;
	for (size_t i = 0; i < t->services_count; i++)
		enqueue(e, t->services[i].root);
	place_below(e, services_from, false);
}

static enum status intern_methods(struct tree *t, uint32_t *out_at)
{
	for (size_t i = 0; i < t->methods_count; i++) {
		enum status st = pool_intern(&t->strings, t->methods[i], &out_at[i]);

		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

static enum status lay_out(struct emitter *e, const uint32_t sizes[BLOB_SECTIONS])
{
	uint64_t at = BLOB_HEADER;

	for (size_t i = 0; i < BLOB_SECTIONS; i++) {
		e->offsets[i] = (uint32_t)at;
		at += (uint64_t)e->counts[i] * sizes[i];
		if (at > ROUTES_BLOB_MAX)
			return ST_LIMIT;
	}
	e->size = (size_t)at;
	e->image = calloc(1, e->size);
	return e->image == NULL ? ST_NO_MEMORY : ST_OK;
}

static char *entry(const struct emitter *e, enum blob_section section, size_t i, size_t size)
{
	return e->image + e->offsets[section] + i * size;
}

static uint32_t place_of(const struct emitter *e, uint32_t node)
{
	return node == 0 ? 0 : e->t->nodes[node].place;
}

static void write_header(const struct emitter *e)
{
	/* An array without the NUL at its end: eight bytes of magic. */
	static const char MAGIC[BLOB_MAGIC_LEN] = BLOB_MAGIC;
	char *p = e->image;

	memcpy(p, MAGIC, sizeof(MAGIC));
	put_u32(p + BLOB_AT_VERSION, BLOB_VERSION);
	put_u32(p + BLOB_AT_SIZE, (uint32_t)e->size);
	for (size_t i = 0; i < BLOB_SECTIONS; i++) {
		put_u32(p + BLOB_AT_OFFSETS + i * 4, e->offsets[i]);
		put_u32(p + BLOB_AT_COUNTS + i * 4, e->counts[i]);
	}
	put_u32(p + BLOB_AT_ROOTS, place_of(e, e->t->hosts[0].exact));
	put_u32(p + BLOB_AT_ROOTS + 4, place_of(e, e->t->hosts[0].folded));
}

static void write_services(const struct emitter *e)
{
	for (size_t i = 0; i < e->t->services_count; i++) {
		const struct tree_service *s = &e->t->services[i];
		char *p = entry(e, BLOB_SERVICES, i, SERVICE_SIZE);
		uint32_t flags = 0;

		flags |= s->spec->unmapped_authenticated ? SERVICE_UNMAPPED_AUTHENTICATED : 0;
		flags |= s->spec->preflight_pass ? SERVICE_PREFLIGHT_PASS : 0;
		flags |= s->spec->switches.strip_semicolon ? SERVICE_STRIP_SEMICOLON : 0;
		flags |= s->spec->switches.case_insensitive ? SERVICE_CASE_INSENSITIVE : 0;
		put_u64(p, s->spec->id);
		put_u32(p + 8, s->name_at);
		put_u32(p + 12, (uint32_t)s->spec->name.len);
		put_u32(p + 16, place_of(e, s->root));
		put_u32(p + 20, flags);
	}
}

/* hosts[0] is none; then "*..." and the exact ones, each in the order of their bytes. */
static void write_hosts(const struct emitter *e)
{
	size_t next[2] = { 0, 0 };

	for (size_t i = 1; i < e->t->hosts_count; i++) {
		const struct tree_host *host = &e->t->hosts[i];
		bool pattern = host_is_pattern(host->text);
		char *p =
			entry(e, pattern ? BLOB_PATTERNS : BLOB_HOSTS, next[pattern]++, HOST_SIZE);

		put_u32(p, host->text_at);
		put_u32(p + 4, (uint32_t)host->text.len - pattern);
		put_u32(p + 8, place_of(e, host->exact));
		put_u32(p + 12, place_of(e, host->folded));
	}
}

static void write_rest(const struct emitter *e, const uint32_t *methods_at)
{
	const struct tree *t = e->t;

	for (size_t i = 0; i < t->methods_count; i++) {
		char *p = entry(e, BLOB_METHODS, i, METHOD_SIZE);

		put_u32(p, methods_at[i]);
		put_u32(p + 4, (uint32_t)t->methods[i].len);
	}
	for (size_t i = 0; i < e->queue_count; i++)
		node_encode(&e->nodes[i], entry(e, BLOB_NODES, i, NODE_SIZE));
	for (size_t i = 0; i < e->routes_count; i++)
		route_encode(&t->routes[e->routes[i]].record, entry(e, BLOB_ROUTES, i, ROUTE_SIZE));
	if (t->needs.bytes.len > 0)
		memcpy(entry(e, BLOB_NEEDS, 0, 0), t->needs.bytes.ptr, t->needs.bytes.len);
	if (t->strings.bytes.len > 0)
		memcpy(entry(e, BLOB_STRINGS, 0, 0), t->strings.bytes.ptr, t->strings.bytes.len);
}

static enum status write_all(struct emitter *e, const uint32_t *methods_at)
{
	static const uint32_t SIZES[BLOB_SECTIONS] = { SERVICE_SIZE, HOST_SIZE, HOST_SIZE,
		METHOD_SIZE, NODE_SIZE, ROUTE_SIZE, NEED_SIZE, 1 };
	const struct tree *t = e->t;
	enum status st;

	for (size_t i = 1; i < t->hosts_count; i++)
		e->counts[host_is_pattern(t->hosts[i].text) ? BLOB_PATTERNS : BLOB_HOSTS]++;
	e->counts[BLOB_SERVICES] = (uint32_t)t->services_count;
	e->counts[BLOB_METHODS] = (uint32_t)t->methods_count;
	e->counts[BLOB_NODES] = (uint32_t)e->queue_count;
	e->counts[BLOB_ROUTES] = e->routes_count;
	e->counts[BLOB_NEEDS] = (uint32_t)(t->needs.bytes.len / NEED_SIZE);
	e->counts[BLOB_STRINGS] = (uint32_t)t->strings.bytes.len;
	st = lay_out(e, SIZES);
	if (st != ST_OK)
		return st;
	write_header(e);
	write_services(e);
	write_hosts(e);
	write_rest(e, methods_at);
	return ST_OK;
}

enum status tree_emit(struct tree *t, char **out_image, size_t *out_size)
{
	struct emitter e = {
		.t = t,
		.queue = calloc(t->nodes_count, sizeof(uint32_t)),
		.nodes = calloc(t->nodes_count, sizeof(struct blob_node)),
		.routes = calloc(t->routes_count + 1, sizeof(uint32_t)),
	};
	uint32_t *methods_at = calloc(t->methods_count + 1, sizeof(uint32_t));
	enum status st = ST_NO_MEMORY;

	if (e.queue != NULL && e.nodes != NULL && e.routes != NULL && methods_at != NULL) {
		place_nodes(&e);
		st = intern_methods(t, methods_at);
	}
	if (st == ST_OK)
		st = write_all(&e, methods_at);
	free(methods_at);
	free(e.routes);
	free(e.nodes);
	free(e.queue);
	if (st == ST_OK) {
		*out_image = e.image;
		*out_size = e.size;
	}
	return st;
}

void image_seal(char *image, size_t size)
{
	put_u64(image + BLOB_AT_CHECKSUM, routes_checksum(span_of(image, size)));
}
