/*
 * What a credential of another system must be to be taken over: 32 to 512 bytes
 * of 0x21-0x7E that are not visibly weak, or an existing SHA-256. Pure.
 */
#ifndef KEY_IMPORT_H
#define KEY_IMPORT_H

#include "base/attr.h"
#include "base/limits.h"
#include "base/span.h"

enum import_verdict {
	IMPORT_UNCHECKED = 0,
	IMPORT_OK,
	IMPORT_TOO_SHORT,       /* under LIMIT_APP_TOKEN_IMPORT_MIN bytes */
	IMPORT_TOO_LONG,        /* over LIMIT_APP_TOKEN bytes */
	IMPORT_BAD_CHARACTER,   /* outside 0x21-0x7E; out_position says where */
	IMPORT_RESERVED_PREFIX, /* LV1, LT1 or LM1 and not a valid token of ours */
	IMPORT_PLACEHOLDER,     /* {{var}} and the like */
	IMPORT_FEW_CHARACTERS,  /* too few different characters */
	IMPORT_REPEATED,        /* a short piece over and over */
	IMPORT_SEQUENCE,        /* mostly runs such as abcdef or 987654 */
	IMPORT_PREDICTABLE,     /* words or a pattern: too little entropy by estimate */
	IMPORT_BAD_DIGEST,      /* not 64 hexadecimal digits */
	IMPORT_EMPTY_DIGEST,    /* all zero, or the SHA-256 of nothing */
	IMPORT_VERDICT_COUNT
};

/* out_position: counted from 1, 0 when it does not apply; may be NULL. */
NODISCARD enum import_verdict import_check_token(struct span token, size_t *out_position);

/* 64 hexadecimal digits of either case -> 32 bytes. */
NODISCARD enum import_verdict import_check_digest(struct span hex, uint8_t out_digest[32]);

/* "too_short"; also the message "token_import.too_short" in locale/. */
const char *import_verdict_name(enum import_verdict verdict);

#endif
