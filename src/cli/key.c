/* llavero key: the keys of an account. A token is printed once, by create and rotate. */
#include "cli/commands.h"

#include "base/limits.h"
#include "cli/key_limits.h"
#include "cli/usage.h"

static const struct column KEY[] = {
	{ "cli.col_app_key", "appKey" },
	{ "cli.col_app_token", "appToken" },
	{ "cli.col_label", "label" },
	{ "cli.col_account", "account" },
	{ "cli.col_state", "state" },
	{ "cli.col_profiles", "profiles" },
	{ "cli.col_expires", "expiresAt" },
	{ "cli.col_rotation", "rotation" },
	{ "cli.col_handover", "handover" },
	{ "cli.col_link", "link" },
	{ "cli.col_addresses", "addresses" },
	{ "cli.col_external_id", "externalId" },
	{ "cli.col_metadata", "metadata" },
	{ "cli.col_limits", "limits" },
	{ "cli.col_created", "createdAt" },
	{ "cli.col_revision", "revision" },
};

static const struct column KEY_ROW[] = {
	{ "cli.col_app_key", "appKey" },
	{ "cli.col_label", "label" },
	{ "cli.col_account", "account" },
	{ "cli.col_state", "state" },
	{ "cli.col_profiles", "profiles" },
	{ "cli.col_created", "createdAt" },
	{ "cli.col_used", "lastUse.at" },
};

/* For people: an open rotation is a sentence, with what ends it. */
static void rotation_in_words(const struct cli *cli, json_t *key)
{
	const json_t *rotation = json_object_get(key, "rotation");
	const json_t *ends_at = json_object_get(rotation, "endsAt");
	CLEANUP(buf_free)
	struct buf time = buf_heap(KIB);
	CLEANUP(buf_free)
	struct buf text = buf_heap(KIB);
	struct message_arg arg;

	if (!json_is_object(rotation))
		return;
	show_value(&time, ends_at);
	arg = (struct message_arg){ "endsAt", span_str(buf_str(&time)) };
	message_append(&text, cli->lang,
		json_is_string(ends_at) ? "cli.rotation_until" : "cli.rotation_open", &arg, 1);
	(void)json_object_set_new(key, "rotation", json_string(buf_str(&text)));
}

/* For people: a one-time link is a sentence; the link itself, shown once, stands apart. */
static void handover_in_words(const struct cli *cli, json_t *key)
{
	const json_t *handover = json_object_get(key, "handover");
	const json_t *opened_at = json_object_get(handover, "openedAt");
	const json_t *voided_at = json_object_get(handover, "voidedAt");
	const char *because = json_string_value(json_object_get(handover, "voidBecause"));
	bool opened = json_is_string(opened_at), voided = !opened && json_is_string(voided_at);
	const char *words = opened ? "cli.handover_opened" : "cli.handover_waiting";
	CLEANUP(buf_free)
	struct buf time = buf_heap(KIB);
	CLEANUP(buf_free)
	struct buf text = buf_heap(KIB);
	struct message_arg arg;

	if (!json_is_object(handover))
		return;
	if (voided)
		words = because != NULL && strcmp(because, "owner") == 0
				? "cli.handover_void_owner"
				: "cli.handover_void_maker";
	show_value(&time, opened   ? opened_at
			  : voided ? voided_at
				   : json_object_get(handover, "expiresAt"));
	arg = (struct message_arg){ "at", span_str(buf_str(&time)) };
	message_append(&text, cli->lang, words, &arg, 1);
	(void)json_object_set(key, "link", json_object_get(handover, "url"));
	(void)json_object_set_new(key, "handover", json_string(buf_str(&text)));
}

/* For people: the limits in one line, and what is left of them where the answer says so. */
static void show_key(const struct cli *cli, json_t *key)
{
	rotation_in_words(cli, key);
	handover_in_words(cli, key);
	limits_in_words(key);
	show_fields(cli, key, KEY, ARRAY_LEN(KEY));
	limits_show_state(cli, key);
}

static int send_for_key(struct cli *cli, const char *method, const char *path, json_t *body)
{
	struct client_answer answer;
	int code = send_body(cli, method, path, body, &answer);

	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		show_key(cli, answer.json);
	client_answer_free(&answer);
	return code;
}

static int put_metadata(struct cli *cli, const struct cli_args *args, json_t *body)
{
	const char *text = cli_value(args, "metadata");
	json_t *metadata;

	if (text == NULL)
		return EXIT_YES;
	metadata = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(metadata)) {
		json_decref(metadata);
		return cli_fail(cli, EXIT_USAGE, "cli.metadata", NULL, 0);
	}
	(void)json_object_set_new(body, "metadata", metadata);
	return EXIT_YES;
}

