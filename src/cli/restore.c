/*
 * llavero restore: offline, while llaverod is stopped, under its lock. When the
 * backup is older than what the installation has reached, llaverod refuses
 * until `llavero restore --confirm`, which the keeper answers.
 */
#include "cli/commands.h"

#include "base/data_lock.h"
#include "base/file.h"
#include "base/limits.h"
#include "records/backup.h"
#include "records/high_water.h"
#include "records/root_key.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_DIR_DEFAULT "/var/lib/llavero"

struct restoring {
	struct cli *cli;
	const char *data_dir;
	const char *path; /* of the backup */
	char url[PATH_MAX + 16], root_key_path[PATH_MAX], index_path[PATH_MAX];
	char own_copy[PATH_MAX]; /* that its owner may read; "" when there is none */
	int lock_fd;
	struct root_key *root_key;
	struct restore_result result;
	bool has_mark; /* how new the records were here */
	bool must_confirm;
	json_t *lost; /* NULL: nobody knows */
};

/* ---- where ---- */

static const char *setting(const struct cli_args *args, const char *option, const char *variable)
{
	const char *value = cli_value(args, option);

	if (value == NULL)
		value = getenv(variable);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

static int find_places(struct restoring *r, const struct cli_args *args)
{
	const char *data_dir = setting(args, "data-dir", "LLAVERO_DATA_DIR");
	const char *url = setting(args, "records-url", "LLAVERO_RECORDS_URL");
	struct buf url_text = BUF_ARRAY(r->url), key_text = BUF_ARRAY(r->root_key_path);
	struct buf index_text = BUF_ARRAY(r->index_path);

	r->data_dir = data_dir != NULL ? data_dir : DATA_DIR_DEFAULT;
	if (url != NULL)
		buf_append_str(&url_text, url);
	else
		buf_printf(&url_text, "sqlite:%s/records.db", r->data_dir);
	buf_printf(&key_text, "%s/root.key", r->data_dir);
	buf_printf(&index_text, "%s/index", r->data_dir);
	if (!buf_ok(&url_text) || !buf_ok(&key_text) || !buf_ok(&index_text))
		return cli_fail_with(r->cli, EXIT_USAGE, "daemon.path_long", "value", r->data_dir);
	return EXIT_YES;
}

/* ---- as whom ---- */

static int fail_errno(const struct restoring *r, const char *key, const char *path)
{
	struct message_arg args[] = { { "path", span_str(path) },
		{ "reason", span_str(cli_reason(r->cli, errno)) } };

	return cli_fail(r->cli, EXIT_FAULT, key, args, ARRAY_LEN(args));
}

static bool copy_open_file(int from, int to)
{
	ssize_t sent;

	do
		sent = sendfile(to, from, NULL, 64 * MIB);
	while (sent > 0);
	return sent == 0;
}

/* A copy of the backup for somebody who may not read the file itself. */
static int copy_for(struct restoring *r, const struct stat *owner)
{
	CLEANUP(close_fd)
	int from = open(r->path, O_RDONLY | O_CLOEXEC);
	CLEANUP(close_fd)
	int to = -1;
	struct buf name = BUF_ARRAY(r->own_copy);

	if (from < 0)
		return fail_errno(r, "cli.open_failed", r->path);
	buf_printf(&name, "%s/restore.%ld.tmp", r->data_dir, (long)getpid());
	if (buf_ok(&name))
		to = open(r->own_copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0 || fchown(to, owner->st_uid, owner->st_gid) != 0 || !copy_open_file(from, to))
		return fail_errno(r, "cli.file_not_written", r->own_copy);
	r->path = r->own_copy;
	return EXIT_YES;
}

/*
 * The root user becomes the owner of the data directory: llaverod could not
 * open what root leaves there, and only the owner may read the root key.
 */
static int become_owner(struct restoring *r)
{
	struct stat owner;
	int code;

	if (stat(r->data_dir, &owner) != 0)
		return fail_errno(r, "cli.no_data_dir", r->data_dir);
	if (geteuid() != 0 || owner.st_uid == 0)
		return EXIT_YES;
	code = copy_for(r, &owner);
	if (code == EXIT_YES &&
		(setgroups(0, NULL) != 0 || setgid(owner.st_gid) != 0 || setuid(owner.st_uid) != 0))
		code = fail_errno(r, "cli.open_failed", r->data_dir);
	return code;
}

static int lock(struct restoring *r)
{
	struct complaint complaint = { .key = NULL };
	struct stat owner;
	enum status st;

	if (stat(r->data_dir, &owner) != 0)
		return fail_errno(r, "cli.no_data_dir", r->data_dir);
	st = data_lock_take(r->data_dir, geteuid() == 0 ? owner.st_uid : (uid_t)-1,
		geteuid() == 0 ? owner.st_gid : (gid_t)-1, &r->lock_fd, &complaint);
	if (st == ST_BUSY)
		return cli_fail_with(
			r->cli, EXIT_REFUSED, "cli.restore_while_running", "path", r->data_dir);
	return st == ST_OK ? EXIT_YES : cli_complain(r->cli, EXIT_FAULT, &complaint);
}

/* ---- the work ---- */

static void on_progress(void *arg, int64_t done, int64_t total)
{
	(void)arg;
	show_progress((uint64_t)done, (uint64_t)total);
}

static int put_in_place(struct restoring *r, bool replace)
{
	struct complaint complaint = { .key = NULL };
	struct records_options records = { .url = r->url, .data_dir = r->data_dir };
	struct restore_options options = {
		.records = &records,
		.path = r->path,
		.replace = replace,
		.progress = on_progress,
	};
	enum status st = root_key_open(r->root_key_path, false, &r->root_key, &complaint);

	if (st == ST_NOT_FOUND && complaint.key == NULL)
		complaint_set(&complaint, "records.root_key_missing", 1, "path", r->root_key_path);
	records.root_key = r->root_key;
	if (st == ST_OK)
		st = records_restore(&options, &r->result, &complaint);
	show_progress(1, 1);
	if (st == ST_OK)
		return EXIT_YES;
	return cli_complain(r->cli,
		st == ST_IO || st == ST_NO_SPACE || st == ST_NO_MEMORY ? EXIT_FAULT : EXIT_REFUSED,
		&complaint);
}

static int remove_one(const char *path, const struct stat *at, int kind, struct FTW *where)
{
	(void)at;
	(void)kind;
	/* The folder itself stays: llaverod made it with the rights that gates need. */
	return where->level == 0 ? 0 : remove(path);
}

/* The index is of the database that was there. Without one the gates refuse until it is made. */
static int remove_index(const struct restoring *r)
{
	if (nftw(r->index_path, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		return fail_errno(r, "cli.index_not_removed", r->index_path);
	return EXIT_YES;
}

/* Begin the new epoch here, unless somebody has to confirm first that the backup is older. */
static int open_once(struct restoring *r)
{
	struct actor actor = {
		.kind = ACTOR_OPERATOR,
		.name = SPAN_LIT("restore"),
		.peer_uid = (int64_t)getuid(),
		.address = SPAN_ABSENT,
		.request_id = SPAN_ABSENT,
	};
	struct records_options options = {
		.url = r->url,
		.data_dir = r->data_dir,
		.root_key = r->root_key,
		.restored = &actor,
	};
	struct complaint complaint = { .key = NULL };
	struct records *records = NULL;
	enum status st = records_open(&options, &records, &complaint);

	r->must_confirm = st == ST_STALE;
	if (r->must_confirm)
		return EXIT_YES;
	if (st != ST_OK)
		return cli_complain(r->cli, EXIT_FAULT, &complaint);
	r->result.head = records_head(records);
	records_close(&records);
	return EXIT_YES;
}

static enum status take_lost(void *arg, const struct lost *lost)
{
	json_t *item = json_object();

	put_text(item, "kind", lost_kind_name(lost->kind));
	(void)json_object_set_new(
		item, "account", json_stringn(lost->account.ptr, lost->account.len));
	(void)json_object_set_new(item, "appKey",
		span_present(lost->app_key) ? json_stringn(lost->app_key.ptr, lost->app_key.len)
					    : json_null());
	(void)json_object_set_new(item, "user",
		span_present(lost->user) ? json_stringn(lost->user.ptr, lost->user.len)
					 : json_null());
	(void)json_array_append_new(arg, item);
	return ST_OK;
}

static void find_lost(struct restoring *r)
{
	json_t *items = json_array();
	int64_t events = 0;

	if (r->must_confirm && records_lost(r->url, take_lost, items, &events) == ST_OK)
		r->lost = json_pack("{s:I,s:I,s:O}", "events", (json_int_t)events, "count",
			(json_int_t)json_array_size(items), "items", items);
	json_decref(items);
}

/* ---- saying it ---- */

void show_lost(struct cli *cli, const json_t *lost)
{
	static const struct column columns[] = {
		{ "cli.col_comes_back", "kindText" },
		{ "cli.col_account", "account" },
		{ "cli.col_app_key", "appKey" },
		{ "cli.col_email", "user" },
	};
	char number[24];
	json_t *items = json_object_get(lost, "items"), *item;
	size_t index;

	if (!json_is_object(lost)) {
		cli_say(cli, "cli.lost_unknown", NULL, 0);
		return;
	}
	(void)snprintf(number, sizeof(number), "%lld",
		(long long)json_integer_value(json_object_get(lost, "events")));
	cli_say(cli, json_array_size(items) == 0 ? "cli.lost_none" : "cli.lost_some",
		&(struct message_arg){ "events", span_str(number) }, 1);
	if (json_array_size(items) == 0)
		return;
	json_array_foreach(items, index, item)
	{
		char key[64];

		(void)snprintf(key, sizeof(key), "cli.lost_%s",
			json_string_value(json_object_get(item, "kind")));
		put_text(item, "kindText", message_text(cli->lang, key));
	}
	show_table(cli, items, columns, ARRAY_LEN(columns));
}

static int show_restored(struct restoring *r)
{
	static const struct column restored[] = {
		{ "cli.col_epoch", "epoch" },
		{ "cli.col_revision", "revision" },
		{ "cli.col_aside", "aside" },
	};
	json_t *object = json_pack("{s:I,s:I,s:s?,s:b,s:O?}", "epoch",
		(json_int_t)r->result.head.epoch, "revision", (json_int_t)r->result.head.revision,
		"aside", r->result.aside[0] != '\0' ? r->result.aside : NULL, "mustConfirm",
		r->must_confirm, "lost", r->lost);

	if (r->cli->json) {
		(void)show_json(object);
	} else {
		show_fields(r->cli, object, restored, ARRAY_LEN(restored));
		/* Where there is no mark the backup may be older too: nobody can tell. */
		if (r->must_confirm || !r->has_mark)
			show_lost(r->cli, r->lost);
	}
	cli_note(
		r->cli, r->must_confirm ? "cli.restore_must_confirm" : "cli.restore_done", NULL, 0);
	json_decref(object);
	return EXIT_YES;
}

static int restore(struct restoring *r, const struct cli_args *args)
{
	int code = find_places(r, args);

	if (code == EXIT_YES)
		code = lock(r);
	if (code == EXIT_YES)
		code = become_owner(r);
	if (code == EXIT_YES)
		code = put_in_place(r, cli_flag(args, "replace"));
	if (code == EXIT_YES)
		code = remove_index(r);
	if (code == EXIT_YES) {
		r->has_mark = high_water_is_there(r->data_dir);
		code = open_once(r);
	}
	if (code != EXIT_YES)
		return code;
	find_lost(r);
	return show_restored(r);
}

static int confirm(struct cli *cli)
{
	static const struct column confirmed[] = {
		{ "cli.col_epoch", "epoch" },
		{ "cli.col_revision", "revision" },
	};
	struct client_answer answer;
	int code = client_ask(cli,
		&(struct client_request){ .method = "POST", .path = "/v1/restore/confirm" }, 0,
		&answer);

	if (code == EXIT_YES && cli->json) {
		(void)show_json(answer.json);
	} else if (code == EXIT_YES) {
		show_fields(cli, answer.json, confirmed, ARRAY_LEN(confirmed));
		show_lost(cli, json_object_get(answer.json, "lost"));
	}
	client_answer_free(&answer);
	return code;
}

int run_restore(struct cli *cli, const struct cli_args *args)
{
	struct restoring r = { .cli = cli, .lock_fd = -1 };
	bool confirms = cli_flag(args, "confirm");
	int code;

	if (confirms == (args->operands_count == 1))
		return cli_fail(cli, EXIT_USAGE, "cli.restore_file_or_confirm", NULL, 0);
	if (confirms)
		return confirm(cli);
	r.path = args->operands[0];
	umask(0027);
	code = restore(&r, args);
	if (r.own_copy[0] != '\0')
		(void)unlink(r.own_copy);
	if (r.root_key != NULL)
		root_key_close(&r.root_key);
	json_decref(r.lost);
	close_fd(&r.lock_fd);
	return code;
}
