#include "decide/path.h"

#include <arpa/inet.h>
#include <assert.h>

/* What a raw byte is. Zero: itself. */
enum byte_class {
	BYTE_PLAIN = 0,
	BYTE_REFUSED, /* control, space, DEL */
	BYTE_HIGH,    /* above 0x7F: refused in requests, fine in templates */
	BYTE_SLASH,
	BYTE_PERCENT,
	BYTE_SEMICOLON,
	BYTE_BACKSLASH,
	BYTE_QUESTION,
	BYTE_HASH
};

static const uint8_t CLASSES[256] = {
	[0x00 ... 0x20] = BYTE_REFUSED,
	['#'] = BYTE_HASH,
	['%'] = BYTE_PERCENT,
	['/'] = BYTE_SLASH,
	[';'] = BYTE_SEMICOLON,
	['?'] = BYTE_QUESTION,
	['\\'] = BYTE_BACKSLASH,
	[0x7F] = BYTE_REFUSED,
	[0x80 ... 0xFF] = BYTE_HIGH,
};

static const char *const NAMES[PATH_REASON_COUNT] = {
	[PATH_NOT_LOOKED_AT] = "not_looked_at",
	[PATH_OK] = "ok",
	[PATH_EMPTY] = "empty",
	[PATH_TOO_LONG] = "too_long",
	[PATH_TOO_MANY_SEGMENTS] = "too_many_segments",
	[PATH_RAW_BYTE] = "raw_byte",
	[PATH_FRAGMENT] = "fragment",
	[PATH_ASTERISK] = "asterisk",
	[PATH_AUTHORITY_FORM] = "authority_form",
	[PATH_OTHER_HOST] = "other_host",
	[PATH_BACKSLASH] = "backslash",
	[PATH_BAD_ENCODING] = "bad_encoding",
	[PATH_DOUBLE_ENCODING] = "double_encoding",
	[PATH_ENCODED_SLASH] = "encoded_slash",
	[PATH_ENCODED_BACKSLASH] = "encoded_backslash",
	[PATH_ENCODED_QUESTION] = "encoded_question",
	[PATH_ENCODED_HASH] = "encoded_hash",
	[PATH_ENCODED_SEMICOLON] = "encoded_semicolon",
	[PATH_ENCODED_NUL] = "encoded_nul",
	[PATH_ENCODED_CONTROL] = "encoded_control",
	[PATH_NOT_UTF8] = "not_utf8",
	[PATH_DOT_SEGMENT] = "dot_segment",
	[PATH_EMPTY_SEGMENT] = "empty_segment",
	[PATH_SEMICOLON] = "semicolon",
	[PATH_NON_ASCII] = "non_ascii",
};

const char *path_reason_name(enum path_reason reason)
{
	return (unsigned)reason < PATH_REASON_COUNT ? NAMES[reason] : NAMES[PATH_NOT_LOOKED_AT];
}

bool path_reason_is_size(enum path_reason reason)
{
	return reason == PATH_EMPTY || reason == PATH_TOO_LONG || reason == PATH_TOO_MANY_SEGMENTS;
}

static enum byte_class class_of(char c)
{
	return (enum byte_class)CLASSES[(uint8_t)c];
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool path_is_dot_segment(struct span segment)
{
	return span_is(segment, ".") || span_is(segment, "..");
}

/* The byte that "%xy" at text[at] stands for, or why it is refused. */
static enum path_reason decode_escape(struct span text, size_t at, char *out_byte)
{
	int high = at + 1 < text.len ? hex_value(text.ptr[at + 1]) : -1;
	int low = at + 2 < text.len ? hex_value(text.ptr[at + 2]) : -1;
	unsigned byte;

