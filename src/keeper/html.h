/* Pages that need no script. */
#ifndef KEEPER_HTML_H
#define KEEPER_HTML_H

#include "base/buf.h"
#include "base/message.h"

/* Text between tags or in quotes. */
void html_text(struct buf *out, const char *text);

/*
 * All up to the open card, and what closes it; in_languages: with this page in the other
 * languages, by `?lang=`.
 */
void html_begin(struct buf *out, enum lang lang, const char *title);
void html_end(struct buf *out, enum lang lang, bool in_languages);

/* What such a page may load. */
#define HTML_POLICY                                                                                \
	"default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; "          \
	"form-action 'none'"

#endif
