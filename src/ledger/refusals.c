/* Recent refusals: written by those who decide. */
#include "ledger/refusals.h"

#include "base/crypto.h"
#include "ledger/layout.h"

#include <string.h>

/* What one may write at once, and then one each PACE_MS (E2). */
#define PROVEN_AT_ONCE 125u
#define OTHERS_AT_ONCE 30u
#define PACE_MS 10000u
/* After so long without a refusal an account's rings may become another's. */
#define QUIET_US (3600 * US_PER_S)

static uint32_t hash(const void *bytes, size_t len)
{
	static const uint8_t key[16] = "llavero-paces-1";

	return (uint32_t)crypto_hash64(key, span_of(bytes, len));
}

/* ---- whose turn it is ---- */

static _Atomic uint64_t *pace_of(struct ledger *ledger, const struct refused *refused)
{
	uint32_t place;

	if (refused->proven)
		return &ledger->paces[hash(&refused->key, sizeof(refused->key)) % PACES_HALF];
	/* The same for what is known and unknown: by the client alone. 64 bits of IPv6 are one. */
	place = refused->client.bytes[10] == 0xff
			? hash(refused->client.bytes, sizeof(refused->client.bytes))
			: hash(refused->client.bytes, 8);
	return &ledger->paces[PACES_HALF + place % PACES_HALF];
}

/* GCRA over milliseconds of the wall clock; one that was set back forgets the debt beyond all. */
static bool may_write(struct ledger *ledger, const struct refused *refused)
{
	_Atomic uint64_t *pace = pace_of(ledger, refused);
	uint64_t at_once = refused->proven ? PROVEN_AT_ONCE : OTHERS_AT_ONCE;
	uint64_t now = (uint64_t)refused->at_us / 1000, free_at = atomic_load(pace);
	uint64_t debt = free_at > now ? free_at - now : 0;

	if (debt > at_once * PACE_MS) {
		debt = at_once * PACE_MS;
		(void)atomic_compare_exchange_strong(pace, &free_at, now + debt);
	}
	if (debt > (at_once - 1) * PACE_MS)
		return false;
	/* Who loses the race writes too: that is one more. */
	(void)atomic_compare_exchange_strong(pace, &free_at, now + debt + PACE_MS);
	return true;
}

/* ---- in which ring ---- */

static bool is_quiet(const struct refusal_rings *rings, int64_t now_us)
{
	int64_t last = atomic_load_explicit(&rings->last_at_us, memory_order_relaxed);

	return now_us - last > QUIET_US || last - now_us > QUIET_US;
}

static struct refusal_rings *take_quiet(struct ledger *ledger, uint32_t account, int64_t now_us)
{
	for (uint32_t i = 0; i < LIMIT_REFUSAL_ACCOUNTS; i++) {
		struct refusal_rings *rings = &ledger->rings[RINGS_OWN + i];
		uint32_t owner = atomic_load(&rings->account);

		if ((owner == 0 || is_quiet(rings, now_us)) &&
			atomic_compare_exchange_strong(&rings->account, &owner, account))
			return rings;
	}
	return &ledger->rings[RINGS_SHARED];
}

static struct refusal_rings *rings_of(struct ledger *ledger, uint32_t account, int64_t now_us)
{
	if (account == 0)
		return &ledger->rings[RINGS_OF_NONE];
	for (uint32_t i = 0; i < LIMIT_REFUSAL_ACCOUNTS; i++) {
		struct refusal_rings *rings = &ledger->rings[RINGS_OWN + i];

		if (atomic_load_explicit(&rings->account, memory_order_relaxed) == account)
			return rings;
	}
	return take_quiet(ledger, account, now_us);
}

/* ---- the entry ---- */

static size_t copy(char *to, struct span from, size_t most)
{
	size_t len = from.len < most ? from.len : most;

	if (len > 0)
		memcpy(to, from.ptr, len);
	return len;
}

uint64_t refusal_check(const struct refusal_bytes *bytes)
{
	static const uint8_t key[16] = "llavero-refusal";

	return crypto_hash64(key,
		span_of(&bytes->at_us, sizeof(*bytes) - offsetof(struct refusal_bytes, at_us)));
}

static void entry_make(const struct refused *refused, struct refusal_bytes *out)
{
	*out = (struct refusal_bytes){ .at_us = refused->at_us,
		.account = refused->account,
		.key = refused->key,
		.route = refused->route,
		.client_known = refused->client.known,
		.cause = refused->cause,
		.by = refused->by,
		.proven = refused->proven };
	if (refused->client.known)
		memcpy(out->client, refused->client.bytes, sizeof(out->client));
	out->request_id_len =
		(uint8_t)copy(out->request_id, refused->request_id, sizeof(out->request_id));
	out->method_len = (uint8_t)copy(out->method, refused->method, sizeof(out->method));
	out->diagnosis_len =
		(uint16_t)copy(out->diagnosis, refused->diagnosis, sizeof(out->diagnosis));
	out->check = refusal_check(out);
}

/*
 * A place whose writer died stays odd until the ring comes round. One who is slower
 * than a whole round of the others finds its place taken, and gives up.
 */
static void entry_write(
	struct refusal_entry *entry, uint64_t number, const struct refusal_bytes *bytes)
{
	uint64_t seq = atomic_load(&entry->seq), writing = number * 2 + 1;
	uint64_t words[REFUSAL_WORDS];

	if (seq >= writing || !atomic_compare_exchange_strong(&entry->seq, &seq, writing))
		return;
	memcpy(words, bytes, sizeof(words));
	for (size_t i = 0; i < REFUSAL_WORDS; i++)
		atomic_store_explicit(&entry->words[i], words[i], memory_order_relaxed);
	(void)atomic_compare_exchange_strong(&entry->seq, &writing, writing + 1);
}

void refusals_note(struct ledger *ledger, const struct refused *refused)
{
	struct refusal_bytes bytes;
	struct refusal_rings *rings;
	unsigned kind = refused->proven ? RING_PROVEN : RING_OTHERS;
	uint64_t number;

	if (ledger == NULL || !may_write(ledger, refused))
		return;
	entry_make(refused, &bytes);
	rings = rings_of(ledger, refused->account, refused->at_us);
	number = atomic_fetch_add(&rings->next[kind], 1);
	entry_write(&rings->entries[kind][number % REFUSALS_RING], number, &bytes);
	atomic_store_explicit(&rings->last_at_us, refused->at_us, memory_order_relaxed);
}
