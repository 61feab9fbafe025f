/*
 * The check code of tokens: a BCH code over GF(32) with 13 check symbols.
 *
 * I1: GF(32) is the polynomials over GF(2) modulo x^5 + x^2 + 1; a symbol's bits
 *     are its coefficients.
 * I2: GF(1024) is a + bz over GF(32) with z^2 = z + 1, so z has order 3 and
 *     beta = 2z has order 31 * 3 = 93, the greatest length.
 * I3: The generator is the least polynomial over GF(32) that vanishes at beta^2 ..
 *     beta^9. Conjugation adds 31 or 62 to an exponent that 3 does not divide, so no
 *     two of the eight are conjugates: three (3, 6, 9) lie in GF(32) and five bring
 *     their conjugate along, degree 3 + 2 * 5 = 13.
 * I4: Eight consecutive powers give a distance of at least 9 at any length up to 93.
 * I5: Words that are zero but at every third place are those of a Reed-Solomon code
 *     with 8 check symbols, not 13: there nearly all codewords of the least weight
 *     lie, and a wrong codeword, when one is found, mostly differs at places that are
 *     equal modulo 3.
 *
 * The first symbol is the coefficient of the highest power. Constant memory, no
 * state; the running time depends on the symbols, which the presenter knows.
 */
#ifndef KEY_BCH_H
#define KEY_BCH_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BCH_CHECK_LEN 13u
#define BCH_LEN_MAX 93u
#define BCH_ROOTS 8u      /* consecutive powers of beta */
#define BCH_ROOT_FIRST 2u /* the first of them */

/* The check symbols that make data (data_len + 13 <= 93 symbols of 0..31) a codeword. */
void bch_make(const uint8_t *data, size_t data_len, uint8_t out_check[BCH_CHECK_LEN]);

/* True when the symbols, check part included, are a codeword. */
NODISCARD bool bch_valid(const uint8_t *symbols, size_t len);

/*
 * Mend the symbols in place. Those at the given offsets are known to be unknown
 * (erased_count of them, any value); e others may be wrong as long as
 * 2e + erased_count <= 8. False, with the symbols as they were, when no codeword
 * is that near. With more wrong symbols than that, a wrong codeword is found a few
 * times in a million (I5).
 */
NODISCARD bool bch_mend(
	uint8_t *symbols, size_t len, const uint8_t *erased_offsets, size_t erased_count);

/*
 * The symbols are a codeword with one symbol left out: true, with the first offset of
 * from..len at which it may be missing, and the symbol. Several places fit when
 * the symbol stood in a run of equals; and as the code is cyclic, a zero
 * missing at one end fits the other end too.
 */
NODISCARD bool bch_find_missing(
	const uint8_t *symbols, size_t len, size_t from, size_t *out_offset, uint8_t *out_symbol);

#endif
