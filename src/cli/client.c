/*
 * The keeper over its unix socket, or a URL. Secrets go in bodies, never in a
 * path; but for the session, which goes in the header that is made for it.
 */
#include "cli/cli.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/plain.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MAX (1024 * MIB)
#define CONNECT_TIMEOUT_S 10L

void client_answer_free(struct client_answer *answer)
{
	json_decref(answer->json);
	answer->json = NULL;
	buf_wipe(&answer->body);
}

/* ---- paths ---- */

static void append_encoded(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		uint8_t c = (uint8_t)*value;
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';

		if (plain)
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

void client_path(struct buf *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	for (; *format != '\0'; format++) {
		if (format[0] == '%' && format[1] == 's') {
			append_encoded(out, va_arg(args, const char *));
			format++;
		} else {
			buf_append_char(out, *format);
		}
	}
	va_end(args);
}

void client_query(struct buf *path, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_append_char(path, span_find(buf_span(path), '?') == path->len ? '?' : '&');
	buf_append_str(path, name);
	buf_append_char(path, '=');
	append_encoded(path, value);
}

/* ---- one request ---- */

struct transfer {
	CURL *curl;
	struct curl_slist *headers;
	struct buf url, body;
	struct client_answer *answer;
	const struct client_request *request;
	bool write_failed;
};

static void transfer_free(struct transfer *transfer)
{
	curl_slist_free_all(transfer->headers);
	curl_easy_cleanup(transfer->curl);
	buf_free(&transfer->url);
	buf_wipe(&transfer->body);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	size_t len = size * count;
	long status = 0;

	(void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (transfer->request->download_fd > 0 && status == 200) {
		for (size_t done = 0; done < len;) {
			ssize_t wrote =
				write(transfer->request->download_fd, bytes + done, len - done);

			if (wrote <= 0) {
				transfer->write_failed = true;
				return 0;
			}
			done += (size_t)wrote;
		}
		return len;
	}
	buf_append(&transfer->answer->body, span_of(bytes, len));
	return buf_ok(&transfer->answer->body) ? len : 0;
}

#define DEVICE_COOKIE "__Host-llavero-device="

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	struct span line = span_of(bytes, size * count);
	struct span name = SPAN_LIT("set-cookie: " DEVICE_COOKIE);

	if (line.len > name.len && span_equal_nocase(span_part(line, 0, name.len), name)) {
		struct buf device = BUF_ARRAY(transfer->answer->device);
		struct span value = span_part(line, name.len, line.len);

		buf_append(&device, span_part(value, 0, span_find(value, ';')));
	}
	return size * count;
}

static int on_progress(
	void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	(void)context;
	if (up_all > 0 && up < up_all)
		show_progress((uint64_t)up, (uint64_t)up_all);
	else if (down_all > 0)
		show_progress((uint64_t)down, (uint64_t)down_all);
	return 0;
}

static void add_header(struct transfer *transfer, const char *name, const char *value)
{
	struct buf line = buf_heap(1024);

	buf_printf(&line, "%s: %s", name, value);
	transfer->headers = curl_slist_append(transfer->headers, buf_str(&line));
	buf_wipe(&line);
}

static int machine_token(const struct cli *cli, struct buf *out)
{
	int code = session_check_url(cli);

	if (code == EXIT_YES && cli->token->len == 0)
		code = input_secret(cli, cli->token_file, NULL, cli->token);
	if (code == EXIT_YES)
		buf_append(out, buf_span(cli->token));
	return code;
}

static int add_session(const struct cli *cli, struct transfer *transfer)
{
	CLEANUP(buf_wipe)
	struct buf value = buf_heap(KIB);
	int code = EXIT_YES;

	if (cli->url == NULL)
		return EXIT_YES;
	if (transfer->request->device != NULL) {
		buf_printf(&value, DEVICE_COOKIE "%s", transfer->request->device);
		add_header(transfer, "Cookie", buf_str(&value));
	}
	if (transfer->request->without_session)
		return EXIT_YES;
	buf_clear(&value);
	buf_append_str(&value, "Bearer ");
	if (cli->token_file != NULL)
		code = machine_token(cli, &value);
	else
		session_token(cli, &value);
	if (code == EXIT_YES && value.len > sizeof("Bearer ") - 1)
		add_header(transfer, "Authorization", buf_str(&value));
	return code;
}

static void add_version(struct transfer *transfer, int64_t version)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "\"%lld\"", (long long)version);
	add_header(transfer, "If-Match", text);
}

