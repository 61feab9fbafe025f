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

void html_begin(struct buf *out, enum lang lang, const char *title)
{
	buf_printf(out,
		"<!DOCTYPE html><html lang=\"%s\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		"<meta name=\"color-scheme\" content=\"light dark\"><title>",
		lang_code(lang));
	html_text(out, title);
	buf_printf(out,
		" - Llavero</title><link rel=\"stylesheet\" href=\"%s\"></head><body><main>",
		asset_plain_css());
}

void html_languages(struct buf *out, enum lang lang)
{
	buf_append_str(out, "<nav>");
	for (int i = 0; i < LANG_COUNT; i++)
		buf_printf(out, "<a href=\"?lang=%s\" hreflang=\"%s\" lang=\"%s\"%s>%s</a> ",
			lang_code((enum lang)i), lang_code((enum lang)i), lang_code((enum lang)i),
			(enum lang)i == lang ? " aria-current=\"true\"" : "",
			message_text((enum lang)i, "page.language"));
	buf_append_str(out, "</nav>");
}

void html_end(struct buf *out)
{
	buf_append_str(out, "</main></body></html>\n");
}
