#include "testing.h"

#include "base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static char output[16384];

/* What was written since the last call. */
static size_t read_back(int fd)
{
	off_t len = lseek(fd, 0, SEEK_CUR);

	assert_true(len >= 0 && (size_t)len < sizeof(output));
	assert_int_equal(pread(fd, output, (size_t)len, 0), len);
	output[len] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return (size_t)len;
}

static int open_log(void **state)
{
	int *fd = malloc(sizeof(*fd));

	if (fd == NULL)
		return -1;
	*fd = memfd_create("log", MFD_CLOEXEC);
	*state = fd;
	log_setup(*fd, "test", LOG_INFO_LEVEL);
	return *fd < 0;
}

static int close_log(void **state)
{
	int *fd = *state;

	(void)close(*fd);
	free(fd);
	return 0;
}

/* One line, one JSON object; the caller gives it back. */
static json_t *one_line(int fd, const char *label)
{
	size_t len = read_back(fd);
	json_t *line;

	CHECK_ROW(label, len > 0 && output[len - 1] == '\n');
	CHECK_ROW(label, strchr(output, '\n') == output + len - 1);
	for (size_t i = 0; i + 1 < len; i++)
		CHECK_ROW(label, output[i] >= 0x20 && output[i] < 0x7F);
	line = json_loadb(output, len, JSON_REJECT_DUPLICATES, NULL);
	CHECK_ROW(label, line != NULL);
	return line;
}

static void a_line_has_time_level_part_and_event(void **state)
{
	int fd = **(int **)state;
	json_t *line;

	log_warn("slow", LOG_STR("what", "disk"), LOG_NUM("ms", -12));
	line = one_line(fd, "line");
	assert_int_equal(strlen(json_string_value(json_object_get(line, "time"))), 27);
	assert_string_equal(json_string_value(json_object_get(line, "level")), "warn");
	assert_string_equal(json_string_value(json_object_get(line, "part")), "test");
	assert_string_equal(json_string_value(json_object_get(line, "event")), "slow");
	assert_string_equal(json_string_value(json_object_get(line, "what")), "disk");
	assert_int_equal(json_integer_value(json_object_get(line, "ms")), -12);
	json_decref(line);
}

static void a_value_cannot_forge_a_line(void **state)
{
	static const struct {
		const char *label, *value;
		size_t len;
		const char *read;
	} rows[] = {
		{ "line end", "x\"}\r\n{\"level\":\"info\"}", 21, "x\"}\r\n{\"level\":\"info\"}" },
		{ "escape sequence", "\x1B[2K\x1B[1A", 8, "\x1B[2K\x1B[1A" },
		{ "line separators", "a\xE2\x80\xA8\xE2\x80\xA9\xC2\x85", 9,
			"a\xE2\x80\xA8\xE2\x80\xA9\xC2\x85" },
		{ "not UTF-8", "a\xFF\xFE", 3, "a\xEF\xBF\xBD\xEF\xBF\xBD" },
		{ "quotes", "\",\"part\":\"gate\",\"x\":\"", 21, "\",\"part\":\"gate\",\"x\":\"" },
	};
	int fd = **(int **)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *line;

		log_error("refused", LOG_SPAN("value", span_of(rows[i].value, rows[i].len)));
		line = one_line(fd, rows[i].label);
		CHECK_ROW(rows[i].label, strcmp(json_string_value(json_object_get(line, "value")),
						 rows[i].read) == 0);
		CHECK_ROW(rows[i].label,
			strcmp(json_string_value(json_object_get(line, "part")), "test") == 0);
		json_decref(line);
	}
}

/* Jansson refuses NUL in a string unless asked, so the escape itself is looked for. */
static void nul_is_escaped(void **state)
{
	int fd = **(int **)state;

	log_info("nul", LOG_SPAN("value", span_of("a\0b", 3)));
	assert_true(read_back(fd) > 0);
	assert_non_null(strstr(output, "\"a\\u0000b\"}\n"));
}

