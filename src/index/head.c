#include "index/head.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_MAGIC (UINT64_C(0x31307865646e694c) + ((uint64_t)INDEX_FORMAT << 56))
#define HEAD_MODE 0640
#define HEAD_CELLS_AT 4096u
/* Space is taken this many cells at a time. */
#define CELLS_STEP 65536u

enum cell_class { CLASS_CATALOG = 0, CLASS_ACCOUNTS, CLASS_PROFILES, CLASS_KEYS, CLASS_COUNT };

static_assert(sizeof(struct head_block) <= HEAD_CELLS_AT, "the head's page");
static_assert(sizeof(_Atomic uint32_t) == 4 && sizeof(_Atomic uint64_t) == 8, "plain on disk");
static_assert(offsetof(struct head_block, committed) == 32, "format");
static_assert(offsetof(struct head_block, cells_ready) == 64, "format");
static_assert(CLASS_COUNT == ARRAY_LEN(((struct head_block *)0)->cells_ready), "classes");
static_assert(HEAD_CATALOG_MAX > LIMIT_RESOURCES && HEAD_CATALOG_MAX % CELLS_STEP == 0, "cells");

static const uint32_t class_max[CLASS_COUNT] = {
	[CLASS_CATALOG] = HEAD_CATALOG_MAX,
	[CLASS_ACCOUNTS] = HEAD_ACCOUNTS_MAX,
	[CLASS_PROFILES] = HEAD_PROFILES_MAX,
	[CLASS_KEYS] = HEAD_KEYS_MAX,
};

static size_t class_at(unsigned class)
{
	size_t at = HEAD_CELLS_AT;

	for (unsigned i = 0; i < class; i++)
		at += class_max[i] * sizeof(uint32_t);
	return at;
}

/* The file's length: nearly all of it a hole. */
#define HEAD_FILE_SIZE class_at(CLASS_COUNT)

/* Names, hosts and tokens have no slot; they are checked against the record that they lead to. */
static bool class_of(enum record_kind kind, unsigned *out_class)
{
	switch (kind) {
	case KIND_RESOURCE:
	case KIND_ROUTES: /* slot 0, which no resource has */
		*out_class = CLASS_CATALOG;
		return true;
	case KIND_ACCOUNT:
		*out_class = CLASS_ACCOUNTS;
		return true;
	case KIND_PROFILE:
		*out_class = CLASS_PROFILES;
		return true;
	case KIND_KEY:
		*out_class = CLASS_KEYS;
		return true;
	default:
		return false;
	}
}

bool head_is_of_this_boot(const struct index_head *head)
{
	uint8_t now[BOOT_ID_SIZE];

	return clock_boot_id(now) == ST_OK && memcmp(now, head->block->boot_id, BOOT_ID_SIZE) == 0;
}

static enum status map_head(struct index_head *head)
{
	int protection = head->writable ? PROT_READ | PROT_WRITE : PROT_READ;
	char *map;

	head->map_size = HEAD_FILE_SIZE;
	map = mmap(NULL, head->map_size, protection, MAP_SHARED, head->fd, 0);
	if (map == MAP_FAILED)
		return status_from_errno(errno);
	/* Neighbours of a touched cell are not needed in memory, nor is any of it in a core. */
	(void)madvise(map, head->map_size, MADV_RANDOM);
	(void)madvise(map, head->map_size, MADV_DONTDUMP);
	head->map = map;
	head->block = (struct head_block *)map;
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		head->cells[i] = (_Atomic uint32_t *)(map + class_at(i));
	return ST_OK;
}

enum status head_create(int dir, uint64_t generation, struct index_head *out_head)
{
	struct index_head head = { .writable = true };
	uint8_t boot_id[BOOT_ID_SIZE];
	enum status st = clock_boot_id(boot_id);

	/* Zero where there is none; but a reader that can tell it would call ours stale for ever.
	 */
	if (st == ST_IO)
		return st;
	head.fd = openat(
		dir, HEAD_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, HEAD_MODE);
	if (head.fd < 0)
		return status_from_errno(errno);
	if (ftruncate(head.fd, (off_t)HEAD_FILE_SIZE) != 0 || fchmod(head.fd, HEAD_MODE) != 0) {
		st = status_from_errno(errno);
		goto fail;
	}
	/* A store into a hole of a full disk would be a SIGBUS: take the space first. */
	st = status_from_errno(posix_fallocate(head.fd, 0, HEAD_CELLS_AT));
	if (st == ST_OK)
		st = map_head(&head);
	if (st != ST_OK)
		goto fail;
	assert(head.block != NULL);
	head.block->magic = HEAD_MAGIC;
	head.block->generation = generation;
	memcpy(head.block->boot_id, boot_id, sizeof(boot_id));
	*out_head = head;
	return ST_OK;
fail:
	(void)close(head.fd);
	return st;
}

