#include "decide/view.h"

#include "base/buf.h"
#include "base/encode.h"

#include <arpa/inet.h>

static const uint8_t IPV4_MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
#define IPV4_BITS_BEFORE 96u

bool profile_has(const struct view_profile *profile, uint32_t resource)
{
	const uint8_t *low = profile->resources;
	size_t count = profile->resources_count;

	/* Without a branch on what is found, which no processor could foresee. */
	while (count > 1) {
		size_t half = count / 2;

		low += (get_u32(low + half * sizeof(uint32_t)) <= resource) * half *
		       sizeof(uint32_t);
		count -= half;
	}
	return count == 1 && get_u32(low) == resource;
}

bool address_in(const struct address *address, const struct address_range *range)
{
	size_t whole = range->prefix_bits / 8u;
	unsigned rest = range->prefix_bits % 8u;
	uint8_t mask = (uint8_t)(0xFF00u >> rest);

	if (!address->known || range->prefix_bits > 128)
		return false;
	if (memcmp(address->bytes, range->bytes, whole) != 0)
		return false;
	return rest == 0 || (address->bytes[whole] & mask) == (range->bytes[whole] & mask);
}

/* True for an IPv4 text; *out_address is filled either way when it is an address at all. */
static enum status parse(struct span text, struct address *out_address, bool *out_is_ipv4)
{
	char copy[INET6_ADDRSTRLEN];
	struct address address = { .known = true };

	if (text.len == 0 || text.len >= sizeof(copy) || span_find(text, '\0') != text.len)
		return ST_INVALID;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	*out_is_ipv4 = inet_pton(AF_INET, copy, address.bytes + sizeof(IPV4_MAPPED)) == 1;
	if (*out_is_ipv4)
		memcpy(address.bytes, IPV4_MAPPED, sizeof(IPV4_MAPPED));
	else if (inet_pton(AF_INET6, copy, address.bytes) != 1)
		return ST_INVALID;
	*out_address = address;
	return ST_OK;
}

enum status address_parse(struct span text, struct address *out_address)
{
	bool is_ipv4;

	return parse(text, out_address, &is_ipv4);
}

static bool host_bits_zero(const struct address_range *range)
{
	for (unsigned bit = range->prefix_bits; bit < 128; bit++) {
		if ((range->bytes[bit / 8] & (0x80u >> bit % 8)) != 0)
			return false;
	}
	return true;
}

enum status address_range_parse(struct span text, struct address_range *out_range)
{
	size_t slash = span_find(text, '/');
	struct address address;
	struct address_range range = { .prefix_bits = 128 };
	uint64_t bits;
	bool is_ipv4;

	if (parse(span_part(text, 0, slash), &address, &is_ipv4) != ST_OK)
		return ST_INVALID;
	memcpy(range.bytes, address.bytes, sizeof(range.bytes));
	if (slash < text.len) {
		if (!span_to_u64(span_part(text, slash + 1, text.len), &bits) ||
			bits > (is_ipv4 ? 32u : 128u))
			return ST_INVALID;
		range.prefix_bits = (uint8_t)(bits + (is_ipv4 ? IPV4_BITS_BEFORE : 0));
	}
	if (!host_bits_zero(&range))
		return ST_INVALID;
	*out_range = range;
	return ST_OK;
}

static bool is_mapped(const uint8_t bytes[16])
{
	return memcmp(bytes, IPV4_MAPPED, sizeof(IPV4_MAPPED)) == 0;
}

static void append_bytes(struct buf *out, const uint8_t bytes[16])
{
	char text[INET6_ADDRSTRLEN];
	const char *done = is_mapped(bytes) ? inet_ntop(AF_INET, bytes + sizeof(IPV4_MAPPED), text,
						      sizeof(text))
					    : inet_ntop(AF_INET6, bytes, text, sizeof(text));

	buf_append_str(out, done == NULL ? "?" : text);
}

void address_append(struct buf *out, const struct address *address)
{
	if (address->known)
		append_bytes(out, address->bytes);
}

void address_range_append(struct buf *out, const struct address_range *range)
{
	/* A range that only begins inside the mapped block is written as IPv6. */
	bool ipv4 = is_mapped(range->bytes) && range->prefix_bits >= IPV4_BITS_BEFORE;

	append_bytes(out, range->bytes);
	if (range->prefix_bits < 128)
		buf_printf(out, "/%u", range->prefix_bits - (ipv4 ? IPV4_BITS_BEFORE : 0u));
}
