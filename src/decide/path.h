/*
 * The canonical path: the one reading of a raw request target on which routes
 * are matched. What two servers could read differently is refused, not mended.
 *
 * The whole raw target, query included, must be free of control bytes, spaces,
 * bytes above 0x7E and "#". All other rules concern the path, that is what
 * stands before the first "?". It is percent-decoded once and compared by bytes;
 * a trailing slash counts.
 *
 * Three switches belong to a service, and the service is found by host and
 * path. So the order is:
 *
 *  1. path_canonicalise() applies every rule that is the same everywhere. It
 *     cuts ";parameters" off each segment and notes where the first one stood,
 *     and notes whether a byte above 0x7F came out of the decoding.
 *  2. routes_match() (decide/routes.h) finds the service with that path.
 *  3. It then applies the service's switches to the two notes by
 *     path_check_service(): a ";" is refused unless the service strips it, and
 *     always when it stands in the base path, because a gateway that does not
 *     strip would have sent the request to another service; a byte above 0x7F
 *     is refused when the service ignores case.
 *
 * Pure: no allocation, no I/O.
 */
#ifndef DECIDE_PATH_H
#define DECIDE_PATH_H

#include "base/attr.h"
#include "base/limits.h"
#include "base/span.h"

/* Only PATH_OK lets a request go on; zero does not. */
enum path_reason {
	PATH_NOT_LOOKED_AT = 0,
	PATH_OK,
	/* Sizes: cause request_malformed (path_reason_is_size). */
	PATH_EMPTY,             /* no target, or an absolute form without a path */
	PATH_TOO_LONG,          /* beyond LIMIT_TARGET */
	PATH_TOO_MANY_SEGMENTS, /* beyond LIMIT_PATH_SEGMENTS */
	/* Two readings: cause path_ambiguous. */
	PATH_RAW_BYTE,        /* a raw control byte, space, DEL or byte above 0x7F */
	PATH_FRAGMENT,        /* "#" */
	PATH_ASTERISK,        /* "*" */
	PATH_AUTHORITY_FORM,  /* "host:443", or whatever else does not begin with "/" */
	PATH_OTHER_HOST,      /* absolute form to another host or with another scheme */
	PATH_BACKSLASH,       /* "\" */
	PATH_BAD_ENCODING,    /* "%" without two hex digits */
	PATH_DOUBLE_ENCODING, /* decoding gives "%" and two hex digits again */
	PATH_ENCODED_SLASH,
	PATH_ENCODED_BACKSLASH,
	PATH_ENCODED_QUESTION,
	PATH_ENCODED_HASH,
	PATH_ENCODED_SEMICOLON,
	PATH_ENCODED_NUL,
	PATH_ENCODED_CONTROL, /* %01 to %1f, %7f */
	PATH_NOT_UTF8,        /* after decoding; overlong forms and surrogates too */
	PATH_DOT_SEGMENT,     /* "." or ".." in any spelling, ";parameters" or not */
	PATH_EMPTY_SEGMENT,   /* "//", also what is empty once ";parameters" are cut off */
	PATH_SEMICOLON,       /* ";" in a service that refuses it, or in a base path */
	PATH_NON_ASCII,       /* a byte above 0x7F in a service that ignores case */
	PATH_REASON_COUNT
};

/* A name for traces and logs, e.g. "encoded_slash". Never NULL. */
const char *path_reason_name(enum path_reason reason);

/* True for the sizes, which are request_malformed; the rest is path_ambiguous. */
bool path_reason_is_size(enum path_reason reason);

/* A canonical path is never longer than its raw target. */
#define PATH_SIZE LIMIT_TARGET

/* semicolon_at of a path without ";". */
#define PATH_NO_SEMICOLON SIZE_MAX

struct path_result {
	enum path_reason reason;
	size_t offset;       /* of the byte of the raw target that offends; 0 when PATH_OK */
	struct span path;    /* canonical, in the caller's memory; absent unless PATH_OK */
	size_t semicolon_at; /* offset in path where the first ";parameters" were cut off */
	bool non_ascii;      /* path holds a byte above 0x7F */
};

/*
 * The canonical path of raw_target, written to out (size at least
 * raw_target.len, PATH_SIZE is always enough). host is the canonical host of
 * the request (host_canonicalise), absent when there is none; it only decides
 * about a target in absolute form. A shorter out gives PATH_TOO_LONG. When
 * several rules are broken, the first one noticed from left to right names the reason.
 */
void path_canonicalise(struct span raw_target, struct span host, char *out, size_t size,
	struct path_result *out_result);

struct path_switches {
	bool strip_semicolon; /* else refuse */
	bool case_insensitive;
};

/*
 * Apply the switches of the service that was found to a PATH_OK result;
 * base_len is how many bytes of the path its base path covers ("/" covers
 * none). Any other reason in result comes back as it is.
 */
enum path_reason path_check_service(
	const struct path_result *result, struct path_switches switches, size_t base_len);

/*
 * Percent-decode a piece of a segment by the rules above, for those who write
 * templates: raw UTF-8 is accepted there too, "/" and ";" are not (PATH_EMPTY_SEGMENT,
 * PATH_SEMICOLON). out has size bytes; *out_len is how many were
 * written. Dot segments are not looked for: the piece may be part of a segment.
 */
enum path_reason path_decode_piece(struct span text, char *out, size_t size, size_t *out_len);

/* True for "." and "..", decoded. */
bool path_is_dot_segment(struct span segment);

/*
 * The canonical host of a Host header or authority: lower case, port removed,
 * one trailing dot removed. Strict: labels of letters, digits, "-" and "_" (1
 * to 63, no "-" at their ends), at most 253 bytes in all; an IPv6 address in
 * brackets comes out in its shortest form. A port is 1 to 65535. User info,
 * non-ASCII bytes, an empty host or port, anything else: false. out has
 * LIMIT_HOST bytes; *out_host lies in it.
 */
NODISCARD bool host_canonicalise(struct span raw, char out[LIMIT_HOST], struct span *out_host);

#endif
