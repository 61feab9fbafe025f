/*
 * The HTTP server: an adapter over libmicrohttpd (the only folder that names
 * it), and the strict reading of requests that the library does not do.
 *
 * What reaches a handler is framed beyond doubt: HTTP/1.1 or 1.0, one Host for
 * 1.1, header names that are tokens, values without control characters, at
 * most one Content-Length and never one beside Transfer-Encoding, no folded
 * lines, no bare CR or LF, no NUL; and every byte of the header block is part
 * of what the handler can see. Anything else is answered here (400, 413, 414,
 * 417, 431, 501: a problem document) and the connection closes.
 *
 * One thread runs the loop. With workers = 0 it runs the handler too (gate);
 * else that many threads do, so that one slow handler holds up nobody else.
 * Several processes may run a server over the same listening sockets.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/message.h"

#include "http/tls.h"

#include <sys/types.h>

#define HTTP_HEADERS_MAX 128u
#define HTTP_LISTENERS_MAX 16u
#define HTTP_REQUEST_ID_SIZE 33u /* 32 hex digits and NUL */
#define HTTP_RESPONSE_HEADERS_MAX 24u
#define HTTP_RESPONSE_HEADER_BYTES (8 * KIB) /* all values together */
#define HTTP_RESPONSE_BODY_MAX (64 * MIB)

/* How often a header came. A header that may come once must be HTTP_ONCE to be used. */
enum http_lookup { HTTP_ABSENT = 0, HTTP_ONCE = 1, HTTP_REPEATED = 2 };

struct http_header {
	struct span name;
	struct span value; /* without outer spaces and tabs; may be empty */
};

struct http_peer {
	enum http_peer_kind { HTTP_PEER_UNIX, HTTP_PEER_IP } kind;
	uid_t uid; /* of a unix socket's other end when it connected (SO_PEERCRED) */
	gid_t gid;
	pid_t pid;
	uint8_t address[16]; /* IPv6 or IPv4-mapped IPv6, network order */
	uint16_t port;
};

/* Borrowed by the handler: nothing in it outlives the call. */
struct http_request {
	struct span method;                /* a token, case as sent */
	struct span target;                /* raw, as in the request line */
	struct span path;                  /* the target up to the first '?', still encoded */
	struct span query;                 /* after the first '?'; absent when there is none */
	struct span host;                  /* absent only for HTTP/1.0 without one */
	unsigned version_minor;            /* 1: HTTP/1.1, 0: HTTP/1.0 */
	const struct http_header *headers; /* in the order sent, repeats included */
	size_t headers_count;
	struct span body; /* empty when there is none */
	const struct http_peer *peer;
	unsigned listener; /* the id of the listener that it came by */
	bool secure;       /* by TLS */
	char id[HTTP_REQUEST_ID_SIZE];
	int64_t began_at_us; /* boot time at which the loop woke to the whole header block */
	void *state;         /* the server's own */
};

/*
 * What a handler answers. It arrives with status 0 and an empty heap buffer as
 * body; the server owns and frees it.
 */
struct http_response {
	unsigned status;
	const char *content_type; /* static text; NULL: none */
	struct buf body;
	int file_fd;        /* instead of body: sent from its start and closed; -1: none */
	uint64_t file_size; /* bytes to send of it */
	bool close;         /* close the connection after this answer */
	size_t headers_count;
	struct {
		const char *name;    /* static text */
		size_t value_offset; /* of text ended by NUL in header_bytes */
	} headers[HTTP_RESPONSE_HEADERS_MAX];
	size_t header_bytes_len;
	bool failed; /* too many headers, or a value with control characters: becomes a 500 */
	char header_bytes[HTTP_RESPONSE_HEADER_BYTES];
};

/* The header called name (ASCII case does not count; '_' is not '-'). out_value: the first one's.
 */
enum http_lookup http_header_get(
	const struct http_request *request, struct span name, struct span *out_value);
enum http_lookup http_header_find(
	const struct http_request *request, const char *name, struct span *out_value);

/* The value when the header came once; otherwise absent. */
struct span http_header_once(const struct http_request *request, const char *name);

/* The caller's language, by Accept-Language; English when it names none of ours. */
enum lang http_request_lang(const struct http_request *request);

/* Memory that lives as long as the request (at most 64 MiB); NULL without memory. */
struct arena *http_request_arena(const struct http_request *request);

/* "10.0.0.7", "2001:db8::1" or "unix:1000" (the peer's uid). */
void http_peer_append(struct buf *out, const struct http_peer *peer);

