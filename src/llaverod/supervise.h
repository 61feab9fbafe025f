/*
 * The supervisor: one keeper, some gates.
 *
 *   V1  A child that ends is started again, at once and then with growing
 *       pauses; no child's end touches another child.
 *   V2  The supervisor's end, however it comes, is the end of its children.
 *       Only a keeper that cannot start while there is no index either ends
 *       everything: nobody could be served. With an index the gates go on from it.
 *   V3  SIGTERM and SIGINT stop everything gracefully; SIGHUP reads the
 *       configuration again and renews the children one after another.
 */
#ifndef LLAVEROD_SUPERVISE_H
#define LLAVEROD_SUPERVISE_H

#include "llaverod/sockets.h"

#include <signal.h>

struct supervision {
	struct config *config; /* replaced on SIGHUP; the caller frees what is there at the end */
	const char *config_path;
	char *const *environment;
	struct sockets *sockets;
	enum lang lang; /* of who started us */
	sigset_t mask_before;
};

/*
 * From here on a signal to end waits until supervise() looks: what was begun before is
 * undone in its order.
 */
void supervise_block_signals(struct supervision *supervision);

/* Returns the exit code. */
int supervise(struct supervision *supervision);

#endif
