/*
 * free() of the whole process, its libraries included: memory of the size of a
 * connection's pool is wiped before it goes back.
 *
 * libmicrohttpd gives such a pool back as it is. What came with a request that
 * it refused itself, or that never came whole, can be wiped in no call of ours,
 * and a caller's token is in it. A mapping of its own for each pool would
 * do it too, at half as much again for each connection.
 *
 * Smaller pieces belong to code that wipes its own. Larger ones are mappings,
 * which go back to the kernel.
 */
#include "base/limits.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define WIPED_MIN (16 * KIB)
#define WIPED_END (128 * KIB)

/* The C library's own, by the name under which it stays reachable. */
extern void library_free(void *memory) __asm__("__libc_free");

/* Seen by the libraries: they must find this one. tools/check-symbols looks that it is so. */
__attribute__((visibility("default"))) void free(void *memory)
{
	size_t size = malloc_usable_size(memory);

	if (size >= WIPED_MIN && size < WIPED_END)
		explicit_bzero(memory, size);
	library_free(memory);
}
