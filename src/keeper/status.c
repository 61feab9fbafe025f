/* Health, /v1/status, the description of the API, backup, and confirming a restore. */
#include "keeper/api.h"

#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "keeper/gates.h"
#include "keeper/held.h"

#include "keeper/now.h"
#include "keeper/publish.h"
#include "keeper/usage.h"
#include "ledger/use.h"
#include "records/backup.h"

#include "openapi.h" /* made from openapi.json by tools/gen-embed */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status healthz(struct api_call *call)
{
	char memory[64];
	struct buf object = BUF_ARRAY(memory);

	buf_append_str(&object, "{\"status\":\"ok\"}");
	return api_answer(call, 200, &object, 0, NULL);
}

/* Ready: changes are taken, and this node's index follows them. */
static enum status readyz(struct api_call *call)
{
	struct publisher_figures figures = { .last = ST_UNAVAILABLE };
	char memory[128];
	struct buf object = BUF_ARRAY(memory);
	bool ready;

	if (call->keeper->publisher != NULL)
		publisher_figures(call->keeper->publisher, &figures);
	ready = call->keeper->records != NULL && figures.last == ST_OK && figures.revision > 0;
	buf_printf(&object, "{\"ready\":%s,\"revision\":%lld}", ready ? "true" : "false",
		(long long)figures.revision);
	return api_answer(call, ready ? 200 : 503, &object, 0, NULL);
}

static enum status openapi(struct api_call *call)
{
	call->response->status = 200;
	call->response->content_type = "application/json";
	http_response_header(call->response, "Cache-Control", SPAN_LIT("no-store"));
	buf_append(&call->response->body, span_of(OPENAPI_JSON, OPENAPI_JSON_LEN));
	return buf_ok(&call->response->body) ? ST_OK : ST_NO_MEMORY;
}

/* ---- status ---- */

static void append_text(struct buf *out, const char *name, struct span value)
{
	buf_append_json(out, span_str(name));
	buf_append_char(out, ':');
	buf_append_json(out, value);
}

static void append_time(struct buf *out, const char *name, int64_t at_us)
{
	buf_append_json(out, span_str(name));
	if (at_us == 0) {
		buf_append_str(out, ":null");
		return;
	}
	buf_append_str(out, ":\"");
	clock_append_rfc3339(out, at_us);
	buf_append_char(out, '"');
}

static void append_index(struct buf *out, const struct publisher_figures *figures)
{
	buf_printf(out,
		",\"index\":{\"epoch\":%lld,\"revision\":%lld,\"rebuilds\":%lld,"
		"\"failures\":%lld,\"status\":\"%s\",",
		(long long)figures->epoch, (long long)figures->revision,
		(long long)figures->rebuilds, (long long)figures->failures,
		status_name(figures->last));
	append_time(out, "appliedAt", figures->applied_at_us);
	buf_append_char(out, '}');
}

/* How much there is of all accounts, and where, is for those who look after all. */
static bool sees_all(const struct caller *caller)
{
	return caller->kind == CALLER_OPERATOR ||
	       (caller->manages_installation &&
		       (caller->rights & RIGHT_BIT(RIGHT_CATALOG_VIEW)) != 0);
}

/* Keys with limits that have cells, counts that found no place of their own, and how far use is
 * in the records. */
static enum status append_ledger(struct api_call *call, struct buf *out)
{
	struct keeper *keeper = call->keeper;
	struct use_totals totals = { .duration_ns = 0 };
	struct ledger_size size = { .used = 0 };
	enum status st;

	if (keeper->setup->ledger_dir != NULL) {
		(void)!use_totals_of(keeper->setup->ledger_dir, &totals);
		size = ledger_size(keeper->setup->ledger_dir);
	}
	buf_printf(out, ",\"ledger\":{\"limitedKeys\":%u,\"limitedKeysMax\":%u,\"dropped\":%llu",
		size.used, size.all, (unsigned long long)totals.dropped);
	st = usage_append_counted(call, out);
	buf_append_char(out, '}');
	return st;
}

static enum status append_records(struct api_call *call, struct buf *out)
{
	struct records_figures figures;
	struct record_counts counts;
	enum status st = api_reading(call);

