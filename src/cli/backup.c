/* llavero backup: the keeper makes a consistent copy, and this puts it where it should go. */
#include "cli/commands.h"

#include "base/encode.h"
#include "base/file.h"
#include "base/limits.h"
#include "records/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_file(const struct cli *cli, const char *path, int error)
{
	struct message_arg args[] = { { "path", span_str(path) },
		{ "reason", span_str(cli_reason(cli, error)) } };

	if (error == EEXIST)
		return cli_fail_with(cli, EXIT_REFUSED, "records.backup_exists", "path", path);
	return cli_fail(cli, EXIT_FAULT, "cli.file_not_written", args, ARRAY_LEN(args));
}

static int show_backup(struct cli *cli, const char *path)
{
	static const struct column made[] = {
		{ "cli.col_file", "file" },
		{ "cli.col_bytes", "bytes" },
		{ "cli.col_epoch", "epoch" },
		{ "cli.col_revision", "revision" },
	};
	struct complaint complaint = { .key = NULL };
	uint8_t public_key[SIGN_PUBLIC_KEY_SIZE];
	struct head head;
	struct stat at;
	json_t *object;

	/* Opening it shows that what arrived is a database. */
	if (events_stated(path, public_key, &head, &complaint) != ST_OK)
		return cli_complain(cli, EXIT_FAULT, &complaint);
	if (stat(path, &at) != 0)
		return fail_file(cli, path, errno);
	object = json_pack("{s:s,s:I,s:I,s:I}", "file", path, "bytes", (json_int_t)at.st_size,
		"epoch", (json_int_t)head.epoch, "revision", (json_int_t)head.revision);
	if (cli->json)
		(void)show_json(object);
	else
		show_fields(cli, object, made, ARRAY_LEN(made));
	json_decref(object);
	cli_note(cli, "cli.backup_note", NULL, 0);
	return EXIT_YES;
}

/* All of it on disk under another name first: what bears the name is whole. */
static int download(struct cli *cli, const char *beside, int fd)
{
	struct client_answer answer;
	int code = client_ask(cli,
		&(struct client_request){ .method = "GET",
			.path = "/v1/backup",
			.accept = "application/octet-stream",
			.download_fd = fd,
			.progress = true },
		0, &answer);

	client_answer_free(&answer);
	if (code == EXIT_YES && fsync(fd) != 0)
		return fail_file(cli, beside, errno);
	return code;
}

int run_backup(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(close_fd)
	int fd = -1;
	CLEANUP(buf_free)
	struct buf beside = buf_heap(8 * KIB);
	const char *path = args->operands[0];
	struct stat at;
	int code;

	if (lstat(path, &at) == 0)
		return fail_file(cli, path, EEXIST);
	buf_printf(&beside, "%s.%ld.part", path, (long)getpid());
	fd = open(buf_str(&beside), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_file(cli, path, errno);
	code = download(cli, buf_str(&beside), fd);
	/* A link, unlike a renaming, overwrites nothing. */
	if (code == EXIT_YES && link(buf_str(&beside), path) != 0)
		code = fail_file(cli, path, errno);
	(void)unlink(buf_str(&beside));
	if (code == EXIT_YES && directory_sync(path) != ST_OK)
		code = fail_file(cli, path, EIO);
	return code == EXIT_YES ? show_backup(cli, path) : code;
}
