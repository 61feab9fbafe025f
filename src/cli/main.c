/* llavero: global options, finding the command, and its arguments by argp. */
#include "cli/cli.h"

#include "base/crypto.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SOCKET_DEFAULT "/run/llavero/keeper.sock"
#define OPTION_BASE 0x1000

static const struct cli_option GLOBALS[] = {
	{ "socket", "PATH", "cli.opt_socket", false },
	{ "url", "URL", "cli.opt_url", false },
	{ "json", NULL, "cli.opt_json", false },
	{ "lang", "LANG", "cli.opt_lang", false },
};

/* ---- one command's arguments ---- */

struct parsing {
	const struct cli_command *command;
	struct cli *cli;
	struct cli_args *args;
	struct argp_option *options; /* ended by a zeroed one */
	int usage_errors;
};

static const struct cli_option *option_of(const struct cli_command *command, int key)
{
	size_t index = (size_t)(key - OPTION_BASE);

	if (key < OPTION_BASE || index >= command->options_count + ARRAY_LEN(GLOBALS))
		return NULL;
	return index < command->options_count ? &command->options[index]
					      : &GLOBALS[index - command->options_count];
}

static void take_global(struct cli *cli, const char *name, const char *value)
{
	if (strcmp(name, "socket") == 0)
		cli->socket_path = value;
	else if (strcmp(name, "url") == 0)
		cli->url = value;
	else if (strcmp(name, "json") == 0)
		cli->json = true;
	else
		cli->lang = lang_posix(value, cli->lang);
}

static error_t take_option(
	struct parsing *parsing, const struct cli_option *option, const char *arg)
{
	struct cli_args *args = parsing->args;
	bool global = option >= GLOBALS && option < GLOBALS + ARRAY_LEN(GLOBALS);

	if (global) {
		take_global(parsing->cli, option->name, arg);
		return 0;
	}
	if (!option->many &&
		(cli_value(args, option->name) != NULL || cli_flag(args, option->name))) {
		parsing->usage_errors++;
		(void)cli_fail_with(
			parsing->cli, EXIT_USAGE, "cli.option_twice", "name", option->name);
		return EINVAL;
	}
	if (args->count == CLI_VALUES_MAX)
		return E2BIG;
	args->options[args->count].option = option;
	args->options[args->count++].value = arg;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct cli_args *args = parsing->args;
	const struct cli_option *option = option_of(parsing->command, key);

	if (option != NULL)
		return take_option(parsing, option, arg);
	if (key == ARGP_KEY_ARG) {
		if (args->operands_count >= parsing->command->operands_max)
			argp_error(state, "%s", arg);
		args->operands[args->operands_count++] = arg;
		return 0;
	}
	if (key == ARGP_KEY_END && args->operands_count < parsing->command->operands_min)
		argp_usage(state);
	return key == ARGP_KEY_END || key == ARGP_KEY_NO_ARGS ? 0 : ARGP_ERR_UNKNOWN;
}

static const char *option_help(const struct cli *cli, const char *key)
{
	const char *text = message_text(cli->lang, key);

	return text == NULL ? key : text;
}

static struct argp_option *make_options(const struct cli *cli, const struct cli_command *command)
{
	size_t count = command->options_count + ARRAY_LEN(GLOBALS);
	struct argp_option *options = calloc(count + 1, sizeof(*options));

	for (size_t i = 0; options != NULL && i < count; i++) {
		const struct cli_option *option = option_of(command, OPTION_BASE + (int)i);

		options[i].name = option->name;
		options[i].key = OPTION_BASE + (int)i;
		options[i].arg = option->arg;
		options[i].doc = option_help(cli, option->help);
		options[i].group = i < command->options_count ? 1 : 2;
	}
	return options;
}

