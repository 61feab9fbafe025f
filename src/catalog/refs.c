/* Lists of references to resources, and needs. */
#include "catalog/internal.h"

#include <stdlib.h>

int ref_compare(const struct catalog_ref *a, const struct catalog_ref *b)
{
	int order = strcmp(a->product, b->product);

	return order != 0 ? order : strcmp(a->key, b->key);
}

static int compare_refs(const void *a, const void *b)
{
	return ref_compare(a, b);
}

bool refs_equal(
	const struct catalog_ref *a, size_t a_count, const struct catalog_ref *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (ref_compare(&a[i], &b[i]) != 0)
			return false;
	}
	return true;
}

enum status refs_copy(struct arena *arena, const struct catalog_ref *refs, size_t count,
	const struct catalog_ref **out_refs, size_t *out_count)
{
	struct catalog_ref *copy = count == 0 ? NULL : arena_array(arena, count, sizeof(*copy));
	size_t kept = 0;

	if (count > 0 && copy == NULL)
		return ST_NO_MEMORY;
	for (size_t i = 0; i < count; i++) {
		copy[i].product = text_copy(arena, refs[i].product);
		copy[i].key = text_copy(arena, refs[i].key);
		if (copy[i].product == NULL || copy[i].key == NULL)
			return ST_NO_MEMORY;
	}
	if (count > 0)
		qsort(copy, count, sizeof(*copy), compare_refs);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || ref_compare(&copy[kept - 1], &copy[i]) != 0)
			copy[kept++] = copy[i];
	}
	*out_refs = copy;
	*out_count = kept;
	return ST_OK;
}

enum status need_copy(
	struct arena *arena, const struct catalog_need *need, struct catalog_need *out_need)
{
	out_need->access = need->access;
	return refs_copy(arena, need->resources,
		need->access == CATALOG_RESOURCES ? need->resources_count : 0, &out_need->resources,
		&out_need->resources_count);
}

bool catalog_need_equal(const struct catalog_need *a, const struct catalog_need *b)
{
	if (a->access != b->access)
		return false;
	return a->access != CATALOG_RESOURCES ||
	       refs_equal(a->resources, a->resources_count, b->resources, b->resources_count);
}

/* What routes and profiles refer to, sorted and once each. */
struct catalog_ref *used_refs(const struct catalog *catalog, size_t *out_count)
{
	struct catalog_ref *refs;
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < catalog->routes_count; i++)
		count += catalog->routes[i].need.resources_count;
	for (size_t i = 0; i < catalog->profiles_count; i++)
		count += catalog->profiles[i].resources_count;
	refs = calloc(count + 1, sizeof(*refs));
	if (refs == NULL)
		return NULL;
	count = 0;
	for (size_t i = 0; i < catalog->routes_count; i++) {
		const struct catalog_need *need = &catalog->routes[i].need;

		for (size_t k = 0; k < need->resources_count; k++)
			refs[count++] = need->resources[k];
	}
	for (size_t i = 0; i < catalog->profiles_count; i++) {
		for (size_t k = 0; k < catalog->profiles[i].resources_count; k++)
			refs[count++] = catalog->profiles[i].resources[k];
	}
	qsort(refs, count, sizeof(*refs), compare_refs);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || ref_compare(&refs[kept - 1], &refs[i]) != 0)
			refs[kept++] = refs[i];
	}
	*out_count = kept;
	return refs;
}

bool is_used(
	const struct catalog_ref *used, size_t used_count, const struct catalog_resource *resource)
{
	struct catalog_ref ref = { resource->product, resource->key };

	return used_count > 0 && bsearch(&ref, used, used_count, sizeof(ref), compare_refs) != NULL;
}
