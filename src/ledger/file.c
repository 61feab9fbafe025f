/* The ledger's file: made, checked, opened. */
#include "ledger/layout.h"

#include "base/crypto.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_FILE LEDGER_FILE ".new"
#define VERSION_BEFORE 1u /* it had the limits' cells alone, at the same place */
/* Beyond this share of cells in use, those that say nothing are given up at the next start. */
#define CROWDED (LIMIT_LEDGER_CELLS / 2)

static const struct {
	uint32_t item_size;
	uint64_t items_count;
} SHAPES[REGIONS_END] = {
	[REGION_LIMITS] = { sizeof(struct ledger_cell), LIMIT_LEDGER_CELLS },
	[REGION_USE] = { sizeof(struct use_cell), LIMIT_USE_CELLS },
	[REGION_USE_OTHER] = { sizeof(struct use_cell), USE_OTHER_CELLS + USE_CAUSES },
	[REGION_USE_RETIRED] = { sizeof(struct use_cell), USE_RETIRED_CELLS },
	[REGION_TOTALS] = { sizeof(struct use_stripe), USE_STRIPES },
	[REGION_DRAIN] = { sizeof(struct use_drain_state), 1 },
	[REGION_PACES] = { sizeof(uint64_t), PACES_HALF * 2 },
	[REGION_RINGS] = { sizeof(struct refusal_rings), RINGS_COUNT },
};

uint64_t region_at(enum ledger_region_kind kind)
{
	uint64_t at = LEDGER_HEADER_SIZE;

	for (unsigned i = REGION_NONE + 1; i < (unsigned)kind; i++) {
		uint64_t size = SHAPES[i].item_size * SHAPES[i].items_count;

		at += (size + LEDGER_HEADER_SIZE - 1) / LEDGER_HEADER_SIZE * LEDGER_HEADER_SIZE;
	}
	return at;
}

static size_t file_size(void)
{
	return (size_t)region_at(REGIONS_END);
}

uint64_t header_check(const struct ledger_header *header)
{
	static const uint8_t key[16] = "llavero-ledger-1";

	return crypto_hash64(key, span_of(header, offsetof(struct ledger_header, check)));
}

static void header_fill(struct ledger_header *out, uint32_t version)
{
	unsigned regions = version == VERSION_BEFORE ? 1 : LEDGER_REGIONS;

	*out = (struct ledger_header){ .magic = LEDGER_MAGIC,
		.version = version,
		.regions_count = regions,
		.file_size = region_at((enum ledger_region_kind)(regions + 1)) };
	for (unsigned i = 0; i < regions; i++) {
		enum ledger_region_kind kind = (enum ledger_region_kind)(i + 1);

		out->regions[i] = (struct ledger_region){ .kind = kind,
			.item_size = SHAPES[kind].item_size,
			.items_count = SHAPES[kind].items_count,
			.offset = region_at(kind) };
	}
	crypto_random(&out->epoch, sizeof(out->epoch));
}

/* What a file of that version says of itself; its rates may be of an earlier boot. */
static enum status header_read(int fd, uint32_t version, struct ledger_header *out)
{
	struct ledger_header fresh;
	struct stat info;
	ssize_t got;

	if (fstat(fd, &info) != 0)
		return status_from_errno(errno);
	got = S_ISREG(info.st_mode) ? pread(fd, out, sizeof(*out), 0) : 0;
	if (got < 0)
		return status_from_errno(errno);
	if (got != (ssize_t)sizeof(*out) || out->magic != LEDGER_MAGIC)
		return ST_DAMAGED;
	if (out->version != version)
		return ST_FORMAT;
	if (out->check != header_check(out))
		return ST_DAMAGED;
	/* The places are the version's own; another size of a table is another file. */
	header_fill(&fresh, version);
	if (out->file_size != fresh.file_size || out->regions_count != fresh.regions_count ||
		memcmp(out->regions, fresh.regions, sizeof(fresh.regions)) != 0)
		return ST_FORMAT;
	return info.st_size == (off_t)fresh.file_size ? ST_OK : ST_DAMAGED;
}