	if (st == ST_OK)
		st = snapshot_counts(call->reading, &counts);
	if (st != ST_OK)
		return st;
	records_figures(call->keeper->records, &figures);
	buf_printf(out, ",\"epoch\":%lld,\"revision\":%lld", (long long)figures.head.epoch,
		(long long)figures.head.revision);
	buf_append_char(out, ',');
	append_text(out, "installation", records_installation_id(call->keeper->records));
	buf_append_str(out, ",\"eventPublicKey\":\"");
	encode_hex(out, records_public_key(call->keeper->records), SIGN_PUBLIC_KEY_SIZE);
	buf_append_char(out, '"');
	if (!sees_all(&call->caller))
		return ST_OK;
	buf_append_str(out, ",\"gates\":");
	gates_append(out, call->keeper->setup);
	buf_printf(out,
		",\"records\":{\"changes\":%lld,\"commits\":%lld,\"failedCommits\":%lld,"
		"\"highWaterRevision\":%lld,\"highWaterFailures\":%lld}",
		(long long)figures.changes, (long long)figures.commits,
		(long long)figures.failed_commits, (long long)figures.mark.revision,
		(long long)figures.mark_failures);
	buf_printf(out,
		",\"counts\":{\"accounts\":%lld,\"users\":%lld,\"profiles\":%lld,\"resources\":%"
		"lld,"
		"\"services\":%lld,\"routes\":%lld,\"keys\":%lld}",
		(long long)counts.accounts, (long long)counts.users, (long long)counts.profiles,
		(long long)counts.resources, (long long)counts.services, (long long)counts.routes,
		(long long)counts.keys);
	return append_ledger(call, out);
}

static enum status status_request(struct api_call *call)
{
	struct keeper *keeper = call->keeper;
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	struct publisher_figures figures = { .last = ST_UNAVAILABLE };
	enum status st = ST_OK;

	buf_append_char(&object, '{');
	append_text(&object, "version", span_str(keeper->setup->version));
	buf_append_char(&object, ',');
	append_text(&object, "appKeyPrefix", keeper->setup->app_key_prefix);
	buf_append_str(&object, ",\"credentials\":");
	gates_append_credentials(&object, keeper->setup->families);
	buf_append_char(&object, ',');
	append_time(&object, "startedAt", keeper->started_at_us);
	if (keeper->publisher != NULL)
		publisher_figures(keeper->publisher, &figures);
	append_index(&object, &figures);
	now_append(keeper, &object);
	if (keeper->records != NULL) {
		st = append_records(call, &object);
		buf_append_str(&object, ",\"held\":null");
	} else {
		struct buf text = buf_heap(4 * KIB);

		complaint_append(&text, call->http->lang, &keeper->held);
		buf_append_str(&object, ",\"held\":");
		buf_append_json(&object, buf_span(&text));
		buf_append_str(&object, ",\"lost\":");
		buf_append(&object, buf_span(&keeper->held_lost));
		buf_free(&text);
	}
	buf_append_char(&object, '}');
	return st != ST_OK ? st : api_answer(call, 200, &object, 0, NULL);
}

/* ---- backup ---- */

/*
 * The copy is made in the data directory, opened, and unlinked before it is
 * sent: nothing stays behind when the receiver goes away or we are killed.
 */
static enum status backup(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf path = buf_heap(4 * KIB);
	struct head head;
	struct stat info;
	int fd;
	enum status st = api_reading(call);

	if (st != ST_OK)
		return st;
	buf_printf(
		&path, "%s/backup-%s.tmp", call->keeper->setup->data_dir, call->http->request->id);
	if (!buf_ok(&path))
		return ST_NO_MEMORY;
	st = records_backup(call->keeper->records, buf_str(&path), &head, &call->complaint);
	if (st != ST_OK) {
		(void)unlink(buf_str(&path));
		return st;
	}
	fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	(void)unlink(buf_str(&path));
	if (fd < 0 || fstat(fd, &info) != 0) {
		st = status_from_errno(errno);
		if (fd >= 0)
			(void)close(fd);
		return st;
	}
	call->response->status = 200;
	call->response->content_type = "application/octet-stream";
	call->response->file_fd = fd;
	call->response->file_size = (uint64_t)info.st_size;
	http_response_header(call->response, "Cache-Control", SPAN_LIT("no-store"));
	return ST_OK;
}

/* ---- an older copy was put in place ---- */

static enum status restore_confirm(struct api_call *call)
{
	CLEANUP(buf_free)
	struct buf object = buf_heap(4 * MIB);
	struct head head;
	enum status st;

	if (call->keeper->records != NULL)
		return api_refuse(call, ST_CONFLICT, "api.not_held", NULL, NULL);
	st = held_confirm(call, &head);
	if (st != ST_OK)
		return st;
	buf_append_str(&object, "{\"lost\":");
	buf_append(&object, buf_span(&call->keeper->held_lost));
	buf_append_char(&object, '}');
	return api_answer(call, 200, &object, 0, &head);
}

static const struct api_route ROUTES[] = {
	{ "GET", "/healthz", healthz, NULL, 0, NEED_NOBODY, 0 },
	{ "GET", "/readyz", readyz, NULL, 0, NEED_NOBODY, 0 },
	{ "GET", "/openapi.json", openapi, NULL, 0, NEED_NOBODY, 0 },
	{ "GET", "/v1/status", status_request, NULL, 0, NEED_ANYBODY, 0 },
	{ "GET", "/v1/backup", backup, NULL, 0, NEED_OPERATOR, 0 },
	{ "POST", "/v1/restore/confirm", restore_confirm, NULL, 0, NEED_OPERATOR, 0 },
};

const struct api_table STATUS_TABLE = { ROUTES, ARRAY_LEN(ROUTES) };
