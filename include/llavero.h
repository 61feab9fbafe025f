/*
 * libllavero: decide API requests from an installation's index, inside your own
 * process, with the code that the gate itself runs.
 *
 *	struct llv_setup setup = {
 *		.size = sizeof(setup),
 *		.index_dir = "/var/lib/llavero/index",
 *		.ledger_dir = "/var/lib/llavero/ledger",
 *		.sealing_key = "/var/lib/llavero/gate/sealing.key",
 *	};
 *	struct llv *llv = NULL;
 *
 *	if (llv_open(&setup, &llv) != LLV_OK)
 *		...
 *	for (each request) {
 *		struct llv_decision decision = { .size = sizeof(decision) };
 *
 *		if (llv_decide(llv, &request, &decision))
 *			... pass it on
 *		else
 *			... answer decision.http_status, decision.headers, decision.body
 *	}
 *	llv_close(&llv);
 *
 * Zero denies. llv_decide() returns 1 for a request that may pass, and 0 for
 * everything else: a missing, damaged or stale index, a call that was made wrongly,
 * a fault of any kind.
 *
 * Threads. A handle serves one thread at a time; open one for each thread. Handles
 * of one process share the mapped index. llv_open() and llv_close() may be called
 * by any number of threads at once; so may the functions that take no handle.
 *
 * Fork. Open after fork(). A handle that came through one is dead in the child:
 * llv_decide() refuses, llv_tend() and the others fail with LLV_FORKED, and
 * llv_close() lets go of it without disturbing the parent (a mapping and some
 * descriptors stay until the child ends or runs another program). The child opens
 * handles of its own.
 *
 * Memory. What a decision points to belongs to the handle and holds until the
 * next call with that handle. A decision allocates nothing, takes no lock and waits
 * for nobody (but: the first one after the keeper has switched to another index
 * opens that). The library writes no log, changes no signal handler, keeps no
 * thread, and does not end the process. The index is a mapped file: when somebody
 * cuts it short or its disk fails, the kernel ends the process (SIGBUS, SIGSEGV); a
 * request that died so was not allowed.
 *
 * Growth. Each struct that you make begins with its size. The library reads and
 * writes no more than that, so a program that was built with an older header goes
 * on working; members are added at the end only. Set what you do not use to 0.
 * Texts are pointer and length, not ended by NUL unless it is said; times are
 * microseconds since 1970-01-01 UTC.
 */
#ifndef LLAVERO_H
#define LLAVERO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LLV_API __attribute__((visibility("default")))
#define LLV_NODISCARD __attribute__((warn_unused_result))
#else
#define LLV_API
#define LLV_NODISCARD
#endif

/* What became of a call. It is no verdict: none of these means "allowed". */
enum llv_status {
	LLV_OK = 0,
	LLV_NOT_FOUND = 1, /* no index (or other file) there yet */
	LLV_INVALID = 2,   /* an argument that cannot be used */
	LLV_FORMAT = 3,    /* written by another version of Llavero */
	LLV_DAMAGED = 4,   /* does not check; the keeper builds a new one */
	LLV_DENIED = 5,    /* this user may not read it */
	LLV_IO = 6,        /* the operating system failed */
	LLV_NO_MEMORY = 7,
	LLV_BUSY = 8,        /* no place for one more reader; try again */
	LLV_FORKED = 9,      /* the handle was opened before a fork() */
	LLV_NO_ROOM = 10,    /* the result does not fit into the memory given */
	LLV_UNAVAILABLE = 11 /* a part that is needed is not there now */
};

/* A constant, "not_found"; never NULL. */
LLV_API const char *llv_status_name(enum llv_status status);

/* The version of the library that runs, "0.1.0". */
LLV_API const char *llv_version(void);

/* Bytes that somebody else owns. ptr NULL: there is no such text (an empty one has a pointer). */
struct llv_span {
	const char *ptr;
	size_t len;
};

struct llv_header {
	struct llv_span name, value;
};

/* ---- Opening ---- */

struct llv; /* opaque */

