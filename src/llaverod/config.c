#include "llaverod/config.h"

#include "llaverod/config_near.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_MAX 40u
#define VALUES_MAX 80u
#define SECTIONS_MAX 10u
#define SECTION_KEYS_MAX 12u
/* Appended to the text: inside a section that was never closed it is an unknown key. */
#define SENTINEL "end_of_configuration"

/* What was given for one key, before it is understood. */
struct raw {
	bool given, repeated;
	char where[COMPLAINT_VALUE_MAX];
	size_t count;
	struct span values[VALUES_MAX];
};

struct raw_listener {
	const char *name;
	char where[COMPLAINT_VALUE_MAX];
	struct raw keys[4];
};

struct parse {
	struct config *config;
	struct config_faults *faults;
	const char *name; /* of the file */
	int lines;        /* of the file */
	struct raw keys[KEYS_MAX];
	size_t listeners_count;
	struct raw_listener listeners[GATE_LISTENERS_MAX];
};

/* libconfuse gives its callbacks no context; a process reads one configuration at a time. */
static struct parse *current;

static struct config_fault *fault_add(
	struct config_faults *faults, const char *where, const struct config_key *key)
{
	struct config_fault *fault = &faults->items[faults->count];
	struct buf text;

	if (faults->count == CONFIG_FAULTS_MAX)
		return &faults->items[CONFIG_FAULTS_MAX - 1];
	faults->count++;
	memset(fault, 0, sizeof(*fault));
	text = BUF_ARRAY(fault->where);
	buf_append(&text, span_part(span_str(where), 0, sizeof(fault->where) - 1));
	text = BUF_ARRAY(fault->key);
	if (key != NULL)
		buf_printf(&text, "%s%s%s", key->section, key->section[0] == '\0' ? "" : ".",
			key->name);
	return fault;
}

static void where_of(const cfg_t *cfg, char out[COMPLAINT_VALUE_MAX])
{
	struct buf text = buf_fixed(out, COMPLAINT_VALUE_MAX);

	buf_append(&text, span_part(span_str(current->name), 0, 150));
	/* What is appended to the text is none of the user's lines. */
	buf_printf(&text, ":%d", cfg->line > current->lines ? current->lines : cfg->line);
}

