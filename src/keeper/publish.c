/*
 * P1: the follower belongs to the one thread below; others only begin and end
 *     readings, which it allows. Nobody here opens the index a second time.
 * P2: wanted and applied only grow; who waits for a head is woken when applied
 *     reaches it, or when following failed.
 */
#include "keeper/publish.h"

#include "base/clock.h"
#include "base/log.h"
#include "follow/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#define WAIT_MAX_S 10
#define TEND_EVERY_US US_PER_S

struct publisher {
	struct keeper *keeper;
	struct follower *follower;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the thread: there is something to follow, or the end */
	pthread_cond_t applied_changed;
	bool ending;
	uint64_t wanted_revision;
	uint64_t rounds; /* of following, done or failed */
	struct publisher_figures figures;
};

static struct timespec after_us(int64_t us)
{
	struct timespec ts;
	int64_t ns;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	ns = ts.tv_nsec + us % US_PER_S * 1000;
	ts.tv_sec += us / US_PER_S + ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	return ts;
}

static void round_done(
	struct publisher *publisher, enum status st, const struct follow_result *result)
{
	struct publisher_figures *figures = &publisher->figures;

	(void)pthread_mutex_lock(&publisher->lock);
	publisher->rounds++;
	figures->last = st;
	if (st == ST_OK) {
		figures->epoch = (int64_t)result->epoch;
		figures->revision = (int64_t)result->revision;
		figures->applied_at_us = clock_wall_us();
		figures->rebuilds += result->rebuilt;
	} else {
		figures->failures++;
	}
	(void)pthread_cond_broadcast(&publisher->applied_changed);
	(void)pthread_mutex_unlock(&publisher->lock);
}

/* True when there is a revision to carry; false after a second without one, or at the end. */
static bool wait_for_work(struct publisher *publisher, bool *out_ending)
{
	struct timespec until = after_us(TEND_EVERY_US);
	bool work;

	(void)pthread_mutex_lock(&publisher->lock);
	while (!publisher->ending &&
		publisher->wanted_revision <= (uint64_t)publisher->figures.revision) {
		if (pthread_cond_timedwait(&publisher->wake, &publisher->lock, &until) == ETIMEDOUT)
			break;
	}
	*out_ending = publisher->ending;
	work = publisher->wanted_revision > (uint64_t)publisher->figures.revision;
	(void)pthread_mutex_unlock(&publisher->lock);
	return work;
}

static void *follow_thread(void *context)
{
	struct publisher *publisher = context;
	int64_t tended_at_us = 0;
	bool ending = false, refused = false;

	while (!ending) {
		struct follow_result result = { .revision = 0 };
		enum status st = follow_once(publisher->follower, &result);

		if (st != ST_OK)
			log_error("follow_failed", LOG_STR("status", status_name(st)));
		else if (result.rebuilt)
			log_info("index_built", LOG_NUM("revision", result.revision));
		/* Once, when it begins: until services or routes are mended, every request is
		 * refused. */
		if (st == ST_OK && result.routes_refused && !refused)
			log_error("routes_do_not_compile", LOG_NUM("revision", result.revision));
		refused = st == ST_OK ? result.routes_refused : refused;
		round_done(publisher, st, &result);
		if (clock_boot_us() - tended_at_us >= TEND_EVERY_US) {
			tended_at_us = clock_boot_us();
			st = follow_tend(publisher->follower);
			if (st != ST_OK)
				log_warn("index_not_tended", LOG_STR("status", status_name(st)));
		}
		/* After a failure a second passes before the next try. */
		(void)wait_for_work(publisher, &ending);
	}
	return NULL;
}

static void conditions_make(struct publisher *publisher)
{
	pthread_condattr_t monotonic;

	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&publisher->wake, &monotonic);
	(void)pthread_cond_init(&publisher->applied_changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)pthread_mutex_init(&publisher->lock, NULL);
}

enum status publisher_make(
	struct keeper *keeper, struct records *records, struct publisher **out_publisher)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));
	enum status st;

	if (publisher == NULL)
		return ST_NO_MEMORY;
	publisher->keeper = keeper;
	conditions_make(publisher);
	st = follow_open(keeper->setup->index_dir, records, &publisher->follower);
	if (st != ST_OK) {
		free(publisher);
		return st;
	}
	if (pthread_create(&publisher->thread, NULL, follow_thread, publisher) != 0) {
		follow_close(&publisher->follower);
		free(publisher);
		return ST_NO_MEMORY;
	}
	*out_publisher = publisher;
	return ST_OK;
}

void publisher_free(struct publisher **publisher)
{
	struct publisher *p = *publisher;

	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->ending = true;
	(void)pthread_cond_broadcast(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
	(void)pthread_join(p->thread, NULL);
	follow_close(&p->follower);
	free(p);
	*publisher = NULL;
}

/* lock is held. */
static void want(struct publisher *publisher, uint64_t revision)
{
	if (publisher->wanted_revision < revision)
		publisher->wanted_revision = revision;
	(void)pthread_cond_signal(&publisher->wake);
}

void publisher_hint(struct publisher *publisher, const struct head *head)
{
	(void)pthread_mutex_lock(&publisher->lock);
	want(publisher, (uint64_t)head->revision);
	(void)pthread_mutex_unlock(&publisher->lock);
}

enum status publisher_wait(struct publisher *publisher, const struct head *head)
{
	struct timespec until = after_us((int64_t)WAIT_MAX_S * US_PER_S);
	uint64_t revision = (uint64_t)head->revision, first_round;
	enum status st = ST_OK;

	(void)pthread_mutex_lock(&publisher->lock);
	want(publisher, revision);
	first_round = publisher->rounds;
	while (st == ST_OK && (uint64_t)publisher->figures.revision < revision) {
		if (pthread_cond_timedwait(&publisher->applied_changed, &publisher->lock, &until) ==
			ETIMEDOUT)
			st = ST_TIMEOUT;
		/* The first round may have begun before our commit; the second one is ours. */
		else if (publisher->figures.last != ST_OK && publisher->rounds >= first_round + 2)
			st = publisher->figures.last;
	}
	(void)pthread_mutex_unlock(&publisher->lock);
	return st;
}

void publisher_figures(struct publisher *publisher, struct publisher_figures *out_figures)
{
	(void)pthread_mutex_lock(&publisher->lock);
	*out_figures = publisher->figures;
	(void)pthread_mutex_unlock(&publisher->lock);
}

/* ---- reading the index ---- */

enum status reading_acquire(struct publisher *publisher, struct follow_reading **out_reading,
	const struct view **out_view)
{
	return follow_reading_begin(publisher->follower, out_reading, out_view);
}

void reading_release(struct follow_reading **reading)
{
	follow_reading_end(reading);
}
