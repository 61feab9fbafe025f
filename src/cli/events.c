/* llavero events: the audit log, shown, followed and signed. Checking it is events_verify.c. */
#include "cli/commands.h"

#include "base/limits.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LIST_DEFAULT 50u
#define TAIL_DEFAULT 10u
#define PAGE_EVENTS 200u
#define ANSWER_WITHIN_S 10L
/* Between two questions of a follower: it doubles while nothing happens. */
#define PAUSE_FIRST_MS 100
#define PAUSE_MAX_MS 1000

static const struct column EVENT[] = {
	{ "cli.col_revision", "event.revision" },
	{ "cli.col_time", "event.time" },
	{ "cli.col_actor", "event.actor.id" },
	{ "cli.col_account", "event.account" },
	{ "cli.col_action", "event.action" },
	{ "cli.col_entity", "event.entity.id" },
};

static void query_filters(const struct cli_args *args, struct buf *path)
{
	buf_append_str(path, "/v1/events");
	client_query(path, "account", cli_value(args, "account"));
	client_query(path, "entity", cli_value(args, "entity"));
	client_query(path, "entityId", cli_value(args, "entity-id"));
	client_query(path, "action", cli_value(args, "action"));
	client_query(path, "actor", cli_value(args, "actor"));
	client_query(path, "until", cli_value(args, "until"));
}

/* --since as a time goes into the path, as a revision into *out_cursor (exclusive). */
static void take_since(const struct cli_args *args, struct buf *path, uint64_t *out_cursor)
{
	const char *since = cli_value(args, "since");
	uint64_t revision;

	*out_cursor = 0;
	if (since == NULL)
		return;
	if (span_to_u64(span_str(since), &revision))
		*out_cursor = revision > 0 ? revision - 1 : 0;
	else
		client_query(path, "since", since);
}

static int take_limit(struct cli *cli, const struct cli_args *args, size_t *inout_limit)
{
	const char *text = cli_value(args, "limit");
	uint64_t limit;

	if (text == NULL)
		return EXIT_YES;
	if (!span_to_u64(span_str(text), &limit) || limit > INT32_MAX)
		return cli_fail_with(cli, EXIT_USAGE, "cli.not_a_number", "name", "limit");
	*inout_limit = (size_t)limit;
	return EXIT_YES;
}

/* One page from beyond *inout_cursor on, oldest first; moves the cursor. */
static int next_page(const struct cli *cli, struct span base, size_t limit, uint64_t *inout_cursor,
	json_t **out_items, bool *out_more)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(16 * KIB);
	char number[24];
	struct client_answer answer;
	const char *next;
	int code;

	buf_append(&path, base);
	(void)snprintf(number, sizeof(number), "%zu",
		limit == 0 || limit > PAGE_EVENTS ? PAGE_EVENTS : limit);
	client_query(&path, "limit", number);
	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)*inout_cursor);
	client_query(&path, "cursor", number);
	code = client_ask(cli,
		&(struct client_request){
			.method = "GET", .path = buf_str(&path), .within_s = ANSWER_WITHIN_S },
		0, &answer);
	if (code == EXIT_YES) {
		*out_items = json_incref(json_object_get(answer.json, "items"));
		next = json_string_value(json_object_get(answer.json, "next"));
		*out_more = next != NULL;
		if (next == NULL || !span_to_u64(span_str(next), inout_cursor))
			*inout_cursor = (uint64_t)json_integer_value(
				json_object_get(answer.json, "revision"));
	}
	client_answer_free(&answer);
	return code;
}

static json_t *reversed(json_t *items)
{
	json_t *out = json_array();

	for (size_t i = json_array_size(items); i > 0; i--)
		(void)json_array_append(out, json_array_get(items, i - 1));
	json_decref(items);
	return out;
}

/*
 * The events that were asked for, oldest first: with --since all from there
 * on, otherwise the newest. 0 in limit: all.
 */
static int collect(
	const struct cli *cli, const struct cli_args *args, size_t limit, json_t **out_items)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(16 * KIB);
	json_t *page = NULL;
	uint64_t cursor;
	bool more = true;
	int code = EXIT_YES;

	query_filters(args, &path);
	take_since(args, &path, &cursor);
	if (cli_value(args, "since") == NULL) {
		client_query(&path, "order", "desc");
		code = client_collect(cli, buf_str(&path), limit, out_items);
		if (code == EXIT_YES)
			*out_items = reversed(*out_items);
		return code;
	}
	*out_items = json_array();
	while (code == EXIT_YES && more && (limit == 0 || json_array_size(*out_items) < limit)) {
		code = next_page(cli, buf_span(&path),
			limit == 0 ? 0 : limit - json_array_size(*out_items), &cursor, &page,
			&more);
		if (code == EXIT_YES)
			(void)json_array_extend(*out_items, page);
		json_decref(page);
		page = NULL;
	}
	if (code != EXIT_YES)
		json_decref(*out_items);
	return code;
}

int run_events_list(struct cli *cli, const struct cli_args *args)
{
	size_t limit = cli_value(args, "since") == NULL ? LIST_DEFAULT : 0;
	json_t *items;
	int code = take_limit(cli, args, &limit);

	if (code == EXIT_YES)
		code = collect(cli, args, limit, &items);
	if (code != EXIT_YES)
		return code;
	show_items(cli, items, EVENT, ARRAY_LEN(EVENT));
	json_decref(items);
	return EXIT_YES;
}

/* ---- tail ---- */

