#include "catalog/statement.h"

/* Beyond these a bracket or tag stands for itself, so that no text takes quadratic time. */
#define LINK_MAX 2048u
#define TAG_MAX 256u

/* Length of "(...)" at the start of s with its inner brackets balanced; 0 when it never ends. */
static size_t balanced(struct span s)
{
	size_t depth = 0;

	for (size_t i = 0; i < s.len && i < LINK_MAX; i++) {
		if (s.ptr[i] == '(')
			depth++;
		else if (s.ptr[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

/* Length of an HTML tag at the start of s; 0 when it is none. */
static size_t tag_length(struct span s)
{
	struct span start = span_part(s, 0, TAG_MAX);
	size_t end = span_find(start, '>');
	char second = s.len > 1 ? s.ptr[1] : ' ';

	if (end == start.len || !((second >= 'a' && second <= 'z') ||
					(second >= 'A' && second <= 'Z') || second == '/'))
		return 0;
	return end + 1;
}

/* An entity at the start of s: its length, and what it stands for. */
static size_t entity(struct span s, const char **out_text)
{
	static const struct {
		const char *name, *text;
	} ENTITIES[] = { { "&amp;", "&" }, { "&lt;", "<" }, { "&gt;", ">" }, { "&quot;", "\"" },
		{ "&#39;", "'" }, { "&nbsp;", " " } };

	for (size_t i = 0; i < ARRAY_LEN(ENTITIES); i++) {
		if (span_starts_with(s, span_str(ENTITIES[i].name))) {
			*out_text = ENTITIES[i].text;
			return strlen(ENTITIES[i].name);
		}
	}
	return 0;
}

static bool is_punctuation(char c)
{
	return c > 0x20 && c < 0x7F && strchr("\\`*_{}[]()<>#+-.!|~", c) != NULL;
}

/* What is skipped at the start of s (0: nothing), and the text that takes its place. */
static size_t skip_markup(struct span s, const char **out_text)
{
	char c = s.ptr[0];
	struct span after = span_part(s, 1, s.len);

	*out_text = "";
	if (c == '*' || c == '`' || c == '[')
		return 1;
	if (c == ']')
		return 1 + (after.len > 0 && after.ptr[0] == '(' ? balanced(after) : 0);
	if (c == '<' && tag_length(s) > 0) {
		*out_text = " ";
		return tag_length(s);
	}
	if (c == '\\' && after.len > 0 && is_punctuation(after.ptr[0])) {
		static const char SINGLE[128][2] = {
			['\\'] = "\\",
			['`'] = "`",
			['*'] = "*",
			['_'] = "_",
			['{'] = "{",
			['}'] = "}",
			['['] = "[",
			[']'] = "]",
			['('] = "(",
			[')'] = ")",
			['<'] = "<",
			['>'] = ">",
			['#'] = "#",
			['+'] = "+",
			['-'] = "-",
			['.'] = ".",
			['!'] = "!",
			['|'] = "|",
			['~'] = "~",
		};

		*out_text = SINGLE[(uint8_t)after.ptr[0]];
		return 2;
	}
	if (c == '&')
		return entity(s, out_text);
	/* The typographic apostrophe, and a space that does not break. */
	if (span_starts_with(s, SPAN_LIT("\xE2\x80\x99"))) {
		*out_text = "'";
		return 3;
	}
	if (span_starts_with(s, SPAN_LIT("\xC2\xA0"))) {
		*out_text = " ";
		return 2;
	}
	return 0;
}

static void append_joined(struct buf *out, size_t start, const char *text, size_t len, bool lower)
{
	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\t' || c == '\r' || c == '\n')
			c = ' ';
		if (c == ' ' && (out->len == start || out->ptr[out->len - 1] == ' '))
			continue;
		if (lower && c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		buf_append_char(out, c);
	}
}

void markdown_plain(struct buf *out, struct span text, bool lower)
{
	size_t start = out->len;

	for (size_t i = 0; i < text.len && buf_ok(out);) {
		const char *replacement = "";
		size_t skipped = skip_markup(span_part(text, i, text.len), &replacement);

		if (skipped > 0) {
			append_joined(out, start, replacement, strlen(replacement), lower);
			i += skipped;
		} else {
			append_joined(out, start, text.ptr + i, 1, lower);
			i++;
		}
	}
	if (out->len > start && out->ptr[out->len - 1] == ' ')
		out->ptr[--out->len] = '\0';
}