	if (high < 0 || low < 0)
		return PATH_BAD_ENCODING;
	byte = (unsigned)high << 4 | (unsigned)low;
	switch (byte) {
	case 0x00:
		return PATH_ENCODED_NUL;
	case '/':
		return PATH_ENCODED_SLASH;
	case '\\':
		return PATH_ENCODED_BACKSLASH;
	case '?':
		return PATH_ENCODED_QUESTION;
	case '#':
		return PATH_ENCODED_HASH;
	case ';':
		return PATH_ENCODED_SEMICOLON;
	default:
		if (byte < 0x20 || byte == 0x7F)
			return PATH_ENCODED_CONTROL;
		*out_byte = (char)byte;
		return PATH_OK;
	}
}

/* Decoded text that would decode again. A "%" in it can only have been "%25". */
static bool decodes_again(struct span decoded)
{
	for (size_t i = 0; i + 2 < decoded.len; i++) {
		if (decoded.ptr[i] == '%' && hex_value(decoded.ptr[i + 1]) >= 0 &&
			hex_value(decoded.ptr[i + 2]) >= 0)
			return true;
	}
	return false;
}

static bool has_high_byte(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if ((uint8_t)s.ptr[i] > 0x7F)
			return true;
	}
	return false;
}

/* The pass over a raw path: one segment at a time is decoded into out. */
struct scan {
	struct span raw;
	size_t at; /* in raw */
	char *out;
	size_t len;                     /* of out */
	size_t segment_at, segment_out; /* where the segment starts in raw and in out */
	size_t parameters_out;          /* where its ";" stands in out; 0: none (out[0] is "/") */
	bool escaped;                   /* it held an escape, so what came of it is to be checked */
	size_t segments_count;
	struct path_result *result;
};

static enum path_reason segment_end(struct scan *s, bool last)
{
	struct span whole = span_of(s->out + s->segment_out, s->len - s->segment_out);
	struct span name = whole;

	if (s->escaped && decodes_again(whole))
		return PATH_DOUBLE_ENCODING;
	if (s->escaped && !span_is_utf8(whole))
		return PATH_NOT_UTF8;
	if (s->parameters_out != 0) {
		name.len = s->parameters_out - s->segment_out;
		s->len = s->parameters_out;
	}
	if (name.len == 0 && (!last || s->parameters_out != 0))
		return PATH_EMPTY_SEGMENT;
	if (name.len <= 2 && path_is_dot_segment(name))
		return PATH_DOT_SEGMENT;
	if (name.len > 0 && ++s->segments_count > LIMIT_PATH_SEGMENTS)
		return PATH_TOO_MANY_SEGMENTS;
	if (s->escaped && has_high_byte(name))
		s->result->non_ascii = true;
	return PATH_OK;
}

static void segment_begin(struct scan *s)
{
	s->segment_at = s->at;
	s->segment_out = s->len;
	s->parameters_out = 0;
	s->escaped = false;
}

static void note_semicolon(struct scan *s)
{
	if (s->parameters_out != 0)
		return;
	s->parameters_out = s->len;
	if (s->result->semicolon_at == PATH_NO_SEMICOLON)
		s->result->semicolon_at = s->len;
}

/* One byte that is not plain. *out_end is set at the end of the path. */
static enum path_reason scan_special(struct scan *s, bool *out_end)
{
	enum path_reason reason;

	switch (class_of(s->raw.ptr[s->at])) {
	case BYTE_SLASH:
		reason = segment_end(s, false);
		if (reason != PATH_OK)
			return reason;
		s->out[s->len++] = '/';
		s->at++;
		segment_begin(s);
		return PATH_OK;
	case BYTE_PERCENT:
		reason = decode_escape(s->raw, s->at, &s->out[s->len]);
		if (reason != PATH_OK)
			return reason;
		s->len++;
		s->at += 3;
		s->escaped = true;
		return PATH_OK;
	case BYTE_SEMICOLON:
		note_semicolon(s);
		s->out[s->len++] = s->raw.ptr[s->at++];
		return PATH_OK;
	case BYTE_QUESTION:
		*out_end = true;
		return PATH_OK;
	case BYTE_BACKSLASH:
		return PATH_BACKSLASH;
	case BYTE_HASH:
		return PATH_FRAGMENT;
	default:
		return PATH_RAW_BYTE;
	}
}

