/* A decision, and the refusal of one, allocate nothing and free nothing. */
#include "testing.h"

#include "installation.h"

#include <stdlib.h>

#define DECISIONS 2000u

/* glibc's own, behind the names that this program takes over for all its libraries. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* The compiler believes that malloc() touches nothing that it can see. */
static volatile bool counting;
static volatile unsigned calls;

#define INSTEAD __attribute__((visibility("default")))

static void called(void)
{
	calls += counting;
}

INSTEAD void *malloc(size_t size)
{
	called();
	return __libc_malloc(size);
}

INSTEAD void *calloc(size_t count, size_t size)
{
	called();
	return __libc_calloc(count, size);
}

INSTEAD void *realloc(void *memory, size_t size)
{
	called();
	return __libc_realloc(memory, size);
}

INSTEAD void *aligned_alloc(size_t alignment, size_t size)
{
	called();
	return __libc_memalign(alignment, size);
}

INSTEAD void free(void *memory)
{
	calls += counting && memory != NULL;
	__libc_free(memory);
}

static void a_decision_allocates_nothing(void **state)
{
	static struct installation made;
	unsigned allowed = 0, refused = 0;
	void *volatile some;
	struct llv_setup setup;
	struct llv *llv;

	installation_make(&made);
	setup = installation_setup(&made);
	llv = installation_open(&setup);
	for (unsigned i = 0; i < DECISIONS; i++) {
		struct llv_decision decision = { .size = sizeof(decision) };
		struct question question;

		question_make(i % INSTALLATION_KEYS, 0, i % WORLD_ROUTES, &question);
		question.request.flags = i % 2 == 0 ? LLV_REQUEST_HEADERS : 0;
		/* The first ones may set up what libraries keep for good. */
		counting = i > 10;
		(void)!llv_decide(llv, &question.request, &decision);
		counting = false;
		allowed += decision.allowed == 1;
		refused += decision.allowed == 0;
	}
	llv_close(&llv);
	installation_remove(&made);
	assert_true(allowed > 50 && refused > 50);
	assert_int_equal(calls, 0);
	/* The count itself counts. */
	counting = true;
	some = malloc(1);
	free(some);
	counting = false;
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_allocates_nothing),
	};

	if (crypto_init() != ST_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