/* Rates count only where the boot is known and the same. */
static enum status of_this_boot(const struct ledger_header *header, bool *out_is)
{
	uint8_t now[BOOT_ID_SIZE];
	enum status st = clock_boot_id(now);

	*out_is = st == ST_OK && memcmp(now, header->boot_id, sizeof(now)) == 0;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status ledger_file_read(int fd, void *out, size_t len, uint64_t at)
{
	ssize_t got = pread(fd, out, len, (off_t)at);

	if (got < 0)
		return status_from_errno(errno);
	return (size_t)got == len ? ST_OK : ST_DAMAGED;
}

enum status ledger_file_write(int fd, const void *bytes, size_t len, uint64_t at)
{
	ssize_t got = pwrite(fd, bytes, len, (off_t)at);

	if (got < 0)
		return status_from_errno(errno);
	return (size_t)got == len ? ST_OK : ST_IO;
}

/* ---- open ---- */

static enum status map_file(int fd, size_t size, char **out_map)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return status_from_errno(errno);
	(void)madvise(map, size, MADV_DONTDUMP);
	*out_map = map;
	return ST_OK;
}

static enum status file_open(
	const char *dir, uint32_t version, struct ledger_header *out_header, int *out_fd)
{
	char path[4096];
	int len = snprintf(path, sizeof(path), "%s/" LEDGER_FILE, dir), fd;
	enum status st;

	if (len < 0 || (size_t)len >= sizeof(path))
		return ST_LIMIT;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? ST_DAMAGED : status_from_errno(errno);
	st = header_read(fd, version, out_header);
	if (st != ST_OK)
		close(fd);
	else
		*out_fd = fd;
	return st;
}

enum status ledger_file_open(const char *dir, struct ledger_header *out_header, int *out_fd)
{
	return file_open(dir, LEDGER_VERSION, out_header, out_fd);
}

enum status ledger_file_open_now(const char *dir, struct ledger_header *out_header, int *out_fd)
{
	bool boot_ok = false;
	int fd = -1;
	enum status st = ledger_file_open(dir, out_header, &fd);

	if (st == ST_OK)
		st = of_this_boot(out_header, &boot_ok);
	if (st == ST_OK && !boot_ok)
		st = ST_DAMAGED;
	if (st == ST_OK)
		*out_fd = fd;
	else if (fd >= 0)
		close(fd);
	return st;
}

static void *region(const struct ledger *ledger, enum ledger_region_kind kind)
{
	return ledger->map + region_at(kind);
}

static void regions_find(struct ledger *ledger)
{
	ledger->header = (struct ledger_header *)(void *)ledger->map;
	ledger->cells = region(ledger, REGION_LIMITS);
	ledger->use = region(ledger, REGION_USE);
	ledger->use_other = region(ledger, REGION_USE_OTHER);
	ledger->use_retired = region(ledger, REGION_USE_RETIRED);
	ledger->stripes = region(ledger, REGION_TOTALS);
	/* Any will do; processes one after another take different ones. */
	ledger->stripe = &ledger->stripes[(unsigned)gettid() % USE_STRIPES];
	ledger->paces = region(ledger, REGION_PACES);
	ledger->rings = region(ledger, REGION_RINGS);
}

enum status ledger_open(const char *dir, struct ledger **out_ledger)
{
	struct ledger_header header;
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	enum status st;

	if (ledger == NULL)
		return ST_NO_MEMORY;
	ledger->fd = -1;
	snprintf(ledger->dir, sizeof(ledger->dir), "%s", dir);
	st = ledger_file_open_now(dir, &header, &ledger->fd);
	if (st == ST_OK)
		st = map_file(ledger->fd, file_size(), &ledger->map);
	if (st != ST_OK) {
		ledger_close(&ledger);
		return st;
	}
	regions_find(ledger);
	*out_ledger = ledger;
	return ST_OK;
}

