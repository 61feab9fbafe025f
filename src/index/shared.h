/*
 * The index directories that readers of this process have open, each once: LMDB
 * loses its locks on a file when the process closes any other descriptor of it,
 * and a reader without its lock would be taken for dead, its pages written over.
 *
 * S1: a directory is open once in a process, however many readers it has.
 * S2: what was opened before a fork() is not this process's: the child begins with
 *     nothing open, and must not touch LMDB's handles that it inherited (that would
 *     free the parent's places). It leaves them as they are.
 *
 * Any thread may call these.
 */
#ifndef INDEX_SHARED_H
#define INDEX_SHARED_H

#include "index/env.h"

#define SHARED_MAX 64u

/*
 * The number of this process: another one after a fork. ST_NO_MEMORY;
 * ST_UNAVAILABLE: the kernel cannot tell forks (Linux before 4.14).
 */
NODISCARD enum status shared_process(uint64_t *out_process);
/* Is it still this process? Costs a load. */
bool shared_is_process(uint64_t process);

/*
 * As env_open for reading, once more for another reader; give it back with
 * shared_close(). ST_BUSY: SHARED_MAX others are open.
 */
NODISCARD enum status shared_open(const char *dir, uint64_t generation, struct index_env *out_env);
/* Only in the process that opened it. */
void shared_close(struct index_env *env);

#endif
