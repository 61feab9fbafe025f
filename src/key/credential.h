/*
 * What the presented text of a credential says about itself, without any
 * look-up: so it may be told to anybody, and works offline.
 *
 * A finding explains; it does not decide. A text is matched exactly first. Only
 * then is a finding given as the reason; only texts with a reserved
 * prefix are refused by their text (token_refused). Foreign texts, which have
 * no check part, are never called mistyped.
 *
 * A finding holds positions and kinds, never a character of the text: it
 * travels in answers and logs. Pure.
 */
#ifndef KEY_CREDENTIAL_H
#define KEY_CREDENTIAL_H

#include "base/span.h"
#include "key/app_key.h"
#include "key/token.h"

enum text_cause {
	TEXT_UNCHECKED = 0, /* nobody looked: not "valid" */
	TEXT_VALID,         /* ours, and the check part holds */
	TEXT_FOREIGN,       /* no check part: the text alone says nothing */
	/* In the order in which they are told when several hold. */
	TEXT_FIELDS_SWAPPED,
	TEXT_PLACEHOLDER,     /* {{var}}, ${VAR}, <token>, YOUR_TOKEN_HERE, undefined */
	TEXT_WHITESPACE,      /* inside or around */
	TEXT_WRONG_CASE,      /* right but for upper and lower case */
	TEXT_APP_KEY_TYPO,    /* an appKey of ours whose check does not hold */
	TEXT_TOKEN_TRUNCATED, /* a token of ours with an end cut off */
	TEXT_TOKEN_TYPO,      /* a token of ours with wrong characters */
	TEXT_MALFORMED,       /* bytes or a length that no credential has */
	TEXT_CAUSE_COUNT
};

/* The most helpful thing to say beside the cause. */
enum text_hint {
	HINT_NONE = 0,
	HINT_LOOK_ALIKE,         /* the wrong characters look like the right ones (O for 0) */
	HINT_NEIGHBOURS_SWAPPED, /* the two positions are swapped */
	HINT_LEFT_OUT,           /* a character is missing at the position */
	HINT_DOUBLED,            /* the character at the position repeats the one before */
	HINT_EXTRA,              /* the character at the position does not belong there */
	HINT_PASTED_TWICE,       /* the whole text twice in a row */
	HINT_QUOTED,             /* quotes around */
	HINT_BEARER,             /* "Bearer " or a header's name in front */
	HINT_URL_ENCODED,        /* %20 and the like */
	HINT_SURROUNDED,         /* a valid token with other characters before or after */
	HINT_CUT_FRONT,          /* the beginning is missing */
	HINT_CUT_END,            /* the end is missing */
	HINT_OUTER_SPACE,        /* spaces or line ends around, none inside */
	HINT_SAME_TEXT,          /* both fields hold the same text */
	HINT_MASKED,             /* stars or dots: a masked copy */
	HINT_UNSET,              /* "undefined", "null": the program had no value */
	HINT_LOWER_CASE,         /* the whole token is in lower case (and more is wrong) */
	HINT_NOT_ASCII,          /* a character outside ASCII */
	HINT_MANAGEMENT,         /* a valid management token, not an appToken */
	HINT_TEST,               /* a valid test token */
	HINT_COUNT
};

enum text_field { FIELD_NONE = 0, FIELD_APP_KEY, FIELD_APP_TOKEN, FIELD_BOTH };

#define TEXT_POSITIONS_MAX 8u

struct text_finding {
	enum text_cause cause;
	enum text_hint hint;
	enum text_field field; /* which one the finding is about */
	/*
	 * Characters (not bytes) counted from 1, as people do, in rising order. When
	 * more than TEXT_POSITIONS_MAX are known, wrong_count says how many
	 * there are and positions holds the first. 0: not known where.
	 */
	uint16_t positions[TEXT_POSITIONS_MAX];
	uint8_t positions_count;
	uint16_t wrong_count;
	uint16_t length;   /* characters of the field, at most 65535 */
	uint16_t expected; /* characters it should have; 0: no fixed number */
};

/*
 * Examine the pair, or one field (the other absent, not empty). prefix is the
 * installation's appKey prefix. The finding is of the field that tells most;
 * app_key_text and token_text give each field's own.
 */
void credential_check(struct span app_key, struct span app_token, struct span prefix,
	struct text_finding *out_finding);

void app_key_text(struct span text, struct span prefix, struct text_finding *out_finding);
void token_text(struct span text, struct text_finding *out_finding);

/* True when the cause tells something is wrong (not valid, foreign or unchecked). */
static inline bool text_tells(const struct text_finding *finding)
{
	return finding->cause > TEXT_FOREIGN;
}

/* "token_typo", as in the list of causes; "unchecked" for what is no cause. */
const char *text_cause_name(enum text_cause cause);

/* "look_alike"; also the message "hint.look_alike" in locale/. "none" for HINT_NONE. */
const char *text_hint_name(enum text_hint hint);

#endif