static void put_list(
	const struct cli_args *args, const char *option, json_t *body, const char *member)
{
	json_t *list = cli_values(args, option);

	if (list != NULL)
		(void)json_object_set_new(body, member, list);
}

static void put_handover(const struct cli_args *args, json_t *body)
{
	if (cli_flag(args, "handover"))
		(void)json_object_set_new(body, "handover", json_true());
}

/* A key without links opens nothing: say so, with the command that links it. */
static void note_unlinked(const struct cli *cli, const json_t *key)
{
	const json_t *profiles = json_object_get(key, "profiles");
	const char *app_key = json_string_value(json_object_get(key, "appKey"));
	const char *account = json_string_value(json_object_get(key, "account"));

	if (!json_is_array(profiles) || json_array_size(profiles) > 0 || app_key == NULL ||
		account == NULL)
		return;
	cli_note(cli, "cli.key_unlinked",
		(struct message_arg[]){
			{ "appKey", span_str(app_key) }, { "account", span_str(account) } },
		2);
}

/* The answer that holds a token: on a terminal with the warning that it is not shown again. */
static int send_for_token(struct cli *cli, const char *path, json_t *body)
{
	struct client_answer answer;
	int code = client_ask(cli,
		&(struct client_request){ .method = "POST", .path = path, .json = body }, 0,
		&answer);

	json_decref(body);
	if (code == EXIT_YES && cli->json) {
		(void)show_json(answer.json);
	} else if (code == EXIT_YES) {
		show_key(cli, answer.json);
		cli_note(cli,
			json_object_get(answer.json, "appToken") != NULL ? "cli.token_once"
									 : "cli.link_once",
			NULL, 0);
		note_unlinked(cli, answer.json);
	}
	client_answer_free(&answer);
	return code;
}

int run_key_create(struct cli *cli, const struct cli_args *args)
{
	json_t *body;

	body = json_object();
	put_text(body, "account", cli_value(args, "account"));
	put_text(body, "label", cli_value(args, "label"));
	put_text(body, "expiresAt", cli_value(args, "expires"));
	put_text(body, "externalId", cli_value(args, "external-id"));
	put_list(args, "link", body, "profiles");
	put_list(args, "address", body, "addresses");
	put_handover(args, body);
	if (put_metadata(cli, args, body) != EXIT_YES || limits_put(cli, args, body) != EXIT_YES) {
		json_decref(body);
		return EXIT_USAGE;
	}
	return send_for_token(cli, "/v1/keys", body);
}

int run_key_list(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);

	buf_append_str(&path, "/v1/keys");
	client_query(&path, "account", cli_value(args, "account"));
	client_query(&path, "state", cli_value(args, "state"));
	client_query(&path, "profile", cli_value(args, "profile"));
	client_query(&path, "externalId", cli_value(args, "external-id"));
	client_query(&path, "q", cli_value(args, "search"));
	client_query(&path, "external", cli_flag(args, "external") ? "true" : NULL);
	client_query(&path, "alert", cli_value(args, "alert"));
	client_query(&path, "sort", cli_value(args, "sort"));
	return list_and_show(cli, buf_str(&path), KEY_ROW, ARRAY_LEN(KEY_ROW));
}

int run_key_show(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	struct client_answer answer;
	json_t *usage = NULL;
	int code;

	client_path(&path, "/v1/keys/%s", args->operands[0]);
	code = send_body(cli, "GET", buf_str(&path), NULL, &answer);
	if (code == EXIT_YES)
		code = usage_ask_key(cli, args->operands[0], &usage);
	if (code == EXIT_YES && cli->json) {
		if (usage != NULL)
			(void)json_object_set(answer.json, "usage", usage);
		(void)show_json(answer.json);
	} else if (code == EXIT_YES) {
		show_key(cli, answer.json);
		if (usage != NULL)
			usage_show_key(cli, usage);
	}
	json_decref(usage);
	client_answer_free(&answer);
	return code;
}

/* "" takes the member off. */
static void put_text_or_null(json_t *body, const char *member, const char *value)
{
	if (value != NULL && value[0] == '\0')
		(void)json_object_set_new(body, member, json_null());
	else
		put_text(body, member, value);
}

