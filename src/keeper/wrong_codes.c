#include "keeper/wrong_codes.h"

/* His, or room for him. */
static struct wrong_codes_of *room_of(struct wrong_codes *codes, uint32_t user_slot)
{
	struct wrong_codes_of *room = &codes->items[0];

	for (unsigned i = 0; i < WRONG_CODES_PEOPLE; i++) {
		struct wrong_codes_of *at = &codes->items[i];

		if (at->user_slot == user_slot)
			return at;
		if (at->count < room->count)
			room = at;
	}
	*room = (struct wrong_codes_of){ .user_slot = user_slot };
	return room;
}

void wrong_codes_add(struct wrong_codes *codes, uint32_t user_slot, struct span address)
{
	struct wrong_codes_of *of = room_of(codes, user_slot);
	struct buf text = BUF_ARRAY(of->address);

	if (of->count < UINT32_MAX)
		of->count++;
	buf_append(&text, span_part(address, 0, WRONG_CODES_ADDRESS_MAX - 1));
}

void wrong_codes_forget(struct wrong_codes *codes, uint32_t user_slot)
{
	for (unsigned i = 0; i < WRONG_CODES_PEOPLE; i++) {
		if (codes->items[i].user_slot == user_slot)
			codes->items[i] = (struct wrong_codes_of){ .user_slot = 0 };
	}
}

bool wrong_codes_due(const struct wrong_codes *codes, struct wrong_codes_of *out_of)
{
	for (unsigned i = 0; i < WRONG_CODES_PEOPLE; i++) {
		if (codes->items[i].count >= WRONG_CODES_MAX) {
			*out_of = codes->items[i];
			return true;
		}
	}
	return false;
}