/* One way of sending a credential: two headers, or one that carries the token alone. */
struct llv_family {
	const char *key_header; /* NULL: the token alone */
	const char *token_header;
};

#define LLV_FAMILIES_MAX 8

/* What changed. The status says why, or LLV_OK that it is well again. */
enum llv_event {
	LLV_EVENT_INDEX = 1, /* opened (LLV_OK), or not usable: requests are refused with 503 */
	LLV_EVENT_SEALING_KEY = 2, /* read (LLV_OK), or not readable: refusals carry no diagnosis */
	LLV_EVENT_LEDGER = 3,     /* opened (LLV_OK), or not usable: keys with limits are refused */
	LLV_EVENT_LEDGER_FULL = 4 /* no cell left for a further key with limits */
};

/* What kind of process decides, in the counts of use. */
enum llv_by { LLV_BY_LIBRARY = 0, LLV_BY_NGINX = 1 };

struct llv_setup {
	size_t size; /* sizeof(struct llv_setup) */

	const char *index_dir;  /* needed: {data_dir}/index */
	const char *ledger_dir; /* {data_dir}/ledger; NULL: keys with limits are refused */
	const char *
		sealing_key; /* file, {data_dir}/gate/sealing.key; NULL: no diagnosis in refusals */

	/* As in llaverod.conf(5). */
	int64_t lease_us;           /* index.lease; 0: 60 seconds */
	int serve_stale;            /* 1: index.when_stale = serve; 0: refuse */
	const char *app_key_prefix; /* NULL: "appkey" */
	const char *public_url;     /* without a slash at the end; NULL: references are relative */
	const char *console_url;    /* the same */
	const char *realm;          /* of WWW-Authenticate; NULL: "llavero" */
	const struct llv_family *families; /* credential headers; NULL: the default ones */
	size_t families_count;             /* at most LLV_FAMILIES_MAX */
	int no_bearer;                     /* 1: Authorization: Bearer carries no credential */
	const char
		*language; /* "en", "es", "pt": for requests that accept none of them; NULL: "en" */
	const char *node;  /* names this process in diagnoses, at most 16 bytes; NULL: "lib" */
	enum llv_by by;

	/*
	 * Called from within llv_open(), llv_tend() when something changes; context is passed on.
	 * It must not call the library with the same handle. NULL: nobody is told.
	 */
	void (*told)(void *context, enum llv_event event, enum llv_status status);
	void *context;
};

/*
 * Open an installation. setup and its texts are copied.
 *
 * An index that is not there or not usable is no failure: the handle then refuses
 * every request with 503, and llv_tend() opens the index once it is there. On
 * success *out_llv belongs to the caller, who gives it back with llv_close(); on
 * failure it is left as it was.
 *
 * LLV_INVALID (no index_dir; a size, language, prefix or list that cannot be),
 * LLV_NO_MEMORY, LLV_UNAVAILABLE (no source of randomness, or of SHA-256).
 */
LLV_API LLV_NODISCARD enum llv_status llv_open(const struct llv_setup *setup, struct llv **out_llv);

/* Close *llv and set it to NULL. Does nothing when it is NULL. */
LLV_API void llv_close(struct llv **llv);

/*
 * Once a second, between requests: opens what was not there, lets go of what was
 * replaced or cut, reads a changed sealing key, follows the clock. Without these
 * calls damage is found later, and a mended index is not picked up.
 *
 * LLV_OK: the index is in order (how old it is, llv_index() says). Anything else: it
 * is not, and requests are refused, or, where only the folder went away, decided by what is
 * still mapped. LLV_DENIED: when the process closed a sandbox, only a fresh one can read
 * an index that was made anew.
 */
LLV_API enum llv_status llv_tend(struct llv *llv);

struct llv_index {
	size_t size; /* sizeof(struct llv_index) */
	uint64_t epoch, revision;
	int64_t age_us; /* since the keeper confirmed it; INT64_MAX: not since the machine started
			 */
	uint64_t keys_count;
};

