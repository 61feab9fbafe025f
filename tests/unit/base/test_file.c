#include "testing.h"

#include "base/file.h"
#include "base/key_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96], beside[112];

static int folder_make(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/llavero-file-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/it", folder);
	(void)snprintf(beside, sizeof(beside), "%s.new", path);
	return 0;
}

static int folder_remove(void **state)
{
	(void)unlink(path);
	(void)unlink(beside);
	return rmdir(folder);
}

static void plant(const char *at, const char *text)
{
	FILE *file = fopen(at, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void holds(const char *text)
{
	char memory[64];
	struct buf b = BUF_ARRAY(memory);

	assert_int_equal(file_read(path, &b), ST_OK);
	assert_true(span_is(buf_span(&b), text));
}

static unsigned mode_of(const char *at)
{
	struct stat info;

	assert_int_equal(stat(at, &info), 0);
	return info.st_mode & 07777u;
}

static void put_in_place(void **state)
{
	mode_t umask_before = umask(077);

	/* Half of an earlier attempt is in nobody's way. */
	plant(beside, "ha");
	assert_int_equal(file_create(path, SPAN_LIT("first"), 0640), ST_OK);
	assert_int_equal(mode_of(path), 0640);
	assert_int_equal(file_create(path, SPAN_LIT("second"), 0640), ST_EXISTS);
	holds("first");
	assert_int_equal(file_replace(path, SPAN_LIT("third"), 0600), ST_OK);
	assert_int_equal(mode_of(path), 0600);
	holds("third");
	assert_int_not_equal(access(beside, F_OK), 0);
	(void)umask(umask_before);
}

static void failure_leaves_the_old(void **state)
{
	assert_int_equal(file_create(path, SPAN_LIT("old"), 0600), ST_OK);
	/* A folder where the new bytes would go. */
	assert_int_equal(mkdir(beside, 0700), 0);
	assert_int_not_equal(file_replace(path, SPAN_LIT("new"), 0600), ST_OK);
	holds("old");
	assert_int_equal(rmdir(beside), 0);
}

static void reading_refuses(void **state)
{
	char memory[4];
	struct buf small = BUF_ARRAY(memory);

	assert_int_equal(file_read(path, &small), ST_NOT_FOUND);
	plant(path, "longer than that");
	assert_int_equal(file_read(path, &small), ST_LIMIT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(file_read(path, &small), ST_DENIED);
}

static void key_file_both_ways(void **state)
{
	struct key_file_secret key = { .id = "0011223344556677" }, back;

	memset(key.key, 0x5A, sizeof(key.key));
	assert_int_equal(key_file_create(path, "test", 0600, &key), ST_OK);
	assert_int_equal(key_file_read(path, "test", 077, &back), ST_OK);
	assert_memory_equal(back.key, key.key, sizeof(key.key));
	assert_string_equal(back.id, key.id);
	assert_int_equal(key_file_create(path, "test", 0600, &key), ST_EXISTS);
	/* One of another kind is not taken for it. */
	assert_int_equal(key_file_read(path, "other", 077, &back), ST_DAMAGED);
	/* Nor one that others may read. */
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(key_file_read(path, "test", 077, &back), ST_DENIED);
	assert_int_equal(key_file_replace(path, "test", 0640, &key), ST_OK);
	assert_int_equal(key_file_read(path, "test", 007, &back), ST_OK);
	/* Half a line. */
	assert_int_equal(truncate(path, 40), 0);
	assert_int_equal(key_file_read(path, "test", 007, &back), ST_DAMAGED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(put_in_place),
		TEST(failure_leaves_the_old),
		TEST(reading_refuses),
		TEST(key_file_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
