#include "keeper/told.h"

#include "base/clock.h"

#define FIRST_US (60 * US_PER_S)
#define MOST_US (3600 * US_PER_S)

/* Theirs, or room for it: where nothing waits to be told, longest ago. NULL: none. */
static struct told *told_of(struct told_list *list, uint32_t account_slot, uint32_t user_slot)
{
	struct told *room = NULL;

	for (unsigned i = 0; i < TOLD_MAX; i++) {
		struct told *at = &list->items[i];

		if (at->account_slot == account_slot && at->user_slot == user_slot)
			return at;
		if (at->count == 0 && (room == NULL || at->told_at_us < room->told_at_us))
			room = at;
	}
	if (room != NULL)
		*room = (struct told){ .account_slot = account_slot, .user_slot = user_slot };
	return room;
}

void told_add(
	struct told_list *list, uint32_t account_slot, uint32_t user_slot, struct span address)
{
	struct told *told = told_of(list, account_slot, user_slot);

	if (told != NULL) {
		struct buf text = BUF_ARRAY(told->address);

		told->count++;
		buf_append(&text, span_part(address, 0, TOLD_ADDRESS_MAX - 1));
	}
}

/* Then the next one waits longer, unless there was a rest. A clock that was set back is no rest. */
static bool is_due(struct told *told, int64_t now_us)
{
	int64_t since_us = now_us - told->told_at_us;

	if (told->count == 0 || (since_us >= 0 && since_us < told->every_us))
		return false;
	if (told->every_us == 0 || since_us >= 2 * told->every_us)
		told->every_us = FIRST_US;
	else if (told->every_us < MOST_US / 2)
		told->every_us *= 2;
	else
		told->every_us = MOST_US;
	told->told_at_us = now_us;
	return true;
}

bool told_take(struct told_list *list, int64_t now_us, struct told *out_told)
{
	for (unsigned i = 0; i < TOLD_MAX; i++) {
		struct told *told = &list->items[i];

		if (is_due(told, now_us)) {
			*out_told = *told;
			told->count = 0;
			return true;
		}
	}
	return false;
}

bool told_take_last(struct told_list *list, struct told *out_told)
{
	for (unsigned i = 0; i < TOLD_MAX; i++) {
		struct told *told = &list->items[i];

		if (told->count > 0) {
			*out_told = *told;
			told->count = 0;
			return true;
		}
	}
	return false;
}
