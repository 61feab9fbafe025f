/* What there is, what a command takes, and what somebody probably meant. */
#include "cli/help.h"

#include "base/nearest.h"
#include "cli/commands.h"

#include <stdio.h>

#define COMMAND_WIDTH 38
#define OPTION_WIDTH 30

const char *cli_text(const struct cli *cli, const char *key)
{
	const char *text = message_text(cli->lang, key);

	return text == NULL ? key : text;
}

static struct span first_word(const char *name)
{
	return span_part(span_str(name), 0, span_find(span_str(name), ' '));
}

/* Does the command's name begin with these words? "": every one does. */
static bool begins_with(const char *name, const char *words)
{
	size_t len = strlen(words);

	return len == 0 ||
	       (strncmp(name, words, len) == 0 && (name[len] == '\0' || name[len] == ' '));
}

bool help_group_exists(const char *words)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (begins_with(COMMANDS[i].name, words))
			return true;
	}
	return false;
}

static void print_line(FILE *to, int width, const char *left, const char *right)
{
	if ((int)strlen(left) <= width)
		(void)fprintf(to, "  %-*s  %s\n", width, left, right);
	else
		(void)fprintf(to, "  %s\n  %-*s  %s\n", left, width, "", right);
}

void help_print_group(const struct cli *cli, FILE *to, const char *words)
{
	struct span last = SPAN_ABSENT;
	bool grouped = false;

	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		const struct cli_command *command = &COMMANDS[i];
		struct span word = first_word(command->name);
		struct buf left = buf_heap(256);

		if (!begins_with(command->name, words)) {
			buf_free(&left);
			continue;
		}
		/* Commands of one subject stand together, a line apart from the others. */
		if (span_present(last) && !span_equal(last, word) &&
			(grouped || strchr(command->name, ' ') != NULL))
			(void)fputc('\n', to);
		grouped = strchr(command->name, ' ') != NULL;
		last = word;
		buf_printf(&left, "%s%s%s", command->name, command->operands[0] != '\0' ? " " : "",
			command->operands);
		print_line(to, COMMAND_WIDTH, buf_str(&left), cli_text(cli, command->help));
		buf_free(&left);
	}
}

static void print_option(const struct cli *cli, FILE *to, const struct cli_option *option)
{
	CLEANUP(buf_free)
	struct buf left = buf_heap(256);
	CLEANUP(buf_free)
	struct buf right = buf_heap(4096);

	buf_printf(&left, "--%s%s%s", option->name, option->arg != NULL ? " " : "",
		option->arg != NULL ? option->arg : "");
	buf_append_str(&right, cli_text(cli, option->help));
	if (option->needed)
		buf_append_str(&right, cli_text(cli, option->prompt != NULL ? "cli.help_asked"
									    : "cli.help_needed"));
	if (option->many)
		buf_append_str(&right, cli_text(cli, "cli.help_many"));
	print_line(to, OPTION_WIDTH, buf_str(&left), buf_str(&right));
}

void help_print_command(const struct cli *cli, FILE *to, const struct cli_command *command)
{
	(void)fprintf(to, "%s llavero %s", cli_text(cli, "cli.help_usage"), command->name);
	for (size_t i = 0; i < command->options_count; i++) {
		if (command->options[i].needed)
			(void)fprintf(
				to, " --%s %s", command->options[i].name, command->options[i].arg);
	}
	(void)fprintf(to, " %s%s%s\n\n%s\n", cli_text(cli, "cli.help_options_word"),
		command->operands[0] != '\0' ? " " : "", command->operands,
		cli_text(cli, command->help));
	if (command->options_count > 0)
		(void)fprintf(to, "\n%s\n", cli_text(cli, "cli.help_options"));
	for (size_t i = 0; i < command->options_count; i++)
		print_option(cli, to, &command->options[i]);
	(void)fprintf(to, "\n%s\n", cli_text(cli, "cli.help_globals"));
	for (size_t i = 0; i < GLOBALS_COUNT; i++)
		print_option(cli, to, &GLOBALS[i]);
}

static void print_all(const struct cli *cli, const char *words)
{
	(void)printf("%s llavero %s\n\n", cli_text(cli, "cli.help_usage"),
		cli_text(cli, "cli.help_synopsis"));
	help_print_group(cli, stdout, words);
	(void)printf("\n%s\n", cli_text(cli, "cli.help_tail"));
}

