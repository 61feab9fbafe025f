#include "base/encode.h"

static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void encode_hex(struct buf *out, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		buf_append_char(out, digits[p[i] >> 4]);
		buf_append_char(out, digits[p[i] & 15]);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool decode_hex(struct span text, void *out_bytes, size_t len)
{
	uint8_t *out = out_bytes;

	if (text.len != len * 2)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text.ptr[2 * i]);
		int low = hex_value(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void encode_base64url(struct buf *out, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t group = (uint32_t)p[i] << 16;

		if (left > 1)
			group |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			group |= p[i + 2];
		buf_append_char(out, BASE64URL[group >> 18]);
		buf_append_char(out, BASE64URL[group >> 12 & 63]);
		if (left > 1)
			buf_append_char(out, BASE64URL[group >> 6 & 63]);
		if (left > 2)
			buf_append_char(out, BASE64URL[group & 63]);
	}
}

static int base64url_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

enum status decode_base64url(struct span text, struct buf *out)
{
	uint32_t bits = 0;
	unsigned bits_count = 0;

	if (text.len % 4 == 1)
		return ST_INVALID;
	for (size_t i = 0; i < text.len; i++) {
		int value = base64url_value(text.ptr[i]);

		if (value < 0)
			return ST_INVALID;
		bits = bits << 6 | (uint32_t)value;
		bits_count += 6;
		if (bits_count >= 8) {
			bits_count -= 8;
			buf_append_char(out, (char)(bits >> bits_count & 0xFF));
		}
	}
	/* Bits that no byte uses must be zero, else two texts mean the same bytes. */
	if ((bits & ((1u << bits_count) - 1)) != 0)
		return ST_INVALID;
	return buf_ok(out) ? ST_OK : ST_LIMIT;
}
