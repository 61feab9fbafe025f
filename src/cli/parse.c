/* Options and operands of one command, by getopt_long; errors in the user's language. */
#include "cli/parse.h"

#include "cli/help.h"

#include <getopt.h>
#include <stdlib.h>

/* Above every character, so that no short option is meant. */
#define OPTION_BASE 0x1000

const struct cli_option GLOBALS[] = {
	{ "socket", "PATH", "cli.opt_socket", false },
	{ "url", "URL", "cli.opt_url", false },
	{ "token-file", "FILE", "cli.opt_token_file", false },
	{ "json", NULL, "cli.opt_json", false },
	{ "lang", "LANG", "cli.opt_lang", false, .choices = "en es pt" },
	{ "help", NULL, "cli.opt_help", false },
};
const size_t GLOBALS_COUNT = ARRAY_LEN(GLOBALS);

#define ASKED_MAX 4u
#define ASKED_LEN_MAX 1024u

struct parsing {
	struct buf asked[ASKED_MAX]; /* what was typed for options that were not given */
	size_t asked_count;
	struct cli *cli;
	const struct cli_command *command;
	struct cli_args *args;
	bool wants_help;
};

static bool is_global(const struct cli_option *option)
{
	return option >= GLOBALS && option < GLOBALS + GLOBALS_COUNT;
}

static const struct cli_option *option_of(const struct cli_command *command, int code)
{
	size_t index = (size_t)(code - OPTION_BASE);

	return index < command->options_count ? &command->options[index]
					      : &GLOBALS[index - command->options_count];
}

/* What is no language of ours falls back to another one, whichever that is. */
static bool is_lang(const char *value)
{
	return lang_posix(value, LANG_EN) == lang_posix(value, LANG_ES);
}

int parse_global(struct cli *cli, const char *name, const char *value)
{
	if (strcmp(name, "socket") == 0)
		cli->socket_path = value;
	else if (strcmp(name, "url") == 0)
		cli->url = value;
	else if (strcmp(name, "token-file") == 0)
		cli->token_file = value;
	else if (strcmp(name, "json") == 0)
		cli->json = true;
	else if (strcmp(name, "lang") == 0 && !is_lang(value))
		return cli_fail_with(cli, EXIT_USAGE, "cli.unknown_lang", "name", value);
	else if (strcmp(name, "lang") == 0)
		cli->lang = lang_posix(value, cli->lang);
	return EXIT_YES;
}

static int take_option(struct parsing *p, const struct cli_option *option, const char *value)
{
	struct cli_args *args = p->args;

	if (is_global(option)) {
		p->wants_help |= strcmp(option->name, "help") == 0;
		return parse_global(p->cli, option->name, value);
	}
	if (!option->many && cli_flag(args, option->name))
		return cli_fail_with(p->cli, EXIT_USAGE, "cli.option_twice", "name", option->name);
	if (args->count == CLI_VALUES_MAX)
		return cli_fail(p->cli, EXIT_USAGE, "cli.too_many", NULL, 0);
	if (option->arg != NULL && strcmp(option->arg, CLI_SWITCH) == 0 &&
		strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return cli_fail_with(p->cli, EXIT_USAGE, "cli.on_or_off", "name", option->name);
	args->options[args->count].option = option;
	args->options[args->count++].value = value;
	return EXIT_YES;
}

/* What getopt_long could not read is the word before the one that it stands at. */
static int fail_option(const struct parsing *p, int code, char **argv)
{
	struct span word = span_str(argv[optind - 1]);

	/* A code of ours: the option is known, and what is wrong is its value. */
	if (optopt >= OPTION_BASE)
		return cli_fail_with(p->cli, EXIT_USAGE,
			code == ':' ? "cli.option_value" : "cli.option_no_value", "name",
			option_of(p->command, optopt)->name);
	if (optopt != 0) {
		char letter[2] = { (char)optopt, '\0' };

		return cli_fail_with(p->cli, EXIT_USAGE, "cli.unknown_letter", "name", letter);
	}
	word = span_part(word, 2, word.len);
	word = span_part(word, 0, span_find(word, '='));
	return help_unknown_option(p->cli, p->command, word);
}

static struct option *make_options(const struct cli_command *command)
{
	size_t count = command->options_count + GLOBALS_COUNT;
	struct option *options = calloc(count + 1, sizeof(*options));

	for (size_t i = 0; options != NULL && i < count; i++) {
		const struct cli_option *option = option_of(command, OPTION_BASE + (int)i);

		options[i].name = option->name;
		options[i].has_arg = option->arg != NULL ? required_argument : no_argument;
		options[i].val = OPTION_BASE + (int)i;
	}
	return options;
}

static int take_options(struct parsing *p, int argc, char **argv)
{
	struct option *options = make_options(p->command);
	int code, result = options == NULL ? EXIT_FAULT : EXIT_YES;

	opterr = 0;
	while (result == EXIT_YES && (code = getopt_long(argc, argv, ":h", options, NULL)) != -1) {
		if (code == 'h')
			p->wants_help = true;
		else if (code < OPTION_BASE)
			result = fail_option(p, code, argv);
		else
			result = take_option(p, option_of(p->command, code), optarg);
	}
	free(options);
	return result;
}

static int take_operands(struct parsing *p, int argc, char **argv)
{
	const struct cli_command *command = p->command;
	unsigned count = (unsigned)(argc - optind);
	struct message_arg args[] = {
		{ "command", span_str(command->name) },
		{ "operands", span_str(command->operands) },
	};

	if (command->operands_max == 0 && count > 0)
		return cli_fail(p->cli, EXIT_USAGE, "cli.operands_none", args, ARRAY_LEN(args));
	if (count < command->operands_min || count > command->operands_max)
		return cli_fail(p->cli, EXIT_USAGE, "cli.operands_count", args, ARRAY_LEN(args));
	while (optind < argc)
		p->args->operands[p->args->operands_count++] = argv[optind++];
	return EXIT_YES;
}

static bool is_edit(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, " edit") == 0;
}

