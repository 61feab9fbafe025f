/*
 * JSON lines on a file descriptor, one write(2) a line: time, level, part,
 * event and fields. For llaverod and cli only; libraries return a status.
 * Values are escaped to ASCII, so that a value cannot forge a line. A log that cannot be
 * written stops nothing: lines are lost, and the next one says how many ("lost").
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/span.h"

enum log_level { LOG_DEBUG_LEVEL = 0, LOG_INFO_LEVEL, LOG_WARN_LEVEL, LOG_ERROR_LEVEL };

struct log_field {
	const char *name;
	enum { LOG_TEXT, LOG_INT } kind;
	struct span text;
	int64_t number;
};

#define LOG_STR(n, v) ((struct log_field){ .name = (n), .kind = LOG_TEXT, .text = span_str(v) })
#define LOG_SPAN(n, v) ((struct log_field){ .name = (n), .kind = LOG_TEXT, .text = (v) })
#define LOG_NUM(n, v) ((struct log_field){ .name = (n), .kind = LOG_INT, .number = (int64_t)(v) })

/*
 * part: "supervisor", "keeper", "gate-0"; it must outlive the process. Before a sandbox closes,
 * and with SIGPIPE ignored: a pipe is opened a second time.
 */
void log_setup(int fd, const char *part, enum log_level least);

void log_write(enum log_level level, const char *event, const struct log_field *fields,
	size_t fields_count);

#define log_info(event, ...) LOG_LINE(LOG_INFO_LEVEL, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_LINE(LOG_WARN_LEVEL, event, __VA_ARGS__)
#define log_error(event, ...) LOG_LINE(LOG_ERROR_LEVEL, event, __VA_ARGS__)
/* log_info("started", LOG_STR("listen", text), LOG_NUM("pid", pid)): one field at least. */
#define LOG_LINE(level, event, ...)                                                                \
	do {                                                                                       \
		const struct log_field log_fields_[] = { __VA_ARGS__ };                            \
		log_write(                                                                         \
			level, event, log_fields_, sizeof(log_fields_) / sizeof(log_fields_[0]));  \
	} while (0)

#endif
