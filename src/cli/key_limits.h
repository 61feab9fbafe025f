/* The limits of a key on the command line: --rate, --quota and --no-limits, and what is left. */
#ifndef CLI_KEY_LIMITS_H
#define CLI_KEY_LIMITS_H

#include "cli/cli.h"

/* Put what was given into the body; EXIT_USAGE, with the reason said. */
int limits_put(struct cli *cli, const struct cli_args *args, json_t *body);

/* Write the key's "limits" as people do: "100/second, quota 10000/day". */
void limits_in_words(json_t *key);

/* A table of what is left of each limit, when the answer says so. */
void limits_show_state(const struct cli *cli, const json_t *key);

#endif
