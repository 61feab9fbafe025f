/*
 * What a process gives up: core dumps and being looked into at once; new
 * privileges, files and system calls once everything is open. What the kernel
 * does not offer is left out, and said.
 */
#ifndef LLAVEROD_SANDBOX_H
#define LLAVEROD_SANDBOX_H

#include "base/attr.h"
#include "base/status.h"

#include <stddef.h>

enum sandbox_role { SANDBOX_GATE, SANDBOX_KEEPER };

/* A part of the file system that stays reachable. */
struct sandbox_path {
	const char *path;
	enum {
		SANDBOX_READ,  /* read files, list folders */
		SANDBOX_WRITE, /* write into files that are there, too */
		SANDBOX_MAKE   /* make, rename and remove files and folders, too */
	} access;
};

/* No core dump, no ptrace by others, no new privileges. Cheap, in every process, first. */
void sandbox_harden(void);

/*
 * Close the rest. Files and threads that are open stay so. *out_landlock and
 * *out_seccomp say what is in force ("on", "off: ...", static text). Fails only
 * when a filter that the kernel offers could not be put in place.
 */
NODISCARD enum status sandbox_confine(enum sandbox_role role, const struct sandbox_path *paths,
	size_t paths_count, const char **out_landlock, const char **out_seccomp);

#endif
