#include "keeper/console.h"

#include "base/crypto.h"
#include "base/encode.h"
#include "keeper/assets.h"
#include "keeper/html.h"

#define NONCE_SIZE 16u
#define POLICY_HEADER "Content-Security-Policy"

/* A page of the built console, and the paths that show it: itself, or all below it too. */
struct page {
	const char *path;
	bool below;
	const char *asset;
	const char *script; /* what its scripts may do beyond coming from here */
};

static const struct page PAGES[] = {
	{ "/", false, "/index.html", "" },
	{ "/login", false, "/index.html", "" },
	{ "/enrol", false, "/index.html", "" },
	{ "/overview", false, "/index.html", "" },
	{ "/keys", true, "/index.html", "" },
	{ "/profiles", true, "/index.html", "" },
	{ "/users", true, "/index.html", "" },
	{ "/catalog", true, "/index.html", "" },
	{ "/diagnose", true, "/index.html", "" },
	{ "/events", true, "/index.html", "" },
	{ "/refusals", true, "/index.html", "" },
	{ "/settings", true, "/index.html", "" },
	{ "/me", true, "/index.html", "" },
	{ "/share", false, "/share.html", "" },
	{ "/check", false, "/check.html", " 'wasm-unsafe-eval'" },
};

static const struct page *page_find(struct span path)
{
	for (size_t i = 0; i < ARRAY_LEN(PAGES); i++) {
		struct span own = span_str(PAGES[i].path);

		if (span_equal(path, own))
			return &PAGES[i];
		if (PAGES[i].below && span_starts_with(path, own) && path.ptr[own.len] == '/')
			return &PAGES[i];
	}
	return NULL;
}

/* Is gzip among what the client accepts? "gzip;q=0" and what we cannot read is a no. */
static bool takes_gzip(const struct http_request *request)
{
	struct span rest = http_header_once(request, "Accept-Encoding");

	while (rest.len > 0) {
		size_t end = span_find(rest, ',');
		struct span item = span_part(rest, 0, end);

		while (item.len > 0 && item.ptr[0] == ' ')
			item = span_part(item, 1, SIZE_MAX);
		if (span_equal_nocase(item, SPAN_LIT("gzip")))
			return true;
		rest = span_part(rest, end + 1, SIZE_MAX);
	}
	return false;
}

/* A word in a page, and what an answer has in its place: nothing that HTML would read as its own.
 */
struct place {
	struct span word, value;
};

static const struct place *place_at(struct span text, const struct place *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_starts_with(text, places[i].word))
			return &places[i];
	return NULL;
}

static void append_page(
	struct buf *out, const struct asset *asset, const struct place *places, size_t count)
{
	struct span rest = span_of(asset->plain, asset->plain_len);
	size_t at = 0;

	while (at < rest.len) {
		const struct place *place = place_at(span_part(rest, at, SIZE_MAX), places, count);

		if (place == NULL) {
			at++;
			continue;
		}
		buf_append(out, span_part(rest, 0, at));
		buf_append(out, place->value);
		rest = span_part(rest, at + place->word.len, SIZE_MAX);
		at = 0;
	}
	buf_append(out, rest);
}

static void add_policy(struct http_response *response, const struct page *page, const char *nonce)
{
	char memory[768];
	struct buf policy = BUF_ARRAY(memory);

	buf_printf(&policy,
		"default-src 'none'; script-src 'self'%s; style-src 'self' 'nonce-%s'; "
		"img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
		"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
		"require-trusted-types-for 'script'; trusted-types default",
		page->script, nonce);
	http_response_header(response, POLICY_HEADER, buf_span(&policy));
}

/* What stands in the place of every page when the console was not built. */
static enum status answer_unbuilt(
	const struct http_request *request, struct http_response *response)
{
	enum lang lang = http_request_lang(request);
	const char *title = message_text(lang, "page.no_console");

	response->status = 503;
	response->content_type = "text/html; charset=utf-8";
	http_response_header(response, "Content-Language", span_str(lang_code(lang)));
	html_begin(&response->body, lang, title);
	buf_append_str(&response->body, "<h1>");
	html_text(&response->body, title);
	buf_append_str(&response->body, "</h1><p>");
	html_text(&response->body, message_text(lang, "page.no_console_advice"));
	buf_append_str(
		&response->body, "</p><p><code>scripts/console &amp;&amp; make build</code></p>");
	html_end(&response->body, lang, false);
	return buf_ok(&response->body) ? ST_OK : ST_NO_MEMORY;
}