static const struct config_key *key_find(
	const struct config_key *table, const char *section, const char *name)
{
	for (const struct config_key *key = table; key->name != NULL; key++) {
		if (strcmp(key->section, section) == 0 && strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

static struct raw_listener *listener_raw(const cfg_t *cfg)
{
	for (size_t i = 0; i < current->listeners_count; i++) {
		if (strcmp(current->listeners[i].name, cfg->title) == 0)
			return &current->listeners[i];
	}
	if (current->listeners_count == GATE_LISTENERS_MAX)
		return NULL;
	current->listeners[current->listeners_count].name =
		arena_copy(current->config->arena, span_str(cfg->title));
	where_of(cfg, current->listeners[current->listeners_count].where);
	return &current->listeners[current->listeners_count++];
}

static struct raw *raw_of(const cfg_t *cfg, const cfg_opt_t *opt)
{
	const char *section = strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
	const struct config_key *key;

	if (strcmp(section, "gate_listener") == 0) {
		struct raw_listener *listener = listener_raw(cfg);

		key = key_find(CONFIG_GATE_LISTENER_KEYS, section, opt->name);
		return listener == NULL || key == NULL
			       ? NULL
			       : &listener->keys[key - CONFIG_GATE_LISTENER_KEYS];
	}
	key = key_find(CONFIG_KEYS, section, opt->name);
	return key == NULL ? NULL : &current->keys[key - CONFIG_KEYS];
}

/* libconfuse read one value. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct raw *raw = raw_of(cfg, opt);

	*(const char **)result = value;
	if (raw == NULL)
		return 0;
	if (!raw->given)
		where_of(cfg, raw->where);
	raw->given = true;
	if (raw->count < VALUES_MAX)
		raw->values[raw->count++] =
			span_str(arena_copy(current->config->arena, span_str(value)));
	return 0;
}

/* Called behind each value: a second assignment starts counting anew, and we do not. */
static int on_assigned(cfg_t *cfg, cfg_opt_t *opt)
{
	struct raw *raw = raw_of(cfg, opt);

	if (raw == NULL)
		return 0;
	if (!raw->given)
		where_of(cfg, raw->where); /* an empty list */
	raw->given = true;
	if (raw->count > cfg_opt_size(opt) && !raw->repeated) {
		raw->repeated = true;
		where_of(cfg, raw->where);
	}
	return 0;
}

static void key_unknown(const cfg_t *cfg, struct span name, struct complaint *complaint)
{
	const char *section = strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
	char memory[64], near[COMPLAINT_VALUE_MAX];
	struct buf text = BUF_ARRAY(memory);

	buf_append(&text, name);
	if (span_is(name, SENTINEL))
		complaint_set(complaint, "daemon.section_unclosed", 1, "section", cfg->name);
	else if (config_key_near(section, name, near))
		complaint_set(
			complaint, "daemon.key_unknown_near", 2, "name", memory, "near", near);
	else if (section[0] == '\0')
		complaint_set(complaint, "daemon.key_unknown", 1, "name", memory);
	else
		complaint_set(
			complaint, "daemon.key_unknown_in", 2, "name", memory, "section", section);
}

/*
 * The library's errors, recognised by the one that matters most. It takes the
 * name of the key as its argument; other errors are passed on in its words.
 */
PRINTF_LIKE(2, 0)
static void on_error(cfg_t *cfg, const char *format, va_list args)
{
	char where[COMPLAINT_VALUE_MAX], memory[COMPLAINT_VALUE_MAX];
	struct buf detail = BUF_ARRAY(memory);
	struct config_fault *fault;

	where_of(cfg, where);
	buf_vprintf(&detail, format, args);
	fault = fault_add(current->faults, where, NULL);
	if (strstr(format, "no such option") != NULL) {
		struct span text = buf_span(&detail);
		size_t quote = span_find(text, '\'');
		struct span name = span_part(text, quote + 1, text.len);

		key_unknown(cfg, span_part(name, 0, name.len > 0 ? name.len - 1 : 0), &fault->what);
		return;
	}
	complaint_set(&fault->what, "daemon.syntax", 1, "detail", memory);
}

/*
 * Comments become spaces: the library counts the lines of one more than once,
 * and the line is what helps to find a mistake.
 */
static void blank_comments(char *text, size_t len)
{
	char quote = '\0';
	bool line = false, block = false;

	for (size_t i = 0; i < len; i++) {
		bool begins =
			i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t' || text[i - 1] == '\n';
		char next = i + 1 < len ? text[i + 1] : '\0';

		if (quote != '\0') {
			if (text[i] == '\\' && i + 1 < len)
				i++;
			else if (text[i] == quote)
				quote = '\0';
			continue;
		}
		if (!line && !block) {
			line = begins && (text[i] == '#' || (text[i] == '/' && next == '/'));
			block = begins && text[i] == '/' && next == '*';
			if (!line && !block && (text[i] == '"' || text[i] == '\''))
				quote = text[i];
		}
		if (line && text[i] == '\n')
			line = false;
		if (block && text[i] == '*' && next == '/') {
			text[i] = text[i + 1] = ' ';
			block = false;
		}
		if ((line || block) && text[i] != '\n')
			text[i] = ' ';
	}
}

static size_t options_fill(cfg_opt_t *options, const struct config_key *table, const char *section)
{
	size_t count = 0;

	for (const struct config_key *key = table; key->name != NULL; key++) {
		if (strcmp(key->section, section) != 0)
			continue;
		options[count++] =
			key->list ? (cfg_opt_t)CFG_STR_LIST_CB(key->name, NULL, CFGF_NONE, on_value)
				  : (cfg_opt_t)CFG_STR_CB(key->name, NULL, CFGF_NONE, on_value);
	}
	return count;
}

static void validators_set(cfg_t *cfg, const struct config_key *table)
{
	for (const struct config_key *key = table; key->name != NULL; key++) {
		char memory[64];
		struct buf path = BUF_ARRAY(memory);

		buf_printf(&path, "%s%s%s", key->section, key->section[0] == '\0' ? "" : "|",
			key->name);
		cfg_set_validate_func(cfg, memory, on_assigned);
	}
}

/* The library calls nobody for `key = {}`: its flags tell that the key was set. */
static void empty_lists_find(cfg_t *cfg)
{
	for (const struct config_key *key = CONFIG_KEYS; key->name != NULL; key++) {
		struct raw *raw = &current->keys[key - CONFIG_KEYS];
		char memory[64];
		struct buf path = BUF_ARRAY(memory);
		const cfg_opt_t *option;

		if (!key->list)
			continue;
		buf_printf(&path, "%s|%s", key->section, key->name);
		option = cfg_getopt(cfg, memory);
		if (option == NULL || (option->flags & CFGF_MODIFIED) == 0 || option->nvalues > 0)
			continue;
		raw->repeated = raw->count > 0;
		if (!raw->given) {
			struct buf where = BUF_ARRAY(raw->where);

			buf_append(&where, span_part(span_str(current->name), 0, 150));
		}
		raw->given = true;
	}
}

/* Run the library over the text; what it found is in current afterwards. */
static enum status run_parser(char *text)
{
	cfg_opt_t inner[SECTIONS_MAX][SECTION_KEYS_MAX];
	cfg_opt_t root[2 * SECTION_KEYS_MAX];
	const char *seen = "";
	size_t sections = 0, count;
	cfg_t *cfg;
	int result;

	memset(inner, 0, sizeof(inner)); /* all-zero is CFG_END() */
	memset(root, 0, sizeof(root));
	count = options_fill(root, CONFIG_KEYS, "");
	for (const struct config_key *key = CONFIG_KEYS; key->name != NULL; key++) {
		if (key->section[0] == '\0' || strcmp(key->section, seen) == 0)
			continue;
		seen = key->section;
		(void)options_fill(inner[sections], CONFIG_KEYS, seen);
		root[count++] = (cfg_opt_t)CFG_SEC(seen, inner[sections++], CFGF_NONE);
	}
	(void)options_fill(inner[sections], CONFIG_GATE_LISTENER_KEYS, "gate_listener");
	root[count++] = (cfg_opt_t)CFG_SEC(
		"gate_listener", inner[sections], CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
	root[count++] = (cfg_opt_t)CFG_STR(SENTINEL, NULL, CFGF_NONE);
	cfg = cfg_init(root, CFGF_NONE);
	if (cfg == NULL)
		return ST_NO_MEMORY;
	cfg_set_error_function(cfg, on_error);
	validators_set(cfg, CONFIG_KEYS);
	validators_set(cfg, CONFIG_GATE_LISTENER_KEYS);
	result = cfg_parse_buf(cfg, text);
	if (result == CFG_SUCCESS) {
		size_t listeners = cfg_size(cfg, "gate_listener");

		empty_lists_find(cfg);
		/* Only one with a key was seen. */
		if (listeners != current->listeners_count)
			complaint_set(&fault_add(current->faults, current->name, NULL)->what,
				listeners > GATE_LISTENERS_MAX ? "daemon.listeners_many"
							       : "daemon.listener_nowhere",
				0);
	}
	cfg_free(cfg);
	if (result != CFG_SUCCESS && current->faults->count == 0)
		complaint_set(&fault_add(current->faults, current->name, NULL)->what,
			"daemon.syntax", 1, "detail", "");
	return ST_OK;
}

static enum status parse_text(struct span text)
{
	static const char end[] = "\n" SENTINEL " = x\n";
	char *copy;
	enum status st;

	if (text.len > CONFIG_FILE_MAX) {
		complaint_set(&fault_add(current->faults, current->name, NULL)->what,
			"daemon.file_long", 0);
		return ST_OK;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\0') {
			complaint_set(&fault_add(current->faults, current->name, NULL)->what,
				"daemon.file_nul", 0);
			return ST_OK;
		}
	}
	copy = malloc(text.len + sizeof(end));
	if (copy == NULL)
		return ST_NO_MEMORY;
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	current->lines = text.len == 0 || text.ptr[text.len - 1] != '\n' ? 1 : 0;
	for (size_t i = 0; i < text.len; i++)
		current->lines += text.ptr[i] == '\n';
	blank_comments(copy, text.len);
	memcpy(copy + text.len, end, sizeof(end));
	st = run_parser(copy);
	free(copy);
	return st;
}

static struct span trim(struct span s)
{
	while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
		s = span_part(s, 1, s.len);
	while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* "a, b" as a list; anything as the one value of what is none. */
static size_t split(struct span text, bool list, struct span out_values[VALUES_MAX])
{
	size_t count = 0;

	if (!list) {
		out_values[0] = text;
		return 1;
	}
	while (text.len > 0 && count < VALUES_MAX) {
		size_t comma = span_find(text, ',');
		struct span item = trim(span_part(text, 0, comma));

		if (item.len > 0)
			out_values[count++] = item;
		text = span_part(text, comma + 1, text.len);
	}
	return count;
}

static void variable_unknown(struct span name)
{
	char memory[COMPLAINT_VALUE_MAX], near[COMPLAINT_VALUE_MAX];
	struct buf text = BUF_ARRAY(memory);
	struct complaint *complaint;

	buf_append(&text, span_part(name, 0, 100));
	complaint = &fault_add(current->faults, memory, NULL)->what;
	if (config_variable_near(name, near))
		complaint_set(complaint, "daemon.variable_unknown_near", 1, "near", near);
	else
		complaint_set(complaint, "daemon.variable_unknown", 0);
}

static void variable_apply(struct span name, struct span value)
{
	char wanted[COMPLAINT_VALUE_MAX];

	for (const struct config_key *key = CONFIG_KEYS; key->name != NULL; key++) {
		struct raw *raw = &current->keys[key - CONFIG_KEYS];

		config_variable_name(key, wanted);
		if (!span_is(name, wanted))
			continue;
		memset(raw, 0, sizeof(*raw));
		raw->given = true;
		memcpy(raw->where, wanted, sizeof(wanted));
		raw->count = split(value, key->list, raw->values);
		return;
	}
	/* LLAVERO_SOCKET and the like are others'; inside a section it is a mistake. */
	for (const struct config_key *key = CONFIG_KEYS; key->name != NULL; key++) {
		struct config_key section = { .section = key->section, .name = "" };

		config_variable_name(&section, wanted);
		if (key->section[0] != '\0' && span_starts_with(name, span_str(wanted))) {
			variable_unknown(name);
			return;
		}
	}
}

static void environment_apply(char *const *environment)
{
	for (; environment != NULL && *environment != NULL; environment++) {
		struct span item = span_str(*environment);
		size_t equals = span_find(item, '=');

		if (span_starts_with(item, SPAN_LIT("LLAVERO_")) && equals < item.len)
			variable_apply(
				span_part(item, 0, equals), span_part(item, equals + 1, item.len));
	}
}

/* Understand what was given for one key, or its default. */
static enum status key_apply(const struct config_key *key, struct raw *raw, void *base)
{
	struct complaint complaint = { 0 };
	enum status st;

	if (raw->repeated) {
		complaint_set(&fault_add(current->faults, raw->where, key)->what,
			"daemon.key_repeated", 0);
		return ST_OK;
	}
	if (!raw->given)
		raw->count = split(span_str(key->fallback), key->list, raw->values);
	if (raw->count == 0 && !key->list)
		raw->values[raw->count++] = SPAN_LIT("");
	st = key->set(
		current->config, (char *)base + key->offset, raw->values, raw->count, &complaint);
	if (st == ST_INVALID) {
		fault_add(current->faults, raw->where, key)->what = complaint;
		st = ST_OK;
	}
	return st;
}

static enum status listeners_apply(void)
{
	struct config *config = current->config;
	size_t total = config->gate.listen.count + (config->gate.socket[0] != '\0');

	for (size_t i = 0; i < current->listeners_count; i++) {
		struct raw_listener *raw = &current->listeners[i];
		struct config_gate_listener *listener = &config->gate.listeners[i];

		listener->name = raw->name;
		for (size_t k = 0; CONFIG_GATE_LISTENER_KEYS[k].name != NULL; k++) {
			enum status st =
				key_apply(&CONFIG_GATE_LISTENER_KEYS[k], &raw->keys[k], listener);

			if (st != ST_OK)
				return st;
		}
		if (current->faults->count == 0 && listener->listen.count == 0 &&
			listener->socket[0] == '\0')
			complaint_set(&fault_add(current->faults, raw->where, NULL)->what,
				"daemon.listener_nowhere", 0);
		total += listener->listen.count +
			 (listener->socket != NULL && listener->socket[0] != '\0');
	}
	config->gate.listeners_count = current->listeners_count;
	if (total > GATE_LISTENERS_MAX)
		complaint_set(&fault_add(current->faults, current->name, NULL)->what,
			"daemon.listeners_many", 0);
	return ST_OK;
}

static void fault_at(const char *section, const char *name, const char *fault, const char *value)
{
	const struct config_key *key = key_find(CONFIG_KEYS, section, name);

	complaint_set(
		&fault_add(current->faults, current->keys[key - CONFIG_KEYS].where, key)->what,
		fault, 1, "value", value);
}

/* Passwords and tokens of people travel there: never in the clear beyond this machine. */
static void keeper_check(const char *section, const struct config_listens *listens)
{
	const struct config *config = current->config;

	if (config->keeper.tls_certificate[0] != '\0' || config->keeper.proxies_count > 0)
		return;
	for (size_t i = 0; i < listens->count; i++) {
		if (!config_is_loopback(&listens->items[i])) {
			fault_at(section, "listen", "daemon.keeper_not_loopback",
				listens->items[i].text);
			return;
		}
	}
}

static void together_check(void)
{
	const struct config *config = current->config;
	bool certificate = config->keeper.tls_certificate[0] != '\0';

	if (certificate != (config->keeper.tls_key[0] != '\0'))
		fault_at("keeper", certificate ? "tls_certificate" : "tls_key", "daemon.tls_half",
			"");
	keeper_check("keeper", &config->keeper.listen);
	keeper_check("public", &config->public.listen);
}

static enum status apply_all(void)
{
	for (const struct config_key *key = CONFIG_KEYS; key->name != NULL; key++) {
		enum status st = key_apply(key, &current->keys[key - CONFIG_KEYS], current->config);

		if (st != ST_OK)
			return st;
	}
	if (current->faults->count == 0)
		together_check();
	return current->faults->count == 0 ? listeners_apply() : ST_OK;
}

enum status config_parse(struct span text, const char *name, char *const *environment,
	struct config **out_config, struct config_faults *out_faults)
{
	CLEANUP(config_free)
	struct config *config = calloc(1, sizeof(*config));
	enum status st = ST_NO_MEMORY;

	memset(out_faults, 0, sizeof(*out_faults));
	if (config == NULL)
		return st;
	config->arena = arena_make(4 * MIB);
	current = calloc(1, sizeof(*current));
	if (current != NULL && config->arena != NULL) {
		current->config = config;
		current->faults = out_faults;
		current->name = name;
		st = parse_text(text);
	}
	/* Values are judged only when the whole was read. */
	if (st == ST_OK)
		environment_apply(environment);
	if (st == ST_OK && out_faults->count == 0)
		st = apply_all();
	free(current);
	current = NULL;
	if (st != ST_OK)
		return st;
	if (out_faults->count > 0)
		return ST_INVALID;
	*out_config = config;
	config = NULL;
	return ST_OK;
}

static enum status file_read(const char *path, struct buf *out, struct config_faults *out_faults)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char chunk[4096];
	ssize_t got = -1;

	if (fd >= 0) {
		while ((got = read(fd, chunk, sizeof(chunk))) > 0 && out->len <= CONFIG_FILE_MAX)
			buf_append(out, span_of(chunk, (size_t)got));
		if (got > 0)
			got = 0; /* too long: config_parse says so */
	}
	if (got < 0) {
		complaint_set(&fault_add(out_faults, path, NULL)->what, "daemon.file_unreadable", 1,
			"reason", strerror(errno));
		if (fd >= 0)
			close(fd);
		return ST_INVALID;
	}
	close(fd);
	return ST_OK;
}

enum status config_load(const char *path, char *const *environment, struct config **out_config,
	struct config_faults *out_faults)
{
	CLEANUP(buf_free)
	struct buf text = buf_heap(2 * CONFIG_FILE_MAX);
	enum status st = ST_OK;

	memset(out_faults, 0, sizeof(*out_faults));
	if (path != NULL)
		st = file_read(path, &text, out_faults);
	if (st != ST_OK)
		return st;
	return config_parse(
		buf_span(&text), path == NULL ? "" : path, environment, out_config, out_faults);
}

const char *config_root_key_credential(const struct config *config)
{
	const size_t len = sizeof(CONFIG_CREDENTIAL) - 1;

	return strncmp(config->root_key, CONFIG_CREDENTIAL, len) == 0 ? config->root_key + len
								      : NULL;
}

enum status config_files_check(const struct config *config, struct complaint *complaint)
{
	CLEANUP(http_tls_close)
	struct http_tls *tls = NULL;

	if (config->keeper.tls_certificate[0] == '\0')
		return ST_OK;
	return http_tls_open(
		config->keeper.tls_certificate, config->keeper.tls_key, &tls, complaint);
}

void config_free(struct config **config)
{
	if (*config == NULL)
		return;
	arena_free(&(*config)->arena);
	free(*config);
	*config = NULL;
}

void config_fault_append(struct buf *out, enum lang lang, const struct config_fault *fault)
{
	if (fault->where[0] != '\0')
		buf_printf(out, "%s: ", fault->where);
	if (fault->key[0] != '\0')
		buf_printf(out, "%s: ", fault->key);
	complaint_append(out, lang, &fault->what);
}

static bool same_listens(const struct config_listens *a, const struct config_listens *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->items[i].text, b->items[i].text) == 0;
	return same;
}

bool config_same_listeners(const struct config *a, const struct config *b)
{
	bool same = same_listens(&a->gate.listen, &b->gate.listen) &&
		    same_listens(&a->keeper.listen, &b->keeper.listen) &&
		    same_listens(&a->public.listen, &b->public.listen) &&
		    strcmp(a->gate.socket, b->gate.socket) == 0 &&
		    strcmp(a->keeper.socket, b->keeper.socket) == 0 &&
		    a->gate.listeners_count == b->gate.listeners_count;

	for (size_t i = 0; same && i < a->gate.listeners_count; i++)
		same = same_listens(&a->gate.listeners[i].listen, &b->gate.listeners[i].listen) &&
		       strcmp(a->gate.listeners[i].socket, b->gate.listeners[i].socket) == 0;
	return same;
}
