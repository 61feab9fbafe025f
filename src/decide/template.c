#include "decide/template.h"

#include "decide/path.h"

/* A template on its way: what is read, what is written, whom to tell. */
struct parser {
	struct span text;
	struct span segment; /* the one at hand, as written */
	struct template *out;
	struct complaint *complaint;
};

#define SHOWN_MAX COMPLAINT_VALUE_MAX

static void shown(struct span s, char out[SHOWN_MAX])
{
	size_t len = s.len < SHOWN_MAX - 1 ? s.len : SHOWN_MAX - 1;

	if (len > 0)
		memcpy(out, s.ptr, len);
	out[len] = '\0';
}

static enum status refuse(const struct parser *p, const char *key)
{
	char text[SHOWN_MAX], segment[SHOWN_MAX];

	shown(p->text, text);
	shown(p->segment, segment);
	complaint_set(p->complaint, key, 2, "template", text, "segment", segment);
	return ST_INVALID;
}

static enum status refuse_piece(const struct parser *p, enum path_reason reason)
{
	char text[SHOWN_MAX], segment[SHOWN_MAX];

	shown(p->text, text);
	shown(p->segment, segment);
	complaint_set(p->complaint, "route.template_text", 3, "template", text, "segment", segment,
		"reason", path_reason_name(reason));
	return ST_INVALID;
}

static enum status too_large(const struct parser *p, const char *key, unsigned limit)
{
	char text[SHOWN_MAX], number[16];
	struct buf digits = BUF_ARRAY(number);

	shown(p->text, text);
	buf_append_u64(&digits, limit);
	complaint_set(p->complaint, key, 2, "template", text, "limit", number);
	return ST_LIMIT;
}

/* ---- One segment ---- */

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A name without what would make it a pattern, an option or a tail. */
static bool plain_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!is_letter_or_digit(c) && (uint8_t)c < 0x80 &&
			(c == '\0' || strchr("_-.$@~ ", c) == NULL))
			return false;
	}
	return true;
}

static bool ends_with(struct span s, struct span end)
{
	return s.len >= end.len && span_equal(span_part(s, s.len - end.len, end.len), end);
}

/* The inside of braces is one of the spellings of a tail. */
static bool tail_name(struct span inner)
{
	static const struct span ENDS[] = { { "...", 3 }, { "+", 1 }, { "*", 1 }, { ":path", 5 } };
	static const struct span STARTS[] = { { "**", 2 }, { "*", 1 }, { "+", 1 } };

	for (size_t i = 0; i < ARRAY_LEN(ENDS); i++) {
		if (ends_with(inner, ENDS[i]))
			return plain_name(span_part(inner, 0, inner.len - ENDS[i].len));
	}
	for (size_t i = 0; i < ARRAY_LEN(STARTS); i++) {
		if (span_starts_with(inner, STARTS[i]))
			return plain_name(span_part(inner, STARTS[i].len, inner.len));
	}
	return false;
}

/* A name outside braces: no dot, so that "*.js" and ":id.json" are not taken for one. */
static bool bare_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!is_letter_or_digit(name.ptr[i]) && name.ptr[i] != '_' && name.ptr[i] != '-')
			return false;
	}
	return true;
}

static bool is_tail(struct span segment)
{
	if (span_is(segment, "**"))
		return true;
	if (segment.ptr[0] == '*')
		return bare_name(span_part(segment, 1, segment.len));
	if (segment.len < 2 || segment.ptr[0] != '{' || segment.ptr[segment.len - 1] != '}')
		return false;
	return tail_name(span_part(segment, 1, segment.len - 2));
}

/* ":id": one parameter and nothing else. */
static bool is_colon_parameter(struct span segment)
{
	return segment.len > 1 && segment.ptr[0] == ':' &&
	       bare_name(span_part(segment, 1, segment.len));
}

static enum status append_piece(struct parser *p, struct span piece)
{
	struct template *t = p->out;
	enum path_reason reason;
	size_t len;

	if (span_find(piece, '*') < piece.len)
		return refuse(p, "route.template_star");
	if (span_find(piece, '}') < piece.len)
		return refuse(p, "route.template_brace");
	if (span_find(piece, '?') < piece.len)
		return refuse(p, "route.template_query");
	reason = path_decode_piece(
		piece, t->bytes + t->bytes_len, sizeof(t->bytes) - t->bytes_len, &len);
	if (reason != PATH_OK)
		return refuse_piece(p, reason);
	t->bytes_len += len;
	return ST_OK;
}

/* Text and {parameters}; the label gets a NUL for each parameter. */
static enum status parse_pieces(struct parser *p, size_t *out_parameters)
{
	struct span rest = p->segment;
	bool after_parameter = false;

