#include "keys.h"

#include "base/encode.h"
#include "key/app_key.h"
#include "key/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void must(enum status st, const char *what)
{
	if (st == ST_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", what, status_name(st));
	exit(1);
}

struct span app_key_of(uint32_t slot, struct buf *out)
{
	char name[16];
	struct buf account = BUF_ARRAY(name);
	uint8_t random[TOKEN_RANDOM_SIZE] = { 0 };

	put_u32(random, slot);
	buf_printf(&account, "store%04u", slot % ACCOUNTS);
	buf_clear(out);
	must(app_key_make(SPAN_LIT(APP_KEY_PREFIX_DEFAULT), buf_span(&account), random, out),
		"appKey");
	return buf_span(out);
}

struct span token_of(uint32_t slot, struct buf *out)
{
	uint8_t random[TOKEN_RANDOM_SIZE] = { 0 };
	char token[TOKEN_LEN];

	put_u32(random, slot);
	token_make(TOKEN_LIVE, random, token);
	buf_clear(out);
	buf_append(out, span_of(token, sizeof(token)));
	return buf_span(out);
}

struct span path_of(uint32_t slot, struct buf *out)
{
	buf_clear(out);
	buf_printf(out, "/api/part%u/%u/items", slot % ROUTES, slot);
	return buf_span(out);
}

uint32_t next_slot(uint64_t *random, uint32_t keys)
{
	*random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return SLOT_FIRST + (uint32_t)((*random >> 32) % keys);
}

double cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