static enum status check_head(const struct index_head *head)
{
	assert(head->block != NULL);
	if (head->block->magic != HEAD_MAGIC)
		return (head->block->magic ^ HEAD_MAGIC) >> 56 != 0 ? ST_FORMAT : ST_DAMAGED;
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		if (atomic_load_explicit(&head->block->cells_ready[i], memory_order_relaxed) >
			class_max[i])
			return ST_DAMAGED;
	return ST_OK;
}

enum status head_open(int dir, bool writable, struct index_head *out_head)
{
	struct index_head head = { .writable = writable };
	struct stat info;
	enum status st;

	head.fd = openat(dir, HEAD_FILE, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
	if (head.fd < 0)
		return status_from_errno(errno);
	if (fstat(head.fd, &info) != 0)
		st = status_from_errno(errno);
	else if (info.st_size != (off_t)HEAD_FILE_SIZE)
		st = ST_DAMAGED;
	else
		st = map_head(&head);
	if (st == ST_OK)
		st = check_head(&head);
	if (st != ST_OK) {
		if (head.map != NULL)
			(void)munmap(head.map, head.map_size);
		(void)close(head.fd);
		return st;
	}
	*out_head = head;
	return ST_OK;
}

enum status head_check_size(const struct index_head *head)
{
	struct stat info;

	if (fstat(head->fd, &info) != 0)
		return status_from_errno(errno);
	return info.st_size == (off_t)HEAD_FILE_SIZE ? ST_OK : ST_DAMAGED;
}

void head_close(struct index_head *head)
{
	if (head->map == NULL)
		return;
	(void)munmap(head->map, head->map_size);
	(void)close(head->fd);
	*head = (struct index_head){ .fd = -1 };
}

uint32_t head_cell(const struct index_head *head, enum record_kind kind, uint32_t slot)
{
	unsigned class;

	if (!class_of(kind, &class))
		return 0;
	if (slot >= atomic_load_explicit(&head->block->cells_ready[class], memory_order_acquire) ||
		slot >= class_max[class])
		return 0;
	return atomic_load_explicit(&head->cells[class][slot], memory_order_acquire);
}

void head_cell_ahead(const struct index_head *head, enum record_kind kind, uint32_t slot)
{
	unsigned class;

	if (class_of(kind, &class) && slot < class_max[class])
		__builtin_prefetch((const void *)(uintptr_t)&head->cells[class][slot]);
}

enum status head_cell_reserve(
	struct index_head *head, enum record_kind kind, uint32_t slot, _Atomic uint32_t **out_cell)
{
	unsigned class;
	uint32_t ready, wanted;
	int err;

	assert(head->writable);
	if (!class_of(kind, &class))
		return ST_INVALID;
	if (slot >= class_max[class])
		return ST_LIMIT;
	ready = atomic_load_explicit(&head->block->cells_ready[class], memory_order_relaxed);
	if (slot >= ready) {
		wanted = (slot / CELLS_STEP + 1) * CELLS_STEP;
		err = posix_fallocate(head->fd, (off_t)(class_at(class) + ready * sizeof(uint32_t)),
			(off_t)((wanted - ready) * sizeof(uint32_t)));
		if (err != 0)
			return status_from_errno(err);
		atomic_store_explicit(
			&head->block->cells_ready[class], wanted, memory_order_release);
	}
	*out_cell = &head->cells[class][slot];
	return ST_OK;
}

uint32_t head_cells_count(const struct index_head *head, enum record_kind kind)
{
	unsigned class;

	if (!class_of(kind, &class))
		return 0;
	return atomic_load_explicit(&head->block->cells_ready[class], memory_order_relaxed);
}

bool head_is_newest(const struct index_head *head, const struct record *record, uint32_t slot,
	uint32_t snapshot)
{
	uint32_t cell = head_cell(head, record->kind, slot);

	if (record->written > snapshot)
		return false;
	return record->written >= cell || cell > snapshot;
}

enum status head_flush(struct index_head *head)
{
	return fsync(head->fd) == 0 ? ST_OK : status_from_errno(errno);
}
