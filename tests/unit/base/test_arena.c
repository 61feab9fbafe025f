#include "testing.h"

#include "base/arena.h"
#include "base/status.h"

#include <errno.h>
#include <stdalign.h>

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(1 << 20);
	char *before = NULL;

	assert_non_null(arena);
	for (size_t size = 1; size < 600; size++) {
		char *piece = arena_alloc(arena, size);

		assert_non_null(piece);
		assert_int_equal((uintptr_t)piece % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(piece[i], 0);
		memset(piece, 0xFF, size);
		if (before != NULL)
			assert_int_equal((unsigned char)before[size - 2], 0xFF);
		before = piece;
	}
}

static void the_ceiling_holds(void **state)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(64);

	assert_null(arena_alloc(arena, 65));
	assert_non_null(arena_alloc(arena, 48));
	assert_null(arena_alloc(arena, 17));
	assert_non_null(arena_alloc(arena, 16));
	assert_null(arena_alloc(arena, 1));
	assert_null(arena_alloc(arena, SIZE_MAX));
}

static void sizes_do_not_overflow(void **state)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(SIZE_MAX);

	assert_null(arena_array(arena, SIZE_MAX / 2, 3));
	assert_null(arena_array(arena, SIZE_MAX, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX));
	/* The size itself is fine, with the chunk's head it is not. */
	assert_null(arena_alloc(arena, SIZE_MAX - 15));
	assert_null(arena_alloc(arena, SIZE_MAX - 31));
	assert_null(arena_copy(arena, span_of("", SIZE_MAX)));
	assert_non_null(arena_array(arena, 10, 10));
}

static void large_pieces_get_their_own_chunk(void **state)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(1 << 20);
	char *large = arena_alloc(arena, 100000);
	char *small = arena_alloc(arena, 10);

	assert_non_null(large);
	assert_non_null(small);
	memset(large, 1, 100000);
	assert_int_equal(small[0], 0);
}

static void copies_end_with_nul(void **state)
{
	CLEANUP(arena_free)
	struct arena *arena = arena_make(4096);

	assert_string_equal(arena_copy(arena, span_of("abcdef", 3)), "abc");
	assert_string_equal(arena_copy(arena, SPAN_ABSENT), "");
}

static void free_takes_null(void **state)
{
	struct arena *arena = NULL;

	arena_free(&arena);
	assert_null(arena);
}

static void statuses_have_names(void **state)
{
	for (int st = 0; st < ST_COUNT; st++)
		assert_non_null(status_name((enum status)st));
	assert_string_equal(status_name((enum status)999), "invalid_status");
	assert_int_equal(status_from_errno(ENOSPC), ST_NO_SPACE);
	assert_int_equal(status_from_errno(EDQUOT), ST_NO_SPACE);
	assert_int_equal(status_from_errno(0), ST_OK);
	/* What is not known is a fault, never success. */
	assert_int_equal(status_from_errno(12345), ST_IO);
	assert_int_equal(status_from_errno(-1), ST_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(the_ceiling_holds),
		cmocka_unit_test(sizes_do_not_overflow),
		cmocka_unit_test(large_pieces_get_their_own_chunk),
		cmocka_unit_test(copies_end_with_nul),
		cmocka_unit_test(free_takes_null),
		cmocka_unit_test(statuses_have_names),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
