#include "keeper/guess.h"

#include "base/clock.h"
#include "base/crypto.h"

#include <pthread.h>
#include <stdlib.h>

#define CELLS 4096u /* of each kind; a power of two */
#define PROBES 8u
#define MINUTE_US (60 * US_PER_S)
#define HOUR_US (60 * MINUTE_US)

/*
 * A source is a host: an address of IPv4, 64 bits of IPv6, for who has one address of these has
 * them all. It is part of a site (56 bits of IPv6), and of a network (48 bits, or 24 of IPv4).
 */
enum whose {
	OF_HOST,
	OF_SITE,
	OF_NETWORK,
	OF_HOST_AND_PERSON,
	OF_SITE_AND_PERSON,
	OF_NETWORK_AND_PERSON,
	OF_PERSON,
	OF_RECOVERY,
	OF_DEVICE,
	OF_SESSION,
	OF_SESSIONS,
	WHOSE_COUNT
};

/* How many failures are free, how long the first one beyond waits, and the most. */
struct patience {
	uint32_t free;
	int64_t first_us, most_us, forget_us;
	bool by_person; /* the key holds whom it is for */
	bool made_anew; /* by one that was right; else that one alone is taken back */
};

static const struct patience PATIENCE[WHOSE_COUNT] = {
	/* The wider one is, the more it takes, and the less an honest neighbour waits. */
	[OF_HOST] = { 30, US_PER_S, MINUTE_US, 15 * MINUTE_US, false, false },
	[OF_SITE] = { 120, US_PER_S, MINUTE_US / 4, 15 * MINUTE_US, false, false },
	[OF_NETWORK] = { 480, US_PER_S, MINUTE_US / 16, 15 * MINUTE_US, false, false },
	/* All of them below OF_PERSON: no one network fills that (G2). */
	[OF_HOST_AND_PERSON] = { 5, 2 * US_PER_S, 15 * MINUTE_US, HOUR_US, true, true },
	[OF_SITE_AND_PERSON] = { 10, 2 * US_PER_S, 15 * MINUTE_US, HOUR_US, true, true },
	[OF_NETWORK_AND_PERSON] = { 15, 2 * US_PER_S, 15 * MINUTE_US, HOUR_US, true, true },
	/* From anywhere: short, for it holds up the person's own new device too. */
	[OF_PERSON] = { 20, US_PER_S, MINUTE_US / 2, 15 * MINUTE_US, true, true },
	[OF_RECOVERY] = { 8, 2 * US_PER_S, 15 * MINUTE_US, HOUR_US, true, true },
	[OF_DEVICE] = { 8, 2 * US_PER_S, 15 * MINUTE_US, HOUR_US, true, true },
	[OF_SESSION] = { 8, 2 * US_PER_S, 15 * MINUTE_US, HOUR_US, false, true },
	[OF_SESSIONS] = { 24, US_PER_S, MINUTE_US, HOUR_US, false, false },
};

struct cell {
	uint64_t key; /* 0: free */
	uint32_t failures;
	int64_t last_us, until_us;
};

struct guesses {
	pthread_mutex_t lock;
	uint8_t hash_key[16];
	struct cell cells[WHOSE_COUNT][CELLS];
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

static bool is_v4(const struct http_peer *peer)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };

	return memcmp(peer->address, mapped, sizeof(mapped)) == 0;
}

/* How many bytes of an address tell these sources apart. */
static size_t source_size(const struct http_peer *peer, enum whose whose)
{
	switch (whose) {
	case OF_HOST:
	case OF_HOST_AND_PERSON:
		return is_v4(peer) ? 16 : 8;
	case OF_SITE:
	case OF_SITE_AND_PERSON:
		return 7;
	case OF_NETWORK:
	case OF_NETWORK_AND_PERSON:
		return is_v4(peer) ? 15 : 6;
	default:
		return 0;
	}
}

static void append_source(struct buf *out, const struct http_peer *peer, enum whose whose)
{
	if (peer->kind == HTTP_PEER_UNIX)
		buf_printf(out, "unix %u", peer->uid);
	else
		buf_append(out, span_of(peer->address, source_size(peer, whose)));
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
	if (whose <= OF_NETWORK_AND_PERSON)
		append_source(&text, guess->peer, whose);
	else if (whose == OF_DEVICE)
		buf_append(&text, guess->device);
	else if (whose == OF_RECOVERY)
		buf_append(&text, guess->recovery);
	else if (whose != OF_PERSON)
		buf_printf(&text, "%u %u", guess->user_slot,
			whose == OF_SESSION ? guess->session_slot : 0);
	if (PATIENCE[whose].by_person) {
		buf_append_char(&text, '\n');
		append_folded(&text, span_part(guess->account, 0, 100));
		buf_append_char(&text, '\n');
		append_folded(&text, span_part(guess->email, 0, 400));
	}
	key = crypto_hash64(guesses->hash_key, buf_span(&text));
	return key == 0 ? 1 : key;
}

/* ---- cells ---- */