/* The request's body as bytes of our own, which are wiped afterwards. */
static int put_json(struct transfer *transfer, const json_t *json)
{
	size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
	char *text = malloc(len + 1);

	if (text == NULL)
		return EXIT_FAULT;
	(void)json_dumpb(json, text, len, JSON_COMPACT);
	buf_append(&transfer->body, span_of(text, len));
	explicit_bzero(text, len);
	free(text);
	return buf_ok(&transfer->body) ? EXIT_YES : EXIT_FAULT;
}

static void set_body(struct transfer *transfer, struct span body, const char *type)
{
	(void)curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDS, body.ptr);
	(void)curl_easy_setopt(transfer->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	add_header(transfer, "Content-Type", type);
	/* No waiting for a 100: the keeper reads on. */
	add_header(transfer, "Expect", "");
}

static int transfer_set(const struct cli *cli, struct transfer *transfer)
{
	const struct client_request *request = transfer->request;
	CURL *curl = transfer->curl;
	int code = EXIT_YES;

	buf_printf(&transfer->url, "%s%s", cli->url != NULL ? cli->url : "http://llavero",
		request->path);
	(void)curl_easy_setopt(curl, CURLOPT_URL, buf_str(&transfer->url));
	if (cli->url == NULL)
		(void)curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, cli->socket_path);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_S);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, request->within_s);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	add_header(transfer, "Accept-Language", lang_code(cli->lang));
	add_header(
		transfer, "Accept", request->accept != NULL ? request->accept : "application/json");
	if (request->json != NULL) {
		code = put_json(transfer, request->json);
		set_body(transfer, buf_span(&transfer->body), "application/json");
	} else if (span_present(request->text)) {
		set_body(transfer, request->text, request->content_type);
	} else if (strcmp(request->method, "POST") == 0) {
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
	}
	if (request->version > 0)
		add_version(transfer, request->version);
	if (request->progress && isatty(STDERR_FILENO) == 1) {
		(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
		(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	}
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer->headers);
	return code;
}

/* What is wrong with an address, or with the way to it. */
static const char *no_answer_key(CURLcode result)
{
	switch (result) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return "cli.url_form";
	case CURLE_COULDNT_RESOLVE_HOST:
		return "cli.url_host";
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		return "cli.url_silent";
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return "cli.url_certificate";
	case CURLE_SSL_CONNECT_ERROR:
		return "cli.url_no_tls";
	default:
		return "cli.url_failed";
	}
}

/* Not there, not allowed, or something else: each needs another remedy. */
static const char *no_keeper_key(
	const struct cli *cli, const struct transfer *transfer, CURLcode result)
{
	long error = 0;

	(void)curl_easy_getinfo(transfer->curl, CURLINFO_OS_ERRNO, &error);
	if (cli->url != NULL)
		return no_answer_key(result);
	if (error == EACCES || error == EPERM)
		return "cli.keeper_denied";
	return error == ENOENT || error == ECONNREFUSED ? "cli.keeper_absent" : "cli.no_keeper";
}

static int fail_transport(const struct cli *cli, const struct transfer *transfer, CURLcode result)
{
	struct message_arg args[] = {
		{ "where", span_str(cli->url != NULL ? cli->url : cli->socket_path) },
		{ "reason", span_str(curl_easy_strerror(result)) },
	};

	if (transfer->write_failed)
		return cli_fail(cli, EXIT_FAULT, "cli.write_failed", NULL, 0);
	return cli_fail(
		cli, EXIT_FAULT, no_keeper_key(cli, transfer, result), args, ARRAY_LEN(args));
}

/* What a person can do about it here, beside what the keeper says. */
static void hint(const struct cli *cli, const struct client_answer *answer)
{
	const char *code = json_string_value(json_object_get(answer->json, "code"));
	struct message_arg url = { "url", span_str(cli->url != NULL ? cli->url : "") };

	if (code == NULL || cli->token_file != NULL)
		return;
	if (cli->url == NULL) {
		if (strcmp(code, "login.no_person") == 0)
			cli_note(cli, "login.hint_person", NULL, 0);
		return;
	}
	if (strcmp(code, "api.login_needed") == 0)
		cli_note(cli, "login.hint_login", &url, 1);
	else if (strcmp(code, "api.second_factor_needed") == 0)
		cli_note(cli, "login.hint_confirm", &url, 1);
	else if (strcmp(code, "api.operator_only") == 0)
		cli_note(cli, "login.hint_operator", NULL, 0);
}

