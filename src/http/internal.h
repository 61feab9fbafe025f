/* What the files of this folder share. Nobody else includes it, save tests and fuzz targets. */
#ifndef HTTP_INTERNAL_H
#define HTTP_INTERNAL_H

#include "base/complaint.h"
#include "http/server.h"
#include "http/strict.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

/*
 * Memory of one connection for a request's header block, the library's records
 * of it (one for each header, and a copy of Cookie), and the answer's headers.
 *
 * What came with a request that the library refused itself, or that never came
 * whole, is still in it when the connection ends (R3 in request.c): a smaller
 * one is wiped by free() of llaverod/wipe_free.c, one above 32 KiB is unmapped.
 */
#define POOL_GATE (24 * KIB)
#define POOL_WORKERS (48 * KIB)

#define RANDOM_POOL 1024u
#define ARENA_MAX (64 * MIB)

enum connection_phase {
	PHASE_WAITING = 0, /* for the first line of a request */
	PHASE_HEADERS,     /* its first line is here */
	PHASE_BODY,
	PHASE_HANDLER, /* our own code has it: no time-out */
	PHASE_ANSWER,
};

struct http_connection {
	struct http_connection *next, *previous;
	struct http_server *server;
	int fd;
	unsigned listener;
	struct http_peer peer;
	bool stranger; /* not known to the setup */
	enum connection_phase phase;
	bool served_one; /* a request was answered: what follows is keep-alive */
	bool refused;    /* its last request was, perhaps while the client still sends */
	bool cut;        /* shut down by a time-out or by the stop */
	int64_t phase_began_us;
	int64_t phase_end_us; /* boot time at which the phase has taken too long */
};

enum job_stage { JOB_NONE = 0, JOB_QUEUED, JOB_DONE };

/* One request from its first line to its answer. Kept for reuse, never shrunk. */
struct request_state {
	struct http_request request;
	struct request_state *next; /* in the list of free ones, or of jobs */
	struct http_server *server;
	struct http_connection *connection;
	struct MHD_Connection *mhd;
	const char *target_at; /* where the library held the target */
	size_t target_len;     /* as seen, also when it was too long to keep */
	const char *block;     /* the library's memory of the header block, once seen */
	size_t block_len;
	bool seen; /* the header block was read and checked */
	enum job_stage job;
	enum status handled; /* the handler's result */
	const char *reason;  /* why the server itself refused; NULL */
	size_t body_max;
	struct buf body;
	struct arena *arena;
	unsigned status_sent;
	struct MHD_Response *cookies_out; /* an answer whose cookies are wiped at the end; NULL */
	struct http_response response;
	struct http_header headers[HTTP_HEADERS_MAX];
	char target[LIMIT_TARGET + 1];
};

struct workers; /* opaque */

#define LINGER_MAX 64u /* beyond: closed at once */

struct lingering {
	unsigned count;
	int fds[LINGER_MAX];
	int64_t until_us[LINGER_MAX];
	int64_t swept_at_us;
};

struct http_server {
	struct http_server_setup setup; /* with its defaults filled in */
	struct http_listener listeners[HTTP_LISTENERS_MAX];
	enum http_peer_kind kinds[HTTP_LISTENERS_MAX]; /* who comes by each listener */
	bool has_unix;
	bool secure; /* every connection is by TLS */
	struct MHD_Daemon *daemon;
	int epoll_fd;
	int library_fd; /* the library's own epoll, inside ours */
	int event_fd;   /* a stop, or a worker's result */
	atomic_bool stop_asked;
	bool stopping;
	bool accepting[2];       /* by kind of peer: its listeners are in epoll_fd */
	int64_t out_of_files_us; /* boot time at which it was last said; 0: never */
	int64_t accept_at_us;    /* boot time from which to accept again after EMFILE */
	int64_t now_us;          /* boot time of this turn of the loop */
	int64_t swept_at_us;     /* boot time of the last look at time-outs */
	int64_t stop_began_us;
	int64_t stop_until_us; /* boot time at which a stop no longer waits */
	struct http_connection *connections;
	unsigned connections_count;
	unsigned ip_count, strangers_count;
	struct http_connection *arriving; /* handed to the library, not yet started by it */
	struct lingering linger;
	struct request_state *free_states;
	struct workers *workers; /* NULL: none */
	uint8_t hash_key[16];
	uint8_t random[RANDOM_POOL];
	size_t random_left;
};

/* server.c: one turn of the loop, waiting at most timeout_ms. False when a stop is complete. */
bool server_turn(struct http_server *server, int timeout_ms);
/* May one more stranger stay connected? S4. */
bool server_has_room_for_strangers(const struct http_server *server);
/* Take a connected socket; it is the server's from here on. */
void server_take(struct http_server *server, int fd, unsigned listener);

/* connection.c */
void connection_notify(void *context, struct MHD_Connection *mhd, void **socket_context,
	enum MHD_ConnectionNotificationCode code);
void connection_phase(
	struct http_connection *connection, enum connection_phase phase, uint64_t bytes);
void connection_sweep(struct http_server *server);
/* how: of shutdown(). The library sees it at its next turn, and closes. */
void connection_cut(struct http_connection *connection, int how);
void connection_stop_all(struct http_server *server, bool also_busy);

/* shed.c: close some of those who hold most, when as many as may be come from addresses. */
void shed(struct http_server *server, unsigned most);

/* linger.c: hold what was refused until its client has seen why. fd stays the caller's. */
void linger_begin(struct http_server *server, int fd);
void linger_sweep(struct http_server *server);
void linger_end(struct http_server *server);

/* request.c: the library's callbacks. */
void *request_begin(void *context, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result request_handle(void *context, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request_context);
void request_completed(void *context, struct MHD_Connection *mhd, void **request_context,
	enum MHD_RequestTerminationCode code);
void request_states_free(struct http_server *server);
/* Run the handler (in whatever thread) and leave its result in state. */
void request_run(struct request_state *state);

/* respond.c: hand state->response to the library. */
enum MHD_Result respond(struct request_state *state);
/* Answer with a problem document and close the connection. */
enum MHD_Result respond_refuse(
	struct request_state *state, unsigned http_status, const char *reason);
void response_begin(struct http_response *response);
void response_end(struct http_response *response);
/* Wipe the library's copies of the cookies that were given out, and let them go. */
void respond_end(struct request_state *state);

/* tls.c: what the library is started with; ended by MHD_OPTION_END. */
#define TLS_OPTIONS_MAX 4u
void tls_options(const struct http_tls *tls, struct MHD_OptionItem out[TLS_OPTIONS_MAX]);
/* Bound what one that has just connected may send before it is anybody. */
void tls_begin(struct MHD_Connection *mhd);

/* layout.c */
struct layout {
	const char *method;
	const char *target; /* where it stood, not what is there now */
	size_t target_len;
	const char *version;
	size_t header_size;
};
/*
 * Collect the headers and account for every byte of the block. NULL when it
 * adds up; otherwise the reason (a message key).
 */
const char *layout_read(struct MHD_Connection *mhd, const struct layout *layout,
	struct http_header *out_headers, size_t *out_count);
/* Try the library with known requests: does layout_read see what it must? */
NODISCARD enum status layout_selfcheck(void);

/* workers.c */
NODISCARD enum status workers_start(
	struct http_server *server, unsigned count, struct workers **out_workers);
void workers_push(struct workers *workers, struct request_state *state);
struct request_state *workers_take_done(struct workers *workers);
/* Let all waiting jobs run, then end the threads. Results can still be taken. */
void workers_join(struct workers *workers);
void workers_free(struct workers **workers);

#endif
