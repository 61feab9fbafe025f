/*
 * Do the times of two classes differ? Welch's t over samples that were taken in a random
 * order, without those above a percentile of all classes together (interrupts, other
 * processes). Nothing is tried again: a result is what the one run said.
 */
#ifndef EVIDENCE_WELCH_H
#define EVIDENCE_WELCH_H

#include <stddef.h>
#include <stdint.h>

/* Beyond it the means are taken to differ: by chance once in 150,000 comparisons. */
#define WELCH_LIMIT 4.5
/* Of all samples, so many are kept: the quick ones, where a difference shows best. */
#define WELCH_KEPT_PERCENT 90u

struct welch_side {
	double count, mean, squares;
};

struct welch {
	double t;
	double difference; /* of the means, the second less the first */
	double detectable; /* the difference that would have reached the limit */
};

void welch_add(struct welch_side *side, double value);
struct welch welch_compare(const struct welch_side *first, const struct welch_side *second);

/* The value that percent of the values do not exceed; scratch has room for count values. */
double welch_percentile(const double *values, size_t count, unsigned percent, double *scratch);

/* A fair sequence: splitmix64. */
uint64_t welch_random(uint64_t *state);

uint64_t welch_now_ns(void);

#endif
