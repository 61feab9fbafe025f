/* Counting use: cells, and the totals of the machine. */
#include "ledger/use.h"

#include "ledger/layout.h"

#include <string.h>
#include <unistd.h>

/* Neighbours that are looked at before a use has no place of its own. */
#define PROBES_MAX 32u
/* Of all who count in one cell somebody succeeds each time: only malice needs as many. */
#define TRIES_MAX 10000u
/* Minutes after which whoever was writing in a cell is taken for dead. */
#define DEAD_AFTER 10u
#define MINUTE_S 60u

const int64_t USE_BUCKETS_NS[USE_BUCKETS - 1] = { 500, 1000, 2000, 3000, 5000, 10000, 20000, 50000,
	100000, 500000, 1000000, 10000000 };

/* What a cell counts, as it stands there, and where it belongs. */
struct place {
	struct use_cell *table; /* the bucket's first cell */
	uint32_t mask;          /* the bucket's size less one */
	uint32_t start;
	uint64_t who, route, what;
	uint32_t minute;
	bool by_client; /* its client is a part of what it counts */
	uint64_t client[2];
	uint32_t second;
};

static uint64_t mix(uint64_t number)
{
	number *= UINT64_C(0x9E3779B97F4A7C15);
	return number ^ number >> 32;
}

static uint32_t seconds(int64_t at_us)
{
	return at_us <= 0 ? 0 : (uint32_t)(at_us / US_PER_S);
}

