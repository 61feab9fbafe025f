/* How one key is used, beside what it is. */
#ifndef CLI_USAGE_H
#define CLI_USAGE_H

#include "cli/commands.h"

/* The keeper's answer, to be given back; NULL for a key of which nothing is told here. */
int usage_ask_key(struct cli *cli, const char *app_key, json_t **out_usage);
/* For people: last use, by which clients each token is sent, and refusals by cause. */
void usage_show_key(const struct cli *cli, const json_t *usage);

#endif
