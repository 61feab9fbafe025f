/* The three forms that catalog_read() tells apart, each read into a catalogue that is empty. */
#ifndef CATALOG_READ_H
#define CATALOG_READ_H

#include "catalog/internal.h"

#include <jansson.h>

/* The own form, from its parsed root. known may be NULL. */
NODISCARD enum status own_read(json_t *root, const struct catalog *known, struct catalog *out,
	struct complaint *out_complaint);

/* Does the first line name the columns of a table of resources (separated by tabs)? */
bool table_is(struct span bytes);
/* Columns product, key, and resource or name, category; others are ignored. */
NODISCARD enum status table_read(
	struct span bytes, struct catalog *out, struct complaint *out_complaint);

#define OWN_FORM "catalog/1"

#endif
