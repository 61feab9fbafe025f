/* The listening sockets: bound by the supervisor before it drops its privileges. */
#ifndef LLAVEROD_SOCKETS_H
#define LLAVEROD_SOCKETS_H

#include "llaverod/config.h"

#define SOCKETS_KEEPER_MAX (CONFIG_LISTENS_MAX + 1)

struct sockets {
	size_t gate_count;
	struct http_listener gate[GATE_LISTENERS_MAX]; /* ids are their numbers here */
	size_t keeper_count;
	struct http_listener keeper[SOCKETS_KEEPER_MAX];
	size_t public_count;
	struct http_listener public[CONFIG_LISTENS_MAX];
	size_t paths_count;
	const char *paths[GATE_LISTENERS_MAX + 1]; /* unix sockets to remove at the end */
};

/*
 * Bind all that the configuration names. On failure nothing stays bound, and
 * the complaint says which address and what to do.
 */
NODISCARD enum status sockets_open(
	const struct config *config, struct sockets *out_sockets, struct complaint *complaint);

void sockets_close_gate(struct sockets *sockets);
void sockets_close_keeper(struct sockets *sockets);
/* Close all and remove the unix sockets. */
void sockets_close(struct sockets *sockets);

#endif
