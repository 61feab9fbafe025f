/* The files that the programs here are given. */
#ifndef BENCH_FILE_MAP_H
#define BENCH_FILE_MAP_H

#include "base/span.h"

/* The bytes of the file, until the process ends. Absent on failure, with errno; 0: it is empty. */
struct span file_map(const char *path);

#endif
