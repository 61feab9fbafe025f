#include "keeper/guess.h"

#include "base/clock.h"
#include "base/crypto.h"

#include <pthread.h>
#include <stdlib.h>

#define CELLS 8192u /* a power of two */
#define PROBES 8u
#define MINUTE_US (60 * US_PER_S)

/* How many failures are free, how long the first one beyond waits, and the most. */
struct patience {
	uint32_t free;
	int64_t first_us, most_us, forget_us;
};

enum whose { OF_SOURCE, OF_SOURCE_AND_PERSON, OF_PERSON, OF_DEVICE, WHOSE_COUNT };

static const struct patience PATIENCE[WHOSE_COUNT] = {
	[OF_SOURCE] = { 30, US_PER_S, MINUTE_US, 15 * MINUTE_US },
	[OF_SOURCE_AND_PERSON] = { 5, 2 * US_PER_S, 15 * MINUTE_US, 60 * MINUTE_US },
	/* From anywhere: short, for it holds up the person's own new device too (G2). */
	[OF_PERSON] = { 20, US_PER_S, 30 * US_PER_S, 15 * MINUTE_US },
	[OF_DEVICE] = { 8, 2 * US_PER_S, 15 * MINUTE_US, 60 * MINUTE_US },
};

struct cell {
	uint64_t key; /* 0: free */
	uint32_t failures;
	int64_t last_us, until_us;
};

struct guesses {
	pthread_mutex_t lock;
	uint8_t hash_key[16];
	struct cell cells[CELLS];
};

enum status guesses_make(struct guesses **out_guesses)
{
	struct guesses *guesses = calloc(1, sizeof(*guesses));

	if (guesses == NULL)
		return ST_NO_MEMORY;
	(void)pthread_mutex_init(&guesses->lock, NULL);
	crypto_random(guesses->hash_key, sizeof(guesses->hash_key));
	*out_guesses = guesses;
	return ST_OK;
}

void guesses_free(struct guesses **guesses)
{
	free(*guesses);
	*guesses = NULL;
}

/* ---- keys ---- */

static void append_source(struct buf *out, const struct http_peer *peer)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	bool is_v4 = memcmp(peer->address, mapped, sizeof(mapped)) == 0;

	if (peer->kind == HTTP_PEER_UNIX)
		buf_printf(out, "unix %u", peer->uid);
	else /* Of IPv6 the network: who has one address has all of it. */
		buf_append(out, span_of(peer->address, is_v4 ? 16 : 8));
}

static void append_folded(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		buf_append_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
	}
}

static uint64_t key_of(const struct guesses *guesses, const struct guess *guess, enum whose whose)
{
	char memory[1024];
	struct buf text = BUF_ARRAY(memory);
	uint64_t key;

	buf_append_char(&text, (char)('a' + whose));
	if (whose == OF_SOURCE || whose == OF_SOURCE_AND_PERSON)
		append_source(&text, guess->peer);
	if (whose == OF_DEVICE)
		buf_append(&text, guess->device);
	if (whose != OF_SOURCE) {
		buf_append_char(&text, '\n');
		append_folded(&text, span_part(guess->account, 0, 100));
		buf_append_char(&text, '\n');
		append_folded(&text, span_part(guess->email, 0, 400));
	}
	key = crypto_hash64(guesses->hash_key, buf_span(&text));
	return key == 0 ? 1 : key;
}

/* ---- cells ---- */

static struct cell *cell_find(struct guesses *guesses, uint64_t key)
{
	for (uint64_t i = 0; i < PROBES; i++) {
		struct cell *cell = &guesses->cells[(key + i) % CELLS];

		if (cell->key == key)
			return cell;
	}
	return NULL;
}

static struct cell *cell_take(struct guesses *guesses, uint64_t key)
{
	struct cell *cell = cell_find(guesses, key);

	if (cell != NULL)
		return cell;
	cell = &guesses->cells[key % CELLS];
	for (uint64_t i = 1; i < PROBES; i++) {
		struct cell *other = &guesses->cells[(key + i) % CELLS];

		if (other->last_us < cell->last_us)
			cell = other;
	}
	*cell = (struct cell){ .key = key };
	return cell;
}

static void count(struct cell *cell, const struct patience *patience, int64_t now_us)
{
	int64_t wait_us = patience->first_us;

	if (cell->failures < UINT32_MAX)
		cell->failures++;
	cell->last_us = now_us;
	if (cell->failures < patience->free)
		return;
	for (uint32_t i = patience->free; i < cell->failures && wait_us < patience->most_us; i++)
		wait_us *= 2;
	cell->until_us = now_us + (wait_us < patience->most_us ? wait_us : patience->most_us);
}

/* Those that count for this guess: a device alone, or the three of a stranger. */
static size_t concerned(const struct guess *guess, enum whose out_whose[WHOSE_COUNT])
{
	if (span_present(guess->device)) {
		out_whose[0] = OF_DEVICE;
		return 1;
	}
	out_whose[0] = OF_SOURCE;
	out_whose[1] = OF_SOURCE_AND_PERSON;
	out_whose[2] = OF_PERSON;
	return 3;
}

bool guess_begin(
	struct guesses *guesses, const struct guess *guess, int64_t now_us, int64_t *out_wait_us)
{
	enum whose whose[WHOSE_COUNT];
	size_t whose_count = concerned(guess, whose);
	int64_t wait_us = 0;

	pthread_mutex_lock(&guesses->lock);
	for (size_t i = 0; i < whose_count; i++) {
		struct cell *cell = cell_find(guesses, key_of(guesses, guess, whose[i]));

		if (cell == NULL)
			continue;
		if (now_us - cell->last_us > PATIENCE[whose[i]].forget_us)
			*cell = (struct cell){ .key = cell->key };
		else if (cell->until_us - now_us > wait_us)
			wait_us = cell->until_us - now_us;
	}
	for (size_t i = 0; wait_us == 0 && i < whose_count; i++)
		count(cell_take(guesses, key_of(guesses, guess, whose[i])), &PATIENCE[whose[i]],
			now_us);
	pthread_mutex_unlock(&guesses->lock);
	*out_wait_us = wait_us;
	return wait_us == 0;
}

void guess_right(struct guesses *guesses, const struct guess *guess)
{
	enum whose whose[WHOSE_COUNT];
	size_t whose_count = concerned(guess, whose);

	pthread_mutex_lock(&guesses->lock);
	for (size_t i = 0; i < whose_count; i++) {
		struct cell *cell = cell_find(guesses, key_of(guesses, guess, whose[i]));

		if (cell == NULL)
			continue;
		/* Who has one right login does not wash a source clean of its other tries. */
		if (whose[i] == OF_SOURCE && cell->failures > 0)
			cell->failures--;
		else if (whose[i] != OF_SOURCE)
			*cell = (struct cell){ .key = cell->key };
		cell->until_us = 0;
	}
	pthread_mutex_unlock(&guesses->lock);
}