/* What the newest index says about itself. Fails as llv_tend(). */
LLV_API LLV_NODISCARD enum llv_status llv_index(struct llv *llv, struct llv_index *out_index);

/* ---- Deciding ---- */

/* Where the account that is asked for comes from. There is no fall-through: one that is unknown
 * refuses. */
enum llv_account_source {
	LLV_ACCOUNT_OF_KEY = 0, /* the key's own account */
	LLV_ACCOUNT_NAMED = 1,  /* account names it; absent refuses */
	LLV_ACCOUNT_OF_HOST = 2 /* the account that has the request's host */
};

enum llv_request_flag {
	LLV_REQUEST_MALFORMED =
		1,              /* framing, sizes, a repeated method or target: refused with 400 */
	LLV_REQUEST_HEADERS = 2 /* also write the headers of an allowed request (see headers) */
};

struct llv_request {
	size_t size; /* sizeof(struct llv_request) */

	/*
	 * As they came on the wire: the target raw, with its query, nothing decoded, merged or
	 * rewritten (nginx: unparsed_uri). Method and target are needed; host may be absent.
	 */
	struct llv_span method, target, host;
	/* "192.0.2.7", "2001:db8::1", without port; absent or unreadable: not known, so that a key
	 * with an address list is refused. */
	struct llv_span client_address;
	/* The same as bytes in network order, 4 or 16 of them: it need not be read then. */
	const unsigned char *client_bytes;
	size_t client_bytes_len;

	/*
	 * All headers of the client, repeated ones as often as they came; or, when find is set, a
	 * function that finds them: it returns how often the header came (names compare without
	 * case) and sets *out_value to its first value.
	 */
	const struct llv_header *headers;
	size_t headers_count;
	unsigned (*find)(void *context, struct llv_span name, struct llv_span *out_value);
	void *find_context;

	enum llv_account_source account_source;
	struct llv_span account; /* with LLV_ACCOUNT_NAMED */

	struct llv_span
		request_id; /* in the problem document and the diagnosis; absent: one is made up */
	int64_t now_us;     /* 0: now, by the clock that the keeper keeps. For trials and tests. */
	uint64_t min_revision; /* an older index is refused as stale; 0: any */
	unsigned flags;        /* enum llv_request_flag, or 0 */
};

enum llv_decision_flag {
	LLV_STALE_SERVED = 1,  /* decided by an index that is older than its lease (serve_stale) */
	LLV_PREVIOUS_TOKEN = 2 /* allowed with the older of two tokens: a rotation is open */
};

/* How the credential came; an upstream must not see those headers. */
enum llv_form {
	LLV_FORM_NONE = 0,
	LLV_FORM_PAIR = 1,  /* appKey and appToken */
	LLV_FORM_TOKEN = 2, /* the token alone */
	LLV_FORM_BEARER =
		3 /* Authorization: Bearer; else Authorization is the upstream's own business */
};

struct llv_decision {
	size_t size; /* sizeof(struct llv_decision) */

	int allowed;       /* 1 or 0 */
	int http_status;   /* 200 when allowed; 400, 401, 403, 429, 503 */
	const char *cause; /* what the caller may know, "no_profile"; "none" when allowed; ended by
			      NUL */
	const char *owner_cause; /* the truth: for the owner's eyes, never for the caller's; ended
				    by NUL */
	unsigned flags;          /* enum llv_decision_flag */
	enum llv_form form;

	/*
	 * Byte for byte as the records have them: escape them before they go into a header (the
	 * values in headers are). Of an allowed request; absent for a public route. key is known of
	 * most refusals too: the key that was named, not one that was proven.
	 */
	struct llv_span account, key, external_id, profile;
	struct llv_span resource_product, resource_key; /* the resource that allows */
	uint64_t service, route;                        /* ids of what was matched; 0: none */
	uint64_t epoch, revision;   /* of the index that decided; 0: there was none */
	uint32_t retry_after_s;     /* with 429 */
	struct llv_span request_id; /* refused: the request's, or the one that was made up */

