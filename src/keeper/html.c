#include "keeper/html.h"

#include "keeper/assets.h"

void html_text(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '&':
			buf_append_str(out, "&amp;");
			break;
		case '<':
			buf_append_str(out, "&lt;");
			break;
		case '>':
			buf_append_str(out, "&gt;");
			break;
		case '"':
			buf_append_str(out, "&quot;");
			break;
		default:
			buf_append_char(out, *text);
		}
	}
}

/* As of the pages with script: they look the same. */
#define BRAND                                                                                      \
	"<div class=\"brand\"><svg viewBox=\"0 0 32 32\" aria-hidden=\"true\">"                    \
	"<rect width=\"32\" height=\"32\" rx=\"7\" fill=\"#2f44c4\"/><g fill=\"none\""             \
	" stroke=\"#fff\" stroke-width=\"2.6\" stroke-linecap=\"round\" "                          \
	"stroke-linejoin=\"round\">"                                                               \
	"<circle cx=\"12\" cy=\"12.5\" r=\"5\"/><path d=\"M15.6 16.1 24 24.5M20.6 "                \
	"21.1l2.6-2.6\"/>"                                                                         \
	"</g></svg>Llavero</div>"

void html_begin(struct buf *out, enum lang lang, const char *title)
{
	buf_printf(out,
		"<!DOCTYPE html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		"<meta name=\"color-scheme\" content=\"light dark\"><title>",
		lang_code(lang));
	html_text(out, title);
	buf_printf(out,
		" - Llavero</title><link rel=\"stylesheet\" href=\"%s\"></head><body><main>" BRAND
		"<section>",
		asset_plain_css());
}

static void append_languages(struct buf *out, enum lang lang)
{
	buf_append_str(out, "<footer><nav>");
	for (int i = 0; i < LANG_COUNT; i++)
		buf_printf(out, "<a href=\"?lang=%s\" hreflang=\"%s\" lang=\"%s\"%s>%s</a> ",
			lang_code((enum lang)i), lang_code((enum lang)i), lang_code((enum lang)i),
			(enum lang)i == lang ? " aria-current=\"true\"" : "",
			message_text((enum lang)i, "page.language"));
	buf_append_str(out, "</nav></footer>");
}

void html_end(struct buf *out, enum lang lang, bool in_languages)
{
	buf_append_str(out, "</section></main>");
	if (in_languages)
		append_languages(out, lang);
	buf_append_str(out, "</body></html>\n");
}