static int run_command(struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
	struct cli_args args = { .count = 0 };
	struct parsing parsing = { .command = command, .cli = cli, .args = &args };
	struct buf name = buf_heap(256);
	struct argp argp = {
		.parser = parse,
		.args_doc = command->operands,
		.doc = option_help(cli, command->help),
	};
	error_t error;

	parsing.options = make_options(cli, command);
	if (parsing.options == NULL)
		return EXIT_FAULT;
	argp.options = parsing.options;
	buf_printf(&name, "llavero %s", command->name);
	argv[0] = (char *)(uintptr_t)buf_str(&name);
	argp_err_exit_status = EXIT_USAGE;
	error = argp_parse(&argp, argc, argv, 0, NULL, &parsing);
	free(parsing.options);
	if (error != 0) {
		buf_free(&name);
		return EXIT_USAGE;
	}
	error = command->run(cli, &args);
	buf_free(&name);
	return error;
}

/* ---- finding the command ---- */

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

static void print_commands(const struct cli *cli, const char *group)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		const struct cli_command *command = &COMMANDS[i];
		struct buf line = buf_heap(256);

		if (group != NULL && !span_starts_with(span_str(command->name), span_str(group)))
			continue;
		buf_printf(&line, "%s %s", command->name, command->operands);
		printf("  %-36s %s\n", buf_str(&line), option_help(cli, command->help));
		buf_free(&line);
	}
}

static int print_help(const struct cli *cli, const char *group)
{
	cli_say(cli, "cli.help_head", NULL, 0);
	print_commands(cli, group);
	cli_say(cli, "cli.help_tail", NULL, 0);
	return EXIT_YES;
}

/* `llavero key` alone lists what there is under key. */
static int unknown_command(const struct cli *cli, const char *word)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		struct span name = span_str(COMMANDS[i].name);

		if (span_starts_with(name, span_str(word)) && name.len > strlen(word) &&
			name.ptr[strlen(word)] == ' ') {
			(void)print_help(cli, word);
			return EXIT_USAGE;
		}
	}
	return cli_fail_with(cli, EXIT_USAGE, "cli.unknown_command", "name", word);
}

/* Global options may stand before the command too; how many words they take, or -1. */
static int leading_globals(struct cli *cli, int argc, char **argv)
{
	int at = 1;

	while (at < argc && strncmp(argv[at], "--", 2) == 0) {
		struct span word = span_part(span_str(argv[at]), 2, SIZE_MAX);
		size_t equals = span_find(word, '=');
		const struct cli_option *option = NULL;

		for (size_t i = 0; i < ARRAY_LEN(GLOBALS); i++) {
			if (span_is(span_part(word, 0, equals), GLOBALS[i].name))
				option = &GLOBALS[i];
		}
		if (option == NULL)
			return at;
		if (option->arg == NULL) {
			take_global(cli, option->name, NULL);
		} else if (equals < word.len) {
			take_global(cli, option->name, word.ptr + equals + 1);
		} else if (++at < argc) {
			take_global(cli, option->name, argv[at]);
		} else {
			return -1;
		}
		at++;
	}
	return at;
}

/* As setlocale(3) does it: the first of the three that is set and not empty. */
static const char *locale_of_messages(void)
{
	static const char *const NAMES[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

	for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
		const char *value = getenv(NAMES[i]);

		if (value != NULL && value[0] != '\0')
			return value;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *socket = getenv("LLAVERO_SOCKET");
	struct cli cli = {
		.socket_path = socket != NULL && socket[0] != '\0' ? socket : SOCKET_DEFAULT,
		.url = getenv("LLAVERO_URL"),
		.lang = lang_posix(locale_of_messages(), LANG_EN),
		.is_terminal = isatty(STDOUT_FILENO) == 1,
	};
	const struct cli_command *command;
	int at, words;

	if (crypto_init() != ST_OK)
		return EXIT_FAULT;
	at = leading_globals(&cli, argc, argv);
	if (at < 0)
		return cli_fail(&cli, EXIT_USAGE, "cli.option_value", NULL, 0);
	if (at >= argc || strcmp(argv[at], "help") == 0 || strcmp(argv[at], "--help") == 0)
		return print_help(&cli, at + 1 < argc ? argv[at + 1] : NULL);
	if (strcmp(argv[at], "--version") == 0) {
		printf("llavero %s\n", LLAVERO_VERSION);
		return EXIT_YES;
	}
	command = find_command(argc - at, argv + at, &words);
	if (command == NULL)
		return unknown_command(&cli, argv[at]);
	return run_command(&cli, command, argc - at - words + 1, argv + at + words - 1);
}
