#include "keeper/source_rate.h"

#include "base/clock.h"
#include "base/crypto.h"

void source_rate_open(struct source_rate *rate, unsigned burst, int64_t every_us)
{
	*rate = (struct source_rate){ .every_us = every_us, .burst = burst };
	(void)pthread_mutex_init(&rate->lock, NULL);
	crypto_random(rate->key, sizeof(rate->key));
}

static int64_t *cell_of(
	struct source_rate *rate, int64_t cells[SOURCE_RATE_CELLS], struct span address)
{
	return &cells[crypto_hash64(rate->key, address) % SOURCE_RATE_CELLS];
}

/* How long until one more may be taken of a cell, within the burst. What is taken lies ahead. */
static int64_t wait_of(int64_t *cell, int64_t boot_us, int64_t every_us, unsigned burst)
{
	if (*cell < boot_us)
		*cell = boot_us;
	return *cell + every_us - boot_us - (int64_t)burst * every_us;
}

unsigned source_rate_take(struct source_rate *rate, const struct http_peer *peer, int64_t boot_us)
{
	static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
	bool v4 = memcmp(peer->address, MAPPED, sizeof(MAPPED)) == 0;
	int64_t network_every_us = rate->every_us / SOURCE_RATE_PARTS;
	int64_t *source = cell_of(rate, rate->sources_us, span_of(peer->address, v4 ? 16 : 8));
	int64_t *network = cell_of(rate, rate->networks_us, span_of(peer->address, v4 ? 15 : 6));
	int64_t wait_us, network_wait_us;

	if (peer->kind == HTTP_PEER_UNIX)
		return 0;
	(void)pthread_mutex_lock(&rate->lock);
	wait_us = wait_of(source, boot_us, rate->every_us, rate->burst);
	network_wait_us =
		wait_of(network, boot_us, network_every_us, rate->burst * SOURCE_RATE_PARTS);
	if (network_wait_us > wait_us)
		wait_us = network_wait_us;
	if (wait_us <= 0) {
		*source += rate->every_us;
		*network += network_every_us;
	}
	(void)pthread_mutex_unlock(&rate->lock);
	return wait_us <= 0 ? 0 : (unsigned)((wait_us + US_PER_S - 1) / US_PER_S);
}
