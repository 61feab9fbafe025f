/*
 * A description is read line by line: headings cut it into sections, fences and other tables are
 * passed over, text is gathered into paragraphs and these are cut into sentences.
 *
 * I1: a table of resources counts wherever it stands; two tables are not understood.
 * I2: "any one of them" is the reading of several rows unless the section's own words ask for
 *     all of them; "the appropriate resources" without "at least one" is such a wording.
 */
#include "catalog/statement.h"

#include <stdlib.h>

#define CELLS_MAX 12u
#define PARAGRAPH_MAX (64 * KIB)

struct section {
	bool permissions;      /* its heading says that it is about them */
	bool any, all;         /* words of quantity were seen */
	bool denied, demanded; /* that permissions are needed */
	bool together;         /* words that ask for more than one whatever else is said */
	bool provider;
};

struct reader {
	struct arena *arena;
	struct statement *out;
	struct buf paragraph; /* raw text of the paragraph that is open */
	struct buf plain;
	struct section section;
	bool fenced;
	bool in_table;       /* the lines at hand are rows of the table of resources */
	bool table_section;  /* the table stands in the section at hand */
	struct section seen; /* any, all: of the table's section; permissions, provider: of any */
	size_t columns[4];   /* 1 + position of product, category, resource, key; 0: none */
	size_t header_cells;
	size_t tables;
	bool html_product, html_resource; /* cells of tables in HTML that speak of them */
	bool strange_table;               /* one of resources, it seems, that is not read */
	bool no_permission, no_authentication, needs_authentication, disagrees;
	bool unsure, unreadable, overflow;
};

enum { COLUMN_PRODUCT = 0, COLUMN_CATEGORY, COLUMN_RESOURCE, COLUMN_KEY };

static bool contains(struct span s, const char *text)
{
	return s.len > 0 && memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}

static bool contains_any(struct span s, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (contains(s, *list))
			return true;
	}
	return false;
}

static void set_detail(struct reader *r, struct span text)
{
	char memory[161];
	struct buf cut = BUF_ARRAY(memory);
	size_t len = text.len > 150 ? 150 : text.len;
	const char *copy;

	if (span_present(r->out->detail))
		return;
	while (len > 0 && len < text.len && ((uint8_t)text.ptr[len] & 0xC0) == 0x80)
		len--;
	buf_append(&cut, span_part(text, 0, len));
	copy = arena_copy(r->arena, buf_span(&cut));
	if (copy != NULL)
		r->out->detail = span_str(copy);
}

/* ---- sentences ---- */

static void on_sentence(struct reader *r, struct span sentence)
{
	switch (sentence_classify(sentence)) {
	case SENTENCE_NO_PERMISSION:
		r->no_permission = r->section.denied = true;
		break;
	case SENTENCE_NO_AUTHENTICATION:
		r->no_authentication = r->section.denied = true;
		break;
	case SENTENCE_NEEDS_AUTHENTICATION:
		r->needs_authentication = true;
		break;
	case SENTENCE_NEEDS_PERMISSION:
		r->section.demanded = true;
		break;
	case SENTENCE_UNSURE:
		r->unsure = true;
		set_detail(r, sentence);
		break;
	default:
		break;
	}
}

/* Ends of sentences: . ! ? followed by a space or the end; and : ; ( ) and long dashes. */
static bool ends_sentence(struct span s, size_t i)
{
	char c = s.ptr[i];

	if (c == ':' || c == ';' || c == '(' || c == ')')
		return true;
	if (c == '-' && i > 0 && i + 1 < s.len && s.ptr[i - 1] == ' ' && s.ptr[i + 1] == ' ')
		return true;
	if (span_starts_with(span_part(s, i, s.len), SPAN_LIT("\xE2\x80\x94")))
		return true;
	return (c == '.' || c == '!' || c == '?') && (i + 1 == s.len || s.ptr[i + 1] == ' ');
}

