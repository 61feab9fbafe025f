/*
 * How often one source of requests may ask what needs no credentials. Sources share a fixed table
 * by a keyed hash: it never grows, and nobody can choose whose cell he falls into.
 */
#ifndef KEEPER_SOURCE_RATE_H
#define KEEPER_SOURCE_RATE_H

#include "http/server.h"

#include <pthread.h>

#define SOURCE_RATE_CELLS 1024u

struct source_rate {
	pthread_mutex_t lock;
	uint8_t key[16];
	int64_t every_us;                      /* one more after that time */
	unsigned burst;                        /* that many at once */
	int64_t free_at_us[SOURCE_RATE_CELLS]; /* when all of a cell are free again */
};

void source_rate_open(struct source_rate *rate, unsigned burst, int64_t every_us);

/*
 * Take one for this peer: an IPv4 address, or an IPv6 network of 64 bits; the unix
 * socket's are free. 0: taken; else the seconds to wait. boot_us: base/clock.h.
 */
unsigned source_rate_take(struct source_rate *rate, const struct http_peer *peer, int64_t boot_us);

#endif
