/*
 * Opening the records, and holding when they are older than the high-water
 * mark: then the keeper answers its status and nothing else, and renews no
 * index: the gates refuse, at once when `llavero restore` put the copy there and
 * took the index away, otherwise when the index of the newer database gets
 * stale. The operator decides.
 */
#ifndef KEEPER_HELD_H
#define KEEPER_HELD_H

#include "keeper/api.h"

/*
 * Open the records and start following. ST_OK also when held (keeper->held).
 * Any other status is fatal; keeper->held then says why, where there is a reason.
 */
NODISCARD enum status held_open(struct keeper *keeper);

/* The operator accepts the older copy: a new epoch begins, as an event of the caller. */
NODISCARD enum status held_confirm(struct api_call *call, struct head *out_head);

#endif