void ledger_close(struct ledger **ledger)
{
	struct ledger *it = *ledger;

	if (it == NULL)
		return;
	if (it->map != NULL)
		(void)munmap(it->map, file_size());
	if (it->fd >= 0)
		close(it->fd);
	free(it);
	*ledger = NULL;
}

enum status ledger_check(const struct ledger *ledger)
{
	char path[sizeof(ledger->dir) + sizeof("/" LEDGER_FILE)];
	struct stat open_file, there;

	if (fstat(ledger->fd, &open_file) != 0)
		return status_from_errno(errno);
	if (open_file.st_size != (off_t)file_size())
		return ST_DAMAGED;
	if (atomic_load(&ledger->header->left) != 0)
		return ST_STALE;
	snprintf(path, sizeof(path), "%s/" LEDGER_FILE, ledger->dir);
	if (lstat(path, &there) != 0)
		return errno == ENOENT ? ST_STALE : status_from_errno(errno);
	return there.st_dev == open_file.st_dev && there.st_ino == open_file.st_ino ? ST_OK
										    : ST_STALE;
}

static uint32_t cells_used(const struct ledger_cell *cells)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < LIMIT_LEDGER_CELLS; i++)
		used += atomic_load_explicit(&cells[i].key, memory_order_relaxed) != 0;
	return used;
}

/* ---- make ---- */

/* Where a new file's counts come from. */
struct source {
	int fd; /* of the old file */
	uint32_t version;
	struct ledger_header *header; /* mapped with the cells behind it */
	bool boot_ok;
};

static struct ledger_cell *cells_of(void *map)
{
	return (struct ledger_cell *)(void *)((char *)map + region_at(REGION_LIMITS));
}

/* Copy what still counts. */
static void cells_carry(const struct source *from, struct ledger_cell *fresh)
{
	const struct ledger_cell *old = cells_of(from->header);
	struct ledger_now now = { clock_boot_us(), clock_wall_us() };

	for (uint32_t i = 0; i < LIMIT_LEDGER_CELLS; i++) {
		struct ledger_cell *cell;

		if (!cell_is_live(&old[i], now, from->boot_ok))
			continue;
		cell = cell_claim(fresh, atomic_load(&old[i].key));
		if (cell == NULL)
			continue;
		for (unsigned k = 0; from->boot_ok && k < RATE_COUNT; k++) {
			atomic_store(&cell->full_at_ns[k], atomic_load(&old[i].full_at_ns[k]));
			atomic_store(&cell->counts[k], atomic_load(&old[i].counts[k]));
		}
		for (unsigned k = 0; k < QUOTA_COUNT; k++)
			atomic_store(&cell->used[k], atomic_load(&old[i].used[k]));
	}
}

/* All behind the limits' cells, as it is: what was counted and not drained is not lost. */
static enum status rest_carry(const struct source *from, int fd)
{
	char bytes[16 * KIB];
	enum status st = ST_OK;

	for (uint64_t at = region_at(REGION_USE); st == ST_OK && at < file_size();) {
		uint64_t rest = file_size() - at;
		size_t len = rest < sizeof(bytes) ? (size_t)rest : sizeof(bytes);

		st = ledger_file_read(from->fd, bytes, len, at);
		if (st == ST_OK)
			st = ledger_file_write(fd, bytes, len, at);
		at += len;
	}
	return st;
}

static enum status file_carry(const struct source *from, int fd, char *map)
{
	if (from == NULL)
		return ST_OK;
	/* Whoever has the old one open counts no limits in it from here on (L1). */
	atomic_store(&from->header->left, 1);
	cells_carry(from, cells_of(map));
	return from->version == LEDGER_VERSION ? rest_carry(from, fd) : ST_OK;
}

