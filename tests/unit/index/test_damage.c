/*
 * Damage at random to a real index: whatever happens to it, nobody gets more
 * than the whole index gave him. Each damaged one is read by a child process,
 * which may die of it; that is a refusal.
 */
#include "testing.h"

#include "index/reader.h"
#include "shell.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define KEYS 400u
#define PASTS 8u
#define QUESTIONS 1200u
#define EXIT_WRONG 42
#define EXIT_SOME_ALLOWED 10
#define EXIT_NONE_ALLOWED 11
#define SECONDS_MAX 30u

struct file {
	uint8_t *bytes;
	size_t size;
};

/* The index at one time: LMDB's file, and what of the head is not a hole. */
struct past {
	struct file data, head;
};

struct question {
	unsigned ask[3];
	bool allowed;
};

static struct world world;
static struct past now, pasts[PASTS];
static struct question questions[QUESTIONS];
static char source_dir[64], work_dir[64];

/* ---- Files ---- */

static void path_of(const char *dir, const char *name, char out[128])
{
	(void)snprintf(out, 128, "%s/0000000000000001/%s", dir, name);
}

static struct file load(const char *name, size_t size_max)
{
	struct file file = { 0 };
	struct stat info;
	char path[128];
	int fd;

	path_of(source_dir, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &info) == 0);
	file.size = (size_t)info.st_size < size_max ? (size_t)info.st_size : size_max;
	file.bytes = malloc(file.size);
	assert_non_null(file.bytes);
	assert_int_equal(read(fd, file.bytes, file.size), file.size);
	(void)close(fd);
	return file;
}

static void store(const char *name, const struct file *file)
{
	char path[128];
	int fd;

	path_of(work_dir, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, file->bytes, file->size, 0), file->size);
	(void)close(fd);
}

/* The head is nearly all hole; cells of keys stand last, so it is stored in its parts. */
#define HEAD_PARTS 4u
static const struct {
	size_t at, size;
} head_parts[HEAD_PARTS] = {
	{ 0, 8192 },
	{ 4096 + (4u << 18), 4096 },
	{ 4096 + (4u << 18) + (4u << 22), 4096 },
	{ 4096 + (4u << 18) + (4u << 22) + (4u << 24), 8192 },
};

static struct file load_head(void)
{
	struct file file = { .size = 24576 };
	char path[128];
	size_t at = 0;
	int fd;

	path_of(source_dir, "head", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	file.bytes = malloc(file.size);
	assert_true(fd >= 0 && file.bytes != NULL);
	for (unsigned i = 0; i < HEAD_PARTS; i++) {
		assert_int_equal(
			pread(fd, file.bytes + at, head_parts[i].size, (off_t)head_parts[i].at),
			head_parts[i].size);
		at += head_parts[i].size;
	}
	(void)close(fd);
	return file;
}

static void store_head(const struct file *head)
{
	char path[128];
	size_t at = 0;
	int fd;

	path_of(work_dir, "head", path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (unsigned i = 0; i < HEAD_PARTS; i++) {
		assert_int_equal(
			pwrite(fd, head->bytes + at, head_parts[i].size, (off_t)head_parts[i].at),
			head_parts[i].size);
		at += head_parts[i].size;
	}
	(void)close(fd);
}

static struct past take(void)
{
	return (struct past){ load("data.mdb", SIZE_MAX), load_head() };
}

/* ---- The index and what it allows ---- */

static void make_questions(void)
{
	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct question *question = &questions[i];

		question->ask[0] = world_random(&world, KEYS);
		question->ask[1] = world_random(&world, 2);
		question->ask[2] = world_random(&world, WORLD_ROUTES);
		question->allowed =
			world_allows(&world, question->ask[0], question->ask[1], question->ask[2]);
	}
}

static int make_work_dir(void)
{
	char command[512];

	temporary_dir(work_dir);
	(void)snprintf(
		command, sizeof(command), "cp -a --sparse=always %s/. %s/", source_dir, work_dir);
	return shell(command);
}

/* A build, then many changes, so that the file is full of what was true once. */
static int make_index(void **state)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;

	temporary_dir(source_dir);
	world_make(&world, 4711, KEYS);
	assert_int_equal(index_writer_create(source_dir, &writer), ST_OK);
	world_build(&world, writer);
	assert_int_equal(index_writer_publish(writer), ST_OK);
	index_writer_confirm(writer, 1);
	for (unsigned i = 0; i < PASTS; i++) {
		pasts[i] = take();
		for (unsigned j = 0; j < 1 + i * 2; j++)
			world_change(&world, writer, 1 + world_random(&world, 15));
	}
	while (!world.routes_there)
		world_change(&world, writer, 1);
	index_writer_close(&writer);
	now = take();
	make_questions();
	return make_work_dir();
}

