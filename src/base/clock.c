#include "base/clock.h"

#include "base/encode.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* What four digits of a year can say. */
#define YEAR_0_US (INT64_C(-62167219200) * US_PER_S)
#define YEAR_10000_US (INT64_C(253402300800) * US_PER_S)

static int64_t clock_read_us(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

int64_t clock_wall_us(void)
{
	return clock_read_us(CLOCK_REALTIME);
}

int64_t clock_boot_us(void)
{
	return clock_read_us(CLOCK_BOOTTIME);
}

enum status clock_boot_id(uint8_t out[BOOT_ID_SIZE])
{
	char text[64];
	char hex[2 * BOOT_ID_SIZE];
	size_t count = 0;
	ssize_t got;
	int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);

	memset(out, 0, BOOT_ID_SIZE);
	if (fd < 0)
		return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
	got = read(fd, text, sizeof(text));
	(void)close(fd);
	for (ssize_t i = 0; i < got && count < sizeof(hex); i++)
		if (text[i] != '-')
			hex[count++] = text[i];
	if (count == sizeof(hex) && decode_hex(span_of(hex, count), out, BOOT_ID_SIZE))
		return ST_OK;
	memset(out, 0, BOOT_ID_SIZE);
	return ST_IO;
}

#define DAY_US (INT64_C(86400) * US_PER_S)
#define MONTHS_PER_YEAR 12u

uint32_t clock_day(int64_t at_us)
{
	return at_us <= 0 ? 0 : (uint32_t)(at_us / DAY_US);
}

/*
 * Months by arithmetic on the proleptic Gregorian calendar, in eras of 400 years whose
 * years begin in March: the library's functions take a lock and look at the time zone.
 */
#define ERA_DAYS 146097u
#define ERA_YEARS 400u
#define DAYS_TO_1970 719468u /* since 0000-03-01 */

uint32_t clock_month(int64_t at_us)
{
	uint32_t day = clock_day(at_us) + DAYS_TO_1970;
	uint32_t of_era = day % ERA_DAYS;
	uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint32_t since_march = (5 * of_year + 2) / 153;

	/* Counted from March 0000; January 1970 is 1969 years and 10 months later. */
	return (day / ERA_DAYS * ERA_YEARS + year) * MONTHS_PER_YEAR + since_march -
	       (1969 * MONTHS_PER_YEAR + 10);
}

int64_t clock_day_begins_us(uint32_t day)
{
	return day * DAY_US;
}

int64_t clock_month_begins_us(uint32_t month)
{
	uint32_t months = month + 1969 * MONTHS_PER_YEAR + 10;
	uint32_t year = months / MONTHS_PER_YEAR, of_era = year % ERA_YEARS;
	uint32_t day = of_era * 365 + of_era / 4 - of_era / 100 +
		       (153 * (months % MONTHS_PER_YEAR) + 2) / 5;

	return clock_day_begins_us(year / ERA_YEARS * ERA_DAYS + day - DAYS_TO_1970);
}

