/*
 * Times. Wall times are microseconds since 1970-01-01 UTC in an int64_t, named
 * *_at_us; 0 means "never". Boot times come from CLOCK_BOOTTIME and do not
 * jump. Pure code gets the time as an argument.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/buf.h"
#include "base/status.h"

#define US_PER_S INT64_C(1000000)

int64_t clock_wall_us(void);
int64_t clock_boot_us(void);

/*
 * The kernel's random id of this start of the machine: what a boot time belongs
 * to. All zero when it is not told: ST_NOT_FOUND where there is no such file,
 * ST_IO when reading it failed.
 */
#define BOOT_ID_SIZE 16u
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
enum status clock_boot_id(uint8_t out[BOOT_ID_SIZE]);

/* Days since 1970-01-01, and months since January 1970, of UTC; 0 for earlier times. */
uint32_t clock_day(int64_t at_us);
uint32_t clock_month(int64_t at_us);
/* When that day or month begins. */
int64_t clock_day_begins_us(uint32_t day);
int64_t clock_month_begins_us(uint32_t month);

/*
 * "2026-11-24T03:46:58.123456Z" (RFC 3339, always 27 characters). A time outside
 * the years 0 to 9999 has no such form: out is marked failed.
 */
void clock_append_rfc3339(struct buf *out, int64_t at_us);

/*
 * RFC 3339 with any offset and 0 to 6 digits of fraction; ST_INVALID otherwise, and when
 * the time falls outside the years 0 to 9999 in UTC.
 */
NODISCARD enum status clock_parse_rfc3339(struct span text, int64_t *out_at_us);

/* "90s" "15m" "24h" "30d" -> microseconds; ST_INVALID otherwise. */
NODISCARD enum status clock_parse_duration(struct span text, int64_t *out_us);

#endif
