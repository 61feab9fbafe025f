/*
 * Failures that events tell, few of them however many there are: the first at once, then what
 * came together in a minute, in two, ... at last in an hour, while they go on. Whoever uses a
 * list keeps others from it meanwhile.
 */
#ifndef KEEPER_TOLD_H
#define KEEPER_TOLD_H

#include "base/buf.h"

#define TOLD_MAX 128u
#define TOLD_ADDRESS_MAX 64u

struct told {
	uint32_t account_slot; /* 0: free */
	uint32_t user_slot;    /* may be 0 */
	int64_t count, told_at_us, every_us;
	char address[TOLD_ADDRESS_MAX]; /* of the last one */
};

struct told_list {
	struct told items[TOLD_MAX];
};

/* One more. Only beyond TOLD_MAX of whom something waits to be told it is lost. */
void told_add(
	struct told_list *list, uint32_t account_slot, uint32_t user_slot, struct span address);

/* The next that is to be told now, and no more waits to be told of it; false: none. */
NODISCARD bool told_take(struct told_list *list, int64_t now_us, struct told *out_told);
/* The same of what would be told later. */
NODISCARD bool told_take_last(struct told_list *list, struct told *out_told);

#endif
