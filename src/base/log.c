/*
 * L1: nobody waits for the log. A pipe or a socket whose reader has stopped takes no
 *     more; lines are then lost, and the next one that goes through says how many.
 */
#include "base/log.h"

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define NAME_MAX_BYTES 200u /* of part and event: six times as much at most when escaped */
#define TAIL_MAX_BYTES 48u  /* room for the end of a line whose fields did not fit */

static_assert(LINE_MAX_BYTES <= PIPE_BUF, "a line goes into a pipe whole, or not at all");

static struct {
	int fd;
	int own_fd; /* -1: none; a pipe opened once more */
	bool is_socket;
	const char *part;
	enum log_level least;
	atomic_uint lost;
	atomic_bool torn; /* a socket took the first half of a line */
} setup = { .fd = 2, .own_fd = -1, .part = "llavero", .least = LOG_INFO_LEVEL };

/*
 * The same pipe, so that not waiting is our way alone: the flag of a descriptor that we
 * were given is shared with whoever gave it.
 */
static int pipe_reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

void log_setup(int fd, const char *part, enum log_level least)
{
	struct stat info = { .st_mode = 0 };

	if (setup.own_fd >= 0)
		(void)close(setup.own_fd);
	setup.own_fd = -1;
	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode))
		setup.own_fd = pipe_reopen(fd);
	setup.is_socket = S_ISSOCK(info.st_mode);
	setup.fd = setup.own_fd >= 0 ? setup.own_fd : fd;
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

/* L1 */
static void put(const struct buf *line, unsigned lost)
{
	const char *bytes = line->ptr;
	size_t len = line->len;
	ssize_t put;

	/* The first byte is a line end, for after a line that was cut. */
	if (!atomic_exchange(&setup.torn, false)) {
		bytes++;
		len--;
	}
	put = setup.is_socket ? send(setup.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL)
			      : write(setup.fd, bytes, len);
	if (put == (ssize_t)len)
		return;
	atomic_fetch_add(&setup.lost, lost + 1);
	if (put > 0 || len == line->len)
		atomic_store(&setup.torn, true);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
	size_t fields_count)
{
	char memory[LINE_MAX_BYTES];
	struct buf line = BUF_ARRAY(memory);
	unsigned lost;

	if (level < setup.least)
		return;
	buf_append_char(&line, '\n');
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
	lost = atomic_exchange(&setup.lost, 0);
	if (lost > 0)
		buf_printf(&line, ",\"lost\":%u", lost);
	buf_append_str(&line, "}\n");
	put(&line, lost);
}