/* A problem document in words; the keeper speaks the caller's language already. */
static int fail_status(const struct cli *cli, const struct client_answer *answer)
{
	const char *detail = json_string_value(json_object_get(answer->json, "detail"));
	const char *title = json_string_value(json_object_get(answer->json, "title"));
	int code = answer->status >= 500 ? EXIT_FAULT : EXIT_REFUSED;
	char number[16];

	if (cli->json && answer->json != NULL)
		(void)show_json(answer->json);
	if (detail == NULL && title == NULL) {
		(void)snprintf(number, sizeof(number), "%ld", answer->status);
		return cli_fail_with(cli, code, "cli.status", "status", number);
	}
	/* The keeper names what it does not know; without a name even the socket may be another's.
	 */
	if (answer->status == 404 && json_object_get(answer->json, "code") == NULL) {
		cli_note(cli, "cli.nothing_there",
			&(struct message_arg){
				"where", span_str(cli->url != NULL ? cli->url : cli->socket_path) },
			1);
	} else {
		CLEANUP(buf_free)
		struct buf words = buf_heap(64 * KIB);

		plain_append(&words, span_str(detail != NULL ? detail : title));
		(void)fprintf(stderr, "llavero: %s\n", buf_str(&words));
	}
	hint(cli, answer);
	return code;
}

int client_ask(const struct cli *cli, const struct client_request *request, long allow_status,
	struct client_answer *answer)
{
	CLEANUP(transfer_free)
	struct transfer transfer = {
		.curl = curl_easy_init(),
		.url = buf_heap(64 * KIB),
		.body = buf_heap(LIMIT_BODY_IMPORT * 2),
		.answer = answer,
		.request = request,
	};
	CURLcode result;
	int code;

	*answer = (struct client_answer){ .body = buf_heap(ANSWER_MAX) };
	if (transfer.curl == NULL)
		return cli_fail(cli, EXIT_FAULT, "cli.no_memory", NULL, 0);
	code = add_session(cli, &transfer);
	if (code != EXIT_YES)
		return code;
	if (transfer_set(cli, &transfer) != EXIT_YES)
		return cli_fail(cli, EXIT_FAULT, "cli.no_memory", NULL, 0);
	result = curl_easy_perform(transfer.curl);
	if (request->progress)
		show_progress(1, 1);
	if (result != CURLE_OK)
		return request->quiet ? EXIT_FAULT : fail_transport(cli, &transfer, result);
	(void)curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &answer->status);
	answer->json = json_loadb(buf_str(&answer->body), answer->body.len, 0, NULL);
	if ((answer->status >= 200 && answer->status < 300) || answer->status == allow_status)
		return EXIT_YES;
	return request->quiet ? EXIT_REFUSED : fail_status(cli, answer);
}

int client_collect(const struct cli *cli, const char *path, size_t limit, json_t **out_items)
{
	json_t *items = json_array();
	char cursor[64] = "";
	int code = EXIT_YES;

	do {
		struct buf page = buf_heap(16 * KIB);
		struct client_answer answer;
		const char *next;

		buf_append_str(&page, path);
		client_query(&page, "limit", "200");
		client_query(&page, "cursor", cursor[0] != '\0' ? cursor : NULL);
		code = client_ask(cli,
			&(struct client_request){ .method = "GET", .path = buf_str(&page) }, 0,
			&answer);
		buf_free(&page);
		if (code == EXIT_YES)
			(void)json_array_extend(items, json_object_get(answer.json, "items"));
		next = json_string_value(json_object_get(answer.json, "next"));
		(void)snprintf(cursor, sizeof(cursor), "%s", next == NULL ? "" : next);
		client_answer_free(&answer);
	} while (code == EXIT_YES && cursor[0] != '\0' &&
		 (limit == 0 || json_array_size(items) < limit));
	if (code != EXIT_YES) {
		json_decref(items);
		return code;
	}
	while (limit != 0 && json_array_size(items) > limit)
		(void)json_array_remove(items, limit);
	*out_items = items;
	return EXIT_YES;
}
