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
#define CELLS_AT LEDGER_HEADER_SIZE
#define FILE_SIZE (CELLS_AT + (uint64_t)LIMIT_LEDGER_CELLS * sizeof(struct ledger_cell))
/* Beyond this share of cells in use, those that say nothing are given up at the next start. */
#define CROWDED (LIMIT_LEDGER_CELLS / 2)

uint64_t header_check(const struct ledger_header *header)
{
	static const uint8_t key[16] = "llavero-ledger-1";

	return crypto_hash64(key, span_of(header, offsetof(struct ledger_header, check)));
}

static void header_fill(struct ledger_header *out)
{
	*out = (struct ledger_header){ .magic = LEDGER_MAGIC,
		.version = LEDGER_VERSION,
		.regions_count = 1,
		.file_size = FILE_SIZE };
	out->regions[0] = (struct ledger_region){ .kind = REGION_LIMITS,
		.item_size = sizeof(struct ledger_cell),
		.items_count = LIMIT_LEDGER_CELLS,
		.offset = CELLS_AT };
	crypto_random(&out->epoch, sizeof(out->epoch));
}

/* What a file says of itself; its rates may be of an earlier boot. */
static enum status header_read(int fd, struct ledger_header *out)
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
	if (out->version != LEDGER_VERSION)
		return ST_FORMAT;
	if (out->check != header_check(out))
		return ST_DAMAGED;
	/* The places are this version's own; another size of the table is another file. */
	header_fill(&fresh);
	if (out->file_size != FILE_SIZE || out->regions_count != fresh.regions_count ||
		memcmp(out->regions, fresh.regions, sizeof(fresh.regions)) != 0)
		return ST_FORMAT;
	return info.st_size == (off_t)FILE_SIZE ? ST_OK : ST_DAMAGED;
}

/* Rates count only where the boot is known and the same. */
static enum status of_this_boot(const struct ledger_header *header, bool *out_is)
{
	uint8_t now[BOOT_ID_SIZE];
	enum status st = clock_boot_id(now);

	*out_is = st == ST_OK && memcmp(now, header->boot_id, sizeof(now)) == 0;
	return st == ST_NOT_FOUND ? ST_OK : st;
}

/* ---- open ---- */

static enum status map_file(int fd, char **out_map)
{
	char *map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		return status_from_errno(errno);
	(void)madvise(map, FILE_SIZE, MADV_DONTDUMP);
	*out_map = map;
	return ST_OK;
}

/* Open the file of that name in dir; *out_fd is the caller's. */
static enum status file_open(const char *dir, struct ledger_header *out_header, int *out_fd)
{
	char path[4096];
	int len = snprintf(path, sizeof(path), "%s/" LEDGER_FILE, dir), fd;
	enum status st;

	if (len < 0 || (size_t)len >= sizeof(path))
		return ST_LIMIT;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? ST_DAMAGED : status_from_errno(errno);
	st = header_read(fd, out_header);
	if (st != ST_OK)
		close(fd);
	else
		*out_fd = fd;
	return st;
}

enum status ledger_open(const char *dir, struct ledger **out_ledger)
{
	struct ledger_header header;
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	bool boot_ok = false;
	enum status st;

	if (ledger == NULL)
		return ST_NO_MEMORY;
	ledger->fd = -1;
	snprintf(ledger->dir, sizeof(ledger->dir), "%s", dir);
	st = file_open(dir, &header, &ledger->fd);
	if (st == ST_OK)
		st = of_this_boot(&header, &boot_ok);
	if (st == ST_OK && !boot_ok)
		st = ST_DAMAGED;
	if (st == ST_OK)
		st = map_file(ledger->fd, &ledger->map);
	if (st != ST_OK) {
		ledger_close(&ledger);
		return st;
	}
	ledger->cells = (struct ledger_cell *)(void *)(ledger->map + CELLS_AT);
	*out_ledger = ledger;
	return ST_OK;
}

void ledger_close(struct ledger **ledger)
{
	struct ledger *it = *ledger;

	if (it == NULL)
		return;
	if (it->map != NULL)
		(void)munmap(it->map, FILE_SIZE);
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
	if (open_file.st_size != (off_t)FILE_SIZE)
		return ST_DAMAGED;
	snprintf(path, sizeof(path), "%s/" LEDGER_FILE, ledger->dir);
	if (lstat(path, &there) != 0)
		return errno == ENOENT ? ST_STALE : status_from_errno(errno);
	return there.st_dev == open_file.st_dev && there.st_ino == open_file.st_ino ? ST_OK
										    : ST_STALE;
}

enum status ledger_sync(const struct ledger *ledger)
{
	return fdatasync(ledger->fd) == 0 ? ST_OK : status_from_errno(errno);
}

