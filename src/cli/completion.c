/*
 * llavero completion: scripts for shells, made from the table of commands: a
 * line a command, NAME|OPTIONS|OPERANDS, which a fixed function looks up. zsh
 * reads the script of bash through its own bashcompinit. Names that only the
 * keeper knows (@APPKEY, @PROFILE, @ACCOUNT) are asked for when they are
 * completed, by llavero completion names (names.c).
 */
#include "cli/commands.h"

#include <stdio.h>

static bool takes_file(const char *what)
{
	return strncmp(what, "FILE", 4) == 0 || strncmp(what, "[FILE", 5) == 0 ||
	       strcmp(what, "PATH") == 0 || strcmp(what, "DIR") == 0;
}

/*
 * Names of which kind an operand or an option's value is; NULL: of none. NAME is
 * an account's where it is one that is there already.
 */
static const char *names_kind(const char *command, const char *what, size_t len)
{
	static const char *const KINDS[] = { "APPKEY", "PROFILE" };

	for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
		if (len == strlen(KINDS[i]) && strncmp(what, KINDS[i], len) == 0)
			return KINDS[i];
	}
	if (len != 4 || strncmp(what, "NAME", len) != 0)
		return NULL;
	if (command == NULL ||
		(strncmp(command, "account ", 8) == 0 && strcmp(command, "account create") != 0))
		return "ACCOUNT";
	return NULL;
}

/* "@APPKEY @PROFILE", one for each operand up to the last that is a name. */
static void print_operands(const struct cli_command *command)
{
	const char *at = command->operands;

	for (size_t i = 0; *at != '\0'; i++) {
		size_t len = strcspn(at, " ");
		const char *kind = names_kind(command->name, at, len);

		if (kind == NULL)
			return;
		(void)printf("%s@%s", i > 0 ? " " : "", kind);
		at += len + (at[len] == ' ');
	}
}

static void print_options(const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)printf("%s--%s", i > 0 ? " " : "", options[i].name);
}

static void print_commands(void)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		const struct cli_command *command = &COMMANDS[i];

		(void)printf("%s|", command->name);
		print_options(command->options, command->options_count);
		(void)printf("%s|", command->options_count > 0 ? " " : "");
		if (command->run == run_completion)
			(void)printf("bash zsh fish");
		else if (takes_file(command->operands))
			(void)printf("FILE");
		else
			print_operands(command);
		(void)putchar('\n');
	}
}

static const char *option_kind(const struct cli_option *option)
{
	bool account = strcmp(option->name, "account") == 0;

	if (option->arg == NULL || (!account && strcmp(option->arg, "NAME") == 0))
		return NULL;
	return names_kind(NULL, option->arg, strlen(option->arg));
}

/* A line for each option that takes a value: "--state|active inactive", "--checkpoint|FILE". */
static void print_values_of(const struct cli_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct cli_option *option = &options[i];
		const char *kind = option_kind(option);

		if (option->arg != NULL)
			(void)printf("--%s|%s%s\n", option->name, kind != NULL ? "@" : "",
				option->choices != NULL   ? option->choices
				: kind != NULL            ? kind
				: takes_file(option->arg) ? "FILE"
							  : "");
	}
}

static void print_values(void)
{
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		print_values_of(COMMANDS[i].options, COMMANDS[i].options_count);
	print_values_of(GLOBALS, GLOBALS_COUNT);
}

static const char BASH_FUNCTION[] =
	"_llavero_reply() {\n"
	"	local name\n"
	"	case \"$1\" in @*)\n"
	"		while IFS= read -r name; do\n"
	"			COMPREPLY+=(\"$(printf %q \"$name\")\")\n"
	"		done < <(\"${COMP_WORDS[0]}\" completion names "
	"\"${1#@}\" \"$cur\" \"$first\" \"${ask[@]}\" 2>/dev/null)\n"
	"		return ;;\n"
	"	esac\n"
	"	if [ \"$1\" = FILE ]; then\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"	else\n"
	"		COMPREPLY=($(compgen -W \"$1\" -- \"$cur\"))\n"
	"	fi\n"
	"}\n"
	"_llavero() {\n"
	"	local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev='' at='' next='' word name options "
	"operands i rest first='' ask=()\n"
	"	COMPREPLY=()\n"
	"	for ((i = 1; i < COMP_CWORD; i++)); do\n"
	"		word=\"${COMP_WORDS[i]}\"\n"
	"		if [ -n \"$prev\" ]; then\n"
	"			case \"$prev\" in --account|--socket|--url) ask+=(\"$prev\" "
	"\"$word\") ;; esac\n"
	"			prev=''\n"
	"			continue\n"
	"		fi\n"
	"		case \"$word\" in\n"
	"		-*) case \"$_llavero_values\" in *\"$word|\"*) prev=\"$word\" ;; esac ;;\n"
	"		*) at=\"$at${at:+ }$word\" ;;\n"
	"		esac\n"
	"	done\n"
	"	while IFS='|' read -r name options operands; do\n"
	"		case \"${name:+$at }\" in \"$name \"*)\n"
	"			rest=\"${at#\"$name\"}\"\n"
	"			rest=\"${rest# }\"\n"
	"			first=\"${rest%% *}\" ;;\n"
	"		esac\n"
	"	done <<< \"$_llavero_commands\"\n"
	"	if [ -n \"$prev\" ]; then\n"
	"		while IFS='|' read -r name options; do\n"
	"			[ \"$name\" = \"$prev\" ] && { _llavero_reply \"$options\"; "
	"return; }\n"
	"		done <<< \"$_llavero_values\"\n"
	"	fi\n"
	"	while IFS='|' read -r name options operands; do\n"
	"		[ -n \"$name\" ] || continue\n"
	"		case \"$at \" in \"$name \"*)\n"
	"			case \"$operands\" in @*)\n"
	"				for word in $rest; do\n"
	"					case \"$operands\" in *' '*) "
	"operands=\"${operands#* }\" ;; "
	"*) operands='' ;; esac\n"
	"				done\n"
	"				operands=\"${operands%% *}\" ;;\n"
	"			esac\n"
	"			case \"$cur\" in\n"
	"			-*) _llavero_reply \"$options$_llavero_globals\" ;;\n"
	"			*) _llavero_reply \"$operands\" ;;\n"
	"			esac\n"
	"			return ;;\n"
	"		esac\n"
	"		case \"$name \" in \"$at${at:+ }\"*)\n"
	"			name=\"${name#\"$at${at:+ }\"}\"\n"
	"			name=\"${name%% *}\"\n"
	"			case \" $next \" in *\" $name \"*) ;; *) next=\"$next $name\" ;; "
	"esac ;;\n"
	"		esac\n"
	"	done <<< \"$_llavero_commands\"\n"
	"	case \"$cur\" in -*) next=\"$_llavero_globals\" ;; esac\n"
	"	_llavero_reply \"$next\"\n"
	"}\n"
	"complete -F _llavero llavero\n";

