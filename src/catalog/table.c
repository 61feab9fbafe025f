/* A list of resources as tables are exported: a header line, tabs between columns. */
#include "catalog/read.h"
#include "catalog/tree.h"

#define COLUMNS_MAX 32u

struct columns {
	size_t product, category, name, key; /* 1 + position; 0: none */
};

static struct span next_cell(struct span *rest)
{
	size_t end = span_find(*rest, '\t');
	struct span cell = span_part(*rest, 0, end);

	*rest = span_part(*rest, end + 1, rest->len);
	while (cell.len > 0 && cell.ptr[0] == ' ')
		cell = span_part(cell, 1, cell.len);
	while (cell.len > 0 && strchr(" \r", cell.ptr[cell.len - 1]) != NULL)
		cell.len--;
	return cell;
}

static struct columns read_header(struct span line)
{
	struct columns columns = { 0 };

	for (size_t i = 1; i <= COLUMNS_MAX && line.len > 0; i++) {
		struct span cell = next_cell(&line);

		if (span_equal_nocase(cell, SPAN_LIT("product")))
			columns.product = i;
		else if (span_equal_nocase(cell, SPAN_LIT("category")))
			columns.category = i;
		else if (span_equal_nocase(cell, SPAN_LIT("resource")) ||
			 span_equal_nocase(cell, SPAN_LIT("name")))
			columns.name = i;
		else if (span_equal_nocase(cell, SPAN_LIT("key")))
			columns.key = i;
	}
	return columns;
}

bool table_is(struct span bytes)
{
	struct columns columns = read_header(span_part(bytes, 0, span_find(bytes, '\n')));

	return columns.product != 0 && columns.key != 0 && columns.name != 0;
}

static enum status read_row(struct span line, const struct columns *columns, struct catalog *out)
{
	struct catalog_resource resource = { .aliases = "" };
	struct arena *arena = out->arena;

	for (size_t i = 1; i <= COLUMNS_MAX && line.len > 0; i++) {
		const char *cell = text_copy_span(arena, next_cell(&line));

		if (cell == NULL)
			return ST_NO_MEMORY;
		if (i == columns->product)
			resource.product = cell;
		else if (i == columns->category)
			resource.category = cell;
		else if (i == columns->name)
			resource.name = cell;
		else if (i == columns->key)
			resource.key = cell;
	}
	if (resource.product == NULL || resource.key == NULL ||
		!name_is_sound(span_str(resource.product)) ||
		!name_is_sound(span_str(resource.key)))
		return ST_INVALID;
	return catalog_add_resource(out, &resource);
}

enum status table_read(struct span bytes, struct catalog *out, struct complaint *out_complaint)
{
	struct span rest = bytes, line;
	struct columns columns;
	size_t number = 1;
	enum status st = tree_check_bytes(bytes, out_complaint);

	if (st != ST_OK)
		return st;
	if (!lines_next(&rest, &line))
		return ST_INVALID;
	columns = read_header(line);
	while (lines_next(&rest, &line)) {
		number++;
		if (line.len == 0 || span_is(line, "\r"))
			continue;
		st = out->resources_count == LIMIT_RESOURCES ? ST_LIMIT
							     : read_row(line, &columns, out);
		if (st == ST_OK)
			continue;
		tree_complain(out_complaint,
			st == ST_LIMIT ? "catalog.too_many_lines" : "catalog.bad_line", number, 1);
		return st;
	}
	return ST_OK;
}
