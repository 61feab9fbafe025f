/* Threads that run handlers, so that a slow one does not hold the loop. */
#include "http/internal.h"

#include <stdlib.h>
#include <unistd.h>

#define WORKERS_MAX 64u

struct list {
	struct request_state *first, **end;
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct list waiting, done; /* by lock */
	bool stopping;             /* by lock */
	int event_fd;
	unsigned threads_count;
	pthread_t threads[WORKERS_MAX];
};

static void list_clear(struct list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void list_append(struct list *list, struct request_state *state)
{
	state->next = NULL;
	*list->end = state;
	list->end = &state->next;
}

static struct request_state *list_take(struct list *list)
{
	struct request_state *state = list->first;

	if (state == NULL)
		return NULL;
	list->first = state->next;
	if (list->first == NULL)
		list->end = &list->first;
	state->next = NULL;
	return state;
}

static void *worker_main(void *argument)
{
	struct workers *workers = argument;
	const uint64_t one = 1;

	pthread_mutex_lock(&workers->lock);
	for (;;) {
		struct request_state *state = list_take(&workers->waiting);

		if (state == NULL && workers->stopping)
			break;
		if (state == NULL) {
			pthread_cond_wait(&workers->wake, &workers->lock);
			continue;
		}
		pthread_mutex_unlock(&workers->lock);
		request_run(state);
		pthread_mutex_lock(&workers->lock);
		list_append(&workers->done, state);
		(void)!write(workers->event_fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

enum status workers_start(struct http_server *server, unsigned count, struct workers **out_workers)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (workers == NULL)
		return ST_NO_MEMORY;
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->wake, NULL);
	list_clear(&workers->waiting);
	list_clear(&workers->done);
	workers->event_fd = server->event_fd;
	for (unsigned i = 0; i < count && i < WORKERS_MAX; i++) {
		if (pthread_create(&workers->threads[i], NULL, worker_main, workers) != 0) {
			workers_free(&workers);
			return ST_NO_MEMORY;
		}
		workers->threads_count++;
	}
	*out_workers = workers;
	return ST_OK;
}

void workers_push(struct workers *workers, struct request_state *state)
{
	pthread_mutex_lock(&workers->lock);
	list_append(&workers->waiting, state);
	pthread_cond_signal(&workers->wake);
	pthread_mutex_unlock(&workers->lock);
}

struct request_state *workers_take_done(struct workers *workers)
{
	struct request_state *state;

	pthread_mutex_lock(&workers->lock);
	state = list_take(&workers->done);
	pthread_mutex_unlock(&workers->lock);
	return state;
}

void workers_join(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->stopping = true;
	pthread_cond_broadcast(&workers->wake);
	pthread_mutex_unlock(&workers->lock);
	for (unsigned i = 0; i < workers->threads_count; i++)
		pthread_join(workers->threads[i], NULL);
	workers->threads_count = 0;
}

void workers_free(struct workers **workers)
{
	if (*workers == NULL)
		return;
	workers_join(*workers);
	pthread_cond_destroy(&(*workers)->wake);
	pthread_mutex_destroy(&(*workers)->lock);
	free(*workers);
	*workers = NULL;
}
