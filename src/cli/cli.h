/*
 * llavero, the command line. Each subcommand is a row of a table (cli/commands.c)
 * and a function that turns arguments into requests to the keeper, and answers
 * into text for people or JSON for programs.
 *
 * Exit codes: 0 yes, 1 refused, 2 usage, 3 fault.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/buf.h"
#include "base/complaint.h"

#include <jansson.h>

enum exit_code { EXIT_YES = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_FAULT = 3 };

struct cli_option {
	const char *name;    /* without dashes */
	const char *arg;     /* what its value is called; NULL: a flag */
	const char *help;    /* message key */
	bool many;           /* may be repeated */
	bool needed;         /* must be given */
	const char *choices; /* its values, for completion; NULL: not a fixed set */
	const char *prompt;  /* message key: at a terminal it is asked for when it is needed */
};

#define CLI_SWITCH "on|off" /* the arg of an option that takes no other value */
#define CLI_VALUES_MAX 256u

struct cli_args {
	size_t count;
	struct {
		const struct cli_option *option;
		const char *value;
	} options[CLI_VALUES_MAX];
	size_t operands_count;
	const char *operands[CLI_VALUES_MAX];
};

struct cli {
	const char *socket_path; /* of the keeper */
	const char *url;         /* instead of the socket; NULL: the socket */
	const char *token_file;  /* of a management token, instead of a session; NULL: none */
	struct buf *token;       /* what it holds, once it was read */
	struct buf *link_url;    /* the address in a link that was given, when it is the url */
	bool json;               /* for programs */
	enum lang lang;
	bool is_terminal; /* standard output is one */
};

struct cli_command {
	const char *name;     /* "key create" */
	const char *operands; /* "APPKEY PROFILE"; "" for none */
	unsigned operands_min, operands_max;
	const struct cli_option *options;
	size_t options_count;
	const char *help; /* message key */
	int (*run)(struct cli *cli, const struct cli_args *args);
};

extern const struct cli_command COMMANDS[];
extern const size_t COMMANDS_COUNT;
/* Options of every command. */
extern const struct cli_option GLOBALS[];
extern const size_t GLOBALS_COUNT;

/* The message of that key, unfilled; the key itself when there is none. */
const char *cli_text(const struct cli *cli, const char *key);

/* The value of an option; NULL when it was not given. */
const char *cli_value(const struct cli_args *args, const char *name);
bool cli_flag(const struct cli_args *args, const char *name);
/* All values of an option as a JSON array; NULL when it was not given. The caller's. */
json_t *cli_values(const struct cli_args *args, const char *name);

/* Print a message to standard error, "llavero: ...": what a person should know beside the answer.
 */
void cli_note(
	const struct cli *cli, const char *key, const struct message_arg *args, size_t args_count);
/*
 * Say why it ends so; returns code. With --json a problem object goes to
 * standard output too, so that it always holds one JSON value:
 * {"type":"about:blank","title","detail","code","exit"}.
 */
int cli_fail(const struct cli *cli, int code, const char *key, const struct message_arg *args,
	size_t args_count);
/* The same with one argument. */
int cli_fail_with(
	const struct cli *cli, int code, const char *key, const char *name, const char *value);
/* The same for a complaint of the parts that work offline. */
int cli_complain(const struct cli *cli, int code, const struct complaint *complaint);

/* What an errno means, in words of the person's language where they are ours. */
const char *cli_reason(const struct cli *cli, int error);

/* Print a message with its line end to standard output. */
void cli_say(
	const struct cli *cli, const char *key, const struct message_arg *args, size_t args_count);

/* ---- talking to the keeper (client.c) ---- */

struct client_answer {
	long status;  /* HTTP */
	json_t *json; /* NULL: none */
	struct buf body;
	char device[96]; /* the cookie by which this device is known again; "": none came */
};

void client_answer_free(struct client_answer *answer);

struct client_request {
	const char *method;
	const char *path;   /* "/v1/keys?account=a" */
	const json_t *json; /* NULL: no body */
	struct span text;   /* a body of another type instead */
	const char *content_type, *accept;
	int download_fd;      /* > 0: the body of a 200 goes there instead */
	bool progress;        /* show progress on a terminal */
	bool quiet;           /* say nothing when it fails */
	const char *device;   /* that cookie to send; NULL: none */
	bool without_session; /* do not send the session that is kept for the URL */
	int64_t version;      /* only if it is still this one (If-Match); 0: whichever it is */
	long within_s;        /* give up after that many seconds; 0: wait */
};

