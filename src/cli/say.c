#include "cli/cli.h"

#include <stdio.h>

const char *cli_value(const struct cli_args *args, const char *name)
{
	for (size_t i = 0; i < args->count; i++) {
		if (strcmp(args->options[i].option->name, name) == 0)
			return args->options[i].value;
	}
	return NULL;
}

bool cli_flag(const struct cli_args *args, const char *name)
{
	for (size_t i = 0; i < args->count; i++) {
		if (strcmp(args->options[i].option->name, name) == 0)
			return true;
	}
	return false;
}

json_t *cli_values(const struct cli_args *args, const char *name)
{
	json_t *values = NULL;

	for (size_t i = 0; i < args->count; i++) {
		if (strcmp(args->options[i].option->name, name) != 0)
			continue;
		if (values == NULL)
			values = json_array();
		(void)json_array_append_new(values, json_string(args->options[i].value));
	}
	return values;
}

int cli_fail(const struct cli *cli, int code, const char *key, const struct message_arg *args,
	size_t args_count)
{
	struct buf text = buf_heap(16 * 1024);

	message_append(&text, cli->lang, key, args, args_count);
	(void)fprintf(stderr, "llavero: %s\n", buf_str(&text));
	buf_free(&text);
	return code;
}

int cli_fail_with(
	const struct cli *cli, int code, const char *key, const char *name, const char *value)
{
	return cli_fail(cli, code, key, &(struct message_arg){ name, span_str(value) }, 1);
}

void cli_say(
	const struct cli *cli, const char *key, const struct message_arg *args, size_t args_count)
{
	struct buf text = buf_heap(16 * 1024);

	message_append(&text, cli->lang, key, args, args_count);
	printf("%s\n", buf_str(&text));
	buf_free(&text);
}
