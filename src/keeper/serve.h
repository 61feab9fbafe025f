/*
 * The keeper's doors: the operator's unix socket, the addresses for people, and
 * the ones for everybody. Each is a server of its own, so that none waits for
 * another. What comes before and behind the handlers is here too: pages and
 * files, what a trusted proxy says of its client, and the headers that every
 * answer to a browser carries, a refusal of the transport's included.
 */
#ifndef KEEPER_SERVE_H
#define KEEPER_SERVE_H

#include "keeper/api.h"

struct serve; /* opaque */

/*
 * Make the servers of keeper->setup's listeners; nothing is accepted before serve_run. Call
 * before the sandbox closes, with certificate and key as http_tls_open gave them (NULL: plain).
 */
NODISCARD enum status serve_open(struct keeper *keeper, struct api *api, const struct http_tls *tls,
	struct serve **out_serve);

/* Serve until keeper->stop_fd is readable. */
NODISCARD enum status serve_run(struct serve *serve);

void serve_close(struct serve **serve);

#endif
