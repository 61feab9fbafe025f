#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <unistd.h>

#define LINE_MAX_BYTES 4096

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

void log_write(enum log_level level, const char *event, const struct log_field *fields,
	size_t fields_count)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	char memory[LINE_MAX_BYTES];
	struct buf line = BUF_ARRAY(memory);
	ssize_t written;

	if (level < setup.least)
		return;
	buf_append_str(&line, "{\"time\":\"");
	clock_append_rfc3339(&line, clock_wall_us());
	buf_printf(
		&line, "\",\"level\":\"%s\",\"part\":\"%s\",\"event\":", levels[level], setup.part);
	buf_append_json(&line, span_str(event));
	line.ceiling -= 32; /* room for the end of a line whose fields did not fit */
	for (size_t i = 0; i < fields_count && buf_ok(&line); i++) {
		size_t before = line.len;

		append_field(&line, &fields[i]);
		if (!buf_ok(&line)) {
			line.len = before;
			line.failed = false;
			line.ceiling += 32;
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