static uint32_t minutes_apart(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

/* ---- one cell ---- */

static bool counts_this(struct use_cell *cell, const struct place *place)
{
	if (atomic_load_explicit(&cell->who, memory_order_relaxed) != place->who ||
		atomic_load_explicit(&cell->route, memory_order_relaxed) != place->route ||
		atomic_load_explicit(&cell->what, memory_order_relaxed) != place->what ||
		atomic_load_explicit(&cell->when, memory_order_relaxed) >> 32 != place->minute)
		return false;
	return !place->by_client ||
	       (atomic_load_explicit(&cell->client[0], memory_order_relaxed) == place->client[0] &&
		       atomic_load_explicit(&cell->client[1], memory_order_relaxed) ==
			       place->client[1]);
}

/*
 * May another use have it? Only when all of its count is in the records, and it is
 * of an earlier minute: one of this minute would be claimed anew at once.
 */
static bool is_spare(struct use_cell *cell, uint64_t word, uint32_t now_minute)
{
	uint32_t count = use_counted(word), last;

	if (use_state(word) == USE_CELL_FREE)
		return true;
	if (use_state(word) == USE_CELL_CLAIMED)
		return minutes_apart(count, now_minute) > DEAD_AFTER;
	if (atomic_load_explicit(&cell->marks, memory_order_relaxed) != use_marks(count, count))
		return false;
	last = (uint32_t)atomic_load_explicit(&cell->when, memory_order_relaxed) / MINUTE_S;
	return minutes_apart(last, now_minute) > ((word & USE_LOCKED) != 0 ? DEAD_AFTER : 0);
}

static void write_last(struct use_cell *cell, const struct place *place)
{
	atomic_store_explicit(&cell->client[0], place->client[0], memory_order_release);
	atomic_store_explicit(&cell->client[1], place->client[1], memory_order_release);
	atomic_store_explicit(
		&cell->when, (uint64_t)place->minute << 32 | place->second, memory_order_release);
}

/*
 * Take a spare one, with the first use counted. Nobody sees what is written before
 * the word that says so.
 */
static bool claim(struct use_cell *cell, uint64_t word, const struct place *place)
{
	uint64_t turn = (word + USE_TURN_ONE) & USE_TURN_MASK;
	uint64_t mine =
		(uint64_t)USE_CELL_CLAIMED << USE_STATE_AT | turn | place->second / MINUTE_S;

	if (!atomic_compare_exchange_strong(&cell->word, &word, mine))
		return false;
	atomic_store_explicit(&cell->marks, 0, memory_order_release);
	atomic_store_explicit(&cell->who, place->who, memory_order_release);
	atomic_store_explicit(&cell->route, place->route, memory_order_release);
	atomic_store_explicit(&cell->what, place->what, memory_order_release);
	write_last(cell, place);
	return atomic_compare_exchange_strong(
		&cell->word, &mine, (uint64_t)USE_CELL_READY << USE_STATE_AT | turn | 1);
}

/*
 * The last use, after it was counted. Where the client is the same there is only
 * the time to write. Else two numbers change together, and one of those who come
 * at once writes them; who dies over it leaves the cell's last client as it is.
 */
static void note_last(struct use_cell *cell, uint64_t word, const struct place *place)
{
	uint64_t when = (uint64_t)place->minute << 32 | place->second;
	uint64_t locked = word | USE_LOCKED;

	if (atomic_load_explicit(&cell->client[1], memory_order_relaxed) == place->client[1] &&
		atomic_load_explicit(&cell->client[0], memory_order_relaxed) == place->client[0]) {
		if (atomic_load_explicit(&cell->when, memory_order_relaxed) < when)
			atomic_store_explicit(&cell->when, when, memory_order_relaxed);
		return;
	}
	if ((word & USE_LOCKED) != 0 || !atomic_compare_exchange_strong(&cell->word, &word, locked))
		return;
	write_last(cell, place);
	atomic_fetch_and_explicit(&cell->word, ~USE_LOCKED, memory_order_release);
}

/* Count one more there, while it is what place says. */
static bool add_one(struct use_cell *cell, uint64_t word, const struct place *place)
{
	for (uint32_t i = 0; i < TRIES_MAX; i++) {
		if (use_state(word) != USE_CELL_READY || use_counted(word) == USE_COUNT_MASK ||
			!counts_this(cell, place))
			return false;
		if (atomic_compare_exchange_weak(&cell->word, &word, word + 1)) {
			note_last(cell, word + 1, place);
			return true;
		}
	}
	return false;
}

static bool count_at(const struct place *place)
{
	uint32_t minute = place->second / MINUTE_S;

	for (uint32_t i = 0; i < PROBES_MAX && i <= place->mask; i++) {
		struct use_cell *cell = &place->table[(place->start + i) & place->mask];
		uint64_t word = atomic_load_explicit(&cell->word, memory_order_acquire);

		if (add_one(cell, word, place))
			return true;
		if (is_spare(cell, word, minute) && claim(cell, word, place))
			return true;
	}
	return false;
}

/* ---- the tables ---- */

static void find_bucket(struct place *place, struct use_cell *table, uint32_t cells_count,
	uint32_t bucket_size, uint64_t by)
{
	uint32_t buckets = cells_count / bucket_size;

	place->table = &table[(uint32_t)(mix(by) >> 16) % buckets * bucket_size];
	place->mask = bucket_size - 1;
	place->start = (uint32_t)mix(place->route ^ mix(place->what ^ place->who));
}

static uint64_t what_of(const struct use *use, uint32_t resource)
{
	return (uint64_t)resource << 32 | (uint64_t)use->cause << 16 | (uint64_t)use->token << 8 |
	       use->by;
}

/* Whoever proves nothing could name any route: those of a key and a cause are one. */
static bool names_its_route(const struct use *use)
{
	return use->cause == 0 || use->token != USE_TOKEN_NONE;
}

static bool count_own(struct ledger *ledger, const struct use *use, struct place *place)
{
	bool route = names_its_route(use);

	place->who = (uint64_t)use->account << 32 | use->key;
	place->route = route ? use->route : 0;
	place->what = what_of(use, route ? use->resource : 0);
	place->minute = place->second / MINUTE_S;
	/* All of a key's in one bucket; what has no key is spread over all. */
	find_bucket(place, ledger->use, LIMIT_USE_CELLS, USE_BUCKET,
		(uint64_t)place->minute << 32 ^
			(use->key != 0 ? use->key : mix(place->route ^ place->who)));
	return count_at(place);
}

static void count_other(struct ledger *ledger, const struct use *use, struct place *place)
{
	*place = (struct place){ .second = place->second };
	place->what = (uint64_t)use->cause << 16;
	place->who = (uint64_t)use->account << 32;
	find_bucket(place, ledger->use_other, USE_OTHER_CELLS, USE_OTHER_BUCKET, use->account);
	if (count_at(place))
		return;
	place->who = 0;
	place->table = &ledger->use_other[USE_OTHER_CELLS + use->cause];
	place->mask = 0;
	(void)count_at(place);
}

static void count_retired(struct ledger *ledger, const struct use *use, struct place *place)
{
	*place = (struct place){ .second = place->second, .by_client = true };
	memcpy(place->client, use->client.bytes, sizeof(place->client));
	place->who = (uint64_t)use->account << 32 | use->key;
	place->what = what_of(use, 0);
	find_bucket(place, ledger->use_retired, USE_RETIRED_CELLS, USE_RETIRED_BUCKET, use->key);
	place->start ^= (uint32_t)mix(place->client[0] ^ mix(place->client[1]));
	/* The use itself was counted; beyond the bucket's size its client is not known. */
	(void)count_at(place);
}

static size_t bucket_of(int64_t took_ns)
{
	size_t bucket = 0;

	while (bucket < USE_BUCKETS - 1 && took_ns > USE_BUCKETS_NS[bucket])
		bucket++;
	return bucket;
}

static void add(_Atomic uint64_t *number, uint64_t by)
{
	atomic_fetch_add_explicit(number, by, memory_order_relaxed);
}

/* Not one whose counts were carried over to another file. */
static bool is_open(struct ledger *ledger)
{
	return ledger != NULL &&
	       atomic_load_explicit(&ledger->header->left, memory_order_relaxed) == 0;
}

static uint64_t duration_of(const struct use *use)
{
	return use->took_ns > 0 ? (uint64_t)use->took_ns : 0;
}

void use_count(struct ledger *ledger, struct use_totals *unkept, const struct use *use)
{
	struct place place = { .second = seconds(use->at_us) };
	size_t bucket = bucket_of(use->took_ns);

	assert(use->cause < USE_CAUSES && use->token < USE_TOKENS && use->by < USE_BYS);
	if (!is_open(ledger)) {
		unkept->decided[use->cause]++;
		unkept->buckets[bucket]++;
		unkept->duration_ns += duration_of(use);
		return;
	}
	if (use->client.known)
		memcpy(place.client, use->client.bytes, sizeof(place.client));
	add(&ledger->stripe->decided[use->cause][bucket], 1);
	add(&ledger->stripe->duration_ns, duration_of(use));
	if (!count_own(ledger, use, &place)) {
		add(&ledger->stripe->dropped, 1);
		count_other(ledger, use, &place);
	}
	if (use->token == USE_TOKEN_RETIRED && use->client.known)
		count_retired(ledger, use, &place);
}

void use_count_untrusted(struct ledger *ledger, struct use_totals *unkept)
{
	if (!is_open(ledger))
		unkept->untrusted++;
	else
		add(&ledger->stripe->untrusted, 1);
}

/* ---- totals ---- */

void use_keep(struct ledger *ledger, struct use_totals *unkept)
{
	struct use_stripe *stripe = ledger->stripe;
	uint64_t buckets[USE_BUCKETS];

	memcpy(buckets, unkept->buckets, sizeof(buckets));
	/* Which decision took how long is not known any more; both sums stay right. */
	for (unsigned cause = 0, bucket = 0; cause < USE_CAUSES; cause++) {
		uint64_t left = unkept->decided[cause];

		add(&stripe->dropped, left);
		for (; left > 0 && bucket < USE_BUCKETS; bucket += buckets[bucket] == 0) {
			uint64_t part = left < buckets[bucket] ? left : buckets[bucket];

			add(&stripe->decided[cause][bucket], part);
			buckets[bucket] -= part;
			left -= part;
		}
	}
	add(&stripe->duration_ns, unkept->duration_ns);
	add(&stripe->untrusted, unkept->untrusted);
	*unkept = (struct use_totals){ .duration_ns = 0 };
}

static uint64_t load(const _Atomic uint64_t *number)
{
	return atomic_load_explicit(number, memory_order_relaxed);
}

static void add_stripe(struct use_totals *totals, const struct use_stripe *stripe)
{
	for (unsigned cause = 0; cause < USE_CAUSES; cause++)
		for (unsigned bucket = 0; bucket < USE_BUCKETS; bucket++) {
			uint64_t count = load(&stripe->decided[cause][bucket]);

			totals->decided[cause] += count;
			totals->buckets[bucket] += count;
		}
	totals->duration_ns += load(&stripe->duration_ns);
	totals->untrusted += load(&stripe->untrusted);
	totals->dropped += load(&stripe->dropped);
}

void use_totals_read(
	const struct ledger *ledger, const struct use_totals *unkept, struct use_totals *out)
{
	*out = *unkept;
	for (unsigned i = 0; ledger != NULL && i < USE_STRIPES; i++)
		add_stripe(out, &ledger->stripes[i]);
}

enum status use_totals_of(const char *dir, struct use_totals *out)
{
	struct use_totals totals = { .duration_ns = 0 };
	struct use_stripe stripe;
	struct ledger_header header;
	int fd = -1;
	enum status st = ledger_file_open(dir, &header, &fd);

	for (unsigned i = 0; st == ST_OK && i < USE_STRIPES; i++) {
		st = ledger_file_read(
			fd, &stripe, sizeof(stripe), region_at(REGION_TOTALS) + i * sizeof(stripe));
		if (st == ST_OK)
			add_stripe(&totals, &stripe);
	}
	if (fd >= 0)
		close(fd);
	if (st == ST_OK)
		*out = totals;
	return st;
}
