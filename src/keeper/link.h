/* Where people reach this server: the beginning of the links that it hands out. */
#ifndef KEEPER_LINK_H
#define KEEPER_LINK_H

#include "keeper/state.h"

/*
 * The configured url when there is one (the public one first for links that go to others),
 * else http and the first address that the keeper listens on. Without either it appends
 * nothing: the link is relative, and nobody can open it.
 */
void link_base_append(const struct keeper *keeper, bool for_others, struct buf *out);

#endif