static bool is_over(const struct cell *cell, enum whose whose, int64_t now_us)
{
	return cell->key == 0 || now_us - cell->last_us > PATIENCE[whose].forget_us;
}

static struct cell *cell_find(struct guesses *guesses, const struct guess *guess, enum whose whose)
{
	uint64_t key = key_of(guesses, guess, whose);

	for (uint64_t i = 0; i < PROBES; i++) {
		struct cell *cell = &guesses->cells[whose][(key + i) % CELLS];

		if (cell->key == key)
			return cell;
	}
	return NULL;
}

/* G4: is a rather to be forgotten than b? */
static bool is_lesser(const struct cell *a, const struct cell *b, enum whose whose, int64_t now_us)
{
	uint32_t of_a = is_over(a, whose, now_us) ? 0 : a->failures;
	uint32_t of_b = is_over(b, whose, now_us) ? 0 : b->failures;

	return of_a != of_b ? of_a < of_b : a->last_us < b->last_us;
}

static struct cell *cell_take(
	struct guesses *guesses, const struct guess *guess, enum whose whose, int64_t now_us)
{
	struct cell *cell = cell_find(guesses, guess, whose);
	uint64_t key = key_of(guesses, guess, whose);

	if (cell != NULL)
		return cell;
	cell = &guesses->cells[whose][key % CELLS];
	for (uint64_t i = 1; i < PROBES; i++) {
		struct cell *other = &guesses->cells[whose][(key + i) % CELLS];

		if (is_lesser(other, cell, whose, now_us))
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

/* One try less. What others were told to wait since stays. */
static void count_back(struct cell *cell, int64_t begun_us)
{
	if (cell->failures > 0)
		cell->failures--;
	if (cell->last_us == begun_us)
		cell->until_us = 0;
}

static bool has_site(const struct http_peer *peer)
{
	return peer->kind == HTTP_PEER_IP && !is_v4(peer);
}

/* Those that count for this guess. */
static size_t concerned(const struct guess *guess, enum whose out_whose[WHOSE_COUNT])
{
	enum whose last = OF_PERSON;
	size_t n = 0;

	if (guess->session_slot != 0) {
		out_whose[n++] = OF_SESSION;
		out_whose[n++] = OF_SESSIONS;
		return n;
	}
	if (span_present(guess->device)) {
		out_whose[n++] = OF_DEVICE;
		return n;
	}
	if (span_present(guess->recovery)) {
		last = OF_NETWORK;
		out_whose[n++] = OF_RECOVERY;
	}
	for (unsigned at = 0; at <= (unsigned)last; at++) {
		enum whose whose = (enum whose)at;
		bool wide = whose == OF_NETWORK || whose == OF_NETWORK_AND_PERSON;
		bool site = whose == OF_SITE || whose == OF_SITE_AND_PERSON;

		if ((wide && guess->peer->kind != HTTP_PEER_IP) || (site && !has_site(guess->peer)))
			continue;
		out_whose[n++] = whose;
	}
	return n;
}

/* ---- guesses ---- */

bool guess_begin(
	struct guesses *guesses, const struct guess *guess, int64_t now_us, int64_t *out_wait_us)
{
	enum whose whose[WHOSE_COUNT];
	size_t whose_count = concerned(guess, whose);
	int64_t wait_us = 0;

	pthread_mutex_lock(&guesses->lock);
	for (size_t i = 0; i < whose_count; i++) {
		struct cell *cell = cell_find(guesses, guess, whose[i]);

		if (cell == NULL)
			continue;
		if (is_over(cell, whose[i], now_us))
			*cell = (struct cell){ .key = cell->key };
		else if (cell->until_us - now_us > wait_us)
			wait_us = cell->until_us - now_us;
	}
	for (size_t i = 0; wait_us == 0 && i < whose_count; i++)
		count(cell_take(guesses, guess, whose[i], now_us), &PATIENCE[whose[i]], now_us);
	pthread_mutex_unlock(&guesses->lock);
	*out_wait_us = wait_us;
	return wait_us == 0;
}

static void settle(
	struct guesses *guesses, const struct guess *guess, int64_t begun_us, bool was_right)
{
	enum whose whose[WHOSE_COUNT];
	size_t whose_count = concerned(guess, whose);

	pthread_mutex_lock(&guesses->lock);
	for (size_t i = 0; i < whose_count; i++) {
		struct cell *cell = cell_find(guesses, guess, whose[i]);

		if (cell == NULL)
			continue;
		/* Who has one right login does not wash a source clean of its other tries. */
		if (was_right && PATIENCE[whose[i]].made_anew)
			*cell = (struct cell){ .key = cell->key };
		else
			count_back(cell, begun_us);
	}
	pthread_mutex_unlock(&guesses->lock);
}

void guess_right(struct guesses *guesses, const struct guess *guess, int64_t begun_us)
{
	settle(guesses, guess, begun_us, true);
}

void guess_back(struct guesses *guesses, const struct guess *guess, int64_t begun_us)
{
	settle(guesses, guess, begun_us, false);
}