static enum path_reason scan_query(struct span raw, size_t *at)
{
	for (; *at < raw.len; (*at)++) {
		switch (class_of(raw.ptr[*at])) {
		case BYTE_REFUSED:
		case BYTE_HIGH:
			return PATH_RAW_BYTE;
		case BYTE_HASH:
			return PATH_FRAGMENT;
		default:
			break;
		}
	}
	return PATH_OK;
}

/* raw.ptr[at] is the "/" that the path begins with. */
static enum path_reason scan_path(struct scan *s)
{
	enum path_reason reason;
	bool end = false;

	s->out[s->len++] = '/';
	s->at++;
	segment_begin(s);
	while (s->at < s->raw.len && !end) {
		char c = s->raw.ptr[s->at];

		if (class_of(c) == BYTE_PLAIN) {
			s->out[s->len++] = c;
			s->at++;
			continue;
		}
		reason = scan_special(s, &end);
		if (reason == PATH_DOT_SEGMENT || reason == PATH_EMPTY_SEGMENT)
			s->at = s->segment_at;
		if (reason != PATH_OK)
			return reason;
	}
	reason = segment_end(s, true);
	if (reason != PATH_OK) {
		s->at = s->segment_at;
		return reason;
	}
	return scan_query(s->raw, &s->at);
}

static bool starts_with_nocase(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal_nocase(span_part(s, 0, prefix.len), prefix);
}

/* The target does not begin with "/". On PATH_OK *at is where its path does. */
static enum path_reason skip_authority(struct span raw, struct span host, size_t *at)
{
	char memory[LIMIT_HOST];
	struct span canonical;
	struct span authority;
	size_t start, end;

	if (class_of(raw.ptr[0]) == BYTE_REFUSED || class_of(raw.ptr[0]) == BYTE_HIGH)
		return PATH_RAW_BYTE;
	if (span_is(raw, "*"))
		return PATH_ASTERISK;
	if (starts_with_nocase(raw, SPAN_LIT("http://")))
		start = strlen("http://");
	else if (starts_with_nocase(raw, SPAN_LIT("https://")))
		start = strlen("https://");
	else
		return memmem(raw.ptr, raw.len, "://", 3) != NULL ? PATH_OTHER_HOST
								  : PATH_AUTHORITY_FORM;
	for (end = start; end < raw.len; end++) {
		enum byte_class class = class_of(raw.ptr[end]);

		if (class == BYTE_SLASH || class == BYTE_QUESTION || class == BYTE_HASH)
			break;
	}
	authority = span_part(raw, start, end - start);
	if (!host_canonicalise(authority, memory, &canonical) || !span_present(host) ||
		!span_equal(canonical, host))
		return PATH_OTHER_HOST;
	*at = end;
	if (end < raw.len && raw.ptr[end] == '#')
		return PATH_FRAGMENT;
	return end < raw.len && raw.ptr[end] == '/' ? PATH_OK : PATH_EMPTY;
}

void path_canonicalise(struct span raw_target, struct span host, char *out, size_t size,
	struct path_result *out_result)
{
	struct scan scan = { .raw = raw_target, .out = out, .result = out_result };
	enum path_reason reason = PATH_OK;

	*out_result = (struct path_result){ .semicolon_at = PATH_NO_SEMICOLON };
	if (raw_target.len == 0)
		reason = PATH_EMPTY;
	else if (raw_target.len > LIMIT_TARGET || raw_target.len > size)
		reason = PATH_TOO_LONG;
	else if (raw_target.ptr[0] != '/')
		reason = skip_authority(raw_target, host, &scan.at);
	if (reason == PATH_OK)
		reason = scan_path(&scan);
	out_result->reason = reason;
	if (reason == PATH_OK)
		out_result->path = span_of(out, scan.len);
	else
		out_result->offset = scan.at;
}

enum path_reason path_check_service(
	const struct path_result *result, struct path_switches switches, size_t base_len)
{
	if (result->reason != PATH_OK)
		return result->reason;
	if (result->semicolon_at != PATH_NO_SEMICOLON &&
		(!switches.strip_semicolon || result->semicolon_at <= base_len))
		return PATH_SEMICOLON;
	if (result->non_ascii && switches.case_insensitive)
		return PATH_NON_ASCII;
	return PATH_OK;
}

