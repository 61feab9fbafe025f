/* What the writer needs of the reader: both use one LMDB environment in one process. */
#ifndef INDEX_READER_INTERNAL_H
#define INDEX_READER_INTERNAL_H

#include "index/env.h"
#include "index/reader.h"

/* A reader over somebody else's environment, which must outlive it. */
NODISCARD enum status reader_open_beside(
	const struct index_env *env, struct index_reader **out_reader);

#endif
