#include "testing.h"

#include "index/reader.h"
#include "world.h"

#include <stdlib.h>

#ifndef HISTORIES
#define HISTORIES 200u
#endif

/* Histories in one run of the suite; the evidence run sets more. */
static unsigned histories_count(void)
{
	const char *text = getenv("LLAVERO_TEST_HISTORIES");
	uint64_t count = 0;

	return text != NULL && span_to_u64(span_str(text), &count) ? (unsigned)count : HISTORIES;
}

static void compare(const struct world *world, const struct index_writer *writer, uint64_t seed)
{
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	const struct view *view;
	struct index_info info;
	const char *wrong;

	assert_int_equal(index_writer_reader(writer, &reader), ST_OK);
	assert_int_equal(index_reader_view_begin(reader, 0, &view), ST_OK);
	wrong = world_compare(world, view);
	if (wrong != NULL)
		fail_msg("history %u: %s", (unsigned)seed, wrong);
	assert_int_equal(index_reader_info(reader, 0, &info), ST_OK);
#ifndef LLAVERO_INDEX_HASH_BITS
	/* Nothing more than that stands in it. */
	assert_int_equal(info.entries_count, world_entries(world));
#endif
}

/* The engine, over the index, decides as the tables say. */
static void decide_all(const struct world *world, const struct index_writer *writer)
{
	static struct world_asking asking;
	CLEANUP(index_reader_close)
	struct index_reader *reader = NULL;
	const struct view *view;
	unsigned allowed = 0;

	assert_int_equal(index_writer_reader(writer, &reader), ST_OK);
	assert_int_equal(index_reader_view_begin(reader, 0, &view), ST_OK);
	for (unsigned key = 0; key < world->keys_count; key++)
		for (unsigned route = key % 5; route < WORLD_ROUTES; route += 5) {
			const unsigned ask[3] = { key, key % 2, route };
			bool expected = world_allows(world, key, key % 2, route);

			/* The index is stale to a reader until it was confirmed; decide refuses. */
			if (world_asks(world, &asking, view, ask) != expected)
				fail_msg("key %u, route %u: expected %d, cause %s", key, route,
					expected, cause_name(asking.decision.cause));
			allowed += expected;
		}
	assert_true(allowed > 0);
}

static void one_history(uint64_t seed)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;
	struct world world;
	char dir[64];

	temporary_dir(dir);
	world_make(&world, seed, 40);
	assert_int_equal(index_writer_create(dir, &writer), ST_OK);
	world_build(&world, writer);
	assert_int_equal(index_writer_publish(writer), ST_OK);
	compare(&world, writer, seed);
	for (unsigned i = 0; i < 12; i++) {
		world_change(&world, writer, 1 + world_random(&world, 12));
		compare(&world, writer, seed);
		if (world_random(&world, 12) == 0)
			assert_int_equal(index_writer_compact(&writer), ST_OK);
		if (world_random(&world, 6) == 0) {
			index_writer_close(&writer);
			assert_int_equal(index_writer_open(dir, &writer), ST_OK);
		}
	}
	compare(&world, writer, seed);
	index_writer_close(&writer);
	world_free(&world);
	remove_dir(dir);
}

static void the_index_says_what_was_put_after_any_history(void **state)
{
	for (unsigned i = 0; i < histories_count(); i++)
		one_history(i);
}

static void the_engine_decides_over_the_index_as_the_tables_say(void **state)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;
	struct world world;
	char dir[64];

	temporary_dir(dir);
	world_make(&world, 77, 300);
	assert_int_equal(index_writer_create(dir, &writer), ST_OK);
	world_build(&world, writer);
	assert_int_equal(index_writer_publish(writer), ST_OK);
	for (unsigned i = 0; i < 5; i++) {
		index_writer_confirm(writer, 1);
		world.routes_there = true;
		decide_all(&world, writer);
		do
			world_change(&world, writer, 100);
		while (!world.routes_there);
	}
	index_writer_close(&writer);
	world_free(&world);
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_says_what_was_put_after_any_history),
		cmocka_unit_test(the_engine_decides_over_the_index_as_the_tables_say),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