/* Why a raw byte cannot stand in a piece of a template; PATH_OK when it can. */
static enum path_reason piece_byte(char c)
{
	switch (class_of(c)) {
	case BYTE_REFUSED:
		return PATH_RAW_BYTE;
	case BYTE_SLASH:
		return PATH_EMPTY_SEGMENT;
	case BYTE_SEMICOLON:
		return PATH_SEMICOLON;
	case BYTE_BACKSLASH:
		return PATH_BACKSLASH;
	case BYTE_QUESTION:
		return PATH_ENCODED_QUESTION;
	case BYTE_HASH:
		return PATH_FRAGMENT;
	default:
		return PATH_OK;
	}
}

enum path_reason path_decode_piece(struct span text, char *out, size_t size, size_t *out_len)
{
	size_t len = 0;

	*out_len = 0;
	for (size_t i = 0; i < text.len; i++) {
		enum path_reason reason;

		if (len == size)
			return PATH_TOO_LONG;
		out[len] = text.ptr[i];
		if (text.ptr[i] == '%') {
			reason = decode_escape(text, i, &out[len]);
			i += 2;
		} else {
			reason = piece_byte(text.ptr[i]);
		}
		if (reason != PATH_OK)
			return reason;
		len++;
	}
	if (decodes_again(span_of(out, len)))
		return PATH_DOUBLE_ENCODING;
	if (!span_is_utf8(span_of(out, len)))
		return PATH_NOT_UTF8;
	*out_len = len;
	return PATH_OK;
}

/* ---- Host ---- */

#define HOST_NAME_MAX_LEN 253u
#define HOST_LABEL_MAX 63u

static bool port_valid(struct span port)
{
	uint64_t number;

	return span_to_u64(port, &number) && number >= 1 && number <= 65535;
}

static bool canonical_ipv6(struct span inner, char out[LIMIT_HOST], struct span *out_host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (inner.len == 0 || inner.len >= sizeof(text) || memchr(inner.ptr, '\0', inner.len))
		return false;
	memcpy(text, inner.ptr, inner.len);
	text[inner.len] = '\0';
	if (inet_pton(AF_INET6, text, &address) != 1)
		return false;
	out[0] = '[';
	if (inet_ntop(AF_INET6, &address, out + 1, INET6_ADDRSTRLEN) == NULL)
		return false;
	*out_host = span_of(out, strlen(out) + 1);
	out[out_host->len - 1] = ']';
	return true;
}

static bool label_char(char c, char *out)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c + ('a' - 'A'));
	*out = c;
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool canonical_name(struct span name, char out[LIMIT_HOST], struct span *out_host)
{
	size_t label = 0; /* where the current one starts */

	if (name.len > 0 && name.ptr[name.len - 1] == '.')
		name.len--;
	if (name.len == 0 || name.len > HOST_NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.ptr[i] != '.') {
			if (!label_char(name.ptr[i], &out[i]))
				return false;
			continue;
		}
		if (i == label || i - label > HOST_LABEL_MAX || out[label] == '-' ||
			out[i - 1] == '-')
			return false;
		if (i < name.len)
			out[i] = '.';
		label = i + 1;
	}
	*out_host = span_of(out, name.len);
	return true;
}

bool host_canonicalise(struct span raw, char out[LIMIT_HOST], struct span *out_host)
{
	bool bracketed = raw.len > 0 && raw.ptr[0] == '[';
	size_t end = bracketed ? span_find(raw, ']') : span_find(raw, ':');

	static_assert(LIMIT_HOST >= HOST_NAME_MAX_LEN && LIMIT_HOST >= INET6_ADDRSTRLEN + 2,
		"a canonical host fits");
	if (bracketed && end == raw.len)
		return false;
	if (end + bracketed < raw.len) {
		struct span rest = span_part(raw, end + bracketed, raw.len);

		if (rest.ptr[0] != ':' || !port_valid(span_part(rest, 1, rest.len)))
			return false;
	}
	if (bracketed)
		return canonical_ipv6(span_part(raw, 1, end - 1), out, out_host);
	return canonical_name(span_part(raw, 0, end), out, out_host);
}
