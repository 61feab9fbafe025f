/* Services before they are compiled: is each well formed, and no two the same. */
#include "decide/routes_tree.h"

#include <stdlib.h>

static void shown(struct span s, char out[COMPLAINT_VALUE_MAX])
{
	size_t len = s.len < COMPLAINT_VALUE_MAX - 1 ? s.len : COMPLAINT_VALUE_MAX - 1;

	if (len > 0)
		memcpy(out, s.ptr, len);
	out[len] = '\0';
}

static enum status refuse(struct complaint *complaint, const char *key,
	const struct service_spec *service, struct span value)
{
	char name[COMPLAINT_VALUE_MAX], text[COMPLAINT_VALUE_MAX];

	shown(service->name, name);
	shown(value, text);
	complaint_set(complaint, key, 2, "service", name, "value", text);
	return ST_INVALID;
}

/* A canonical host that is a name, not an address in brackets. */
static bool is_canonical_name(struct span host)
{
	char memory[LIMIT_HOST];
	struct span canonical;

	return host.len > 0 && host.ptr[0] != '[' && host_canonicalise(host, memory, &canonical) &&
	       span_equal(host, canonical);
}

static bool host_valid(struct span host)
{
	char memory[LIMIT_HOST];
	struct span canonical;

	if (span_starts_with(host, SPAN_LIT("*.")))
		return is_canonical_name(span_part(host, 2, host.len));
	return host_canonicalise(host, memory, &canonical) && span_equal(host, canonical);
}

enum status service_base_parse(
	const struct service_spec *service, struct template *out, struct complaint *complaint)
{
	enum status st = template_parse(service->base_path, out, complaint);

	if (st != ST_OK)
		return st;
	if (out->segments_count > 0 && out->segments[out->segments_count - 1].len == 0 &&
		out->segments[out->segments_count - 1].kind == SEGMENT_LITERAL)
		out->segments_count--;
	for (size_t i = 0; i < out->segments_count; i++) {
		if (out->segments[i].kind != SEGMENT_LITERAL)
			return refuse(complaint, "route.base_literal", service, service->base_path);
	}
	if (service->switches.case_insensitive && !template_fold(out))
		return refuse(complaint, "route.base_non_ascii", service, service->base_path);
	return ST_OK;
}

static enum status check_one(const struct service_spec *service, struct complaint *complaint)
{
	char number[16];
	struct buf digits = BUF_ARRAY(number);

	if (service->name.len == 0 || !span_is_utf8(service->name))
		return refuse(complaint, "route.service_name", service, service->name);
	if (service->hosts_count > LIMIT_HOSTS_PER_SERVICE) {
		buf_append_u64(&digits, LIMIT_HOSTS_PER_SERVICE);
		(void)refuse(complaint, "route.service_hosts", service, buf_span(&digits));
		return ST_LIMIT;
	}
	for (size_t i = 0; i < service->hosts_count; i++) {
		if (!host_valid(service->hosts[i]))
			return refuse(complaint, "route.service_host", service, service->hosts[i]);
	}
	return ST_OK;
}

/* What a service claims for itself: a host and a base path. */
struct claim {
	const struct service_spec *service;
	struct span host;
	struct span base;   /* normal text */
	struct span folded; /* the same in small letters */
};

static int claims_order(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int order = span_compare(x->host, y->host);

	if (order == 0)
		order = span_compare(x->folded, y->folded);
	if (order == 0)
		order = span_compare(x->base, y->base);
	return order;
}

/* Both are of the same host and folded base path, and follow each other. */
static bool claims_clash(const struct claim *a, const struct claim *b)
{
	return span_equal(a->base, b->base) || a->service->switches.case_insensitive ||
	       b->service->switches.case_insensitive;
}

static enum status refuse_clash(
	struct complaint *complaint, const struct claim *a, const struct claim *b)
{
	char name[COMPLAINT_VALUE_MAX], other[COMPLAINT_VALUE_MAX];
	char host[COMPLAINT_VALUE_MAX], base[COMPLAINT_VALUE_MAX];

	shown(a->service->name, name);
	shown(b->service->name, other);
	shown(a->host.len == 0 ? SPAN_LIT("-") : a->host, host);
	shown(a->base.len == 0 ? SPAN_LIT("/") : a->base, base);
	complaint_set(complaint, "route.service_clash", 4, "service", name, "other", other, "host",
		host, "base", base);
	return ST_EXISTS;
}

static enum status check_claims(
	struct claim *claims, size_t claims_count, struct complaint *complaint)
{
	if (claims_count > 1)
		qsort(claims, claims_count, sizeof(*claims), claims_order);
	for (size_t i = 1; i < claims_count; i++) {
		struct claim *a = &claims[i - 1], *b = &claims[i];

		if (span_equal(a->host, b->host) && span_equal(a->folded, b->folded) &&
			claims_clash(a, b))
			return refuse_clash(complaint, a, b);
	}
	return ST_OK;
}