static void put_digits(char *at, size_t count, unsigned value)
{
	while (count > 0) {
		at[--count] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* Without printf: an import writes one for each key. */
void clock_append_rfc3339(struct buf *out, int64_t at_us)
{
	char text[] = "0000-00-00T00:00:00.000000Z";
	int64_t seconds = at_us / US_PER_S;
	int64_t fraction = at_us % US_PER_S;
	struct tm tm;
	time_t t;

	if (at_us < YEAR_0_US || at_us >= YEAR_10000_US) {
		out->failed = true;
		return;
	}
	if (fraction < 0) {
		fraction += US_PER_S;
		seconds--;
	}
	t = (time_t)seconds;
	if (gmtime_r(&t, &tm) == NULL) {
		out->failed = true;
		return;
	}
	put_digits(text, 4, (unsigned)tm.tm_year + 1900);
	put_digits(text + 5, 2, (unsigned)tm.tm_mon + 1);
	put_digits(text + 8, 2, (unsigned)tm.tm_mday);
	put_digits(text + 11, 2, (unsigned)tm.tm_hour);
	put_digits(text + 14, 2, (unsigned)tm.tm_min);
	put_digits(text + 17, 2, (unsigned)tm.tm_sec);
	put_digits(text + 20, 6, (unsigned)fraction);
	buf_append_str(out, text);
}

/* Exactly digits decimal digits at *s, taken off it. */
static bool take_number(struct span *s, size_t digits, int *out)
{
	int value = 0;

	if (s->len < digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		char c = s->ptr[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*s = span_part(*s, digits, s->len);
	*out = value;
	return true;
}

static bool take_char(struct span *s, const char *one_of)
{
	if (s->len == 0 || s->ptr[0] == '\0' || strchr(one_of, s->ptr[0]) == NULL)
		return false;
	*s = span_part(*s, 1, s->len);
	return true;
}

static bool take_fraction(struct span *s, int64_t *out_us)
{
	int64_t us = 0;
	int digits = 0;

	while (s->len > 0 && s->ptr[0] >= '0' && s->ptr[0] <= '9') {
		if (++digits > 6)
			return false;
		us = us * 10 + (s->ptr[0] - '0');
		*s = span_part(*s, 1, s->len);
	}
	if (digits == 0)
		return false;
	while (digits++ < 6)
		us *= 10;
	*out_us = us;
	return true;
}

static bool take_offset(struct span *s, int64_t *out_seconds)
{
	int sign, hours, minutes;

	*out_seconds = 0;
	if (take_char(s, "Zz"))
		return true;
	if (s->len == 0 || (s->ptr[0] != '+' && s->ptr[0] != '-'))
		return false;
	sign = s->ptr[0] == '-' ? -1 : 1;
	*s = span_part(*s, 1, s->len);
	if (!take_number(s, 2, &hours) || !take_char(s, ":") || !take_number(s, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	*out_seconds = sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
	return true;
}

enum status clock_parse_rfc3339(struct span text, int64_t *out_at_us)
{
	struct tm tm = { 0 }, check;
	struct span s = text;
	int64_t fraction_us = 0, offset_s, at_us;
	int year, month;
	time_t t;

	if (!take_number(&s, 4, &year) || !take_char(&s, "-") || !take_number(&s, 2, &month) ||
		!take_char(&s, "-") || !take_number(&s, 2, &tm.tm_mday) || !take_char(&s, "Tt ") ||
		!take_number(&s, 2, &tm.tm_hour) || !take_char(&s, ":") ||
		!take_number(&s, 2, &tm.tm_min) || !take_char(&s, ":") ||
		!take_number(&s, 2, &tm.tm_sec))
		return ST_INVALID;
	if (take_char(&s, ".") && !take_fraction(&s, &fraction_us))
		return ST_INVALID;
	if (!take_offset(&s, &offset_s) || s.len != 0)
		return ST_INVALID;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	check = tm;
	t = timegm(&check);
	/* timegm() turns 31 February into 3 March: a date that moved was none. */
	if (check.tm_mon != month - 1 || check.tm_mday != tm.tm_mday ||
		check.tm_hour != tm.tm_hour || check.tm_min != tm.tm_min ||
		check.tm_sec != tm.tm_sec)
		return ST_INVALID;
	at_us = ((int64_t)t - offset_s) * US_PER_S + fraction_us;
	if (at_us < YEAR_0_US || at_us >= YEAR_10000_US)
		return ST_INVALID;
	*out_at_us = at_us;
	return ST_OK;
}

enum status clock_parse_duration(struct span text, int64_t *out_us)
{
	uint64_t value;
	int64_t unit_s;

	if (text.len < 2 || !span_to_u64(span_part(text, 0, text.len - 1), &value))
		return ST_INVALID;
	switch (text.ptr[text.len - 1]) {
	case 's':
		unit_s = 1;
		break;
	case 'm':
		unit_s = 60;
		break;
	case 'h':
		unit_s = 3600;
		break;
	case 'd':
		unit_s = 86400;
		break;
	default:
		return ST_INVALID;
	}
	if (value > INT64_MAX || __builtin_mul_overflow((int64_t)value, unit_s * US_PER_S, out_us))
		return ST_INVALID;
	return ST_OK;
}