int help_print(const struct cli *cli, int words_count, const char *const *words)
{
	CLEANUP(buf_free)
	struct buf name = buf_heap(1024);

	for (int i = 0; i < words_count; i++)
		buf_printf(&name, "%s%s", i > 0 ? " " : "", words[i]);
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (strcmp(COMMANDS[i].name, buf_str(&name)) == 0) {
			help_print_command(cli, stdout, &COMMANDS[i]);
			return EXIT_YES;
		}
	}
	if (!help_group_exists(buf_str(&name)))
		return help_unknown_command(cli, words_count, words);
	print_all(cli, buf_str(&name));
	return EXIT_YES;
}

int run_help(struct cli *cli, const struct cli_args *args)
{
	return help_print(cli, (int)args->operands_count, args->operands);
}

/* ---- near misses ---- */

static size_t words_in(const char *name)
{
	size_t words = 1;

	for (; *name != '\0'; name++)
		words += *name == ' ';
	return words;
}

static void join(struct buf *out, size_t count, int words_count, const char *const *words)
{
	buf_clear(out);
	for (size_t i = 0; i < count && i < (size_t)words_count; i++)
		buf_printf(out, "%s%s", i > 0 ? " " : "", words[i]);
}

/* The command whose name is nearest to as many of the words as it has itself; or NULL. */
static const char *nearest_command(int words_count, const char *const *words)
{
	CLEANUP(buf_free)
	struct buf typed = buf_heap(4096);
	const char *nearest = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		const char *name = COMMANDS[i].name;
		size_t distance;

		join(&typed, words_in(name), words_count, words);
		distance = word_distance(buf_span(&typed), span_str(name));
		if (distance < least && word_is_near(buf_span(&typed), span_str(name), distance)) {
			least = distance;
			nearest = name;
		}
	}
	return nearest;
}

/* The first word of a group that is near to the first one typed. */
static struct span nearest_group(const char *typed)
{
	struct span nearest = SPAN_ABSENT;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		struct span word = first_word(COMMANDS[i].name);
		size_t distance = word_distance(span_str(typed), word);

		if (distance < least && word_is_near(span_str(typed), word, distance)) {
			least = distance;
			nearest = word;
		}
	}
	return nearest;
}

int help_unknown_command(const struct cli *cli, int words_count, const char *const *words)
{
	CLEANUP(buf_free)
	struct buf typed = buf_heap(4096);
	const char *nearest = nearest_command(words_count, words);
	struct span meant = span_str(nearest);
	struct message_arg args[2];

	if (nearest == NULL)
		meant = nearest_group(words[0]);
	/* Of a known group the word after it is the unknown one. */
	join(&typed, help_group_exists(words[0]) ? 2 : 1, words_count, words);
	args[0] = (struct message_arg){ "name", buf_span(&typed) };
	args[1] = (struct message_arg){ "meant", meant };
	return cli_fail(cli, EXIT_USAGE,
		span_present(meant) ? "cli.unknown_command_near" : "cli.unknown_command", args,
		ARRAY_LEN(args));
}

static const struct cli_option *option_at(const struct cli_command *command, size_t index)
{
	size_t own = command == NULL ? 0 : command->options_count;

	if (index < own)
		return &command->options[index];
	return index - own < GLOBALS_COUNT ? &GLOBALS[index - own] : NULL;
}

int help_unknown_option(const struct cli *cli, const struct cli_command *command, struct span name)
{
	const struct cli_option *option, *nearest = NULL;
	size_t least = SIZE_MAX;
	struct message_arg args[] = { { "name", name }, { "meant", SPAN_ABSENT } };

	for (size_t i = 0; (option = option_at(command, i)) != NULL; i++) {
		size_t distance = word_distance(name, span_str(option->name));

		if (distance < least && word_is_near(name, span_str(option->name), distance)) {
			least = distance;
			nearest = option;
		}
	}
	if (nearest != NULL)
		args[1].value = span_str(nearest->name);
	return cli_fail(cli, EXIT_USAGE,
		nearest != NULL ? "cli.unknown_option_near" : "cli.unknown_option", args,
		ARRAY_LEN(args));
}
