/*
 * Inside of src/key only: a presented text as a row of characters, and what is
 * the same for every field.
 */
#ifndef KEY_TEXT_H
#define KEY_TEXT_H

#include "key/credential.h"

#define CELL_SPACE ' '    /* white space of any kind, invisible characters too */
#define CELL_OTHER '\x80' /* any other character outside ASCII, or a stray byte */
#define CELLS_MAX LIMIT_APP_TOKEN

/* Holds the text of a secret: wipe it. */
struct cells {
	size_t count;
	char at_secret[CELLS_MAX]; /* ASCII, CELL_SPACE or CELL_OTHER */
};

/* False when the text has more than CELLS_MAX bytes; then *out is empty. */
NODISCARD bool cells_make(struct span text, struct cells *out);
void cells_wipe(struct cells *cells);
struct span cells_span(const struct cells *cells);
/* Without the white space around. */
struct span cells_trimmed(const struct cells *cells);

char ascii_upper(char c);
char ascii_lower(char c);
bool ascii_is_lower(char c);
bool ascii_is_upper(char c);
bool ascii_is_digit(char c);

/* Set all but field of *out; length is counted in characters. */
void finding_begin(struct text_finding *out, struct span text, size_t expected);
/* Add the character at offset (from 0), in rising order. */
void finding_add(struct text_finding *out, size_t offset);
/* Add every character of length except those of the part. */
void finding_add_around(struct text_finding *out, size_t start, size_t len);

/* What every field is searched for first. True when the finding is complete. */
bool text_is_placeholder(const struct cells *cells, struct text_finding *out);
bool text_has_space(const struct cells *cells, struct text_finding *out);
/* The same text twice in a row, with or without white space between. */
bool text_is_twice(struct span text);
/* What stands around a good part that starts at offset start: quotes, Bearer, %20 or else. */
enum text_hint text_surroundings(struct span text, size_t start, size_t len);
/* For a text that has no known good part: quotes around, percent encoding, or HINT_NONE. */
enum text_hint text_wrapping(struct span text);
/* The two look alike in print or by hand, or differ by case only. */
bool text_look_alike(char wrong, char right);

#endif
