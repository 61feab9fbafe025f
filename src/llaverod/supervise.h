/*
 * The supervisor: one keeper, some gates.
 *
 *   V1  A child that ends is started again, at once and then with growing
 *       pauses; no child's end touches another child.
 *   V2  The supervisor's end, however it comes, is the end of its children.
 *   V3  SIGTERM and SIGINT stop everything gracefully; SIGHUP reads the
 *       configuration again and renews the children one after another.
 */
#ifndef LLAVEROD_SUPERVISE_H
#define LLAVEROD_SUPERVISE_H

#include "llaverod/sockets.h"

struct supervision {
	struct config *config; /* replaced on SIGHUP; the caller frees what is there at the end */
	const char *config_path;
	char *const *environment;
	struct sockets *sockets;
};

/* Returns the exit code. */
int supervise(struct supervision *supervision);

#endif