	*out_parameters = 0;
	while (rest.len > 0) {
		size_t open = span_find(rest, '{');
		size_t close;
		enum status st = append_piece(p, span_part(rest, 0, open));

		if (st != ST_OK)
			return st;
		if (open == rest.len)
			return ST_OK;
		if (after_parameter && open == 0)
			return refuse(p, "route.template_adjacent");
		rest = span_part(rest, open + 1, rest.len);
		close = span_find(rest, '}');
		if (close == rest.len)
			return refuse(p, "route.template_brace");
		if (!plain_name(span_part(rest, 0, close)) || tail_name(span_part(rest, 0, close)))
			return refuse(p, "route.template_name");
		p->out->bytes[p->out->bytes_len++] = '\0';
		rest = span_part(rest, close + 1, rest.len);
		after_parameter = true;
		(*out_parameters)++;
	}
	return ST_OK;
}

static enum status parse_text(struct parser *p, struct template_segment *segment)
{
	struct template *t = p->out;
	size_t parameters;
	enum status st;

	if (p->segment.ptr[0] == ':')
		return refuse(p, "route.template_colon");
	st = parse_pieces(p, &parameters);
	if (st != ST_OK)
		return st;
	segment->len = (uint16_t)(t->bytes_len - segment->offset);
	if (parameters == 0)
		segment->kind = SEGMENT_LITERAL;
	else if (segment->len == 1)
		segment->kind = SEGMENT_PARAMETER;
	else
		segment->kind = SEGMENT_MIXED;
	if (segment->kind == SEGMENT_PARAMETER) {
		t->bytes_len = segment->offset;
		segment->len = 0;
	}
	if (path_is_dot_segment(span_of(t->bytes + segment->offset, segment->len)))
		return refuse(p, "route.template_dot");
	return ST_OK;
}

/* rest: what follows the segment, "" or with its "/". */
static enum status parse_segment(struct parser *p, struct span rest)
{
	struct template *t = p->out;
	struct template_segment *segment = &t->segments[t->segments_count];
	enum status st = ST_OK;

	*segment = (struct template_segment){ .offset = (uint16_t)t->bytes_len };
	if (p->segment.len == 0 && rest.len > 0)
		return refuse(p, "route.template_empty_segment");
	if (p->segment.len > 0 && t->segments_count == LIMIT_PATH_SEGMENTS)
		return too_large(p, "route.template_segments", LIMIT_PATH_SEGMENTS);
	if (p->segment.len == 0)
		segment->kind = SEGMENT_LITERAL;
	else if (is_tail(p->segment))
		segment->kind = SEGMENT_TAIL;
	else if (is_colon_parameter(p->segment))
		segment->kind = SEGMENT_PARAMETER;
	else
		st = parse_text(p, segment);
	if (st != ST_OK)
		return st;
	if (segment->kind == SEGMENT_TAIL && rest.len > 1)
		return refuse(p, "route.template_tail");
	t->segments_count++;
	return ST_OK;
}

enum status template_parse(struct span text, struct template *out, struct complaint *complaint)
{
	struct parser p = { .text = text, .out = out, .complaint = complaint };
	struct span rest = text;