/* A line an event, at once: whoever reads us may be waiting. */
static int print_events(const struct cli *cli, const json_t *items)
{
	const json_t *item;
	size_t index;

	json_array_foreach(items, index, item)
	{
		struct buf line = buf_heap(MIB);

		for (size_t i = 0; !cli->json && i < ARRAY_LEN(EVENT); i++) {
			if (i > 0)
				buf_append_str(&line, "  ");
			show_value(&line, show_member(item, EVENT[i].member));
		}
		if (cli->json)
			show_dump(item, JSON_COMPACT);
		(void)printf("%s\n", buf_str(&line));
		buf_free(&line);
	}
	return fflush(stdout) == 0 ? EXIT_YES
				   : cli_fail(cli, EXIT_FAULT, "cli.write_failed", NULL, 0);
}

/* Sleeps; true when it is to end. The signals are blocked, so none is lost between two sleeps. */
static bool ended_within(const sigset_t *ends, int milliseconds)
{
	const struct timespec pause = {
		.tv_sec = milliseconds / 1000,
		.tv_nsec = (milliseconds % 1000) * 1000000L,
	};

	return sigtimedwait(ends, NULL, &pause) > 0;
}

static int follow(const struct cli *cli, const struct cli_args *args, uint64_t cursor)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(16 * KIB);
	int code = EXIT_YES, pause_ms = PAUSE_FIRST_MS;
	json_t *items;
	sigset_t ends;
	bool more;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	query_filters(args, &path);
	for (;;) {
		code = next_page(cli, buf_span(&path), 0, &cursor, &items, &more);
		if (code != EXIT_YES)
			return code;
		pause_ms = json_array_size(items) > 0 ? PAUSE_FIRST_MS : pause_ms * 2;
		pause_ms = pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
		code = print_events(cli, items);
		json_decref(items);
		if (code != EXIT_YES || ended_within(&ends, more ? 0 : pause_ms))
			return code;
	}
}

/* Where the records stand, before the first page is asked for: nothing falls between. */
static int head_revision(const struct cli *cli, uint64_t *out_revision)
{
	uint64_t cursor = INT64_MAX;
	json_t *items;
	bool more;
	int code = next_page(cli, SPAN_LIT("/v1/events"), 1, &cursor, &items, &more);

	if (code != EXIT_YES)
		return code;
	json_decref(items);
	*out_revision = cursor;
	return EXIT_YES;
}

static uint64_t last_revision(const json_t *items, uint64_t otherwise)
{
	const json_t *last = json_array_get(items, json_array_size(items) - 1);

	return last == NULL ? otherwise
			    : (uint64_t)json_integer_value(show_member(last, "event.revision"));
}

int run_events_tail(struct cli *cli, const struct cli_args *args)
{
	size_t limit = cli_value(args, "since") == NULL ? TAIL_DEFAULT : 0;
	uint64_t head = 0, last;
	json_t *items = NULL;
	int code = take_limit(cli, args, &limit);

	if (code == EXIT_YES)
		code = head_revision(cli, &head);
	if (code == EXIT_YES && (limit > 0 || cli_value(args, "since") != NULL))
		code = collect(cli, args, limit, &items);
	if (code != EXIT_YES)
		return code;
	code = print_events(cli, items);
	last = last_revision(items, 0);
	json_decref(items);
	if (code != EXIT_YES || !cli_flag(args, "follow"))
		return code;
	return follow(cli, args, last > head ? last : head);
}

/* ---- chain and checkpoint ---- */

int run_events_chain(struct cli *cli, const struct cli_args *args)
{
	static const struct column chain[] = {
		{ "cli.col_state", "checked.state" },
		{ "cli.col_detail", "checked.fault.detail" },
		{ "cli.col_checked", "checked.revision" },
		{ "cli.col_revision", "revision" },
		{ "cli.col_signatures", "checked.signatures" },
		{ "cli.col_high_water", "highWaterRevision" },
		{ "cli.col_checkpoint", "checkpoint.revision" },
		{ "cli.col_public_key", "publicKey" },
	};
	struct client_answer answer;
	const char *state;
	int code = client_ask(cli,
		&(struct client_request){ .method = "GET", .path = "/v1/events/chain" }, 0,
		&answer);

	(void)args;
	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		show_fields(cli, answer.json, chain, ARRAY_LEN(chain));
	state = json_string_value(show_member(answer.json, "checked.state"));
	if (code == EXIT_YES && (state == NULL || strcmp(state, "bad") == 0))
		code = EXIT_REFUSED;
	client_answer_free(&answer);
	return code;
}

int run_events_checkpoint(struct cli *cli, const struct cli_args *args)
{
	struct client_answer answer;
	const char *text, *public_key;
	int code = client_ask(cli,
		&(struct client_request){ .method = "POST", .path = "/v1/events/checkpoint" }, 0,
		&answer);

	text = json_string_value(json_object_get(answer.json, "text"));
	public_key = json_string_value(json_object_get(answer.json, "publicKey"));
	if (code == EXIT_YES && (text == NULL || public_key == NULL))
		code = cli_fail(cli, EXIT_FAULT, "cli.answer_unfit", NULL, 0);
	if (code == EXIT_YES && args->operands_count == 1)
		code = output_file(cli, args->operands[0], span_str(text), 0644);
	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES && args->operands_count == 0)
		(void)printf("%s", text);
	if (code == EXIT_YES)
		cli_note(cli, "cli.checkpoint_note",
			&(struct message_arg){ "key", span_str(public_key) }, 1);
	client_answer_free(&answer);
	return code;
}