/* Add a header. name is static text; value is copied. */
void http_response_header(struct http_response *response, const char *name, struct span value);

/* Has it a header of this name, in this case? */
bool http_response_has(const struct http_response *response, const char *name);

/* A listening socket, bound, non-blocking; it stays the caller's. */
struct http_listener {
	int fd;
	unsigned id; /* the caller's name for it */
};

/* One answered request, or one that never became a request, for logs and metrics. */
struct http_done {
	const struct http_peer *peer;
	const struct http_request *request; /* with its headers; NULL: its head was never read */
	const char *request_id;
	unsigned listener;
	unsigned status;    /* 0: closed without an answer */
	const char *reason; /* message key when the server itself refused; NULL otherwise */
	struct span method; /* absent when it could not be read */
	struct span path;
	int64_t took_us; /* from began_at_us until the loop woke to send the last of the answer */
};

struct http_server_setup {
	const struct http_listener *listeners;
	size_t listeners_count;

	/*
	 * Answers one request. ST_OK: *response goes out. Any other status: a
	 * problem document for it does (http/problem.h), whatever was filled in.
	 */
	enum status (*handle)(
		void *context, const struct http_request *request, struct http_response *response);
	/* The largest body that this request may have, before it is read; 0: none. NULL: never one.
	 */
	size_t (*body_max)(void *context, const struct http_request *request);
	/*
	 * Called in the loop's thread on every answer before it goes out, a refusal of the server's
	 * own too: adds headers. May be NULL.
	 */
	void (*finish)(
		void *context, const struct http_request *request, struct http_response *response);
	/* Called in the loop's thread just before it sleeps, and at least once a second. May be
	 * NULL. */
	void (*before_wait)(void *context);
	/* Called in the loop's thread at the end of every request. May be NULL. */
	void (*done)(void *context, const struct http_done *done);
	/* Called once, when a stop accepts no more: the listening sockets may be closed. May be
	 * NULL. */
	void (*left)(void *context);
	/* Called when there is no descriptor, or no memory, for a connection that waits; at most
	 * once a minute. May be NULL. */
	void (*out_of_files)(void *context);
	void *context;

	const struct http_tls *tls; /* NULL: plain. Borrowed while the server is opened */
	int stop_fd; /* stop when it is readable, e.g. a signalfd; 0: none. Stays the caller's */
	unsigned workers; /* 0: the loop's thread runs the handler */
	/*
	 * Is this somebody whose requests are wanted? The others have an eighth of the
	 * connections between them; what they open beyond it is closed at once. NULL: all are.
	 */
	bool (*known)(void *context, const struct http_peer *peer);
	/*
	 * 0: 1024. Beyond: not accepted until one ends. When there is a unix socket, an eighth is
	 * kept for it: who may only reach an address cannot keep out those who may use the socket.
	 */
	unsigned connections_max;
	/*
	 * Anybody may connect here: at the limit some connections of the network that holds most
	 * are closed, idle ones first, so that the others get in.
	 */
	bool sheds;
	unsigned connections_per_address_max; /* 0: no such limit; unix sockets are not counted */
	unsigned idle_timeout_s;              /* 0: 75. Between two requests */
	unsigned header_timeout_s;            /* 0: 10. For a whole header block */
	unsigned transfer_timeout_s; /* 0: 30. For a whole body, or answer, plus 1 s per 16 KiB */
	unsigned stop_timeout_s;     /* 0: 10. For what is under way at http_server_stop */
};

struct http_server; /* opaque */

/*
 * Make a server. It accepts nothing before http_server_run. *out_server belongs
 * to the caller. Call after fork().
 *
 * ST_FORMAT: the library lays requests out in another way than the checks know
 * (another version): refuse to serve. ST_NO_MEMORY, ST_IO.
 */
NODISCARD enum status http_server_open(
	const struct http_server_setup *setup, struct http_server **out_server);

/* Serve until http_server_stop, then finish what is under way. ST_OK after a stop. */
NODISCARD enum status http_server_run(struct http_server *server);

/* Ask the loop to end. May be called from any thread and from a signal handler. */
void http_server_stop(struct http_server *server);

/*
 * Block SIGTERM and make a descriptor that is readable when it comes, for
 * stop_fd: no handler and no global. The caller's to close; -1 on failure.
 */
int http_stop_fd_make(void);

/* Connections open now. */
unsigned http_server_connections(const struct http_server *server);

void http_server_close(struct http_server **server);

#endif
