/*
 * Path templates, as routes are written: "/orders/{id}/items". A segment is
 *
 *   literal    "orders", percent-encoded or raw UTF-8, decoded by path.h's rules
 *   parameter  "{id}" or ":id" alone; one segment that is not empty
 *   mixed      text and parameters: "v{version}", "{a}@{b}", "x:{id}"; every
 *              parameter takes at least one byte
 *   tail       only at the end (one "/" may follow): the rest of the path, one
 *              or more segments, none empty. Spellings: {x...} {x+} {x*} {*x}
 *              {**x} {+x} {x:path} *x * **
 *
 * A trailing slash is a segment of its own, a literal of no bytes; so
 * "/files/{path...}" does not match "/files/a/", and "/files/{path...}/" does.
 * Names of parameters mean nothing. Text that would be special is written
 * percent-encoded (%2A is a star, %3A a colon at the start).
 */
#ifndef DECIDE_TEMPLATE_H
#define DECIDE_TEMPLATE_H

#include "base/buf.h"
#include "base/complaint.h"
#include "base/limits.h"

/* In the order of matching: a smaller kind beats a larger. */
enum segment_kind { SEGMENT_LITERAL = 0, SEGMENT_MIXED, SEGMENT_PARAMETER, SEGMENT_TAIL };

struct template_segment {
	enum segment_kind kind;
	uint16_t offset; /* of its label in bytes[] */
	uint16_t len;
};

/*
 * A parsed template. The label of a literal is its decoded text; of a mixed
 * segment its decoded text with one NUL for each parameter; empty otherwise.
 */
struct template
{
	size_t segments_count; /* a trailing slash included; 0 for the empty template */
	struct template_segment segments[LIMIT_PATH_SEGMENTS + 1];
	size_t bytes_len;
	char bytes[LIMIT_TARGET];
};

/*
 * Parse text. The empty text is a template without segments: the base path of
 * a service itself. Fails with ST_INVALID or ST_LIMIT and a complaint of area
 * "route" that names the text; *out is then undefined.
 */
NODISCARD enum status template_parse(
	struct span text, struct template *out, struct complaint *complaint);

/* Append the text that equal templates share: "/a/{}/v{}", "/a/{...}". It parses to the same. */
void template_append_normal(const struct template *t, struct buf *out);

static inline struct span template_label(const struct template *t, size_t i)
{
	return span_of(t->bytes + t->segments[i].offset, t->segments[i].len);
}

/* Fold the letters of ASCII, for a service that ignores case. False: it holds bytes above 0x7F. */
NODISCARD bool template_fold(struct template *t);

/* Does a mixed label (see above) take this path segment? Byte for byte. */
bool mixed_matches(struct span label, struct span segment);

/* Bytes of text in a mixed label: more beats less. */
size_t mixed_text_len(struct span label);

/* Is there a text that both take? Both are mixed labels. */
bool mixed_overlap(struct span a, struct span b);

/*
 * Append such a text. tight: one in which the parameters take as little as they
 * can, if it is easily found.
 */
void mixed_append_common(struct span a, struct span b, bool tight, struct buf *out);

/* Append a text that a mixed label takes. */
void mixed_append_example(struct span label, struct buf *out);

/*
 * A method that a route may have: 1 to LIMIT_METHOD characters of an HTTP
 * token without small letters. Else ST_INVALID and a complaint.
 */
NODISCARD enum status method_check(struct span method, struct complaint *complaint);

#endif
