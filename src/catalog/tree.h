/*
 * Bytes of an imported document to a tree of JSON values, for JSON and YAML alike. Everything
 * hostile is met here: sizes, depth, encodings, repeated keys, aliases that multiply, numbers
 * without end. Numbers become reals, of which the catalogue reads none.
 */
#ifndef CATALOG_TREE_H
#define CATALOG_TREE_H

#include "base/complaint.h"
#include "base/span.h"
#include "base/status.h"

#include <jansson.h>

/*
 * Parse bytes: JSON when the first character is "{" or "[", else YAML 1.2 (core schema, merge
 * keys too). On success *out_root is the caller's. Fails with ST_INVALID or ST_LIMIT and a
 * complaint of area "catalog" with line and column, or ST_NO_MEMORY.
 */
NODISCARD enum status tree_read(
	struct span bytes, json_t **out_root, struct complaint *out_complaint);

/* UTF-8 without NUL, control characters or byte order mark, not empty, not too long? */
NODISCARD enum status tree_check_bytes(struct span bytes, struct complaint *out_complaint);

/* The parsers behind tree_read(); bytes passed tree_check_bytes(). */
NODISCARD enum status tree_read_json(
	struct span bytes, json_t **out_root, struct complaint *out_complaint);
NODISCARD enum status tree_read_yaml(
	struct span bytes, json_t **out_root, struct complaint *out_complaint);

/* Complain with the line and column (both from 1, in characters) of an offset. */
void tree_complain_at(
	struct complaint *out_complaint, const char *key, struct span bytes, size_t offset);
void tree_complain(struct complaint *out_complaint, const char *key, size_t line, size_t column);

/* For CLEANUP. */
void tree_free(json_t **root);

#endif
