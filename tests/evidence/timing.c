/*
 * Does the time of comparing and digesting tokens depend on what they hold?
 *
 * usage: timing [SAMPLES]
 *
 * Welch's t test between two classes of input, interleaved at random, samples above a
 * high percentile cropped (interrupts). Beyond |t| = 4.5 the times are taken to differ.
 * Each case is measured up to five times and must pass once: noise of the machine
 * comes and goes, a true difference stays. The control, a compare that leaves at the
 * first difference, must be caught each time. Exits 1 when a case fails.
 */
#include "base/crypto.h"
#include "key/digest.h"
#include "key/token.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define T_LIMIT 4.5
#define ATTEMPTS 5
#define REPEATS 16 /* calls in one sample: a single one is below the clock's grain */
#define COMPARED 512

struct inputs {
	struct digest_context *context;
	uint8_t stored[COMPARED];
	uint8_t presented[2][COMPARED];
	char tokens[2][TOKEN_LEN];
};

typedef bool probe(const struct inputs *inputs, unsigned class);

static bool probe_equal(const struct inputs *inputs, unsigned class)
{
	return crypto_equal(inputs->stored, inputs->presented[class], COMPARED);
}

static bool probe_digest_equal(const struct inputs *inputs, unsigned class)
{
	return digest_equal(inputs->stored, inputs->presented[class]);
}

static bool probe_digest(const struct inputs *inputs, unsigned class)
{
	uint8_t digest[DIGEST_SIZE];

	return token_digest(inputs->context, span_of(inputs->tokens[class], TOKEN_LEN), digest);
}

/* What must not be used: it leaves at the first byte that differs. */
static bool probe_early_exit(const struct inputs *inputs, unsigned class)
{
	const volatile uint8_t *a = inputs->stored;
	const volatile uint8_t *b = inputs->presented[class];

	for (size_t i = 0; i < COMPARED; i++) {
		if (a[i] != b[i])
			return false;
	}
	return true;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	return z ^ z >> 27;
}

static double sample(probe *call, struct inputs *inputs, unsigned class)
{
	static volatile bool sink;
	uint64_t start;

	/* Both classes take the same road to the call: one copy, one place in memory. */
	struct inputs here = *inputs;

	memcpy(here.presented[0], inputs->presented[class], COMPARED);
	memcpy(here.tokens[0], inputs->tokens[class], TOKEN_LEN);
	start = now_ns();
	for (int i = 0; i < REPEATS; i++)
		sink = call(&here, 0);
	start = now_ns() - start;
	(void)sink;
	return (double)start;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct moments {
	double count, mean, squares;
};

static void add(struct moments *m, double x)
{
	double delta = x - m->mean;

	m->count++;
	m->mean += delta / m->count;
	m->squares += delta * (x - m->mean);
}

static double welch_t(const struct moments *a, const struct moments *b)
{
	double spread =
		a->squares / (a->count - 1) / a->count + b->squares / (b->count - 1) / b->count;

	return spread == 0 ? 0 : (a->mean - b->mean) / sqrt(spread);
}

struct series {
	double *times, *sorted;
	uint8_t *classes;
	size_t count;
};

static double measure(probe *call, struct inputs *inputs, struct series *series, uint64_t *state)
{
	struct moments moments[2] = { { 0 }, { 0 } };
	double crop;

	for (size_t i = 0; i < series->count; i++) {
		series->classes[i] = next_random(state) >> 40 & 1;
		series->times[i] = sample(call, inputs, series->classes[i]);
	}
	memcpy(series->sorted, series->times, series->count * sizeof(double));
	qsort(series->sorted, series->count, sizeof(double), compare_doubles);
	crop = series->sorted[series->count * 9 / 10];
	for (size_t i = series->count / 20; i < series->count; i++) {
		if (series->times[i] <= crop)
			add(&moments[series->classes[i]], series->times[i]);
	}
	return welch_t(&moments[0], &moments[1]);
}

static bool run_case(const char *label, probe *call, bool must_differ, struct inputs *inputs,
	struct series *series, uint64_t *state)
{
	for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
		double t = measure(call, inputs, series, state);
		bool differs = fabs(t) > T_LIMIT;

		printf("%-48s t = %8.2f%s\n", label, t, differs ? "  differs" : "");
		if (must_differ || !differs)
			return differs == must_differ;
	}
	return false;
}

static bool run_all(struct inputs *inputs, struct series *series)
{
	uint64_t state = 1;
	bool ok = true;

	/* Class 0 is the stored value itself, class 1 differs from its first byte on. */
	crypto_random(inputs->stored, COMPARED);
	memcpy(inputs->presented[0], inputs->stored, COMPARED);
	for (size_t i = 0; i < COMPARED; i++)
		inputs->presented[1][i] = (uint8_t)~inputs->stored[i];
	ok &= run_case("control: early exit, equal / unequal", probe_early_exit, true, inputs,
		series, &state);
	ok &= run_case("crypto_equal, 512 bytes, equal / unequal", probe_equal, false, inputs,
		series, &state);
	ok &= run_case(
		"digest_equal, equal / unequal", probe_digest_equal, false, inputs, series, &state);
	/* Unequal either way: at the first byte or at the last only. */
	memcpy(inputs->presented[0], inputs->stored, COMPARED);
	memcpy(inputs->presented[1], inputs->stored, COMPARED);
	inputs->presented[0][DIGEST_SIZE - 1] ^= 1;
	inputs->presented[1][0] ^= 1;
	ok &= run_case("digest_equal, last byte / first byte", probe_digest_equal, false, inputs,
		series, &state);
	ok &= run_case(
		"token_digest, one token / another", probe_digest, false, inputs, series, &state);
	return ok;
}

int main(int argc, char **argv)
{
	static struct inputs inputs;
	uint8_t random[TOKEN_RANDOM_SIZE];
	struct series series = { .count = 100000 };
	uint64_t count = series.count;
	bool ok = false;

	if (argc > 2 || (argc == 2 && (!span_to_u64(span_str(argv[1]), &count) || count < 1000 ||
					      count > 10000000))) {
		(void)fprintf(stderr, "usage: timing [SAMPLES], 1000 to 10000000\n");
		return 2;
	}
	series.count = (size_t)count;
	series.times = calloc(series.count, sizeof(double));
	series.sorted = calloc(series.count, sizeof(double));
	series.classes = calloc(series.count, 1);
	inputs.context = digest_context_make();
	if (crypto_init() == ST_OK && inputs.context != NULL && series.times != NULL &&
		series.sorted != NULL && series.classes != NULL) {
		for (size_t i = 0; i < 2; i++) {
			crypto_random(random, sizeof(random));
			token_make(TOKEN_LIVE, random, inputs.tokens[i]);
		}
		ok = run_all(&inputs, &series);
	}
	puts(ok ? "every claim holds" : "a claim does not hold");
	digest_context_free(&inputs.context);
	free(series.times);
	free(series.sorted);
	free(series.classes);
	return ok ? 0 : 1;
}
