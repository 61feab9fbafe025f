/*
 * From the names that documents use to the keys of resources. Letters' case, spaces, "-" and "_"
 * do not matter; names drift between documents, so the category counts only when the rest does
 * not decide. A name that is not known gets a key derived from category and name, always the
 * same one.
 */
#ifndef CATALOG_NAMES_H
#define CATALOG_NAMES_H

#include "catalog/catalog.h"

struct names; /* opaque; made once a document */

/* known may be NULL; it must stay as long as the result. NULL without memory. */
NODISCARD struct names *names_make(const struct catalog *known);
void names_free(struct names **names);

struct name_query {
	struct span product, category, name;
	struct span key; /* absent unless the document states it */
};

/*
 * The resource that is meant; when none is known, one is derived and added to out (and found the
 * next time). ST_CONFLICT when several could be meant, ST_INVALID when the product or name is
 * no name, ST_NO_MEMORY.
 */
NODISCARD enum status names_resolve(struct names *names, const struct name_query *query,
	struct catalog *out, struct catalog_ref *out_ref);

/*
 * A resource by its key alone: of product when that is known to have it, else the only one of
 * any product; else a new one of product. ST_CONFLICT when several products have it.
 */
NODISCARD enum status names_resolve_key(struct names *names, const struct name_query *query,
	struct catalog *out, struct catalog_ref *out_ref);

/* "price-list.modify-prices": derived from category and name. */
void names_derive_key(struct buf *out, struct span category, struct span name);

/* Lower case, words joined by "-"; true when nothing but case and spaces was lost. */
bool names_slug(struct buf *out, struct span text);

#endif