/*
 * Ask. Returns EXIT_YES with *answer (the caller frees it) for a 2xx; prints why
 * and returns EXIT_REFUSED or EXIT_FAULT otherwise. allow_status: another status that
 * is an answer too, 0: none.
 */
int client_ask(const struct cli *cli, const struct client_request *request, long allow_status,
	struct client_answer *answer);

/* The session that is kept for cli->url; nothing when there is none (session.c). */
void session_token(const struct cli *cli, struct buf *out_token);
/*
 * The account of who asks at cli->url. EXIT_USAGE, and nothing said, for the socket; otherwise
 * what client_ask returns and says when nobody is logged in there.
 */
NODISCARD int session_account(const struct cli *cli, struct buf *out_account);
/* Keep the device's cookie of an answer, when one came, in the place of the one before. */
int session_keep_device(const struct cli *cli, const struct client_answer *answer);
/* Tell who is guessed at that he is: of an answer that shows his session. */
void session_note_held(const struct cli *cli, const json_t *session);
/* A secret over plain HTTP goes to this machine only; EXIT_USAGE, and said, for another URL. */
int session_check_url(const struct cli *cli);

/* Path building with percent-encoding of each value. */
void client_path(struct buf *out, const char *format, ...);               /* every %s is encoded */
void client_query(struct buf *path, const char *name, const char *value); /* NULL: nothing */

/* ---- showing (show.c) ---- */

struct column {
	const char *title;  /* message key */
	const char *member; /* of each item; "a.b" goes into objects */
};

/* Print JSON in UTF-8; what a terminal would obey, hide or turn around is escaped in it. */
void show_dump(const json_t *json, size_t flags);

/* The answer as it is, indented. */
int show_json(const json_t *json);
/* A table of an array of objects. */
void show_table(const struct cli *cli, const json_t *items, const struct column *columns,
	size_t columns_count);
/* Lines "Title: value" of one object. */
void show_fields(const struct cli *cli, const json_t *object, const struct column *columns,
	size_t columns_count);
/* A member as text for people: times, lists and objects too. */
void show_value(struct buf *out, const json_t *value);
const json_t *show_member(const json_t *object, const char *member);
/* How far long work is, when standard error is a terminal; done == total takes it away. */
void show_progress(uint64_t done, uint64_t total);

/*
 * Fetch all pages of a collection ("items", "next") into one array, at most limit
 * items (0: all).
 */
int client_collect(const struct cli *cli, const char *path, size_t limit, json_t **out_items);

/* ---- secrets and files (input.c) ---- */

/*
 * A secret from a file, "-" for standard input, or, without either, a prompt
 * that does not echo. One line end at the end is taken off, nothing else.
 * A file that other users may read or change, or that is theirs, is refused.
 */
int input_secret(
	const struct cli *cli, const char *path, const char *prompt_key, struct buf *out_secret);
/* The same for a key's token on its way to a test: such a file is told, and read. */
int input_key_token(
	const struct cli *cli, const char *path, const char *prompt_key, struct buf *out_token);
/*
 * What a person types at a prompt, without its line end; asked again while it is empty.
 * EXIT_USAGE, and nothing said, when there is no terminal or it ends.
 */
int input_line(const struct cli *cli, const char *prompt_key, struct buf *out);
/* What a file holds, and so who else may read or change it. */
enum input_care {
	INPUT_OPEN,    /* no secret: whoever likes */
	INPUT_TOLD,    /* tokens of keys: nobody, else it is told */
	INPUT_GUARDED, /* what logs somebody in: nobody, else it is refused */
};
/* A whole file; at most ceiling bytes. */
int input_file(const struct cli *cli, const char *path, enum input_care care, size_t ceiling,
	struct buf *out);
/* Write text to path at once: what was there is replaced or stays whole. */
int output_file(const struct cli *cli, const char *path, struct span text, unsigned mode);

#endif
