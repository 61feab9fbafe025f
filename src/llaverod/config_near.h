/* Which key was probably meant by one that does not exist. */
#ifndef LLAVEROD_CONFIG_NEAR_H
#define LLAVEROD_CONFIG_NEAR_H

#include "llaverod/config_keys.h"

/* "LLAVERO_GATE_LISTEN"; name "" gives "LLAVERO_GATE_". */
void config_variable_name(const struct config_key *key, char out[COMPLAINT_VALUE_MAX]);

/*
 * The key, as "gate.listen", or the section that a key or section called name in
 * section ("": the top of the file) was probably meant to be. False: none is near.
 */
bool config_key_near(const char *section, struct span name, char out[COMPLAINT_VALUE_MAX]);

/* The same for the name of a variable, as "LLAVERO_GATE_LISTEN". */
bool config_variable_near(struct span name, char out[COMPLAINT_VALUE_MAX]);

#endif
