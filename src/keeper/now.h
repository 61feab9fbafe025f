/* The time that the keeper and the gates of this machine decide by (ledger/steady.h). */
#ifndef KEEPER_NOW_H
#define KEEPER_NOW_H

#include "keeper/state.h"

/* Before the first thread. */
void now_open(struct keeper *keeper);

/* Once a second: keep it, and log when the machine's clock goes wrong or right again. */
void now_tend(struct keeper *keeper);

int64_t now_read(struct keeper *keeper);

/* ,"clock":{"state":"right","offMs":0} */
void now_append(struct keeper *keeper, struct buf *out);

#endif
