/* A world (world.h) as an index on disk, as the keeper's follower would write it. */
#ifndef TESTS_MODEL_WORLD_INDEX_H
#define TESTS_MODEL_WORLD_INDEX_H

#include "index/writer.h"
#include "model/world.h"

/* Build the index of the world in dir and switch to it. Any status but ST_OK is a defect. */
NODISCARD enum status world_write_index(
	const struct world *world, const char *dir, uint64_t revision);

#endif