/* Of a megabyte, or of many fields, the line is cut between fields and stays JSON. */
static void a_long_line_is_cut_and_stays_whole(void **state)
{
	static char megabyte[1 << 20];
	int fd = **(int **)state;

	memset(megabyte, '"', sizeof(megabyte));
	for (size_t len = 1900; len < 2060; len++) {
		json_t *line;

		log_info("long", LOG_STR("first", "kept"),
			LOG_SPAN("value", span_of(megabyte, len)), LOG_STR("last", "perhaps"));
		line = one_line(fd, "long");
		assert_string_equal(json_string_value(json_object_get(line, "first")), "kept");
		assert_true(json_object_get(line, "last") != NULL ||
			    json_is_true(json_object_get(line, "cut")));
		json_decref(line);
	}
	log_info("huge", LOG_SPAN("value", span_of(megabyte, sizeof(megabyte))));
	json_decref(one_line(fd, "huge"));
}

static void a_long_event_stays_json(void **state)
{
	int fd = **(int **)state;

	for (size_t len = 3900; len < 4200; len++) {
		static char event[4200];

		memset(event, 'e', len);
		event[len] = '\0';
		log_info(event, LOG_STR("field", "value"));
		json_decref(one_line(fd, "event"));
	}
}

static void quiet_levels_are_left_out(void **state)
{
	int fd = **(int **)state;

	log_write(LOG_DEBUG_LEVEL, "chatter", NULL, 0);
	assert_int_equal(read_back(fd), 0);
	log_write(LOG_INFO_LEVEL, "news", NULL, 0);
	json_decref(one_line(fd, "news"));
}

/* Take what is there; the last line of it stays in output. */
static void drain(int fd)
{
	size_t len = 0;
	ssize_t got;

	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while ((got = read(fd, output + len, sizeof(output) - 1 - len)) > 0) {
		char *last;

		len += (size_t)got;
		output[len] = '\0';
		last = len > 4096 ? strchr(output + len - 4096, '\n') : NULL;
		if (last != NULL) {
			len -= (size_t)(last + 1 - output);
			memmove(output, last + 1, len + 1);
		}
	}
}

/* Nobody reads: lines are lost and counted, and the caller goes on at once. */
static void a_full_log_stops_nothing(void **state)
{
	for (int kind = 0; kind < 2; kind++) {
		const char *label = kind == 0 ? "pipe" : "socket";
		json_t *line;
		int fds[2];

		assert_int_equal(kind == 0
					 ? pipe2(fds, O_CLOEXEC)
					 : socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds),
			0);
		(void)alarm(20); /* ends the test if it waits for a reader */
		log_setup(fds[1], "test", LOG_INFO_LEVEL);
		for (int i = 0; i < 20000; i++)
			log_info("line", LOG_NUM("n", i));
		drain(fds[0]);
		/* What is left of a line that was cut is its own line. */
		log_info("first", LOG_NUM("n", 1));
		drain(fds[0]);
		(void)alarm(0);
		line = json_loads(strchr(output, '{'), JSON_REJECT_DUPLICATES, NULL);
		CHECK_ROW(label, line != NULL);
		CHECK_ROW(label,
			strcmp(json_string_value(json_object_get(line, "event")), "first") == 0);
		CHECK_ROW(label, json_integer_value(json_object_get(line, "lost")) > 10000);
		json_decref(line);
		log_info("second", LOG_NUM("n", 2));
		drain(fds[0]);
		CHECK_ROW(label, strstr(output, "lost") == NULL);
		(void)close(fds[0]);
		(void)close(fds[1]);
	}
	(void)state;
}

static void a_closed_log_stops_nothing(void **state)
{
	log_setup(-1, "test", LOG_INFO_LEVEL);
	log_info("lost", LOG_NUM("n", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_line_has_time_level_part_and_event, open_log, close_log),
		cmocka_unit_test_setup_teardown(a_value_cannot_forge_a_line, open_log, close_log),
		cmocka_unit_test_setup_teardown(nul_is_escaped, open_log, close_log),
		cmocka_unit_test_setup_teardown(
			a_long_line_is_cut_and_stays_whole, open_log, close_log),
		cmocka_unit_test_setup_teardown(a_long_event_stays_json, open_log, close_log),
		cmocka_unit_test_setup_teardown(quiet_levels_are_left_out, open_log, close_log),
		cmocka_unit_test(a_full_log_stops_nothing),
		cmocka_unit_test(a_closed_log_stops_nothing),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
