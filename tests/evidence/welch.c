#include "welch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void welch_add(struct welch_side *side, double value)
{
	double delta = value - side->mean;

	side->count++;
	side->mean += delta / side->count;
	side->squares += delta * (value - side->mean);
}

/* The variance of the side's mean. */
static double spread(const struct welch_side *side)
{
	return side->count < 2 ? 0 : side->squares / (side->count - 1) / side->count;
}

struct welch welch_compare(const struct welch_side *first, const struct welch_side *second)
{
	double error = sqrt(spread(first) + spread(second));
	double difference = second->mean - first->mean;

	return (struct welch){
		.t = error > 0 ? difference / error : 0,
		.difference = difference,
		.detectable = WELCH_LIMIT * error,
	};
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double welch_percentile(const double *values, size_t count, unsigned percent, double *scratch)
{
	if (count == 0)
		return 0;
	memcpy(scratch, values, count * sizeof(double));
	qsort(scratch, count, sizeof(double), compare_doubles);
	return scratch[(count - 1) * percent / 100];
}

uint64_t welch_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

uint64_t welch_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}
