/*
 * How often one source of requests may ask what needs no credentials. Sources share a fixed table
 * by a keyed hash: it never grows, and nobody can choose whose cell he falls into. A network takes
 * as much as SOURCE_RATE_PARTS sources, so that who has one full of sources fills no table.
 */
#ifndef KEEPER_SOURCE_RATE_H
#define KEEPER_SOURCE_RATE_H

#include "http/server.h"

#include <pthread.h>

#define SOURCE_RATE_CELLS 1024u
#define SOURCE_RATE_PARTS 16u

struct source_rate {
	pthread_mutex_t lock;
	uint8_t key[16];
	int64_t every_us; /* one more after that time */
	unsigned burst;   /* that many at once */
	/* When all of a cell are free again. */
	int64_t sources_us[SOURCE_RATE_CELLS], networks_us[SOURCE_RATE_CELLS];
};

void source_rate_open(struct source_rate *rate, unsigned burst, int64_t every_us);

/*
 * Take one for this peer: an IPv4 address, or 64 bits of IPv6, and its network of 24, or 48
 * bits; the unix socket's are free. 0: taken; else the seconds to wait. boot_us: base/clock.h.
 */
unsigned source_rate_take(struct source_rate *rate, const struct http_peer *peer, int64_t boot_us);

#endif