int run_key_edit(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	json_t *body = json_object();

	client_path(&path, "/v1/keys/%s", args->operands[0]);
	put_text(body, "label", cli_value(args, "label"));
	put_text_or_null(body, "expiresAt", cli_value(args, "expires"));
	put_text_or_null(body, "externalId", cli_value(args, "external-id"));
	put_list(args, "address", body, "addresses");
	if (cli_flag(args, "any-address"))
		(void)json_object_set_new(body, "addresses", json_array());
	if (put_metadata(cli, args, body) != EXIT_YES || limits_put(cli, args, body) != EXIT_YES) {
		json_decref(body);
		return EXIT_USAGE;
	}
	return send_for_key(cli, "PATCH", buf_str(&path), body);
}

int run_key_link(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	json_t *body = json_object();

	client_path(&path, "/v1/keys/%s/links", args->operands[0]);
	put_text(body, "profile", args->operands[1]);
	put_text(body, "account", cli_value(args, "account"));
	return send_for_key(cli, "POST", buf_str(&path), body);
}

/* The id of the profile that the key is linked to under that name or id. */
static int linked_profile(struct cli *cli, const struct cli_args *args, long long *out_id)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	const char *wanted = args->operands[1];
	struct client_answer answer;
	const json_t *item;
	size_t index;
	uint64_t id;
	int code;

	if (span_to_u64(span_str(wanted), &id)) {
		*out_id = (long long)id;
		return EXIT_YES;
	}
	client_path(&path, "/v1/keys/%s", args->operands[0]);
	code = client_ask(cli, &(struct client_request){ .method = "GET", .path = buf_str(&path) },
		0, &answer);
	*out_id = 0;
	json_array_foreach(json_object_get(answer.json, "profiles"), index, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));

		if (name != NULL && strcmp(name, wanted) == 0)
			*out_id = (long long)json_integer_value(json_object_get(item, "id"));
	}
	client_answer_free(&answer);
	if (code == EXIT_YES && *out_id == 0)
		return cli_fail_with(cli, EXIT_REFUSED, "cli.not_linked", "name", wanted);
	return code;
}

int run_key_unlink(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	char id_text[32];
	struct buf id = BUF_ARRAY(id_text);
	long long profile;
	int code = linked_profile(cli, args, &profile);

	if (code != EXIT_YES)
		return code;
	buf_printf(&id, "%lld", profile);
	client_path(&path, "/v1/keys/%s/links/%s", args->operands[0], buf_str(&id));
	return send_for_key(cli, "DELETE", buf_str(&path), NULL);
}

int run_key_rotate(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	json_t *body = json_object();

	client_path(&path, "/v1/keys/%s/rotate", args->operands[0]);
	put_text(body, "overlap", cli_value(args, "overlap"));
	put_handover(args, body);
	return send_for_token(cli, buf_str(&path), body);
}

static int post_key(struct cli *cli, const struct cli_args *args, const char *action)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);

	client_path(&path, "/v1/keys/%s/", args->operands[0]);
	buf_append_str(&path, action);
	return send_for_key(cli, "POST", buf_str(&path), NULL);
}

int run_key_finish(struct cli *cli, const struct cli_args *args)
{
	return post_key(cli, args, "finish-rotation");
}

int run_key_cancel(struct cli *cli, const struct cli_args *args)
{
	return post_key(cli, args, "cancel-rotation");
}

int run_key_activate(struct cli *cli, const struct cli_args *args)
{
	return post_key(cli, args, "activate");
}

int run_key_deactivate(struct cli *cli, const struct cli_args *args)
{
	return post_key(cli, args, "deactivate");
}

static void show_receipt(const struct cli *cli, const json_t *answer)
{
	static const struct column node[] = {
		{ "cli.col_node", "node" },
		{ "cli.col_revision", "revision" },
		{ "cli.col_applied", "appliedAt" },
	};
	static const struct column receipt[] = {
		{ "cli.col_app_key", "appKey" },
		{ "cli.col_state", "state" },
		{ "cli.col_reason", "reason" },
		{ "cli.col_revision", "receipt.revision" },
		{ "cli.col_decided", "receipt.decidedAt" },
	};

	show_fields(cli, answer, receipt, ARRAY_LEN(receipt));
	show_table(cli, show_member(answer, "receipt.nodes"), node, ARRAY_LEN(node));
}

