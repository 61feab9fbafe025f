/*
 * Does the time of comparing and digesting tokens depend on what they hold?
 *
 * usage: timing [SAMPLES]
 *
 * Welch's t test between two classes of input (welch.h): classes chosen at random, both
 * copied into the same buffers by the same instructions, a sample being many calls less
 * the mean of its block of consecutive samples, on one processor. Each case is measured once.
 * Two controls: a compare that leaves at the first difference must be seen, and one class
 * against itself must not. Exits 1 when a case is not as it must be.
 */
#include "base/crypto.h"
#include "key/digest.h"
#include "key/token.h"
#include "welch.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#define COMPARED 512
#define BLOCK 128u

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

struct probe_case {
	const char *label;
	probe *call;
	unsigned calls; /* in a sample: one takes less than the clock can tell */
	bool must_differ;
};

struct series {
	double *times, *scratch;
	uint8_t *classes;
	size_t count;
};

/* One of two byte arrays, both read whole: no address and no branch tells which. */
static void choose(void *to, const void *first, const void *second, size_t len, unsigned class)
{
	const uint8_t *a = first, *b = second;
	uint8_t mask = (uint8_t)(0 - class);

	for (size_t i = 0; i < len; i++)
		((volatile uint8_t *)to)[i] = (uint8_t)(a[i] ^ (mask & (a[i] ^ b[i])));
}

static double sample(const struct probe_case *item, const struct inputs *inputs, unsigned class)
{
	static volatile bool sink;
	static struct inputs here;
	uint64_t start;

	here.context = inputs->context;
	choose(here.stored, inputs->stored, inputs->stored, COMPARED, class);
	choose(here.presented[0], inputs->presented[0], inputs->presented[1], COMPARED, class);
	choose(here.tokens[0], inputs->tokens[0], inputs->tokens[1], TOKEN_LEN, class);
	start = welch_now_ns();
	for (unsigned i = 0; i < item->calls; i++)
		sink = item->call(&here, 0);
	start = welch_now_ns() - start;
	(void)sink;
	return (double)start;
}

static void judge_block(const struct series *series, size_t from, size_t to, double crop,
	struct welch_side sides[2])
{
	struct welch_side all = { 0 };

	for (size_t i = from; i < to; i++) {
		if (series->times[i] <= crop)
			welch_add(&all, series->times[i]);
	}
	for (size_t i = from; i < to; i++) {
		if (series->times[i] <= crop)
			welch_add(&sides[series->classes[i]], series->times[i] - all.mean);
	}
}

static struct welch measure(const struct probe_case *item, const struct inputs *inputs,
	struct series *series, uint64_t *state)
{
	struct welch_side sides[2] = { { 0 }, { 0 } };
	size_t warm = series->count / 20;
	double crop;

	for (size_t i = 0; i < warm + series->count; i++) {
		uint8_t class = welch_random(state) >> 40 & 1;
		double took = sample(item, inputs, class);

		if (i >= warm) {
			series->classes[i - warm] = class;
			series->times[i - warm] = took;
		}
	}
	crop = welch_percentile(series->times, series->count, WELCH_KEPT_PERCENT, series->scratch);
	for (size_t i = 0; i < series->count; i += BLOCK)
		judge_block(series, i, i + BLOCK < series->count ? i + BLOCK : series->count, crop,
			sides);
	return welch_compare(&sides[0], &sides[1]);
}

static bool run_case(const struct probe_case *item, const struct inputs *inputs,
	struct series *series, uint64_t *state)
{
	struct welch w = measure(item, inputs, series, state);
	bool differs = fabs(w.t) > WELCH_LIMIT;

	printf("%-48s t = %8.2f, %+.4f of %.1f ns a call (seen from %.4f on)%s\n", item->label, w.t,
		w.difference / item->calls,
		welch_percentile(series->times, series->count, 50, series->scratch) / item->calls,
		w.detectable / item->calls, differs ? "  differs" : "");
	return differs == item->must_differ;
}

static bool run_all(struct inputs *inputs, struct series *series)
{
	static const struct probe_case equal_or_not[] = {
		{ "control: early exit, equal / unequal", probe_early_exit, 4, true },
		{ "crypto_equal, 512 bytes, equal / unequal", probe_equal, 16, false },
		{ "digest_equal, equal / unequal", probe_digest_equal, 256, false },
		{ "token_digest, one token / another", probe_digest, 16, false },
	};
	static const struct probe_case last_or_first[] = {
		{ "control: early exit, last byte / first byte", probe_early_exit, 4, true },
		{ "digest_equal, last byte / first byte", probe_digest_equal, 256, false },
	};
	static const struct probe_case same = { "control: digest_equal, a class against itself",
		probe_digest_equal, 256, false };
	uint64_t state = 1;
	bool ok = true;

	/* Class 0 is the stored value itself, class 1 differs from its first byte on. */
	crypto_random(inputs->stored, COMPARED);
	memcpy(inputs->presented[0], inputs->stored, COMPARED);
	for (size_t i = 0; i < COMPARED; i++)
		inputs->presented[1][i] = (uint8_t)~inputs->stored[i];
	for (size_t i = 0; i < ARRAY_LEN(equal_or_not); i++)
		ok &= run_case(&equal_or_not[i], inputs, series, &state);
	/* Unequal either way: at the first byte or at the last only. */
	memcpy(inputs->presented[0], inputs->stored, COMPARED);
	memcpy(inputs->presented[1], inputs->stored, COMPARED);
	inputs->presented[0][DIGEST_SIZE - 1] ^= 1;
	inputs->presented[1][0] ^= 1;
	for (size_t i = 0; i < ARRAY_LEN(last_or_first); i++)
		ok &= run_case(&last_or_first[i], inputs, series, &state);
	memcpy(inputs->presented[1], inputs->presented[0], COMPARED);
	ok &= run_case(&same, inputs, series, &state);
	return ok;
}

/* On the processor where it happens to be: another's clock and cache are other ones. */
static void stay_here(void)
{
	int here = sched_getcpu();
	cpu_set_t set;

	CPU_ZERO(&set);
	if (here >= 0) {
		CPU_SET((size_t)here, &set);
		(void)sched_setaffinity(0, sizeof(set), &set);
	}
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
	stay_here();
	series.count = (size_t)count;
	series.times = calloc(series.count, sizeof(double));
	series.scratch = calloc(series.count, sizeof(double));
	series.classes = calloc(series.count, 1);
	inputs.context = digest_context_make();
	if (crypto_init() == ST_OK && inputs.context != NULL && series.times != NULL &&
		series.scratch != NULL && series.classes != NULL) {
		for (size_t i = 0; i < 2; i++) {
			crypto_random(random, sizeof(random));
			token_make(TOKEN_LIVE, random, inputs.tokens[i]);
		}
		ok = run_all(&inputs, &series);
	}
	puts(ok ? "every claim holds" : "a claim does not hold");
	digest_context_free(&inputs.context);
	free(series.times);
	free(series.scratch);
	free(series.classes);
	return ok ? 0 : 1;
}