	out->segments_count = 0;
	out->bytes_len = 0;
	if (text.len > LIMIT_TARGET)
		return too_large(&p, "route.template_long", (unsigned)LIMIT_TARGET);
	if (text.len > 0 && text.ptr[0] != '/')
		return refuse(&p, "route.template_start");
	while (rest.len > 0) {
		size_t end;
		enum status st;

		rest = span_part(rest, 1, rest.len);
		end = span_find(rest, '/');
		p.segment = span_part(rest, 0, end);
		rest = span_part(rest, end, rest.len);
		st = parse_segment(&p, rest);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

/* ---- The normal text ---- */

static void append_encoded(struct buf *out, struct span label)
{
	static const char HEX[] = "0123456789ABCDEF";

	for (size_t i = 0; i < label.len; i++) {
		char c = label.ptr[i];
		uint8_t byte = (uint8_t)c;

		if (c == '\0') {
			buf_append_str(out, "{}");
		} else if (is_letter_or_digit(c) || strchr("-._~@!$&'()+,=", c) != NULL ||
			   (c == ':' && i > 0)) {
			buf_append_char(out, c);
		} else {
			buf_append_char(out, '%');
			buf_append_char(out, HEX[byte >> 4]);
			buf_append_char(out, HEX[byte & 15]);
		}
	}
}

void template_append_normal(const struct template *t, struct buf *out)
{
	for (size_t i = 0; i < t->segments_count; i++) {
		buf_append_char(out, '/');
		switch (t->segments[i].kind) {
		case SEGMENT_LITERAL:
		case SEGMENT_MIXED:
			append_encoded(out, template_label(t, i));
			break;
		case SEGMENT_PARAMETER:
			buf_append_str(out, "{}");
			break;
		case SEGMENT_TAIL:
			buf_append_str(out, "{...}");
			break;
		}
	}
}

bool template_fold(struct template *t)
{
	for (size_t i = 0; i < t->bytes_len; i++) {
		char c = t->bytes[i];

		if ((uint8_t)c > 0x7F)
			return false;
		if (c >= 'A' && c <= 'Z')
			t->bytes[i] = (char)(c + ('a' - 'A'));
	}
	return true;
}

/* ---- Mixed labels ---- */

/* The text before the first parameter, and after the last. */
static struct span label_start(struct span label)
{
	return span_part(label, 0, span_find(label, '\0'));
}

static struct span label_end(struct span label)
{
	const char *last = label.len == 0 ? NULL : memrchr(label.ptr, '\0', label.len);
	size_t at = last == NULL ? 0 : (size_t)(last - label.ptr) + 1;

	return span_part(label, at, label.len);
}

/* From the first parameter to the last: NUL text NUL text ... NUL. */
static struct span label_middle(struct span label)
{
	size_t start = label_start(label).len;
	size_t end = label_end(label).len;

	return span_part(label, start, label.len < start + end ? 0 : label.len - start - end);
}

/* Offset of the first text in s at or after from; s.len + 1 when there is none. */
static size_t find_text(struct span s, size_t from, struct span text)
{
	struct span rest = span_part(s, from, s.len);
	const char *hit = memmem(rest.ptr, rest.len, text.ptr, text.len);

	return hit == NULL ? s.len + 1 : (size_t)(hit - s.ptr);
}

/*
 * The earliest place for each text is the best one: it leaves most to those
 * that follow. So one pass decides, without trying again.
 */
bool mixed_matches(struct span label, struct span segment)
{
	struct span start = label_start(label);
	struct span end = label_end(label);
	struct span middle = label_middle(label);
	size_t at = start.len;

	if (segment.len < start.len + end.len + 1 || !span_starts_with(segment, start) ||
		!ends_with(segment, end))
		return false;
	segment.len -= end.len;
	while (middle.len > 1) {
		struct span text = label_start(span_part(middle, 1, middle.len));

		at = find_text(segment, at + 1, text);
		if (at > segment.len)
			return false;
		at += text.len;
		middle = span_part(middle, 1 + text.len, middle.len);
	}
	return at < segment.len;
}

size_t mixed_text_len(struct span label)
{
	size_t len = 0;

	for (size_t i = 0; i < label.len; i++)
		len += label.ptr[i] != '\0';
	return len;
}

/*
 * Both have a parameter that takes any text, so what stands between their
 * starts and ends can always be made to hold the inner texts of both.
 */
bool mixed_overlap(struct span a, struct span b)
{
	struct span a_start = label_start(a), b_start = label_start(b);
	struct span a_end = label_end(a), b_end = label_end(b);

	return (span_starts_with(a_start, b_start) || span_starts_with(b_start, a_start)) &&
	       (ends_with(a_end, b_end) || ends_with(b_end, a_end));
}

static void append_middle(struct span middle, struct buf *out)
{
	for (size_t i = 0; i < middle.len; i++)
		buf_append_char(out, middle.ptr[i] == '\0' ? '1' : middle.ptr[i]);
}

void mixed_append_example(struct span label, struct buf *out)
{
	append_middle(label, out);
}

void mixed_append_common(struct span a, struct span b, bool tight, struct buf *out)
{
	struct span a_start = label_start(a), b_start = label_start(b);
	struct span a_end = label_end(a), b_end = label_end(b);
	size_t before = out->len;
	struct span made;

	buf_append(out, a_start.len > b_start.len ? a_start : b_start);
	if (tight) {
		buf_append(out, a_end.len > b_end.len ? a_end : b_end);
		made = span_part(buf_span(out), before, out->len);
		if (mixed_matches(a, made) && mixed_matches(b, made))
			return;
		out->len = before;
		mixed_append_common(a, b, false, out);
		return;
	}
	append_middle(label_middle(a), out);
	if (!span_equal(label_middle(a), label_middle(b)))
		append_middle(label_middle(b), out);
	buf_append(out, a_end.len > b_end.len ? a_end : b_end);
}

/* ---- Methods ---- */

static bool method_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

enum status method_check(struct span method, struct complaint *complaint)
{
	char text[SHOWN_MAX];
	bool good = method.len > 0 && method.len <= LIMIT_METHOD;

	for (size_t i = 0; good && i < method.len; i++)
		good = method_char(method.ptr[i]);
	if (good)
		return ST_OK;
	shown(method, text);
	complaint_set(complaint, "route.method", 1, "method", text);
	return ST_INVALID;
}