static void note_quantity(struct section *section, struct span text)
{
	/* Not "one of the following", which these texts say of roles. */
	static const char *const ANY[] = { "at least one of", "any one of", "one or more of",
		"any of the following resources", "one of the following resources",
		"one of these resources", "al menos uno de", "pelo menos um d", NULL };
	static const char *const ALL[] = { "all of ", "all the", "all these", "all resources",
		"all permissions", "all following", "each of the", "every one of", "every resource",
		"each resource", "both of", "both the", "both these", "both resources",
		"both permissions", "as well as", "todos los", "todas las", "ambos ", "cada uno de",
		"todos os", "todas as", "cada um d", NULL };
	static const char *const TOGETHER[] = { "must also have", "also needs the", "also need the",
		"also requires", "also require the", "in addition to the resource",
		"simultaneously", "at the same time", "of each product", "of each category",
		"from each product", "from each category", "for each product",
		"tambi\303\251n debe tener", "tamb\303\251m deve ter", NULL };

	section->any |= contains_any(text, ANY);
	section->all |= contains_any(text, ALL);
	section->together |= contains_any(text, TOGETHER);
	section->provider |= contains(text, "service provider");
}

static void flush_paragraph(struct reader *r)
{
	struct span text;
	size_t start = 0;

	/* What does not fit may have said anything. */
	r->overflow |= !buf_ok(&r->paragraph);
	if (r->paragraph.len == 0) {
		buf_clear(&r->paragraph);
		return;
	}
	buf_clear(&r->plain);
	markdown_plain(&r->plain, buf_span(&r->paragraph), true);
	r->overflow |= !buf_ok(&r->plain);
	buf_clear(&r->paragraph);
	text = buf_span(&r->plain);
	/* "must have at least one of the appropriate resources" asks for one. */
	note_quantity(&r->section, text);
	for (size_t i = 0; i < text.len; i++) {
		if (ends_sentence(text, i)) {
			on_sentence(r, span_part(text, start, i - start));
			start = i + 1;
		}
	}
	on_sentence(r, span_part(text, start, text.len));
}

/* ---- sections ---- */

static void leave_section(struct reader *r)
{
	flush_paragraph(r);
	if (r->table_section) {
		r->seen.any = r->section.any;
		r->seen.all = r->section.all;
		r->seen.together = r->section.together;
	}
	if (r->section.permissions) {
		r->seen.permissions = true;
		r->seen.provider |= r->section.provider;
	}
	/*
	 * "... does not require permissions. However, B2B stores need the resource X." Another
	 * section may speak of other permissions.
	 */
	r->disagrees |= r->section.denied && r->section.demanded;
	r->section = (struct section){ 0 };
	r->table_section = false;
}

/* Does the line, as a heading, say that permissions follow? Symbols around the words do not matter.
 */
static bool is_permissions_title(struct reader *r, struct span line)
{
	static const char *const TITLES[] = { "permissions", "permission", "required permissions",
		"required permission", "permissions required", "permission required",
		"needed permissions", "permissions needed", "required resources",
		"resources required", "license manager resources", "permisos", "permiso",
		"permisos necesarios", "permisos requeridos", "recursos necesarios",
		"permiss\303\265es", "permiss\303\243o", "permiss\303\265es necess\303\241rias",
		"permiss\303\265es requeridas", "permiss\303\265es exigidas",
		"recursos necess\303\241rios", NULL };
	struct span title;

	buf_clear(&r->plain);
	markdown_plain(&r->plain, line, true);
	title = buf_span(&r->plain);
	/* An emoji before the word: bytes above ASCII that no title begins with. */
	while (title.len > 0 &&
		(strchr(":#-_ ", title.ptr[0]) != NULL || (uint8_t)title.ptr[0] >= 0x80))
		title = span_part(title, 1, title.len);
	while (title.len > 0 && strchr(":#_ ", title.ptr[title.len - 1]) != NULL)
		title.len--;
	for (size_t i = 0; TITLES[i] != NULL; i++) {
		if (span_is(title, TITLES[i]))
			return true;
	}
	return false;
}

static void on_heading(struct reader *r, struct span line)
{
	leave_section(r);
	r->section.permissions = is_permissions_title(r, line);
}

/* ---- tables ---- */

struct cells {
	struct span cell[CELLS_MAX];
	size_t count;
};

static struct span trim(struct span s)
{
	while (s.len > 0 && strchr(" \t", s.ptr[0]) != NULL)
		s = span_part(s, 1, s.len);
	while (s.len > 0 && strchr(" \t", s.ptr[s.len - 1]) != NULL)
		s.len--;
	return s;
}

/* Cut a row at its "|" that no backslash precedes; the outer ones are optional. */
static struct cells split_row(struct span line)
{
	struct cells cells = { 0 };
	size_t start;