static int remove_index(void **state)
{
	for (unsigned i = 0; i < PASTS; i++) {
		free(pasts[i].data.bytes);
		free(pasts[i].head.bytes);
	}
	free(now.data.bytes);
	free(now.head.bytes);
	remove_dir(source_dir);
	remove_dir(work_dir);
	world_free(&world);
	return 0;
}

/* In the child: ask everything; more than the tables give is wrong. */
static int ask_all(void)
{
	static struct world_asking asking;
	struct index_reader *reader = NULL;
	const struct view *view = NULL;
	bool some = false;

	if (index_reader_open(work_dir, NULL, &reader) != ST_OK)
		return EXIT_NONE_ALLOWED;
	for (unsigned i = 0; i < QUESTIONS; i++) {
		bool allowed;

		if (i % 100 == 0 && index_reader_view_begin(reader, 1, &view) != ST_OK)
			return some ? EXIT_SOME_ALLOWED : EXIT_NONE_ALLOWED;
		allowed = world_asks(&world, &asking, view, questions[i].ask);
		if (allowed && !questions[i].allowed)
			return EXIT_WRONG;
		some |= allowed;
	}
	return some ? EXIT_SOME_ALLOWED : EXIT_NONE_ALLOWED;
}

/* The exit code of a child that reads the damaged index; -1 when a signal ended it. */
static int read_damaged(void)
{
	const struct rlimit no_core = { 0, 0 };
	int status = 0, quiet;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		for (int sig = 1; sig < 32; sig++)
			(void)signal(sig, SIG_DFL);
		quiet = open("/dev/null", O_WRONLY);
		(void)dup2(quiet, STDERR_FILENO);
		(void)alarm(SECONDS_MAX);
		_exit(ask_all());
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	/* An endless loop would be a denial of service, not of one request. */
	assert_false(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- Damage ---- */

static size_t random_page(const struct file *file)
{
	return world_random(&world, (uint32_t)(file->size / PAGE)) * PAGE;
}

static void flip_bits(struct file *file, size_t from, size_t size)
{
	for (uint32_t i = 1 + world_random(&world, 4); i > 0; i--)
		file->bytes[from + world_random(&world, (uint32_t)size)] ^=
			(uint8_t)(1u << world_random(&world, 8));
}

static void flip_anywhere(struct file *data, struct file *head)
{
	flip_bits(data, 0, data->size);
}

static void flip_in_one_page(struct file *data, struct file *head)
{
	/* The start of a page is its structure: the header and the places of its entries. */
	flip_bits(data, random_page(data), 64 + world_random(&world, 2) * (PAGE - 64));
}

static void flip_in_the_first_pages(struct file *data, struct file *head)
{
	flip_bits(data, world_random(&world, 2) * PAGE, 200);
}

static void zero_page(struct file *data, struct file *head)
{
	memset(data->bytes + random_page(data), 0, PAGE);
}

static void garbage_page(struct file *data, struct file *head)
{
	size_t page = random_page(data);

	for (size_t i = 0; i < PAGE; i++)
		data->bytes[page + i] = (uint8_t)world_random(&world, 256);
}

static void swap_pages(struct file *data, struct file *head)
{
	size_t a = random_page(data), b = random_page(data);
	uint8_t kept[PAGE];

	memcpy(kept, data->bytes + a, PAGE);
	memcpy(data->bytes + a, data->bytes + b, PAGE);
	memcpy(data->bytes + b, kept, PAGE);
}

static void copy_page(struct file *data, struct file *head)
{
	size_t from = random_page(data), to = random_page(data);

	memmove(data->bytes + to, data->bytes + from, PAGE);
}

static void truncate_file(struct file *data, struct file *head)
{
	data->size = world_random(&world, (uint32_t)data->size);
}

/* Writes that never reached the disk: pages are what they were some time ago. */
static void lose_writes(struct file *data, struct file *head)
{
	const struct file *past = &pasts[world_random(&world, PASTS)].data;
	uint32_t percent = 1 + world_random(&world, 99);

	for (size_t page = 0; page + PAGE <= past->size && page + PAGE <= data->size; page += PAGE)
		if (world_random(&world, 100) < percent)
			memcpy(data->bytes + page, past->bytes + page, PAGE);
}

static void lose_the_newest_root(struct file *data, struct file *head)
{
	const struct file *past = &pasts[PASTS - 1 - world_random(&world, 2)].data;

	memcpy(data->bytes, past->bytes, (1 + world_random(&world, 2)) * PAGE);
}

/* The first key of a leaf page (LMDB: flags at 10, then places of entries from 16 on). */
static bool first_key(const uint8_t *page, uint64_t *out_key)
{
	uint16_t flags, at;

	memcpy(&flags, page + 10, sizeof(flags));
	memcpy(&at, page + 16, sizeof(at));
	if (flags != 2 || at < 18 || at > PAGE - 16)
		return false;
	memcpy(out_key, page + at + 8, sizeof(*out_key));
	return true;
}

/* The worst case: a leaf of today is what that very leaf was some time ago, in good order. */
static void older_leaf(struct file *data, struct file *head)
{
	for (unsigned tries = 0; tries < 400; tries++) {
		const struct file *past = &pasts[world_random(&world, PASTS)].data;
		size_t to = random_page(data), start = random_page(past);
		uint64_t key, old_key;

		if (!first_key(data->bytes + to, &key))
			continue;
		for (size_t i = 0; i < past->size; i += PAGE) {
			size_t from = (start + i) % past->size;

			if (!first_key(past->bytes + from, &old_key) || old_key != key ||
				memcmp(past->bytes + from, data->bytes + to, PAGE) == 0)
				continue;
			memcpy(data->bytes + to + 8, past->bytes + from + 8, PAGE - 8);
			return;
		}
	}
}

static void older_file(struct file *data, struct file *head)
{
	const struct file *past = &pasts[world_random(&world, PASTS)].data;

	memcpy(data->bytes, past->bytes, past->size < data->size ? past->size : data->size);
}

static void older_head(struct file *data, struct file *head)
{
	const struct file *past = &pasts[world_random(&world, PASTS)].head;

	memcpy(head->bytes, past->bytes, past->size);
}

static void flip_in_the_head(struct file *data, struct file *head)
{
	flip_bits(head, 0, 128 + world_random(&world, 2) * (head->size - 128));
}

static const struct {
	const char *label;
	void (*damage)(struct file *data, struct file *head);
} kinds[] = {
	{ "bits anywhere", flip_anywhere },
	{ "bits of one page", flip_in_one_page },
	{ "bits of the first pages", flip_in_the_first_pages },
	{ "a page of zeros", zero_page },
	{ "a page of garbage", garbage_page },
	{ "two pages swapped", swap_pages },
	{ "a page in another's place", copy_page },
	{ "cut short", truncate_file },
	{ "writes lost", lose_writes },
	{ "the newest root lost", lose_the_newest_root },
	{ "an older leaf", older_leaf },
	{ "an older file", older_file },
	{ "an older head", older_head },
	{ "bits of the head", flip_in_the_head },
};

/* Damages of each kind; all kinds together are 2,002. The evidence run sets more. */
static unsigned damages_count(void)
{
	const char *text = getenv("LLAVERO_TEST_DAMAGES");
	uint64_t count = 0;

	return text != NULL && span_to_u64(span_str(text), &count) ? (unsigned)count : 143;
}

static void copy_file(struct file *to, const struct file *from)
{
	memcpy(to->bytes, from->bytes, from->size);
	to->size = from->size;
}

static void the_whole_index_allows_what_it_should(void **state)
{
	assert_int_equal(read_damaged(), EXIT_SOME_ALLOWED);
	for (unsigned i = 0, allowed = 0; i < QUESTIONS; i++) {
		allowed += questions[i].allowed;
		if (i == QUESTIONS - 1)
			assert_true(allowed > QUESTIONS / 50);
	}
}

static void no_damage_allows_more(void **state)
{
	struct file data = { malloc(now.data.size), 0 }, head = { malloc(now.head.size), 0 };
	unsigned died = 0, none = 0, some = 0;
	char path[128];

	path_of(work_dir, "data.mdb", path);
	for (unsigned i = 0; i < damages_count() * ARRAY_LEN(kinds); i++) {
		unsigned kind = i % ARRAY_LEN(kinds);
		int code;

		copy_file(&data, &now.data);
		copy_file(&head, &now.head);
		kinds[kind].damage(&data, &head);
		store("data.mdb", &data);
		assert_int_equal(truncate(path, (off_t)data.size), 0);
		store_head(&head);
		code = read_damaged();
		if (code == EXIT_WRONG)
			fail_msg("damage %u: %s: allowed what it must not", i, kinds[kind].label);
		died += code < 0;
		none += code == EXIT_NONE_ALLOWED;
		some += code == EXIT_SOME_ALLOWED;
	}
	print_message("# %u damages: %u readers died, %u gave nothing, %u went on\n",
		damages_count() * (unsigned)ARRAY_LEN(kinds), died, none, some);
	/* The test means something only when many went on reading. */
	assert_true(some > none / 20);
	free(data.bytes);
	free(head.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_index_allows_what_it_should),
		cmocka_unit_test(no_damage_allows_more),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, make_index, remove_index);
}
