#include "index/sorter.h"

#include "base/buf.h"
#include "index/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Each kind is cut into this many ranges of the tree. */
#define RANGES 64u
#define RANGE_SLOTS_SHIFT 18
#define RANGE_HASH_SHIFT 54
#define BUCKETS (KIND_COUNT * RANGES)

/* In a buffer: the header, then the record. */
struct entry {
	uint64_t at;
	uint64_t len;
};

/* A bucket's part of the file: whole buffers that were written one after another. */
struct extent {
	off_t offset;
	size_t len;
};

struct bucket {
	struct buf pending; /* not yet in the file */
	struct extent *extents;
	size_t extents_count, extents_capacity;
	size_t file_bytes;
};

struct sorter {
	struct bucket buckets[BUCKETS];
	size_t memory; /* in all pending buffers */
	int fd;        /* -1: nothing was spilled yet */
	off_t file_end;
	int dir_fd;
};

enum status sorter_make(int dir_fd, struct sorter **out_sorter)
{
	struct sorter *sorter = calloc(1, sizeof(*sorter));

	if (sorter == NULL)
		return ST_NO_MEMORY;
	sorter->fd = -1;
	sorter->dir_fd = dir_fd;
	for (size_t i = 0; i < BUCKETS; i++)
		sorter->buckets[i].pending = buf_heap(SIZE_MAX / 2);
	*out_sorter = sorter;
	return ST_OK;
}

void sorter_free(struct sorter **sorter)
{
	if (*sorter == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		buf_free(&(*sorter)->buckets[i].pending);
		free((*sorter)->buckets[i].extents);
	}
	if ((*sorter)->fd >= 0)
		(void)close((*sorter)->fd);
	free(*sorter);
	*sorter = NULL;
}

/* Ascending with at: slots stand in the low bits, hashes fill all. */
static size_t bucket_of(uint64_t at)
{
	size_t kind = (size_t)(at >> 60);
	uint64_t rest = at & ((UINT64_C(1) << 60) - 1);
	uint64_t range;

	if (kind >= KIND_COUNT)
		kind = KIND_COUNT - 1;
	switch ((enum record_kind)kind) {
	case KIND_ACCOUNT_NAME:
	case KIND_HOST:
	case KIND_KEY:
	case KIND_TOKEN:
		range = rest >> RANGE_HASH_SHIFT;
		break;
	default:
		range = rest >> RANGE_SLOTS_SHIFT;
		break;
	}
	return kind * RANGES + (size_t)(range < RANGES ? range : RANGES - 1);
}

static enum status write_all(int fd, struct span bytes, off_t offset)
{
	while (bytes.len > 0) {
		ssize_t put = pwrite(fd, bytes.ptr, bytes.len, offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? ST_IO : status_from_errno(errno);
		bytes = span_part(bytes, (size_t)put, bytes.len);
		offset += put;
	}
	return ST_OK;
}

static enum status read_all(int fd, char *out, size_t len, off_t offset)
{
	while (len > 0) {
		ssize_t got = pread(fd, out, len, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? ST_IO : status_from_errno(errno);
		out += got;
		len -= (size_t)got;
		offset += got;
	}
	return ST_OK;
}

static enum status spill_bucket(struct sorter *sorter, struct bucket *bucket)
{
	struct span bytes = buf_span(&bucket->pending);
	enum status st;

	if (bucket->extents_count == bucket->extents_capacity) {
		size_t wanted = bucket->extents_capacity * 2 + 8;
		struct extent *extents = reallocarray(bucket->extents, wanted, sizeof(*extents));

		if (extents == NULL)
			return ST_NO_MEMORY;
		bucket->extents = extents;
		bucket->extents_capacity = wanted;
	}
	st = write_all(sorter->fd, bytes, sorter->file_end);
	if (st != ST_OK)
		return st;
	bucket->extents[bucket->extents_count++] =
		(struct extent){ .offset = sorter->file_end, .len = bytes.len };
	bucket->file_bytes += bytes.len;
	sorter->file_end += (off_t)bytes.len;
	sorter->memory -= bytes.len;
	buf_clear(&bucket->pending);
	return ST_OK;
}

/* Write out the large buffers; the small ones together are no more than half the memory. */
static enum status spill(struct sorter *sorter)
{
	size_t least = SORTER_MEMORY / 2 / BUCKETS;
	enum status st = ST_OK;

