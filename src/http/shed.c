/*
 * When there is no room for one more from an address, who holds most gives way: of the network
 * with most connections those go that have waited longest, first of those that owe us a
 * request, then of those that send or fetch slowly. So nobody keeps others out by holding
 * connections open, however fast he comes back. Who is being worked for stays.
 */
#include "http/internal.h"

#include "base/crypto.h"

#include <sys/socket.h>

#define NETWORKS 1024u /* counted by a keyed hash: nobody chooses with whom he is counted */
#define AT_ONCE 16u

struct crowd {
	unsigned held[NETWORKS];
	unsigned most; /* what the largest holds */
};

/* 48 bits of IPv6, 24 of IPv4. */
static size_t network_of(const struct http_server *server, const struct http_peer *peer)
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	size_t len = memcmp(peer->address, mapped, sizeof(mapped)) == 0 ? 15 : 6;

	return crypto_hash64(server->hash_key, span_of(peer->address, len)) % NETWORKS;
}

static bool is_held(const struct http_connection *c)
{
	return c->peer.kind == HTTP_PEER_IP && !c->cut;
}

static struct crowd crowd_of(const struct http_server *server, unsigned *out_count)
{
	struct crowd crowd = { .most = 0 };

	*out_count = 0;
	for (const struct http_connection *c = server->connections; c != NULL; c = c->next) {
		unsigned *held = &crowd.held[network_of(server, &c->peer)];

		if (!is_held(c))
			continue;
		++*out_count;
		if (++*held > crowd.most)
			crowd.most = *held;
	}
	return crowd;
}

/* Rather a than b (NULL: nobody yet)? Who owes a request before who has sent one; then the longer.
 */
static bool is_rather(const struct http_connection *a, const struct http_connection *b)
{
	bool a_owes = a->phase == PHASE_WAITING || a->phase == PHASE_HEADERS, b_owes;

	if (b == NULL)
		return true;
	b_owes = b->phase == PHASE_WAITING || b->phase == PHASE_HEADERS;
	return a_owes != b_owes ? a_owes : a->phase_began_us < b->phase_began_us;
}

static struct http_connection *victim_of(struct http_server *server, const struct crowd *crowd)
{
	struct http_connection *victim = NULL;

	for (struct http_connection *c = server->connections; c != NULL; c = c->next) {
		if (is_held(c) && c->phase != PHASE_HANDLER &&
			crowd->held[network_of(server, &c->peer)] == crowd->most &&
			is_rather(c, victim))
			victim = c;
	}
	return victim;
}

void shed(struct http_server *server, unsigned most)
{
	/* Those that were cut a moment ago are on their way out. */
	for (unsigned i = 0; i < AT_ONCE; i++) {
		unsigned count;
		struct crowd crowd = crowd_of(server, &count);
		struct http_connection *victim = NULL;

		if (count + i >= most)
			victim = victim_of(server, &crowd);
		if (victim == NULL)
			return;
		connection_cut(victim, SHUT_RDWR);
	}
}