static uint32_t cells_used(const struct ledger_cell *cells)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < LIMIT_LEDGER_CELLS; i++)
		used += atomic_load_explicit(&cells[i].key, memory_order_relaxed) != 0;
	return used;
}

struct ledger_size ledger_size(const struct ledger *ledger)
{
	return (struct ledger_size){ cells_used(ledger->cells), LIMIT_LEDGER_CELLS };
}

/* ---- make ---- */

/* Copy what still counts; old is mapped and of this version. */
static void cells_carry(const struct ledger_cell *old, struct ledger_cell *fresh, bool boot_ok)
{
	struct ledger_now now = { clock_boot_us(), clock_wall_us() };

	for (uint32_t i = 0; i < LIMIT_LEDGER_CELLS; i++) {
		struct ledger_cell *cell;

		if (!cell_is_live(&old[i], now, boot_ok))
			continue;
		cell = cell_claim(fresh, atomic_load(&old[i].key));
		if (cell == NULL)
			continue;
		for (unsigned k = 0; boot_ok && k < RATE_COUNT; k++) {
			atomic_store(&cell->full_at_ns[k], atomic_load(&old[i].full_at_ns[k]));
			atomic_store(&cell->counts[k], atomic_load(&old[i].counts[k]));
		}
		for (unsigned k = 0; k < QUOTA_COUNT; k++)
			atomic_store(&cell->used[k], atomic_load(&old[i].used[k]));
	}
}

static enum status file_fill(int fd, const struct ledger_cell *old, bool boot_ok)
{
	struct ledger_header header;
	char *map = NULL;
	int error = posix_fallocate(fd, 0, (off_t)FILE_SIZE);
	enum status st = error == 0 ? map_file(fd, &map) : status_from_errno(error);

	if (st != ST_OK)
		return st;
	header_fill(&header);
	if (clock_boot_id(header.boot_id) == ST_IO) {
		(void)munmap(map, FILE_SIZE);
		return ST_IO;
	}
	header.check = header_check(&header);
	assert(map != NULL);
	if (old != NULL)
		cells_carry(old, (struct ledger_cell *)(void *)(map + CELLS_AT), boot_ok);
	memcpy(map, &header, sizeof(header));
	(void)munmap(map, FILE_SIZE);
	/* Another user of the same group may count too; the umask does not know of it. */
	if (fchmod(fd, LEDGER_MODE) != 0 || fsync(fd) != 0)
		return status_from_errno(errno);
	return ST_OK;
}

/* A whole new file in the place of the old one. */
static enum status file_make(const char *dir, const struct ledger_cell *old, bool boot_ok)
{
	int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	enum status st;

	if (dir_fd < 0)
		return status_from_errno(errno);
	(void)unlinkat(dir_fd, NEW_FILE, 0);
	fd = openat(dir_fd, NEW_FILE, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	st = fd < 0 ? status_from_errno(errno) : file_fill(fd, old, boot_ok);
	if (st == ST_OK &&
		(renameat(dir_fd, NEW_FILE, dir_fd, LEDGER_FILE) != 0 || fsync(dir_fd) != 0))
		st = status_from_errno(errno);
	if (st != ST_OK && fd >= 0)
		(void)unlinkat(dir_fd, NEW_FILE, 0);
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return st;
}

/* The file is there and right: keep it, or carry what counts over to a new one. */
static enum status file_renew(
	const char *dir, int fd, const struct ledger_header *header, enum ledger_found *out_found)
{
	const struct ledger_cell *cells;
	char *map = NULL;
	bool boot_ok = false;
	enum status st = of_this_boot(header, &boot_ok);

	if (st == ST_OK)
		st = map_file(fd, &map);
	if (st != ST_OK)
		return st;
	cells = (const struct ledger_cell *)(void *)(map + CELLS_AT);
	*out_found = LEDGER_KEPT;
	if (!boot_ok || cells_used(cells) > CROWDED) {
		*out_found = LEDGER_RENEWED;
		st = file_make(dir, cells, boot_ok);
	}
	(void)munmap(map, FILE_SIZE);
	return st;
}

enum status ledger_replace(const char *dir)
{
	return file_make(dir, NULL, false);
}

enum status ledger_prepare(const char *dir, enum ledger_found *out_found)
{
	struct ledger_header header;
	int fd = -1;
	enum status st = file_open(dir, &header, &fd);

	if (st == ST_OK) {
		st = file_renew(dir, fd, &header, out_found);
		close(fd);
		return st;
	}
	*out_found = st == ST_NOT_FOUND ? LEDGER_MADE : LEDGER_REPLACED;
	return st == ST_NOT_FOUND || st == ST_DAMAGED || st == ST_FORMAT ? ledger_replace(dir) : st;
}