	if (sorter->fd < 0) {
		sorter->fd = openat(sorter->dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (sorter->fd < 0)
			return status_from_errno(errno);
	}
	for (size_t i = 0; i < BUCKETS && st == ST_OK; i++)
		if (sorter->buckets[i].pending.len > least)
			st = spill_bucket(sorter, &sorter->buckets[i]);
	return st;
}

enum status sorter_add(struct sorter *sorter, uint64_t at, struct span record)
{
	struct entry entry = { .at = at, .len = record.len };
	struct bucket *bucket = &sorter->buckets[bucket_of(at)];

	buf_append(&bucket->pending, span_of(&entry, sizeof(entry)));
	buf_append(&bucket->pending, record);
	if (!buf_ok(&bucket->pending))
		return ST_NO_MEMORY;
	sorter->memory += sizeof(entry) + record.len;
	return sorter->memory > SORTER_MEMORY ? spill(sorter) : ST_OK;
}

/* All of a bucket in one piece of memory. */
static enum status load(struct sorter *sorter, struct bucket *bucket, struct buf *out)
{
	size_t total = bucket->file_bytes + bucket->pending.len;
	size_t at = 0;
	enum status st = ST_OK;

	*out = buf_heap(total + 1);
	if (bucket->file_bytes == 0) {
		/* Nothing was spilled: take the buffer itself. */
		*out = bucket->pending;
		bucket->pending = buf_heap(SIZE_MAX / 2);
		return ST_OK;
	}
	out->ptr = malloc(total + 1);
	if (out->ptr == NULL)
		return ST_NO_MEMORY;
	out->capacity = total + 1;
	for (size_t i = 0; i < bucket->extents_count && st == ST_OK; i++) {
		st = read_all(sorter->fd, out->ptr + at, bucket->extents[i].len,
			bucket->extents[i].offset);
		at += bucket->extents[i].len;
	}
	memcpy(out->ptr + at, buf_str(&bucket->pending), bucket->pending.len);
	out->len = total;
	buf_free(&bucket->pending);
	return st;
}

struct place {
	uint64_t at;
	const char *record;
	size_t len;
};

static int by_at(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->at != right->at)
		return left->at < right->at ? -1 : 1;
	/* Stable: as they were added. */
	return left->record < right->record ? -1 : left->record > right->record;
}

static size_t count_entries(struct span bytes)
{
	size_t count = 0;

	for (size_t at = 0; at < bytes.len; count++) {
		struct entry entry;

		memcpy(&entry, bytes.ptr + at, sizeof(entry));
		at += sizeof(entry) + entry.len;
	}
	return count;
}

static void list_entries(struct span bytes, struct place *places)
{
	for (size_t at = 0; at < bytes.len; places++) {
		struct entry entry;

		memcpy(&entry, bytes.ptr + at, sizeof(entry));
		at += sizeof(entry);
		*places = (struct place){ entry.at, bytes.ptr + at, entry.len };
		at += entry.len;
	}
}

static enum status give(
	const struct place *places, size_t count, sorter_fn *fn, void *arg, struct buf *together)
{
	size_t next;
	enum status st = ST_OK;

	for (size_t i = 0; i < count && st == ST_OK; i = next) {
		struct span records = span_of(places[i].record, places[i].len);

		next = i + 1;
		if (next < count && places[next].at == places[i].at) {
			buf_clear(together);
			buf_append(together, records);
			for (; next < count && places[next].at == places[i].at; next++)
				buf_append(
					together, span_of(places[next].record, places[next].len));
			if (!buf_ok(together))
				return ST_NO_MEMORY;
			records = buf_span(together);
		}
		st = fn(arg, places[i].at, records);
	}
	return st;
}

static enum status give_bucket(
	struct sorter *sorter, struct bucket *bucket, sorter_fn *fn, void *arg)
{
	CLEANUP(buf_free)
	struct buf bytes = buf_heap(0);
	CLEANUP(buf_free)
	struct buf together = buf_heap(RECORD_SIZE_MAX);
	struct place *places;
	size_t count;
	enum status st = load(sorter, bucket, &bytes);

	if (st != ST_OK)
		return st;
	count = count_entries(buf_span(&bytes));
	places = calloc(count + 1, sizeof(*places));
	if (places == NULL)
		return ST_NO_MEMORY;
	list_entries(buf_span(&bytes), places);
	qsort(places, count, sizeof(*places), by_at);
	st = give(places, count, fn, arg, &together);
	free(places);
	return st;
}

enum status sorter_each(struct sorter *sorter, sorter_fn *fn, void *arg)
{
	enum status st = ST_OK;

	for (size_t i = 0; i < BUCKETS && st == ST_OK; i++)
		if (sorter->buckets[i].file_bytes + sorter->buckets[i].pending.len > 0)
			st = give_bucket(sorter, &sorter->buckets[i], fn, arg);
	return st;
}
