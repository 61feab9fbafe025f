/* From the configuration to what a role is given; runs in the role's own process. */
#ifndef LLAVEROD_ROLE_H
#define LLAVEROD_ROLE_H

#include "gate/gate.h"
#include "llaverod/sockets.h"

/* Of the folder in which systemd hands credentials over (systemd.exec(5)). */
#define CREDENTIALS_VARIABLE "CREDENTIALS_DIRECTORY"

enum role_kind { ROLE_KEEPER, ROLE_GATE };

struct role {
	enum role_kind kind;
	unsigned number; /* of the gate */
	const struct config *config;
	struct sockets *sockets; /* those of the other role are closed */
	int ready_fd;            /* one byte when it serves; then closed */
	pid_t supervisor;
	enum lang lang; /* of who started us, for what somebody must do */
};

/* "keeper", "gate-0" */
void role_name(char out[16], enum role_kind kind, unsigned number);

/* Be the role until it ends; the exit code. */
int role_run(struct role *role);

#endif
