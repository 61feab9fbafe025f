/* Help texts made from the table of commands, and what somebody probably meant. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/cli.h"

#include <stdio.h>

/* The help of a command, of a group ("key"), or, without words, of all. */
int help_print(const struct cli *cli, int words_count, const char *const *words);
void help_print_command(const struct cli *cli, FILE *to, const struct cli_command *command);
/* The commands whose names begin with these words. */
void help_print_group(const struct cli *cli, FILE *to, const char *words);
bool help_group_exists(const char *words);

/* Say that there is none, and which one is near; returns EXIT_USAGE. command may be NULL. */
int help_unknown_command(const struct cli *cli, int words_count, const char *const *words);
int help_unknown_option(const struct cli *cli, const struct cli_command *command, struct span name);

#endif
