/* What the files of this folder share. */
#ifndef CATALOG_INTERNAL_H
#define CATALOG_INTERNAL_H

#include "base/limits.h"
#include "catalog/catalog.h"

#define CATALOG_MEMORY_MAX (512 * MIB)
#define CATALOG_SERVICE_DEFAULT "default"

/* Room for one item more in a heap array of items that are item_size bytes long. */
NODISCARD enum status items_reserve(void **items, size_t count, size_t *capacity, size_t item_size);

/* A copy in the arena; NULL and the absent span give "". NULL without memory. */
const char *text_copy(struct arena *arena, const char *text);
const char *text_copy_span(struct arena *arena, struct span text);
/* A copy of refs, sorted and without repeats. */
NODISCARD enum status refs_copy(struct arena *arena, const struct catalog_ref *refs, size_t count,
	const struct catalog_ref **out_refs, size_t *out_count);
NODISCARD enum status need_copy(
	struct arena *arena, const struct catalog_need *need, struct catalog_need *out_need);

int ref_compare(const struct catalog_ref *a, const struct catalog_ref *b);
/* By service, normal path and method. */
int route_compare(const struct catalog_route *a, const struct catalog_route *b);
bool refs_equal(
	const struct catalog_ref *a, size_t a_count, const struct catalog_ref *b, size_t b_count);

/*
 * What the routes and profiles refer to, sorted, once each; the caller's to free(). The texts
 * are the catalogue's. NULL without memory.
 */
NODISCARD struct catalog_ref *used_refs(const struct catalog *catalog, size_t *out_count);
bool is_used(
	const struct catalog_ref *used, size_t used_count, const struct catalog_resource *resource);

bool services_equal(const struct catalog_service *a, const struct catalog_service *b);

/* Lists of lines ("a\nb"): the next line off *rest; false at the end. */
bool lines_next(struct span *rest, struct span *out_line);
bool lines_have(const char *lines, struct span line);

/* Text for people: 1 to LIMIT_NAME characters, printable, no space at either end. */
bool name_is_sound(struct span name);
bool service_name_is_sound(struct span name);
/* "" or literal segments, each after a slash. */
bool base_path_is_sound(struct span base_path);

/* More than a catalogue takes; what: a list's name in the own form, or "operations". */
void complain_too_many(struct complaint *out_complaint, const char *what);

/* ---- reports ---- */

NODISCARD enum status report_undecided(
	struct catalog_report *report, const struct catalog_undecided *undecided);
NODISCARD enum status report_conflict(
	struct catalog_report *report, const struct catalog_conflict *conflict);
NODISCARD enum status report_ambiguous(
	struct catalog_report *report, const struct catalog_ambiguous *ambiguous);
NODISCARD enum status report_difference(
	struct catalog_report *report, const struct catalog_difference *difference);

#endif