static enum status answer_page(const struct http_request *request, struct http_response *response,
	const struct page *page, struct span app_key_prefix)
{
	const struct asset *asset = asset_find(span_str(page->asset));
	uint8_t random[NONCE_SIZE];
	char memory[2 * NONCE_SIZE + 1];
	struct buf nonce = BUF_ARRAY(memory);
	struct place places[] = {
		{ SPAN_LIT("__NONCE__"), SPAN_ABSENT },
		{ SPAN_LIT("__APP_KEY_PREFIX__"), app_key_prefix },
	};

	crypto_random(random, sizeof(random));
	encode_hex(&nonce, random, sizeof(random));
	places[0].value = buf_span(&nonce);
	add_policy(response, page, buf_str(&nonce));
	http_response_header(response, "Cache-Control", SPAN_LIT("no-store"));
	if (asset == NULL)
		return answer_unbuilt(request, response);
	response->status = 200;
	response->content_type = asset->content_type;
	append_page(&response->body, asset, places, ARRAY_LEN(places));
	return buf_ok(&response->body) ? ST_OK : ST_NO_MEMORY;
}

/* One of the tags in If-None-Match, weak or not, is ours; or it is `*`. */
static bool has_it(const struct http_request *request, const struct asset *asset)
{
	struct span rest = http_header_once(request, "If-None-Match");
	struct span own = span_str(asset->etag + 2); /* behind W/ */

	while (rest.len > 0) {
		size_t end = span_find(rest, ',');
		struct span item = span_part(rest, 0, end);

		while (item.len > 0 && (item.ptr[0] == ' ' || item.ptr[0] == '\t'))
			item = span_part(item, 1, SIZE_MAX);
		if (span_starts_with(item, SPAN_LIT("W/")))
			item = span_part(item, 2, SIZE_MAX);
		if (span_is(item, "*") || span_starts_with(item, own))
			return true;
		rest = span_part(rest, end + 1, SIZE_MAX);
	}
	return false;
}

/* Names of files under /assets/ carry a hash of what is in them: what was fetched once stays true.
 */
static enum status answer_file(const struct http_request *request, struct http_response *response,
	const struct asset *asset)
{
	bool packed = asset->gzip_len > 0 && takes_gzip(request);
	bool hashed = span_starts_with(span_str(asset->path), SPAN_LIT("/assets/"));

	http_response_header(response, "Cache-Control",
		hashed ? SPAN_LIT("public, max-age=31536000, immutable") : SPAN_LIT("no-cache"));
	http_response_header(response, "Vary", SPAN_LIT("Accept-Encoding"));
	http_response_header(response, "ETag", span_str(asset->etag));
	if (has_it(request, asset)) {
		response->status = 304;
		return ST_OK;
	}
	response->status = 200;
	response->content_type = asset->content_type;
	if (packed)
		http_response_header(response, "Content-Encoding", SPAN_LIT("gzip"));
	buf_append(&response->body, packed ? span_of(asset->gzip, asset->gzip_len)
					   : span_of(asset->plain, asset->plain_len));
	return buf_ok(&response->body) ? ST_OK : ST_NO_MEMORY;
}

enum status console_handle(const struct http_request *request, struct span app_key_prefix,
	struct http_response *response)
{
	const struct asset *asset;
	const struct page *page;

	if (!span_is(request->method, "GET") && !span_is(request->method, "HEAD"))
		return ST_NOT_FOUND;
	page = page_find(request->path);
	if (page != NULL)
		return answer_page(request, response, page, app_key_prefix);
	asset = asset_find(request->path);
	/* A page is shown at its own path, with its policy; never as a file. */
	if (asset == NULL || strncmp(asset->content_type, "text/html", 9) == 0)
		return ST_NOT_FOUND;
	return answer_file(request, response, asset);
}

bool console_is_public(struct span path)
{
	const struct asset *asset = asset_find(path);

	return span_is(path, "/share") || span_is(path, "/check") ||
	       (asset != NULL && strncmp(asset->content_type, "text/html", 9) != 0);
}
