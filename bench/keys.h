/* The keys that bench_index puts into an index, and that the others ask about. */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

#include "base/buf.h"

#define ACCOUNTS 1000u
#define ROUTES 400u
#define KEYS_MAX 20000000u
/* Slots below are free for keys that a daemon makes over such an index. */
#define SLOT_FIRST 100000u

/* Ends the program when it is not ST_OK. */
void must(enum status st, const char *what);

struct span app_key_of(uint32_t slot, struct buf *out);
struct span token_of(uint32_t slot, struct buf *out);
/* A path that the key may call. */
struct span path_of(uint32_t slot, struct buf *out);

/* Some slot of an index of keys keys. */
uint32_t next_slot(uint64_t *random, uint32_t keys);

/* CPU seconds of this thread. */
double cpu_s(void);

#endif
