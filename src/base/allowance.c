#include "base/allowance.h"

#include "base/clock.h"
#include "base/limits.h"

#define QUOTA_MARK "quota:"

static const struct {
	const char *per;
	int64_t seconds;
} WINDOWS[WINDOW_COUNT] = {
	[RATE_SECOND] = { "second", 1 },
	[RATE_MINUTE] = { "minute", 60 },
	[RATE_HOUR] = { "hour", 3600 },
	[RATE_DAY] = { "day", 86400 },
	[QUOTA_DAY] = { "day", 86400 },
	[QUOTA_MONTH] = { "month", INT64_C(30) * 86400 },
};

bool allowance_limits(const struct allowance *allowance)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < WINDOW_COUNT; i++)
		any |= allowance->counts[i];
	return any != 0;
}

bool allowance_equal(const struct allowance *a, const struct allowance *b)
{
	return memcmp(a->counts, b->counts, sizeof(a->counts)) == 0;
}

const char *window_per(enum allowance_window window)
{
	return (unsigned)window < WINDOW_COUNT ? WINDOWS[window].per : "";
}

int64_t window_us(enum allowance_window window)
{
	return (unsigned)window < WINDOW_COUNT ? WINDOWS[window].seconds * US_PER_S : 0;
}

enum status allowance_set(struct allowance *allowance, bool quota, uint64_t count, struct span per)
{
	unsigned first = quota ? QUOTA_DAY : 0, end = quota ? WINDOW_COUNT : RATE_COUNT;
	unsigned window = first;

	while (window < end && !span_is(per, WINDOWS[window].per))
		window++;
	if (window == end || count == 0)
		return ST_INVALID;
	if (count > (quota ? LIMIT_QUOTA : LIMIT_RATE))
		return ST_LIMIT;
	if (allowance->counts[window] != 0)
		return ST_EXISTS;
	if (quota && (allowance->counts[QUOTA_DAY] | allowance->counts[QUOTA_MONTH]) != 0)
		return ST_EXISTS;
	allowance->counts[window] = count;
	return ST_OK;
}

enum status allowance_item_parse(struct span text, uint64_t *out_count, struct span *out_per)
{
	size_t slash = span_find(text, '/');

	if (slash == text.len || !span_to_u64(span_part(text, 0, slash), out_count))
		return ST_INVALID;
	*out_per = span_part(text, slash + 1, text.len);
	return ST_OK;
}

void allowance_append_text(struct buf *out, const struct allowance *allowance)
{
	bool first = true;

	for (unsigned i = 0; i < WINDOW_COUNT; i++) {
		if (allowance->counts[i] == 0)
			continue;
		buf_printf(out, "%s%s%llu/%s", first ? "" : " ",
			window_is_quota((enum allowance_window)i) ? QUOTA_MARK : "",
			(unsigned long long)allowance->counts[i], WINDOWS[i].per);
		first = false;
	}
}

enum status allowance_parse_text(struct span text, struct allowance *out_allowance)
{
	struct allowance read = { 0 };

	while (text.len > 0) {
		size_t space = span_find(text, ' ');
		struct span item = span_part(text, 0, space), per;
		bool quota = span_starts_with(item, SPAN_LIT(QUOTA_MARK));
		uint64_t count;

		if (quota)
			item = span_part(item, sizeof(QUOTA_MARK) - 1, item.len);
		if (allowance_item_parse(item, &count, &per) != ST_OK ||
			allowance_set(&read, quota, count, per) != ST_OK)
			return ST_DAMAGED;
		text = span_part(text, space + 1, text.len);
	}
	*out_allowance = read;
	return ST_OK;
}

static void append_item(struct buf *out, const struct allowance *allowance, unsigned window)
{
	buf_printf(out, "{\"count\":%llu,\"per\":\"%s\"}",
		(unsigned long long)allowance->counts[window], WINDOWS[window].per);
}

void allowance_append_json(struct buf *out, const struct allowance *allowance)
{
	bool first = true, quota = false;

	if (!allowance_limits(allowance)) {
		buf_append_str(out, "null");
		return;
	}
	buf_append_str(out, "{\"rate\":[");
	for (unsigned i = 0; i < RATE_COUNT; i++) {
		if (allowance->counts[i] == 0)
			continue;
		buf_append_str(out, first ? "" : ",");
		append_item(out, allowance, i);
		first = false;
	}
	buf_append_str(out, "],\"quota\":");
	for (unsigned i = QUOTA_DAY; i < WINDOW_COUNT && !quota; i++) {
		quota = allowance->counts[i] != 0;
		if (quota)
			append_item(out, allowance, i);
	}
	buf_append_str(out, quota ? "}" : "null}");
}
