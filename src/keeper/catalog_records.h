/* Between the catalogue in memory (catalog/) and the records. */
#ifndef KEEPER_CATALOG_RECORDS_H
#define KEEPER_CATALOG_RECORDS_H

#include "catalog/catalog.h"
#include "keeper/api.h"

/* The whole catalogue as the records have it, sorted. Needs a reading. */
NODISCARD enum status catalog_records_read(struct api_call *call, struct catalog **out_catalog);

/* Apply the report's differences, in its order, inside the call's change. */
NODISCARD enum status catalog_records_apply(
	struct api_call *call, const struct catalog_report *report);

#endif
