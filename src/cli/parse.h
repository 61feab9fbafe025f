/* The arguments of one command. */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "cli/cli.h"

/* Take an option that every command has, but --help, which the caller answers. The exit code. */
int parse_global(struct cli *cli, const char *name, const char *value);

/* Read argv[1..] for the command, whose words are behind, and run it. The exit code. */
int parse_and_run(struct cli *cli, const struct cli_command *command, int argc, char **argv);

#endif