/* The account only says which one is meant. */
static bool changes_nothing(const struct cli_args *args)
{
	for (size_t i = 0; i < args->count; i++) {
		if (strcmp(args->options[i].option->name, "account") != 0)
			return false;
	}
	return true;
}

/*
 * What is needed and was not given: the account is that of who asks, the rest is asked for.
 * EXIT_USAGE, and nothing said, where neither is possible.
 */
static int settle_needed(struct parsing *p, const struct cli_option *option)
{
	struct cli_args *args = p->args;
	struct buf *found = &p->asked[p->asked_count];
	bool is_account = option->prompt == NULL && strcmp(option->name, "account") == 0;
	int code;

	if ((option->prompt == NULL && !is_account) || p->asked_count == ASKED_MAX ||
		args->count == CLI_VALUES_MAX)
		return EXIT_USAGE;
	*found = buf_heap(ASKED_LEN_MAX);
	p->asked_count++;
	code = is_account ? session_account(p->cli, found)
			  : input_line(p->cli, option->prompt, found);
	if (code == EXIT_YES && !buf_ok(found))
		code = EXIT_USAGE;
	if (code != EXIT_YES)
		return code;
	args->options[args->count].option = option;
	args->options[args->count++].value = buf_str(found);
	return EXIT_YES;
}

static int check_needed(struct parsing *p)
{
	for (size_t i = 0; i < p->command->options_count; i++) {
		const struct cli_option *option = &p->command->options[i];
		int code = EXIT_YES;

		if (option->needed && !cli_flag(p->args, option->name))
			code = settle_needed(p, option);
		if (code == EXIT_USAGE)
			return cli_fail_with(
				p->cli, EXIT_USAGE, "cli.option_missing", "name", option->name);
		if (code != EXIT_YES)
			return code;
	}
	if (is_edit(p->command->name) && changes_nothing(p->args))
		return cli_fail(p->cli, EXIT_USAGE, "cli.nothing_to_change", NULL, 0);
	return EXIT_YES;
}

static void parsing_free(struct parsing *p)
{
	for (size_t i = 0; i < p->asked_count; i++)
		buf_free(&p->asked[i]);
}

int parse_and_run(struct cli *cli, const struct cli_command *command, int argc, char **argv)
{
	struct cli_args args = { .count = 0 };
	CLEANUP(parsing_free)
	struct parsing p = { .cli = cli, .command = command, .args = &args };
	int code = take_options(&p, argc, argv);

	if (code == EXIT_YES && p.wants_help) {
		help_print_command(cli, stdout, command);
		return EXIT_YES;
	}
	if (code == EXIT_YES)
		code = take_operands(&p, argc, argv);
	if (code == EXIT_YES)
		code = check_needed(&p);
	if (code == EXIT_YES)
		return command->run(cli, &args);
	if (code == EXIT_USAGE)
		cli_note(cli, "cli.see_help",
			&(struct message_arg){ "name", span_str(command->name) }, 1);
	return code;
}
