#include "keeper/source_rate.h"

#include "base/clock.h"
#include "base/crypto.h"

#define IPV6_NETWORK_SIZE 8u

void source_rate_open(struct source_rate *rate, unsigned burst, int64_t every_us)
{
	*rate = (struct source_rate){ .every_us = every_us, .burst = burst };
	(void)pthread_mutex_init(&rate->lock, NULL);
	crypto_random(rate->key, sizeof(rate->key));
}

static size_t cell_of(const struct source_rate *rate, const struct http_peer *peer)
{
	static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
	bool v4 = memcmp(peer->address, MAPPED, sizeof(MAPPED)) == 0;
	size_t len = v4 ? sizeof(peer->address) : IPV6_NETWORK_SIZE;

	return crypto_hash64(rate->key, span_of(peer->address, len)) % SOURCE_RATE_CELLS;
}

unsigned source_rate_take(struct source_rate *rate, const struct http_peer *peer, int64_t boot_us)
{
	int64_t *cell, wait_us;

	if (peer->kind == HTTP_PEER_UNIX)
		return 0;
	cell = &rate->free_at_us[cell_of(rate, peer)];
	(void)pthread_mutex_lock(&rate->lock);
	if (*cell < boot_us)
		*cell = boot_us;
	/* What is taken lies ahead; within the burst there is room for one more. */
	wait_us = *cell + rate->every_us - boot_us - (int64_t)rate->burst * rate->every_us;
	if (wait_us <= 0)
		*cell += rate->every_us;
	(void)pthread_mutex_unlock(&rate->lock);
	return wait_us <= 0 ? 0 : (unsigned)((wait_us + US_PER_S - 1) / US_PER_S);
}