	line = trim(line);
	if (line.len > 0 && line.ptr[0] == '|')
		line = span_part(line, 1, line.len);
	if (line.len > 0 && line.ptr[line.len - 1] == '|' &&
		(line.len < 2 || line.ptr[line.len - 2] != '\\'))
		line.len--;
	start = 0;
	for (size_t i = 0; i <= line.len; i++) {
		if (i < line.len && line.ptr[i] == '\\') {
			i++;
			continue;
		}
		if (i < line.len && line.ptr[i] != '|')
			continue;
		if (cells.count == CELLS_MAX)
			return (struct cells){ 0 };
		cells.cell[cells.count++] = trim(span_part(line, start, i - start));
		start = i + 1;
	}
	return cells;
}

static bool is_alignment_row(struct span line)
{
	bool dash = false;

	for (size_t i = 0; i < line.len; i++) {
		if (strchr("|-: \t", line.ptr[i]) == NULL)
			return false;
		dash |= line.ptr[i] == '-';
	}
	return dash;
}

/* Which column a header cell names; -1 for one to ignore, -2 for one that changes the meaning. */
static int column_of(struct reader *r, struct span cell)
{
	static const struct {
		const char *title;
		int column;
	} TITLES[] = { { "product", COLUMN_PRODUCT }, { "products", COLUMN_PRODUCT },
		{ "product name", COLUMN_PRODUCT }, { "producto", COLUMN_PRODUCT },
		{ "productos", COLUMN_PRODUCT }, { "produto", COLUMN_PRODUCT },
		{ "produtos", COLUMN_PRODUCT }, { "category", COLUMN_CATEGORY },
		{ "categories", COLUMN_CATEGORY }, { "category name", COLUMN_CATEGORY },
		{ "categor\xC3\xAD"
		  "a",
			COLUMN_CATEGORY },
		{ "categoria", COLUMN_CATEGORY }, { "resource", COLUMN_RESOURCE },
		{ "resources", COLUMN_RESOURCE }, { "resource name", COLUMN_RESOURCE },
		{ "recurso", COLUMN_RESOURCE }, { "recursos", COLUMN_RESOURCE },
		{ "key", COLUMN_KEY }, { "resource key", COLUMN_KEY }, { "clave", COLUMN_KEY },
		{ "chave", COLUMN_KEY }, { "description", -1 }, { "descripci\xC3\xB3n", -1 },
		{ "descri\xC3\xA7\xC3\xA3o", -1 } };

	buf_clear(&r->plain);
	markdown_plain(&r->plain, cell, true);
	for (size_t i = 0; i < ARRAY_LEN(TITLES); i++) {
		if (span_is(buf_span(&r->plain), TITLES[i].title))
			return TITLES[i].column;
	}
	return -2;
}

/* Is the line the header of a table of resources? Then the columns are noted. */
static bool on_header(struct reader *r, struct span line)
{
	static const char *const PRODUCT[] = { "product", "produto", NULL };
	static const char *const RESOURCE[] = { "resource", "recurso", NULL };
	struct cells cells = split_row(line);
	size_t columns[4] = { 0 };
	bool strange = false, product = false, resource = false;

	for (size_t i = 0; i < cells.count; i++) {
		int column = column_of(r, cells.cell[i]);

		strange |= column == -2 || (column >= 0 && columns[column] != 0);
		if (column >= 0)
			columns[column] = i + 1;
		product |= contains_any(buf_span(&r->plain), PRODUCT);
		resource |= contains_any(buf_span(&r->plain), RESOURCE);
	}
	if (columns[COLUMN_PRODUCT] == 0 || columns[COLUMN_RESOURCE] == 0) {
		/* Titles that are not known, of what seems to be such a table. */
		if (product && resource) {
			r->strange_table = true;
			set_detail(r, trim(line));
		}
		return false;
	}
	flush_paragraph(r);
	if (strange) {
		r->unreadable = true;
		set_detail(r, trim(line));
	}
	memcpy(r->columns, columns, sizeof(columns));
	r->header_cells = cells.count;
	r->tables++;
	r->in_table = r->table_section = true;
	return true;
}

/*
 * Words that stand where a name should. "Any" and "none" may mean something, but not which
 * resource.
 */