	/*
	 * Refused: what the answer to the client carries beside its body: WWW-Authenticate,
	 * Retry-After, Cache-Control, RateLimit and RateLimit-Policy, X-Llavero-Cause, -Status and
	 * -Diagnosis. Allowed, and only with LLV_REQUEST_HEADERS: what the upstream is told:
	 * X-Llavero-Account, -Key, -External-Id, -Profile, -Resource, -Revision, and RateLimit ones
	 * for the client. All values are printable ASCII, with other bytes and "%" as %XX.
	 */
	const struct llv_header *headers;
	size_t headers_count;
	/* Refused: the problem document (RFC 9457), ASCII, at most 2048 bytes. */
	struct llv_span content_type, body;
	struct llv_span diagnosis; /* sealed, at most 512 characters; absent: none could be made */
};

/*
 * Decide one request, count its use, and render a refusal. Returns 1 when it may pass, 0 when not;
 * *out_decision says the same and more. request or out_decision NULL or of no size that ever was:
 * 0, and nothing is written.
 */
LLV_API LLV_NODISCARD int llv_decide(
	struct llv *llv, const struct llv_request *request, struct llv_decision *out_decision);

/*
 * The name of the i-th header that may carry a credential, from 0 (Authorization comes last, unless
 * no_bearer); NULL when there is none. Holds until llv_close().
 */
LLV_API const char *llv_credential_header(const struct llv *llv, size_t i);

/* ---- Explaining ---- */

/*
 * Why a request would be allowed or refused, step by step and with what would help, as JSON: the
 * object that /v1/explain answers with, as far as the index knows. Nothing is counted. It tells the
 * owner's truth: not for the caller's eyes. language: "en", "es", "pt"; NULL: the handle's.
 *
 * At most size bytes and a NUL are written to out; *out_len is the length without it, also with
 * LLV_NO_ROOM (64 KiB are enough). LLV_INVALID, LLV_FORKED, LLV_NO_MEMORY.
 */
LLV_API LLV_NODISCARD enum llv_status llv_explain(struct llv *llv,
	const struct llv_request *request, const char *language, char *out, size_t size,
	size_t *out_len);

/*
 * The same of a refusal in the past, from its sealed diagnosis. LLV_INVALID: no such text at all;
 * LLV_DAMAGED: altered or cut; LLV_NOT_FOUND: sealed under another key; LLV_FORMAT: by another
 * version.
 */
LLV_API LLV_NODISCARD enum llv_status llv_explain_diagnosis(struct llv *llv,
	struct llv_span diagnosis, const char *language, char *out, size_t size, size_t *out_len);

/* ---- Checking a text, offline ---- */

#define LLV_POSITIONS_MAX 8

struct llv_finding {
	size_t size; /* sizeof(struct llv_finding) */
	int valid;   /* 1: the check part holds; 0: it does not, or there is none ("foreign") */
	/* "valid", "foreign" (no check part: the text alone says nothing), or the cause:
	 * "token_typo", "wrong_case", "whitespace", "fields_swapped", "placeholder",
	 * "token_truncated", "app_key_typo", "malformed". Ended by NUL. */
	const char *cause;
	const char *hint;  /* "look_alike", "bearer", ...; "none". Ended by NUL */
	const char *field; /* "app_key", "app_token", "both", "none". Ended by NUL */
	/* Characters counted from 1, rising; 0: not known where. wrong_count may be larger. */
	unsigned positions_count, wrong_count;
	unsigned positions[LLV_POSITIONS_MAX];
	unsigned length;   /* characters of that field */
	unsigned expected; /* that it should have; 0: no fixed number */
};

/*
 * What the text of a credential says about itself: one field or both (the other absent). Nothing is
 * looked up, kept or copied. app_key_prefix NULL: "appkey". Returns finding->valid; 0 also when
 * out_finding is NULL or of no size that ever was.
 */
LLV_API int llv_token_check(struct llv_span app_key, struct llv_span app_token,
	const char *app_key_prefix, struct llv_finding *out_finding);

#ifdef __cplusplus
}
#endif

#endif
