#include "base/span.h"

int span_compare(struct span a, struct span b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common == 0 ? 0 : memcmp(a.ptr, b.ptr, common);

	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i]))
			return false;
	}
	return true;
}

size_t span_find(struct span s, char b)
{
	const char *hit = s.len == 0 ? NULL : memchr(s.ptr, b, s.len);

	return hit == NULL ? s.len : (size_t)(hit - s.ptr);
}

bool span_to_u64(struct span s, uint64_t *out_value)
{
	uint64_t value = 0;

	if (s.len == 0 || (s.len > 1 && s.ptr[0] == '0'))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
			__builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value))
			return false;
	}
	*out_value = value;
	return true;
}

/* Length of the sequence that starts with lead, and the range of its second byte. */
static size_t utf8_sequence(uint8_t lead, uint8_t *out_low, uint8_t *out_high)
{
	*out_low = 0x80;
	*out_high = 0xBF;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF) {
		if (lead == 0xE0)
			*out_low = 0xA0;
		if (lead == 0xED)
			*out_high = 0x9F;
		return 3;
	}
	if (lead >= 0xF0 && lead <= 0xF4) {
		if (lead == 0xF0)
			*out_low = 0x90;
		if (lead == 0xF4)
			*out_high = 0x8F;
		return 4;
	}
	return 0;
}

bool span_is_utf8(struct span s)
{
	for (size_t i = 0; i < s.len;) {
		uint8_t lead = (uint8_t)s.ptr[i];
		uint8_t low, high;
		size_t len;

		if (lead < 0x80) {
			i++;
			continue;
		}
		len = utf8_sequence(lead, &low, &high);
		if (len == 0 || len > s.len - i)
			return false;
		if ((uint8_t)s.ptr[i + 1] < low || (uint8_t)s.ptr[i + 1] > high)
			return false;
		for (size_t k = 2; k < len; k++) {
			if (((uint8_t)s.ptr[i + k] & 0xC0) != 0x80)
				return false;
		}
		i += len;
	}
	return true;
}