static bool is_no_name(struct span text)
{
	static const char *const WORDS[] = { "-", "--", "*", "\xE2\x80\x93", "\xE2\x80\x94", "n/a",
		"none", "any", "all", "ninguno", "ninguna", "cualquiera", "todos", "nenhum",
		"nenhuma", "qualquer", NULL };

	for (size_t i = 0; WORDS[i] != NULL; i++) {
		if (span_equal_nocase(text, span_str(WORDS[i])))
			return true;
	}
	return false;
}

/*
 * The text of a cell. Two bold parts in one cell, or a line break, are two things in one cell,
 * and what that means is not known, nor what is struck out: false.
 */
static bool read_cell(struct reader *r, struct span cell, struct span *out_text)
{
	char memory[LIMIT_NAME * 4 + 1];
	struct buf text = BUF_ARRAY(memory);
	size_t marks = 0;
	const char *copy;

	for (size_t i = 0; i + 1 < cell.len; i++) {
		marks += cell.ptr[i] == '*' && cell.ptr[i + 1] == '*';
		if (span_equal_nocase(span_part(cell, i, 3), SPAN_LIT("<br")) ||
			span_equal(span_part(cell, i, 2), SPAN_LIT("~~")))
			return false;
	}
	markdown_plain(&text, cell, false);
	if (marks > 2 || !buf_ok(&text) || text.len == 0 || is_no_name(buf_span(&text)))
		return false;
	/* Underscores belong to names, unless a pair of them surrounds the whole. */
	if (text.len > 4 && memcmp(text.ptr, "__", 2) == 0 &&
		memcmp(text.ptr + text.len - 2, "__", 2) == 0)
		copy = arena_copy(r->arena, span_part(buf_span(&text), 2, text.len - 4));
	else
		copy = arena_copy(r->arena, buf_span(&text));
	*out_text = span_str(copy);
	return copy != NULL;
}

static bool read_row(struct reader *r, const struct cells *cells, struct statement_row *out_row)
{
	struct span *const texts[4] = { &out_row->product, &out_row->category, &out_row->resource,
		&out_row->key };

	if (cells->count == 0 || cells->count > r->header_cells)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if (r->columns[i] == 0)
			continue;
		if (r->columns[i] > cells->count ||
			!read_cell(r, cells->cell[r->columns[i] - 1], texts[i]))
			return false;
	}
	return true;
}

static bool is_blank_row(const struct cells *cells)
{
	for (size_t i = 0; i < cells->count; i++) {
		if (cells->cell[i].len > 0)
			return false;
	}
	return cells->count > 0;
}

static void on_row(struct reader *r, struct span line)
{
	struct cells cells = split_row(line);
	struct statement_row row = { 0 };

	if (is_alignment_row(line) || is_blank_row(&cells))
		return;
	if (r->out->rows_count == LIMIT_RESOURCES_PER_ROUTE || !read_row(r, &cells, &row)) {
		r->unreadable = true;
		set_detail(r, trim(line));
		return;
	}
	r->out->rows[r->out->rows_count++] = row;
}

/*
 * Tables in HTML are not read. One that has to do with products and resources says something that
 * is not understood.
 */
static void note_html_table(struct reader *r, struct span line)
{
	static const char *const TAGS[] = { "<table", "<th", "<td", "<tr", NULL };
	static const char *const PRODUCT[] = { "product", "produto", NULL };
	static const char *const RESOURCE[] = { "resource", "recurso", "permission", NULL };
	bool tags = false;

	for (size_t i = 0; i < line.len && !tags; i++) {
		for (size_t k = 0; TAGS[k] != NULL; k++)
			tags |= line.ptr[i] == '<' &&
				span_equal_nocase(
					span_part(line, i, strlen(TAGS[k])), span_str(TAGS[k]));
	}
	if (!tags)
		return;
	buf_clear(&r->plain);
	markdown_plain(&r->plain, line, true);
	r->html_product |= contains_any(buf_span(&r->plain), PRODUCT);
	r->html_resource |= contains_any(buf_span(&r->plain), RESOURCE);
	if (r->html_product && r->html_resource) {
		r->strange_table = true;
		set_detail(r, line);
	}
}

/* ---- lines ---- */

/* Bold, underlined with a rule, or in HTML: it is one all the same. text is not empty. */
static bool is_heading(struct reader *r, struct span text)
{
	return text.ptr[0] == '#' || (r->paragraph.len == 0 && span_find(text, '|') == text.len &&
					     is_permissions_title(r, text));
}

