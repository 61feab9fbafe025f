/*
 * Raw request targets. What comes out as canonical must keep the promises that
 * the matcher builds on, and must be its own canonical path when it is encoded again.
 */
#include "base/buf.h"
#include "decide/path.h"
#include "decide/template.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void check_promises(const struct path_result *result, struct span raw)
{
	struct span path = result->path;
	bool high = false;

	must(path.len >= 1 && path.len <= raw.len && path.ptr[0] == '/');
	must(span_is_utf8(path));
	for (size_t i = 0; i < path.len; i++) {
		uint8_t byte = (uint8_t)path.ptr[i];

		must(byte >= 0x20 && byte != 0x7F && byte != '\\' && byte != '?' && byte != '#' &&
			byte != ';');
		high = high || byte > 0x7F;
	}
	must(high == result->non_ascii);
	must(memmem(path.ptr, path.len, "//", 2) == NULL);
	for (struct span rest = path; rest.len > 0;) {
		struct span segment;

		rest = span_part(rest, 1, rest.len);
		segment = span_part(rest, 0, span_find(rest, '/'));
		must(!path_is_dot_segment(segment));
		rest = span_part(rest, segment.len, rest.len);
	}
}

static void check_again(const struct path_result *result)
{
	static char memory[3 * PATH_SIZE + 1], out[PATH_SIZE];
	struct buf encoded = BUF_ARRAY(memory);
	struct path_result again;

	for (size_t i = 0; i < result->path.len; i++) {
		uint8_t byte = (uint8_t)result->path.ptr[i];

		if (byte == '%' || byte == ' ' || byte > 0x7F)
			buf_printf(&encoded, "%%%02x", byte);
		else
			buf_append_char(&encoded, (char)byte);
	}
	if (encoded.len > LIMIT_TARGET)
		return;
	path_canonicalise(buf_span(&encoded), SPAN_ABSENT, out, sizeof(out), &again);
	must(again.reason == PATH_OK && span_equal(again.path, result->path));
	must(again.semicolon_at == PATH_NO_SEMICOLON);
}

static void check_host(struct span raw)
{
	char memory[LIMIT_HOST], second[LIMIT_HOST];
	struct span host, again;

	if (!host_canonicalise(raw, memory, &host))
		return;
	must(host.len > 0 && host.len <= LIMIT_HOST);
	must(host_canonicalise(host, second, &again) && span_equal(host, again));
}

static void check_template(struct span text)
{
	static struct template t;
	static char memory[8 * LIMIT_TARGET], second[8 * LIMIT_TARGET];
	struct buf normal = BUF_ARRAY(memory), again = BUF_ARRAY(second);
	struct complaint complaint = { 0 };

	if (template_parse(text, &t, &complaint) != ST_OK) {
		must(complaint.key != NULL);
		return;
	}
	template_append_normal(&t, &normal);
	if (normal.len > LIMIT_TARGET)
		return;
	must(template_parse(buf_span(&normal), &t, NULL) == ST_OK);
	template_append_normal(&t, &again);
	must(span_equal(buf_span(&normal), buf_span(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[PATH_SIZE];
	struct span raw = span_of(data, size);
	struct path_result result;

	path_canonicalise(raw, SPAN_LIT("shop.example"), out, sizeof(out), &result);
	must(result.reason > PATH_NOT_LOOKED_AT && result.reason < PATH_REASON_COUNT);
	must(span_present(result.path) == (result.reason == PATH_OK));
	must(result.offset <= size);
	if (result.reason == PATH_OK) {
		check_promises(&result, raw);
		check_again(&result);
	}
	check_host(raw);
	check_template(raw);
	return 0;
}
