/* llavero: what every command has in common, and finding the command. */
#include "cli/cli.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "cli/help.h"
#include "cli/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SOCKET_DEFAULT "/run/llavero/keeper.sock"

/* How many words of argv[0..] the command's name takes; 0: not this one. */
static int name_words(const char *name, int argc, char **argv)
{
	struct span rest = span_str(name);
	int words = 0;

	while (rest.len > 0) {
		size_t end = span_find(rest, ' ');

		if (words >= argc || !span_is(span_part(rest, 0, end), argv[words]))
			return 0;
		words++;
		rest = span_part(rest, end + 1, rest.len);
	}
	return words;
}

static const struct cli_command *find_command(int argc, char **argv, int *out_words)
{
	const struct cli_command *found = NULL;

	*out_words = 0;
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		int words = name_words(COMMANDS[i].name, argc, argv);

		if (words > *out_words) {
			*out_words = words;
			found = &COMMANDS[i];
		}
	}
	return found;
}

/* The leading words that are no options. */
static int plain_words(int argc, char **argv)
{
	int words = 0;

	while (words < argc && argv[words][0] != '-')
		words++;
	return words;
}

static bool asks_for_help(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

/* No command: a group alone ("llavero key") lists itself, the rest is a mistake. */
static int no_command(const struct cli *cli, int argc, char **argv)
{
	const char *const *words = (const char *const *)argv;
	int count = plain_words(argc, argv);
	CLEANUP(buf_free)
	struct buf group = buf_heap(1024);

	if (asks_for_help(argc, argv))
		return help_print(cli, count, words);
	for (int i = 0; i < count; i++)
		buf_printf(&group, "%s%s", i > 0 ? " " : "", words[i]);
	if (!help_group_exists(buf_str(&group)))
		return help_unknown_command(cli, count, words);
	(void)cli_fail_with(cli, EXIT_USAGE, "cli.which_command", "name", buf_str(&group));
	help_print_group(cli, stderr, buf_str(&group));
	return EXIT_USAGE;
}

static const struct cli_option *global_of(struct span name)
{
	for (size_t i = 0; i < GLOBALS_COUNT; i++) {
		if (span_is(name, GLOBALS[i].name))
			return &GLOBALS[i];
	}
	return NULL;
}

/* Options before the command; *out_at: where the command is. */
static int leading_globals(struct cli *cli, int argc, char **argv, int *out_at)
{
	int at = 1;

	for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
		struct span word = span_part(span_str(argv[at]), 2, SIZE_MAX);
		size_t equals = span_find(word, '=');
		struct span name = span_part(word, 0, equals);
		const struct cli_option *option = global_of(name);
		const char *value = NULL;

		if (span_is(name, "help") || span_is(name, "version"))
			break;
		if (option == NULL)
			return help_unknown_option(cli, NULL, name);
		if (option->arg != NULL && equals == word.len && at + 1 == argc)
			return cli_fail_with(
				cli, EXIT_USAGE, "cli.option_value", "name", option->name);
		if (option->arg != NULL)
			value = equals < word.len ? word.ptr + equals + 1 : argv[++at];
		if (parse_global(cli, option->name, value) != EXIT_YES)
			return EXIT_USAGE;
	}
	*out_at = at;
	return EXIT_YES;
}

/* An error in an early argument is JSON too when --json comes later. */
static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--json") == 0)
			return true;
	}
	return false;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct cli_command *command;
	int at = 0, words, code = leading_globals(cli, argc, argv, &at);

	if (code != EXIT_YES)
		return code;
	if (at < argc && strcmp(argv[at], "--version") == 0) {
		(void)printf("llavero %s\n", LLAVERO_VERSION);
		return EXIT_YES;
	}
	if (at >= argc || strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "--help") == 0)
		return help_print(cli, 0, NULL);
	command = find_command(argc - at, argv + at, &words);
	if (command == NULL)
		return no_command(cli, argc - at, argv + at);
	return parse_and_run(cli, command, argc - at - words + 1, argv + at + words - 1);
}

int main(int argc, char **argv)
{
	const char *socket = getenv("LLAVERO_SOCKET"), *url = getenv("LLAVERO_URL");
	const char *token_file = getenv("LLAVERO_TOKEN_FILE");
	CLEANUP(buf_wipe)
	struct buf token = buf_heap(1);
	CLEANUP(buf_free)
	struct buf link_url = buf_heap(4 * KIB);
	struct cli cli = {
		.token = &token,
		.link_url = &link_url,
		.socket_path = socket != NULL && socket[0] != '\0' ? socket : SOCKET_DEFAULT,
		.url = url != NULL && url[0] != '\0' ? url : NULL,
		.token_file = token_file != NULL && token_file[0] != '\0' ? token_file : NULL,
		.lang = lang_user(LANG_EN),
		.json = asks_for_json(argc, argv),
		.is_terminal = isatty(STDOUT_FILENO) == 1,
	};
	int code;

	if (crypto_init() != ST_OK)
		return EXIT_FAULT;
	code = run(&cli, argc, argv);
	/* An answer that did not arrive is none. */
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && code == EXIT_YES)
		code = EXIT_FAULT;
	return code;
}