static void print_bash(void)
{
	(void)printf("_llavero_commands='");
	print_commands();
	(void)printf("'\n_llavero_values='");
	print_values();
	(void)printf("'\n_llavero_globals='");
	print_options(GLOBALS, GLOBALS_COUNT);
	(void)printf("'\n%s", BASH_FUNCTION);
}

/* ---- fish ---- */

/* In single quotes. */
static void print_quoted(const char *text)
{
	(void)putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			(void)putchar('\\');
		(void)putchar(*text);
	}
	(void)putchar('\'');
}

static const char FISH_FUNCTIONS[] =
	"function __llavero_at\n"
	"	set -l at; set -l skip 0\n"
	"	for word in (commandline -opc)[2..-1]\n"
	"		if test $skip = 1; set skip 0; continue; end\n"
	"		if string match -q -- '-*' $word\n"
	"			contains -- $word $__llavero_valued; and set skip 1\n"
	"		else\n"
	"			set -a at $word\n"
	"		end\n"
	"	end\n"
	"	string join ' ' $at\n"
	"end\n"
	"function __llavero_in\n"
	"	set -l at (__llavero_at)\n"
	"	string match -q -- $argv[1] \"$at\"; or string match -q -- \"$argv[1] *\" \"$at\"\n"
	"end\n"
	"function __llavero_next\n"
	"	set -l at (__llavero_at)\n"
	"	for name in $__llavero_commands\n"
	"		if test -z \"$at\"\n"
	"			string split ' ' $name | head -n 1\n"
	"		else if string match -q -- \"$at *\" $name\n"
	"			string split ' ' (string replace -- \"$at \" '' $name) | head -n "
	"1\n"
	"		end\n"
	"	end | sort -u\n"
	"end\n"
	"complete -c llavero -f -a '(__llavero_next)'\n";

static void print_fish_option(
	const struct cli *cli, const struct cli_command *command, const struct cli_option *option)
{
	(void)printf("complete -c llavero ");
	if (command != NULL)
		(void)printf("-n '__llavero_in \"%s\"' ", command->name);
	(void)printf("-l %s -d ", option->name);
	print_quoted(cli_text(cli, option->help));
	if (option->arg != NULL)
		(void)printf(takes_file(option->arg) ? " -r -F" : " -x");
	if (option->choices != NULL)
		(void)printf(" -a '%s'", option->choices);
	(void)putchar('\n');
}

static void print_fish(const struct cli *cli)
{
	(void)printf("set -g __llavero_commands");
	for (size_t i = 0; i < COMMANDS_COUNT; i++)
		(void)printf(" '%s'", COMMANDS[i].name);
	(void)printf("\nset -g __llavero_valued");
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		for (size_t j = 0; j < COMMANDS[i].options_count; j++) {
			if (COMMANDS[i].options[j].arg != NULL)
				(void)printf(" --%s", COMMANDS[i].options[j].name);
		}
	}
	for (size_t i = 0; i < GLOBALS_COUNT; i++) {
		if (GLOBALS[i].arg != NULL)
			(void)printf(" --%s", GLOBALS[i].name);
	}
	(void)printf("\n%s", FISH_FUNCTIONS);
	for (size_t i = 0; i < COMMANDS_COUNT; i++) {
		if (takes_file(COMMANDS[i].operands))
			(void)printf("complete -c llavero -n '__llavero_in \"%s\"' -F\n",
				COMMANDS[i].name);
		for (size_t j = 0; j < COMMANDS[i].options_count; j++)
			print_fish_option(cli, &COMMANDS[i], &COMMANDS[i].options[j]);
	}
	for (size_t i = 0; i < GLOBALS_COUNT; i++)
		print_fish_option(cli, NULL, &GLOBALS[i]);
}

int run_completion(struct cli *cli, const struct cli_args *args)
{
	const char *shell = args->operands[0];

	if (strcmp(shell, "bash") == 0) {
		print_bash();
	} else if (strcmp(shell, "zsh") == 0) {
		(void)printf("autoload -U +X bashcompinit && bashcompinit\n");
		print_bash();
	} else if (strcmp(shell, "fish") == 0) {
		print_fish(cli);
	} else {
		return cli_fail_with(cli, EXIT_USAGE, "cli.unknown_shell", "name", shell);
	}
	return EXIT_YES;
}