static void on_line(struct reader *r, struct span line)
{
	struct span text = trim(line);

	while (text.len > 0 && text.ptr[0] == '>')
		text = trim(span_part(text, 1, text.len));
	if (span_starts_with(text, SPAN_LIT("```")) || span_starts_with(text, SPAN_LIT("~~~"))) {
		flush_paragraph(r);
		r->fenced = !r->fenced;
		r->in_table = false;
		return;
	}
	if (r->fenced)
		return;
	note_html_table(r, text);
	if (text.len == 0) {
		flush_paragraph(r);
		r->in_table = false;
	} else if (is_heading(r, text)) {
		r->in_table = false;
		on_heading(r, text);
	} else if (span_find(text, '|') < text.len) {
		if (r->in_table)
			on_row(r, text);
		else if (!on_header(r, text))
			flush_paragraph(r);
	} else {
		r->in_table = false;
		buf_append(&r->paragraph, text);
		buf_append_char(&r->paragraph, ' ');
	}
}

/* ---- the verdict ---- */

static enum statement_kind table_kind(const struct reader *r)
{
	if (r->no_permission || r->no_authentication)
		return STATEMENT_CONTRADICTION;
	if (r->unreadable || r->strange_table || r->tables > 1 || r->out->rows_count == 0)
		return STATEMENT_UNREADABLE;
	if (r->out->rows_count > 1 && ((r->seen.all && !r->seen.any) || r->seen.together))
		return STATEMENT_ALL_ROWS;
	return STATEMENT_ROWS;
}

static enum statement_kind text_kind(const struct reader *r)
{
	if (r->disagrees)
		return STATEMENT_CONTRADICTION;
	if (r->unsure || r->strange_table)
		return STATEMENT_UNREADABLE;
	if (r->no_authentication)
		return r->needs_authentication ? STATEMENT_CONTRADICTION
					       : STATEMENT_NO_AUTHENTICATION;
	if (r->no_permission)
		return STATEMENT_NO_PERMISSION;
	if (!r->seen.permissions)
		return STATEMENT_NONE;
	return r->seen.provider ? STATEMENT_ASK_PROVIDER : STATEMENT_UNREADABLE;
}

static void reader_free(struct reader *r)
{
	buf_free(&r->paragraph);
	buf_free(&r->plain);
}

/* Comments of HTML are not shown, so they state nothing; one that never ends takes the rest. */
static struct span without_comments(struct arena *arena, struct span text)
{
	bool any = text.len > 0 && memmem(text.ptr, text.len, "<!--", 4) != NULL;
	char *copy = any ? arena_copy(arena, text) : NULL;
	size_t len = 0;

	if (!any)
		return text;
	for (size_t i = 0; copy != NULL && i < text.len;) {
		struct span rest = span_part(text, i, text.len);
		const char *end;

		if (!span_starts_with(rest, SPAN_LIT("<!--"))) {
			copy[len++] = text.ptr[i++];
			continue;
		}
		end = memmem(rest.ptr, rest.len, "-->", 3);
		i = end == NULL ? text.len : i + (size_t)(end - rest.ptr) + 3;
	}
	return copy == NULL ? SPAN_ABSENT : span_of(copy, len);
}

enum status statement_read(struct span description, struct arena *arena, struct statement *out)
{
	CLEANUP(reader_free)
	struct reader r = { .arena = arena,
		.out = out,
		.paragraph = buf_heap(PARAGRAPH_MAX),
		.plain = buf_heap(PARAGRAPH_MAX) };
	struct span rest = without_comments(arena, description);

	*out = (struct statement){ 0 };
	if (!span_present(rest) && span_present(description))
		return ST_NO_MEMORY;
	while (rest.len > 0) {
		size_t end = 0;

		while (end < rest.len && rest.ptr[end] != '\n' && rest.ptr[end] != '\r')
			end++;
		on_line(&r, span_part(rest, 0, end));
		if (span_starts_with(span_part(rest, end, rest.len), SPAN_LIT("\r\n")))
			end++;
		rest = span_part(rest, end + 1, rest.len);
	}
	leave_section(&r);
	out->kind = r.tables > 0 ? table_kind(&r) : text_kind(&r);
	if (r.overflow && out->kind != STATEMENT_ROWS)
		out->kind = STATEMENT_UNREADABLE;
	return ST_OK;
}
