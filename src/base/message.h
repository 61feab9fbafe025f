/*
 * Texts for people, in Spanish, English and Portuguese. The texts stand in
 * locale/{es,en,pt}/{area}.json and are compiled in; a key is "area.name".
 * A text holds {named} places. A test keeps the three locales complete.
 */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include "base/buf.h"

enum lang { LANG_EN = 0, LANG_ES, LANG_PT, LANG_COUNT };

struct message_arg {
	const char *name; /* as in the text, without braces */
	struct span value;
};

/* "en" "es" "pt" */
const char *lang_code(enum lang lang);

/* Best of an Accept-Language value (q-values, "es-AR" -> es); absent or unknown: fallback. */
enum lang lang_accept(struct span accept_language, enum lang fallback);

/* From a POSIX locale name such as "pt_BR.UTF-8"; NULL or unknown: fallback. */
enum lang lang_posix(const char *locale_name, enum lang fallback);

/* Of LC_ALL, LC_MESSAGES and LANG the first that is set. */
enum lang lang_user(enum lang fallback);

/* The raw text, with its places unfilled; NULL when there is no such key. */
const char *message_text(enum lang lang, const char *key);

/* The text with its places filled; an unknown key appends the key itself, an unnamed place stays.
 */
void message_append(struct buf *out, enum lang lang, const char *key,
	const struct message_arg *args, size_t args_count);

#endif
