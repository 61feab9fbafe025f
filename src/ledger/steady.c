#include "ledger/steady.h"

#include "base/crypto.h"
#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x314B434F4C435645) /* "EVCLOCK1" */
#define AGREE_BEHIND_US (2 * US_PER_S)
#define AGREE_AHEAD_US (60 * US_PER_S)
#define TRUSTED_AFTER_US (600 * US_PER_S)
#define WRITE_EVERY_US (10 * US_PER_S)
#define WRITE_STEP_US (US_PER_S / 10)

struct clock_record {
	uint64_t magic;
	uint8_t boot_id[BOOT_ID_SIZE];
	int64_t offset_us;
	int64_t wall_us;
	uint64_t check;
};
static_assert(sizeof(struct clock_record) == 48, "as it stands in the file");

static uint64_t record_check(const struct clock_record *record)
{
	static const uint8_t key[16] = "llavero-clock-01";

	return crypto_hash64(key, span_of(record, offsetof(struct clock_record, check)));
}

static bool path_of(char out[4096], const char *dir)
{
	int len = snprintf(out, 4096, "%s/" STEADY_FILE, dir);

	return len > 0 && len < 4096;
}

enum status steady_read(struct steady *steady, const char *dir)
{
	struct clock_record record;
	uint8_t boot_id[BOOT_ID_SIZE];
	CLEANUP(close_fd)
	int fd = -1;
	char path[4096];
	enum status st;
	ssize_t got;

	if (!path_of(path, dir))
		return ST_LIMIT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return status_from_errno(errno);
	got = pread(fd, &record, sizeof(record), 0);
	if (got < 0)
		return status_from_errno(errno);
	if (got != (ssize_t)sizeof(record) || record.magic != MAGIC ||
		record.check != record_check(&record))
		return ST_DAMAGED;
	st = clock_boot_id(boot_id);
	if (st == ST_IO)
		return st;
	steady->this_boot = st == ST_OK && memcmp(boot_id, record.boot_id, sizeof(boot_id)) == 0;
	steady->offset_us = record.offset_us;
	steady->wall_us = record.wall_us;
	return ST_OK;
}

/* What must have passed by now. */
static int64_t trusted_us(const struct steady *steady, int64_t boot_us)
{
	int64_t carried_us = steady->this_boot ? boot_us + steady->offset_us : 0;

	return carried_us > steady->wall_us ? carried_us : steady->wall_us;
}

int64_t steady_us(const struct steady *steady, struct ledger_now now)
{
	int64_t trusted = trusted_us(steady, now.boot_us);

	return trusted > now.wall_us ? trusted : now.wall_us;
}

static void trust(struct steady *steady, struct ledger_now now)
{
	steady->offset_us = now.wall_us - now.boot_us;
	steady->this_boot = true;
	steady->rebooted = false;
	steady->ahead_at_us = 0;
}

void steady_begin(struct steady *steady, enum status found, struct ledger_now now)
{
	bool empty = found == ST_NOT_FOUND || found == ST_DAMAGED;

	steady->unread = found != ST_OK && !empty;
	steady->rebooted = found == ST_OK && !steady->this_boot;
	/* A first start, or a file that says nothing: there is no other clock to ask. */
	if (empty)
		trust(steady, now);
}

/* T2. Has it stood there long enough, ticking as the boot clock does? */
static bool stands(struct steady *steady, struct ledger_now now)
{
	int64_t offset_us = now.wall_us - now.boot_us;
	int64_t moved_us = offset_us - steady->ahead_offset_us;

	if (steady->ahead_at_us == 0 || moved_us > AGREE_AHEAD_US || moved_us < -AGREE_AHEAD_US) {
		steady->ahead_at_us = now.boot_us;
		steady->ahead_offset_us = offset_us;
	}
	return now.boot_us - steady->ahead_at_us >= TRUSTED_AFTER_US;
}

static enum steady_state look(struct steady *steady, struct ledger_now now, int64_t *out_off_us)
{
	int64_t off_us = now.wall_us - trusted_us(steady, now.boot_us);

	*out_off_us = off_us;
	if (off_us < -AGREE_BEHIND_US) {
		steady->ahead_at_us = 0;
		return STEADY_BEHIND;
	}
	if (off_us > AGREE_AHEAD_US && !stands(steady, now))
		/* After a reboot that is how long it was off, most likely. */
		return steady->rebooted ? STEADY_RIGHT : STEADY_AHEAD;
	if (off_us > 0)
		trust(steady, now);
	steady->ahead_at_us = 0;
	return STEADY_RIGHT;
}

static enum status write_record(struct steady *steady, const char *dir)
{
	struct clock_record record = {
		.magic = MAGIC, .offset_us = steady->offset_us, .wall_us = steady->wall_us
	};
	CLEANUP(close_fd)
	int fd = -1;
	char path[4096];
	ssize_t done;

	if (!path_of(path, dir))
		return ST_LIMIT;
	/* An id that cannot be read is no boot's: the offset then counts for nobody. */
	if (steady->this_boot)
		(void)!clock_boot_id(record.boot_id);
	record.check = record_check(&record);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (fd < 0)
		return status_from_errno(errno);
	/* In place: a reader that sees half of it knows by its check, and looks again. */
	done = pwrite(fd, &record, sizeof(record), 0);
	if (done < 0)
		return status_from_errno(errno);
	return done == (ssize_t)sizeof(record) ? ST_OK : ST_IO;
}

enum status steady_keep(struct steady *steady, const char *dir, struct ledger_now now,
	enum steady_state *out_state, int64_t *out_off_us)
{
	int64_t step_us;
	enum status st;

	*out_state = STEADY_RIGHT;
	*out_off_us = 0;
	if (steady->unread) {
		st = steady_read(steady, dir);
		steady_begin(steady, st, now);
		if (steady->unread)
			return st;
	}
	*out_state = look(steady, now, out_off_us);
	steady->wall_us = trusted_us(steady, now.boot_us);
	step_us = steady->offset_us - steady->written_offset_us;
	if (steady->written_at_us != 0 && step_us < WRITE_STEP_US && step_us > -WRITE_STEP_US &&
		now.boot_us - steady->written_at_us < WRITE_EVERY_US)
		return ST_OK;
	st = write_record(steady, dir);
	if (st == ST_OK) {
		steady->written_at_us = now.boot_us;
		steady->written_offset_us = steady->offset_us;
	}
	return st;
}
