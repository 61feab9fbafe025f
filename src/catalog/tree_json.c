#include "catalog/tree.h"

#include "base/limits.h"

/*
 * Depth and number of values before anything is built: a small document can make a parser take
 * a hundred times its size. Counts brackets and commas outside strings, which is exact for JSON
 * and harmless for anything else, that the parser then refuses.
 */
static enum status check_shape(struct span bytes, struct complaint *out_complaint)
{
	size_t depth = 0, values = 1;
	bool quoted = false;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.ptr[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		quoted = c == '"';
		if (c == ']' || c == '}')
			depth -= depth > 0;
		if (c != '[' && c != '{' && c != ',')
			continue;
		values++;
		depth += c != ',';
		if (depth > LIMIT_DOCUMENT_DEPTH || values > LIMIT_DOCUMENT_VALUES) {
			tree_complain_at(out_complaint,
				depth > LIMIT_DOCUMENT_DEPTH ? "catalog.too_deep"
							     : "catalog.too_many_values",
				bytes, i);
			return ST_LIMIT;
		}
	}
	return ST_OK;
}

static const char *complaint_key(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_duplicate_key:
		return "catalog.repeated_key";
	case json_error_numeric_overflow:
		return "catalog.number";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "catalog.control";
	case json_error_premature_end_of_input:
		return "catalog.cut_off";
	case json_error_stack_overflow:
		return "catalog.too_deep";
	default:
		return "catalog.json_syntax";
	}
}

enum status tree_read_json(struct span bytes, json_t **out_root, struct complaint *out_complaint)
{
	/* As reals, so that 18446744073709551615 in some example is no error. */
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
	json_error_t error;
	json_t *root;
	enum status st = check_shape(bytes, out_complaint);

	if (st != ST_OK)
		return st;
	root = json_loadb(bytes.ptr, bytes.len, flags, &error);
	if (root != NULL) {
		*out_root = root;
		return ST_OK;
	}
	if (json_error_code(&error) == json_error_out_of_memory)
		return ST_NO_MEMORY;
	tree_complain(out_complaint, complaint_key(&error), error.line > 0 ? (size_t)error.line : 1,
		error.column > 0 ? (size_t)error.column : 1);
	return ST_INVALID;
}