/* The base paths of all services, one after another: as they are, and in small letters. */
struct bases {
	struct buf texts, folded;
	size_t *ends;
};

static void bases_free(struct bases *b)
{
	buf_free(&b->texts);
	buf_free(&b->folded);
	free(b->ends);
}

static enum status bases_fill(struct bases *b, const struct service_spec *services,
	size_t services_count, struct complaint *complaint)
{
	struct template *base = malloc(sizeof(*base));
	enum status st = base == NULL ? ST_NO_MEMORY : ST_OK;

	for (size_t i = 0; st == ST_OK && i < services_count; i++) {
		st = service_base_parse(&services[i], base, complaint);
		if (st == ST_OK)
			template_append_normal(base, &b->texts);
		b->ends[i] = b->texts.len;
	}
	free(base);
	for (size_t i = 0; i < b->texts.len; i++) {
		char c = b->texts.ptr[i];

		buf_append_char(&b->folded, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	if (st == ST_OK && (!buf_ok(&b->texts) || !buf_ok(&b->folded)))
		return ST_NO_MEMORY;
	return st;
}

static size_t claim_all(const struct service_spec *services, size_t services_count,
	const struct bases *bases, struct claim *claims)
{
	size_t count = 0;

	for (size_t i = 0; i < services_count; i++) {
		size_t start = i == 0 ? 0 : bases->ends[i - 1];
		size_t len = bases->ends[i] - start;
		struct claim claim = {
			.service = &services[i],
			.host = SPAN_LIT(""),
			.base = span_part(buf_span(&bases->texts), start, len),
			.folded = span_part(buf_span(&bases->folded), start, len),
		};

		if (services[i].hosts_count == 0)
			claims[count++] = claim;
		for (size_t k = 0; k < services[i].hosts_count; k++) {
			claim.host = services[i].hosts[k];
			claims[count++] = claim;
		}
	}
	return count;
}

static enum status check_clashes(
	const struct service_spec *services, size_t services_count, struct complaint *complaint)
{
	const size_t ceiling = (size_t)LIMIT_SERVICES * 4 * LIMIT_TARGET;
	struct bases bases = { .texts = buf_heap(ceiling),
		.folded = buf_heap(ceiling),
		.ends = calloc(services_count + 1, sizeof(size_t)) };
	struct claim *claims =
		calloc(services_count * LIMIT_HOSTS_PER_SERVICE + 1, sizeof(*claims));
	enum status st = bases.ends == NULL || claims == NULL ? ST_NO_MEMORY : ST_OK;

	if (st == ST_OK)
		st = bases_fill(&bases, services, services_count, complaint);
	if (st == ST_OK)
		st = check_claims(
			claims, claim_all(services, services_count, &bases, claims), complaint);
	free(claims);
	bases_free(&bases);
	return st;
}

static const struct service_spec *spec_at(const void *entry)
{
	return *(const struct service_spec *const *)entry;
}

static int names_order(const void *a, const void *b)
{
	return span_compare(spec_at(a)->name, spec_at(b)->name);
}

static int ids_order(const void *a, const void *b)
{
	uint64_t x = spec_at(a)->id, y = spec_at(b)->id;

	return (x > y) - (x < y);
}

typedef int compare_function(const void *a, const void *b);

/* Two neighbours that the order calls equal, or NULL. */
static const struct service_spec *find_twice(
	const struct service_spec **order, size_t count, compare_function *compare)
{
	if (count > 1)
		qsort(order, count, sizeof(const struct service_spec *), compare);
	for (size_t i = 1; i < count; i++) {
		if (compare(&order[i - 1], &order[i]) == 0)
			return order[i];
	}
	return NULL;
}

static enum status check_unique(
	const struct service_spec *services, size_t services_count, struct complaint *complaint)
{
	const struct service_spec **order =
		calloc(services_count + 1, sizeof(const struct service_spec *));
	const struct service_spec *twice;

	if (order == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < services_count; i++)
		order[i] = &services[i];
	twice = find_twice(order, services_count, ids_order);
	if (twice == NULL)
		twice = find_twice(order, services_count, names_order);
	free(order);
	if (twice == NULL)
		return ST_OK;
	(void)refuse(complaint, "route.service_twice", twice, twice->name);
	return ST_EXISTS;
}

enum status services_check(
	const struct service_spec *services, size_t services_count, struct complaint *complaint)
{
	enum status st;

	if (services_count > LIMIT_SERVICES) {
		char number[16];
		struct buf digits = BUF_ARRAY(number);

		buf_append_u64(&digits, LIMIT_SERVICES);
		complaint_set(complaint, "route.services_limit", 1, "limit", number);
		return ST_LIMIT;
	}
	for (size_t i = 0; i < services_count; i++) {
		st = check_one(&services[i], complaint);
		if (st != ST_OK)
			return st;
	}
	st = check_unique(services, services_count, complaint);
	if (st != ST_OK)
		return st;
	return check_clashes(services, services_count, complaint);
}
