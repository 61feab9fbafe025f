/*
 * The nginx module: what its files share. It knows libllavero by its public
 * header alone, and nginx by its headers.
 *
 * N1: zero denies. Only llv_decide() returning 1 lets a request on; a handle that
 *     is not there, memory that is not there, a value that cannot be computed refuse.
 * N2: a client's request is decided once, on what the client sent (its method,
 *     raw target and headers), wherever nginx sends it inside. What an enforcing
 *     location refused stays refused in every other one.
 * N3: an upstream behind an enforcing location sees no credential and no identity
 *     header but ours, also when another access check let the request in.
 * N4: nothing here waits: a decision reads memory, and a view of the index is over
 *     before the worker goes back to its event loop.
 */
#ifndef NGINX_MODULE_H
#define NGINX_MODULE_H

/* nginx's own order: ngx_config.h before everything else. */
#include <ngx_config.h>

#include <ngx_core.h>

#include <ngx_http.h>

#include <llavero.h>

enum mode {
	MODE_OFF = 0,
	MODE_OBSERVE, /* decides and counts, and lets everything on untouched */
	MODE_ENFORCE
};

/* Both headers of each family, Authorization, and those that a decision or a refusal reads. */
#define NAMES_MAX (2 * LLV_FAMILIES_MAX + 4)

enum name_kind {
	NAME_READ = 1,      /* read by the library, the upstream's own */
	NAME_CREDENTIAL,    /* read, and kept from the upstream */
	NAME_AUTHORIZATION, /* a credential only when no other one came */
};

#define NAME_LEN_MAX 63

struct name {
	u_char lower[NAME_LEN_MAX];
	size_t len;
	enum name_kind kind;
};

/* The headers of each allowed request. */
#define TOLD_COUNT 8
#define TOLD_LEN_MAX 24

struct told_name {
	ngx_str_t key;
	u_char lower[TOLD_LEN_MAX];
	ngx_uint_t hash;
};

/* nginx's functions take texts that they leave alone without const. */
static inline u_char *bytes_of(const char *text)
{
	return (u_char *)(uintptr_t)text;
}

/* What a handle is opened with. Locations that say the same share one. */
struct site {
	struct llv_setup setup; /* its texts belong to the configuration */
	struct llv_family families[LLV_FAMILIES_MAX];

	/* Of this worker: */
	struct llv *llv; /* NULL outside of workers, or when it could not be opened: refuses */
	ngx_log_t *log;
	size_t names_count;
	struct name names[NAMES_MAX];
	struct told_name told[TOLD_COUNT];
	uint64_t name_lengths;   /* bit n: some name has the length n */
	uint64_t secret_lengths; /* the same of those that may have to be kept from upstreams */
};

/* Of all of the configuration. */
struct common {
	ngx_array_t sites; /* of struct site * */
	ngx_event_t tick;
	ngx_uint_t observes, serves_stale; /* some location does: said once */
};

/* Of one location. */
struct settings {
	ngx_uint_t mode;
	ngx_str_t index, ledger, sealing_key;
	ngx_str_t public_url, console_url, realm, app_key_prefix;
	ngx_array_t *headers; /* of ngx_str_t; NULL: the library's default */
	ngx_uint_t serve_stale;
	ngx_int_t lease_s;
	ngx_uint_t account_source;
	ngx_http_complex_value_t *account, *client_address;
	ngx_flag_t problem;
	struct site *site; /* NULL when off */
};

/* What was decided, in the memory of the request. */
struct verdict {
	struct site *site;
	ngx_str_t asked_account;
	ngx_uint_t allowed;
	uint64_t identity; /* bit n: header n says who asks */
	ngx_uint_t http_status;
	ngx_str_t cause;
	size_t headers_count;
	ngx_table_elt_t *headers;     /* allowed: for the upstream; refused: for the client */
	ngx_str_t content_type, body; /* of a refusal */
};

/* Of one request of a client, whatever nginx does with it inside. */
struct state {
	ngx_list_t client_headers; /* as the client sent them */
	struct verdict *verdict;   /* NULL: not decided yet */
	unsigned refused : 1;      /* in an enforcing location: for good */
	unsigned told : 1;         /* the client's answer has the verdict's headers */
};

extern ngx_module_t ngx_http_llavero_module;

/* ---- conf.c ---- */

extern ngx_command_t conf_commands[];
void *conf_make_common(ngx_conf_t *cf);
void *conf_make_settings(ngx_conf_t *cf);
char *conf_merge_settings(ngx_conf_t *cf, void *parent, void *child);

/* ---- ask.c ---- */

/* The state of the client's request that r belongs to; NULL when there is none. */
struct state *ask_state(ngx_http_request_t *r);

/* The access phase, of what clients ask. */
ngx_int_t ask_access(ngx_http_request_t *r);

/* After it, and the first check of subrequests, which have no access phase: see N3. */
ngx_int_t ask_before_content(ngx_http_request_t *r);

/* ---- headers.c ---- */

#define PICKED_MAX 24

/* The headers that a decision may read. */
struct picked {
	struct llv_header headers[PICKED_MAX];
	size_t count;
	ngx_uint_t too_many; /* more than anybody sends once */
};

/* The names that matter to the site, once its handle is open. */
void headers_learn(struct site *site);

/* The name of a header of a verdict in all its forms, when it is a usual one; else 0. */
ngx_int_t headers_usual(const struct site *site, struct llv_span name, ngx_table_elt_t *out);

/* Whether it says who asks: nothing that a client may say, and nobody but the upstream is told. */
ngx_int_t headers_is_identity(const ngx_table_elt_t *header);

void headers_pick(const struct site *site, ngx_list_t *list, struct picked *out);

/* Give the request a list of headers for the upstream. NGX_OK or NGX_ERROR. */
ngx_int_t headers_clean(ngx_http_request_t *r, const struct site *site, struct state *state);

/* ---- reply.c ---- */

/* Refuse: answer the client, or name the status for nginx to answer with. */
ngx_int_t reply_refuse(ngx_http_request_t *r, const struct settings *settings, struct state *state);

/* Add what the client is told beside the answer, once. NGX_OK or NGX_ERROR. */
ngx_int_t reply_tell(ngx_http_request_t *r, struct state *state);

/* ---- variables.c ---- */

ngx_int_t variables_add(ngx_conf_t *cf);

#endif
