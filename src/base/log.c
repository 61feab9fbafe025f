#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define NAME_MAX_BYTES 200u /* of part and event: six times as much at most when escaped */
#define TAIL_MAX_BYTES 32u  /* room for the end of a line whose fields did not fit */

static struct {
	int fd;
	const char *part;
	enum log_level least;
} setup = { 2, "llavero", LOG_INFO_LEVEL };

void log_setup(int fd, const char *part, enum log_level least)
{
	setup.fd = fd;
	setup.part = part;
	setup.least = least;
}

static void append_field(struct buf *line, const struct log_field *field)
{
	buf_append_char(line, ',');
	buf_append_json(line, span_str(field->name));
	buf_append_char(line, ':');
	if (field->kind == LOG_INT)
		buf_printf(line, "%lld", (long long)field->number);
	else
		buf_append_json(line, field->text);
}

/* Never fails: the parts that are not constant are cut, and no time is better than no line. */
static void append_head(struct buf *line, enum log_level level, const char *event)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	char memory[32];
	struct buf time = BUF_ARRAY(memory);

	clock_append_rfc3339(&time, clock_wall_us());
	buf_printf(
		line, "{\"time\":\"%s\",\"level\":\"%s\",\"part\":", buf_str(&time), levels[level]);
	buf_append_json(line, span_part(span_str(setup.part), 0, NAME_MAX_BYTES));
	buf_append_str(line, ",\"event\":");
	buf_append_json(line, span_part(span_str(event), 0, NAME_MAX_BYTES));
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
	size_t fields_count)
{
	char memory[LINE_MAX_BYTES];
	struct buf line = BUF_ARRAY(memory);
	ssize_t written;

	if (level < setup.least)
		return;
	append_head(&line, level, event);
	line.ceiling -= TAIL_MAX_BYTES;
	for (size_t i = 0; i < fields_count; i++) {
		size_t before = line.len;

		append_field(&line, &fields[i]);
		if (!buf_ok(&line)) {
			line.len = before;
			line.failed = false;
			line.ceiling += TAIL_MAX_BYTES;
			buf_append_str(&line, ",\"cut\":true");
			break;
		}
	}
	line.ceiling = sizeof(memory) - 1;
	buf_append_str(&line, "}\n");
	/* A log that cannot be written must not stop the service. */
	written = write(setup.fd, line.ptr, line.len);
	(void)written;
}
