/* Does an index say what the records say, record by record? */
#ifndef TESTS_UNIT_FOLLOW_COMPARE_H
#define TESTS_UNIT_FOLLOW_COMPARE_H

#include "decide/view.h"
#include "records/snapshot.h"

/*
 * Fails the test unless the view holds all of the snapshot, at its revision.
 * Returns how many entries such an index has; one with more holds too much.
 */
uint64_t compare_index(struct snapshot *snapshot, const struct view *view);

#endif
