/* Text forms of bytes. Decoders take the canonical form only. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include "base/buf.h"

void encode_hex(struct buf *out, const void *bytes, size_t len);
/* Lower case, exactly len bytes; false otherwise. */
bool decode_hex(struct span text, void *out_bytes, size_t len);

/* Base64 with the URL alphabet and no padding (RFC 4648 section 5). */
void encode_base64url(struct buf *out, const void *bytes, size_t len);
/* ST_INVALID for a character outside, padding or stray bits; ST_LIMIT beyond out's ceiling. */
NODISCARD enum status decode_base64url(struct span text, struct buf *out);

/* Little-endian integers at any alignment, for what is written to disk. */
static inline void put_u16(void *at, uint16_t v)
{
	memcpy(at, &v, sizeof(v));
}
static inline void put_u32(void *at, uint32_t v)
{
	memcpy(at, &v, sizeof(v));
}
static inline void put_u64(void *at, uint64_t v)
{
	memcpy(at, &v, sizeof(v));
}
static inline uint16_t get_u16(const void *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}
static inline uint32_t get_u32(const void *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}
static inline uint64_t get_u64(const void *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the index and the ledger are little-endian: add the swaps in put_* and get_*"
#endif

#endif
