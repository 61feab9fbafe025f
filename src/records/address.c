/* Networks that a key or a management token may be used from: canonical text and back. */
#include "records/app_key.h"
#include "records/store.h"

#include <arpa/inet.h>

#define TEXT_MAX 64u

static bool host_bits_are_zero(const uint8_t *bytes, unsigned prefix_len, unsigned bits)
{
	for (unsigned bit = prefix_len; bit < bits; bit++)
		if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0)
			return false;
	return true;
}

static bool prefix_parse(struct span text, unsigned bits, uint8_t *out_prefix_len)
{
	uint64_t value;

	if (!span_to_u64(text, &value) || value > bits)
		return false;
	*out_prefix_len = (uint8_t)value;
	return true;
}

static bool parse(struct span text, struct record_address *out)
{
	char host[TEXT_MAX];
	size_t slash = span_find(text, '/');
	bool v6 = span_find(text, ':') < text.len;
	unsigned bits = v6 ? 128 : 32;
	struct buf b = BUF_ARRAY(host);

	*out = (struct record_address){ .family = v6 ? 6 : 4, .prefix_len = (uint8_t)bits };
	buf_append(&b, span_part(text, 0, slash));
	if (!buf_ok(&b) || strlen(buf_str(&b)) != slash)
		return false;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, buf_str(&b), out->bytes) != 1)
		return false;
	if (slash < text.len &&
		!prefix_parse(span_part(text, slash + 1, text.len), bits, &out->prefix_len))
		return false;
	return host_bits_are_zero(out->bytes, out->prefix_len, bits);
}

/* ::ffff:a.b.c.d is the IPv4 address: one network has one form. */
static void unmap(struct record_address *address)
{
	static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };

	if (address->family != 6 || address->prefix_len < 96 ||
		memcmp(address->bytes, MAPPED, sizeof(MAPPED)) != 0)
		return;
	memmove(address->bytes, address->bytes + 12, 4);
	memset(address->bytes + 4, 0, 12);
	address->family = 4;
	address->prefix_len = (uint8_t)(address->prefix_len - 96);
}

enum status record_address_parse(
	struct span text, struct record_address *out_address, struct complaint *complaint)
{
	char shown[TEXT_MAX];
	struct buf b = BUF_ARRAY(shown);
	struct record_address address;

	if (parse(text, &address)) {
		unmap(&address);
		*out_address = address;
		return ST_OK;
	}
	buf_append(&b, span_part(text, 0, TEXT_MAX - 1));
	complaint_set(complaint, "records.address", 1, "address", buf_str(&b));
	return ST_INVALID;
}

void record_address_append(struct buf *out, const struct record_address *address)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->bytes, text,
		    sizeof(text)) != NULL)
		buf_append_str(out, text);
	buf_append_char(out, '/');
	buf_append_u64(out, address->prefix_len);
}

/* ---- lists of them ---- */

enum status addresses_read(struct span text, struct arena *arena,
	const struct record_address **out_addresses, size_t *out_count)
{
	struct record_address *addresses;
	size_t count = 0;
	enum status st = ST_OK;

	if (text.len == 0)
		return ST_OK;
	addresses = arena_array(arena, LIMIT_ADDRESSES_PER_KEY, sizeof(*addresses));
	if (addresses == NULL)
		return ST_NO_MEMORY;
	while (st == ST_OK && text.len > 0 && count < LIMIT_ADDRESSES_PER_KEY) {
		size_t space = span_find(text, ' ');

		st = record_address_parse(span_part(text, 0, space), &addresses[count++], NULL);
		text = span_part(text, space + 1, text.len);
	}
	*out_addresses = addresses;
	*out_count = count;
	/* A list that cannot be read must not become "any address". */
	return st == ST_OK && text.len == 0 ? ST_OK : ST_DAMAGED;
}

void addresses_append_text(struct buf *out, const struct record_address *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(out, ' ');
		record_address_append(out, &addresses[i]);
	}
}

/* A network that only several of the others hold together counts as outside. */
static bool address_within(const struct record_address *address, const struct record_address *other)
{
	unsigned whole = other->prefix_len / 8, rest = other->prefix_len % 8;

	if (address->family != other->family || address->prefix_len < other->prefix_len)
		return false;
	if (memcmp(address->bytes, other->bytes, whole) != 0)
		return false;
	return rest == 0 || (address->bytes[whole] ^ other->bytes[whole]) >> (8 - rest) == 0;
}

bool addresses_within(const struct record_address *addresses, size_t count,
	const struct record_address *others, size_t others_count)
{
	if (others_count == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		bool within = false;

		for (size_t k = 0; k < others_count && !within; k++)
			within = address_within(&addresses[i], &others[k]);
		if (!within)
			return false;
	}
	return count > 0;
}

void addresses_append_json(struct buf *out, const struct record_address *addresses, size_t count)
{
	json_name(out, "addresses");
	buf_append_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		buf_append_str(out, i > 0 ? ",\"" : "\"");
		record_address_append(out, &addresses[i]);
		buf_append_char(out, '"');
	}
	buf_append_char(out, ']');
}