static enum status file_fill(int fd, const struct source *from, uint32_t nodes)
{
	struct ledger_header header;
	char *map = NULL;
	int error = posix_fallocate(fd, 0, (off_t)file_size());
	enum status st = error == 0 ? map_file(fd, file_size(), &map) : status_from_errno(error);

	if (st != ST_OK)
		return st;
	header_fill(&header, LEDGER_VERSION);
	st = clock_boot_id(header.boot_id) == ST_IO ? ST_IO : ST_OK;
	header.check = header_check(&header);
	atomic_init(&header.nodes, nodes);
	assert(map != NULL);
	if (st == ST_OK)
		st = file_carry(from, fd, map);
	memcpy(map, &header, sizeof(header));
	(void)munmap(map, file_size());
	if (st != ST_OK)
		return st;
	/* Another user of the same group may count too; the umask does not know of it. */
	if (fchmod(fd, LEDGER_MODE) != 0 || fsync(fd) != 0)
		return status_from_errno(errno);
	return ST_OK;
}

/* A whole new file in the place of the old one. */
static enum status file_make(const char *dir, const struct source *from, uint32_t nodes)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	enum status st;

	if (dir_fd < 0)
		return status_from_errno(errno);
	(void)unlinkat(dir_fd, NEW_FILE, 0);
	fd = openat(dir_fd, NEW_FILE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	st = fd < 0 ? status_from_errno(errno) : file_fill(fd, from, nodes);
	if (st == ST_OK &&
		(renameat(dir_fd, NEW_FILE, dir_fd, LEDGER_FILE) != 0 || fsync(dir_fd) != 0))
		st = status_from_errno(errno);
	if (st != ST_OK && fd >= 0)
		(void)unlinkat(dir_fd, NEW_FILE, 0);
	/* It stays the one that is counted in. */
	if (st != ST_OK && from != NULL)
		atomic_store(&from->header->left, 0);
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return st;
}

/* The file is there and right: keep it, or carry what counts over to a new one. */
static enum status file_renew(const char *dir, int fd, const struct ledger_header *header,
	uint32_t nodes, enum ledger_found *out_found)
{
	struct source from = { .fd = fd, .version = header->version };
	size_t size = (size_t)header->file_size;
	char *map = NULL;
	enum status st = of_this_boot(header, &from.boot_ok);

	if (st == ST_OK)
		st = map_file(fd, size, &map);
	if (st != ST_OK)
		return st;
	from.header = (struct ledger_header *)(void *)map;
	*out_found = LEDGER_KEPT;
	if (!from.boot_ok || from.version != LEDGER_VERSION ||
		cells_used(cells_of(map)) > CROWDED || atomic_load(&from.header->left) != 0) {
		*out_found = LEDGER_RENEWED;
		st = file_make(dir, &from, nodes);
	} else {
		atomic_store(&from.header->nodes, nodes);
	}
	(void)munmap(map, size);
	return st;
}

enum status ledger_replace(const char *dir, uint32_t nodes)
{
	return file_make(dir, NULL, nodes);
}

enum status ledger_prepare(const char *dir, uint32_t nodes, enum ledger_found *out_found)
{
	struct ledger_header header = { .magic = 0 };
	int fd = -1;
	enum status st = file_open(dir, LEDGER_VERSION, &header, &fd);

	if (st == ST_FORMAT)
		st = file_open(dir, VERSION_BEFORE, &header, &fd);
	if (st == ST_OK) {
		st = file_renew(dir, fd, &header, nodes, out_found);
		close(fd);
		return st;
	}
	*out_found = st == ST_NOT_FOUND ? LEDGER_MADE : LEDGER_REPLACED;
	return st == ST_NOT_FOUND || st == ST_DAMAGED || st == ST_FORMAT
		       ? ledger_replace(dir, nodes)
		       : st;
}