int run_key_revoke(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	struct client_answer answer;
	json_t *body;
	int code;

	body = json_object();
	put_text(body, "reason", cli_value(args, "reason"));
	client_path(&path, "/v1/keys/%s/revoke", args->operands[0]);
	code = client_ask(cli,
		&(struct client_request){ .method = "POST", .path = buf_str(&path), .json = body },
		0, &answer);
	json_decref(body);
	if (code == EXIT_YES && cli->json)
		(void)show_json(answer.json);
	else if (code == EXIT_YES)
		show_receipt(cli, answer.json);
	client_answer_free(&answer);
	return code;
}

/* ---- import: in pieces, so that a file may be of any size ---- */

/* The index has all of a piece before the next one is sent: few pieces, few waits. */
#define IMPORT_PIECE (16 * MIB)
#define IMPORT_FILE_MAX ((size_t)16 * 1024 * MIB)

struct totals {
	json_int_t imported, refused_count, lines_before;
	json_t *refused;
	json_t *last;
};

static int import_piece(
	struct cli *cli, const struct cli_args *args, struct span piece, struct totals *totals)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(KIB);
	struct client_answer answer;
	json_t *item;
	size_t index;
	int code;

	buf_append_str(&path, "/v1/keys/import");
	client_query(&path, "account", cli_value(args, "account"));
	client_query(&path, "dryRun", cli_flag(args, "dry-run") ? "true" : NULL);
	code = client_ask(cli,
		&(struct client_request){ .method = "POST",
			.path = buf_str(&path),
			.text = piece,
			.content_type = "application/jsonl" },
		0, &answer);
	if (code == EXIT_YES) {
		totals->imported += json_integer_value(json_object_get(answer.json, "imported"));
		totals->refused_count +=
			json_integer_value(json_object_get(answer.json, "refusedCount"));
		json_array_foreach(json_object_get(answer.json, "refused"), index, item)
		{
			json_int_t line = json_integer_value(json_object_get(item, "line"));

			(void)json_object_set_new(
				item, "line", json_integer(line + totals->lines_before));
			(void)json_array_append(totals->refused, item);
		}
		json_decref(totals->last);
		totals->last = json_incref(answer.json);
	}
	client_answer_free(&answer);
	return code;
}

static size_t piece_len(struct span rest)
{
	size_t len = rest.len < IMPORT_PIECE ? rest.len : IMPORT_PIECE;

	if (len == rest.len)
		return len;
	while (len > 0 && rest.ptr[len - 1] != '\n')
		len--;
	return len > 0 ? len : span_find(rest, '\n');
}

static int import_pieces(
	struct cli *cli, const struct cli_args *args, struct span text, struct totals *totals)
{
	struct span rest = text;
	int code = EXIT_YES;

	while (code == EXIT_YES && rest.len > 0) {
		size_t len = piece_len(rest);
		struct span piece = span_part(rest, 0, len);

		code = import_piece(cli, args, piece, totals);
		for (size_t i = 0; i < piece.len; i++)
			totals->lines_before += piece.ptr[i] == '\n';
		rest = span_part(rest, len, rest.len);
		show_progress(text.len - rest.len, text.len);
	}
	return code;
}

static void show_totals(struct cli *cli, const struct totals *totals)
{
	static const struct column refused[] = {
		{ "cli.col_line", "line" },
		{ "cli.col_code", "code" },
		{ "cli.col_detail", "detail" },
	};
	json_t *object = json_pack("{s:I,s:I,s:O,s:O?}", "imported", totals->imported,
		"refusedCount", totals->refused_count, "refused", totals->refused, "revision",
		json_object_get(totals->last, "revision"));

	if (cli->json) {
		(void)show_json(object);
	} else {
		static const struct column counts[] = {
			{ "cli.col_imported", "imported" },
			{ "cli.col_refused", "refusedCount" },
			{ "cli.col_revision", "revision" },
		};

		show_fields(cli, object, counts, ARRAY_LEN(counts));
		if (json_array_size(totals->refused) > 0)
			show_table(cli, totals->refused, refused, ARRAY_LEN(refused));
	}
	json_decref(object);
}

int run_key_import(struct cli *cli, const struct cli_args *args)
{
	CLEANUP(buf_wipe)
	struct buf file = buf_heap(0);
	struct totals totals = { .refused = json_array() };
	int code;

	code = input_file(cli, args->operands[0], INPUT_TOLD, IMPORT_FILE_MAX, &file);
	if (code == EXIT_YES)
		code = import_pieces(cli, args, buf_span(&file), &totals);
	if (code == EXIT_YES) {
		show_totals(cli, &totals);
		code = totals.refused_count > 0 ? EXIT_REFUSED : EXIT_YES;
	}
	json_decref(totals.refused);
	json_decref(totals.last);
	return code;
}
