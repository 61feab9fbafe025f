/* The table of configuration keys; each is a text that a function of its kind turns into a value.
 */
#ifndef LLAVEROD_CONFIG_KEYS_H
#define LLAVEROD_CONFIG_KEYS_H

#include "llaverod/config.h"

struct config_key {
	const char *section; /* "": the top of the file */
	const char *name;
	bool list;            /* {a, b} in the file, "a, b" in a variable and here */
	const char *fallback; /* what it is when nobody sets it */
	size_t offset;        /* of the value in struct config, for set */
	/* Put values at *field. ST_INVALID: complaint says what is wrong. */
	enum status (*set)(struct config *config, void *field, const struct span *values,
		size_t values_count, struct complaint *complaint);
};

/* Ends with a row whose name is NULL. */
extern const struct config_key CONFIG_KEYS[];
/* The keys of a `gate_listener NAME { }`; offsets are of struct config_gate_listener. */
extern const struct config_key CONFIG_GATE_LISTENER_KEYS[];

/* Can it be reached from this machine alone? */
bool config_is_loopback(const struct config_listen *listen);

#endif
