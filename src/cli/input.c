#include "cli/cli.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static int fail_errno(const struct cli *cli, int code, const char *key, const char *path)
{
	struct message_arg args[] = { { "path", span_str(path) },
		{ "reason", span_str(cli_reason(cli, errno)) } };

	return cli_fail(cli, code, key, args, ARRAY_LEN(args));
}

static int read_fd(const struct cli *cli, int fd, const char *name, struct buf *out)
{
	char chunk[16384];
	ssize_t got;

	while ((got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail_errno(cli, EXIT_FAULT, "cli.read_failed", name);
		buf_append(out, span_of(chunk, (size_t)got));
		explicit_bzero(chunk, (size_t)got);
		if (!buf_ok(out))
			return cli_fail_with(cli, EXIT_REFUSED, "cli.too_large", "path", name);
	}
	return EXIT_YES;
}

/*
 * The message of who else has to do with a file; NULL when nobody has. A pipe is its writer's.
 * A file of root's may be read by its group: so secrets are handed to services and containers.
 */
static const char *exposed(int fd)
{
	struct stat about;
	unsigned forbidden;

	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
		return NULL;
	if (about.st_uid != geteuid() && about.st_uid != 0)
		return "cli.secret_foreign";
	forbidden = about.st_uid == geteuid() ? S_IRWXG | S_IRWXO : S_IWGRP | S_IRWXO;
	return (about.st_mode & forbidden) != 0 ? "cli.secret_open" : NULL;
}

static int check_care(const struct cli *cli, int fd, const char *path, enum input_care care)
{
	const char *key = care == INPUT_OPEN ? NULL : exposed(fd);
	struct message_arg arg = { "path", span_str(path) };

	if (key == NULL)
		return EXIT_YES;
	if (care == INPUT_GUARDED)
		return cli_fail(cli, EXIT_USAGE, key, &arg, 1);
	cli_note(cli, "cli.tokens_open", &arg, 1);
	return EXIT_YES;
}

int input_file(const struct cli *cli, const char *path, enum input_care care, size_t ceiling,
	struct buf *out)
{
	int fd, code;

	*out = buf_heap(ceiling);
	if (strcmp(path, "-") == 0)
		return read_fd(cli, STDIN_FILENO, path, out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(cli, EXIT_USAGE, "cli.open_failed", path);
	code = check_care(cli, fd, path, care);
	if (code == EXIT_YES)
		code = read_fd(cli, fd, path, out);
	(void)close(fd);
	return code;
}

/* Without echo; the terminal is put back also when reading fails. */
static int read_prompt(const struct cli *cli, const char *prompt_key, struct buf *out)
{
	struct termios before, silent;
	char c;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return cli_fail(cli, EXIT_USAGE, "cli.no_terminal", NULL, 0);
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	/* Silent before it asks: what comes at once must be neither shown nor thrown away. */
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	(void)fprintf(stderr, "%s ", message_text(cli->lang, prompt_key));
	while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
		buf_append_char(out, c);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	(void)fprintf(stderr, "\n");
	return EXIT_YES;
}

int input_line(const struct cli *cli, const char *prompt_key, struct buf *out)
{
	char c = '\0';

	if (isatty(STDIN_FILENO) != 1)
		return EXIT_USAGE;
	while (out->len == 0) {
		(void)fprintf(stderr, "%s ", message_text(cli->lang, prompt_key));
		while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
			buf_append_char(out, c);
		if (c != '\n') {
			(void)fprintf(stderr, "\n");
			return EXIT_USAGE;
		}
		c = '\0';
	}
	return EXIT_YES;
}

static void drop_line_end(struct buf *text)
{
	if (text->len > 0 && text->ptr[text->len - 1] == '\n')
		text->ptr[--text->len] = '\0';
	if (text->len > 0 && text->ptr[text->len - 1] == '\r')
		text->ptr[--text->len] = '\0';
}

static int file_or_prompt(const struct cli *cli, const char *path, enum input_care care,
	const char *prompt_key, struct buf *out_secret)
{
	int code;

	if (path == NULL) {
		*out_secret = buf_heap(4096);
		if (isatty(STDIN_FILENO) != 1)
			return cli_fail(cli, EXIT_USAGE, "cli.no_terminal", NULL, 0);
		return read_prompt(cli, prompt_key, out_secret);
	}
	code = input_file(cli, path, care, 4096, out_secret);
	drop_line_end(out_secret);
	return code;
}

int input_secret(
	const struct cli *cli, const char *path, const char *prompt_key, struct buf *out_secret)
{
	return file_or_prompt(cli, path, INPUT_GUARDED, prompt_key, out_secret);
}

int input_key_token(
	const struct cli *cli, const char *path, const char *prompt_key, struct buf *out_token)
{
	return file_or_prompt(cli, path, INPUT_TOLD, prompt_key, out_token);
}

int output_file(const struct cli *cli, const char *path, struct span text, unsigned mode)
{
	enum status st = file_replace(path, text, mode);
	struct message_arg args[] = { { "path", span_str(path) },
		{ "reason", span_str(status_name(st)) } };

	return st == ST_OK
		       ? EXIT_YES
		       : cli_fail(cli, EXIT_FAULT, "cli.file_not_written", args, ARRAY_LEN(args));
}
