/*
 * From the records to this node's index, and the index read for explaining.
 *
 * One thread follows: it is woken by each commit and carries what is new in one
 * go, so that many changes share one write of the index. The thread that made
 * a change waits here until its revision is in the index.
 */
#ifndef KEEPER_PUBLISH_H
#define KEEPER_PUBLISH_H

#include "decide/view.h"
#include "keeper/state.h"

/* Start following. ST_OK also while the index must still be built: the thread builds it. */
NODISCARD enum status publisher_make(
	struct keeper *keeper, struct records *records, struct publisher **out_publisher);
/* Ends the thread. */
void publisher_free(struct publisher **publisher);

/* There is a newer head: carry it, nobody waits yet. */
void publisher_hint(struct publisher *publisher, const struct head *head);

/* Wait until the index has head's revision; ST_TIMEOUT, or what following last failed with. */
NODISCARD enum status publisher_wait(struct publisher *publisher, const struct head *head);

struct publisher_figures {
	int64_t epoch, revision; /* of the index; 0: there is none */
	int64_t applied_at_us;
	int64_t rebuilds, failures;
	enum status last;
};
void publisher_figures(struct publisher *publisher, struct publisher_figures *out_figures);

/*
 * The index as a decision sees it, for the thread that asks. Release it soon,
 * and before waiting for a change: the follower may have to wait for it.
 */
struct follow_reading;
NODISCARD enum status reading_acquire(struct publisher *publisher,
	struct follow_reading **out_reading, const struct view **out_view);
void reading_release(struct follow_reading **reading);

#endif
