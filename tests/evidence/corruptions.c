/*
 * Corrupts valid tokens at random and compares what is said of them with what was
 * done to them.
 *
 * usage: corruptions COUNT [SEED]
 *
 * Prints a line for each way of corrupting and exits 1 when a claim fails: nothing
 * corrupted is ever valid; up to 4 wrong characters are located exactly; of 5 to 8 at most
 * 10 in a million get positions that are not exactly the wrong ones; swapped, doubled,
 * left-out and repeated text is recognised as such.
 */
#include "key/credential.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_next(uint64_t *state)
{
	/* splitmix64: every seed gives a full period. */
	uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static size_t random_below(uint64_t *state, size_t bound)
{
	return (size_t)(random_next(state) % bound);
}

enum way {
	WAY_WRONG_1,
	WAY_WRONG_4 = WAY_WRONG_1 + 3,
	WAY_WRONG_8 = WAY_WRONG_1 + 7,
	WAY_ALPHABET_1, /* the wrong characters are of the alphabet too */
	WAY_ALPHABET_4 = WAY_ALPHABET_1 + 3,
	WAY_ALPHABET_8 = WAY_ALPHABET_1 + 7,
	WAY_SWAPPED,
	WAY_LEFT_OUT,
	WAY_DOUBLED,
	WAY_TWICE,
	WAY_LOWER,
	WAY_CUT,
	WAY_SPACE,
	WAY_COUNT
};

static const char *const way_names[WAY_COUNT] = { "1 wrong", "2 wrong", "3 wrong", "4 wrong",
	"5 wrong", "6 wrong", "7 wrong", "8 wrong", "1 wrong, alphabet", "2 wrong, alphabet",
	"3 wrong, alphabet", "4 wrong, alphabet", "5 wrong, alphabet", "6 wrong, alphabet",
	"7 wrong, alphabet", "8 wrong, alphabet", "neighbours swapped", "one left out",
	"one doubled", "pasted twice", "lower case", "cut off", "inner space" };

struct tally {
	uint64_t tried, exact, silent, wrong, valid;
};

struct trial {
	char token[TOKEN_LEN];
	char text[2 * TOKEN_LEN];
	size_t len;
	bool hit[TOKEN_LEN]; /* the wrong positions */
};

static void trial_begin(struct trial *trial, uint64_t *state)
{
	uint8_t random[TOKEN_RANDOM_SIZE];

	memset(trial, 0, sizeof(*trial));
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (uint8_t)random_next(state);
	token_make((enum token_kind)(TOKEN_LIVE + random_below(state, 3)), random, trial->token);
	memcpy(trial->text, trial->token, TOKEN_LEN);
	trial->len = TOKEN_LEN;
}

/* Another character: of the alphabet, of all of ASCII, or in lower case. */
static char other_character(char c, bool in_alphabet, uint64_t *state)
{
	for (;;) {
		char other;

		switch (in_alphabet ? 0 : random_below(state, 4)) {
		case 0:
		case 1:
			other = TOKEN_ALPHABET[random_below(state, 32)];
			break;
		case 2:
			other = (char)(0x21 + random_below(state, 0x7F - 0x21));
			break;
		default:
			other = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : 'O';
		}
		if (other != c)
			return other;
	}
}

static void make_wrong(struct trial *trial, size_t count, bool in_alphabet, uint64_t *state)
{
	while (count > 0) {
		size_t at = random_below(state, TOKEN_LEN);

		if (trial->hit[at])
			continue;
		trial->hit[at] = true;
		trial->text[at] = other_character(trial->token[at], in_alphabet, state);
		count--;
	}
}

/* False when swapping changes nothing. */
static bool swap_neighbours(struct trial *trial, uint64_t *state)
{
	size_t at = random_below(state, TOKEN_LEN - 1);

	trial->text[at] = trial->token[at + 1];
	trial->text[at + 1] = trial->token[at];
	trial->hit[at] = trial->hit[at + 1] = true;
	return trial->text[at] != trial->text[at + 1];
}

static void leave_out(struct trial *trial, uint64_t *state)
{
	size_t at = random_below(state, TOKEN_LEN);

	memmove(trial->text + at, trial->token + at + 1, TOKEN_LEN - at - 1);
	trial->len--;
	/* The first place of a run, but the end where the run is the token's end. */
	while (at + 1 < TOKEN_LEN && trial->token[at + 1] == trial->token[at])
		at++;
	while (at + 1 < TOKEN_LEN && at > 0 && trial->token[at - 1] == trial->token[at])
		at--;
	trial->hit[at] = true;
}

static void double_one(struct trial *trial, uint64_t *state)
{
	size_t at = random_below(state, TOKEN_LEN);

	memcpy(trial->text + at + 1, trial->token + at, TOKEN_LEN - at);
	trial->len++;
	while (at + 1 < TOKEN_LEN && trial->token[at + 1] == trial->token[at])
		at++;
	/* The last of the run; beyond the token when its last character was doubled. */
	if (at + 1 < TOKEN_LEN)
		trial->hit[at + 1] = true;
}

static void lower_some(struct trial *trial, uint64_t *state)
{
	bool all = random_below(state, 2) == 0;

	for (size_t i = 0; i < TOKEN_LEN; i++) {
		if (trial->token[i] < 'A' || (!all && random_below(state, 4) != 0))
			continue;
		trial->text[i] = (char)(trial->token[i] | 0x20);
		trial->hit[i] = true;
	}
}

static void insert_space(struct trial *trial, uint64_t *state)
{
	size_t at = 1 + random_below(state, TOKEN_LEN - 1);

	memcpy(trial->text + at + 1, trial->token + at, TOKEN_LEN - at);
	trial->text[at] = ' ';
	trial->len++;
	trial->hit[at] = true;
}

/* False when the text is still the token. */
static bool corrupt(struct trial *trial, enum way way, uint64_t *state)
{
	switch (way) {
	case WAY_SWAPPED:
		return swap_neighbours(trial, state);
	case WAY_LEFT_OUT:
		leave_out(trial, state);
		break;
	case WAY_DOUBLED:
		double_one(trial, state);
		break;
	case WAY_TWICE:
		memcpy(trial->text + TOKEN_LEN, trial->token, TOKEN_LEN);
		trial->len = 2 * TOKEN_LEN;
		break;
	case WAY_LOWER:
		lower_some(trial, state);
		break;
	case WAY_CUT:
		trial->len = 3 + random_below(state, TOKEN_LEN - 3);
		break;
	case WAY_SPACE:
		insert_space(trial, state);
		break;
	default:
		if (way >= WAY_ALPHABET_1)
			make_wrong(trial, (size_t)(way - WAY_ALPHABET_1) + 1, true, state);
		else
			make_wrong(trial, (size_t)(way - WAY_WRONG_1) + 1, false, state);
	}
	return trial->len != TOKEN_LEN || memcmp(trial->text, trial->token, TOKEN_LEN) != 0;
}

/* The first positions that can be told, or none were. */
static bool positions_exact(const struct trial *trial, const struct text_finding *finding)
{
	size_t told = 0;
	size_t hits = 0;

	for (size_t i = 0; i < TOKEN_LEN; i++) {
		if (!trial->hit[i])
			continue;
		hits++;
		if (told < TEXT_POSITIONS_MAX &&
			(told >= finding->positions_count || finding->positions[told++] != i + 1))
			return false;
	}
	return hits == finding->wrong_count;
}

static bool is_typo(const struct text_finding *finding)
{
	return finding->cause == TEXT_TOKEN_TYPO || finding->cause == TEXT_WRONG_CASE;
}

static bool cut_or(const struct text_finding *finding, enum text_hint hint)
{
	if (finding->cause == TEXT_TOKEN_TRUNCATED)
		return finding->hint == HINT_CUT_END || finding->hint == HINT_CUT_FRONT;
	return finding->cause == TEXT_TOKEN_TYPO && finding->hint == hint;
}

static bool recognised(const struct trial *trial, enum way way, const struct text_finding *finding)
{
	switch (way) {
	case WAY_SWAPPED:
		return finding->cause == TEXT_TOKEN_TYPO && positions_exact(trial, finding) &&
		       finding->hint == HINT_NEIGHBOURS_SWAPPED;
	case WAY_LEFT_OUT:
		return cut_or(finding, HINT_LEFT_OUT) && positions_exact(trial, finding);
	case WAY_DOUBLED:
		if (finding->cause != TEXT_TOKEN_TYPO || finding->hint != HINT_DOUBLED)
			return false;
		return finding->positions[0] == TOKEN_LEN + 1 || positions_exact(trial, finding);
	case WAY_TWICE:
		return finding->cause == TEXT_TOKEN_TYPO && finding->hint == HINT_PASTED_TWICE;
	case WAY_LOWER:
		return finding->cause == TEXT_WRONG_CASE && positions_exact(trial, finding);
	case WAY_CUT:
		return finding->cause == TEXT_TOKEN_TRUNCATED;
	case WAY_SPACE:
		return finding->cause == TEXT_WHITESPACE && positions_exact(trial, finding);
	default:
		return is_typo(finding) && positions_exact(trial, finding);
	}
}

static void run_one(enum way way, uint64_t *state, struct tally *tally)
{
	struct trial trial;
	struct text_finding finding;

	trial_begin(&trial, state);
	if (!corrupt(&trial, way, state))
		return;
	tally->tried++;
	token_text(span_of(trial.text, trial.len), &finding);
	if (finding.cause == TEXT_VALID || token_valid(span_of(trial.text, trial.len)))
		tally->valid++;
	else if (recognised(&trial, way, &finding))
		tally->exact++;
	else if (finding.positions_count == 0)
		tally->silent++;
	else
		tally->wrong++;
}

static bool is_beyond_four(enum way way)
{
	return (way > WAY_WRONG_4 && way <= WAY_WRONG_8) ||
	       (way > WAY_ALPHABET_4 && way <= WAY_ALPHABET_8);
}

static bool claim_holds(enum way way, const struct tally *tally)
{
	if (tally->valid > 0)
		return false;
	return is_beyond_four(way) || tally->exact == tally->tried;
}

/* Of 5 to 8 wrong characters together. */
static bool wrong_claim_holds(const struct tally *tallies)
{
	uint64_t tried = 0;
	uint64_t wrong = 0;

	for (enum way way = 0; way < WAY_COUNT; way++) {
		tried += is_beyond_four(way) ? tallies[way].tried : 0;
		wrong += is_beyond_four(way) ? tallies[way].wrong : 0;
	}
	printf("5 to 8 wrong: %" PRIu64 " of %" PRIu64 " told wrong positions\n", wrong, tried);
	return wrong * 1000000 <= 10 * tried;
}

static bool print_tallies(const struct tally *tallies)
{
	bool holds = true;

	printf("%-20s %10s %10s %10s %10s %10s\n", "", "tried", "exact", "untold", "wrong",
		"valid");
	for (enum way way = 0; way < WAY_COUNT; way++) {
		const struct tally *t = &tallies[way];
		bool ok = claim_holds(way, t);

		printf("%-20s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64
		       "%s\n",
			way_names[way], t->tried, t->exact, t->silent, t->wrong, t->valid,
			ok ? "" : "  FAILED");
		holds = holds && ok;
	}
	return holds;
}

int main(int argc, char **argv)
{
	struct tally tallies[WAY_COUNT] = { 0 };
	uint64_t count = 0;
	uint64_t seed = 1;
	bool holds;

	if (argc < 2 || argc > 3 || !span_to_u64(span_str(argv[1]), &count) ||
		(argc == 3 && !span_to_u64(span_str(argv[2]), &seed))) {
		(void)fprintf(stderr, "usage: corruptions COUNT [SEED]\n");
		return 2;
	}
	printf("%" PRIu64 " corruptions, seed %" PRIu64 "\n", count, seed);
	for (uint64_t i = 0; i < count; i++) {
		enum way way = (enum way)(i % WAY_COUNT);

		run_one(way, &seed, &tallies[way]);
	}
	holds = print_tallies(tallies);
	holds = wrong_claim_holds(tallies) && holds;
	puts(holds ? "every claim holds" : "a claim does not hold");
	return holds ? 0 : 1;
}
