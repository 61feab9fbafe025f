#include "llaverod/config_keys.h"

#include "base/clock.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

static const char *keep(struct config *config, struct span text)
{
	return arena_copy(config->arena, text);
}

static enum status wrong(struct complaint *complaint, const char *key, struct span value)
{
	char memory[COMPLAINT_VALUE_MAX];
	struct buf text = BUF_ARRAY(memory);

	buf_append(&text, span_part(value, 0, sizeof(memory) - 1));
	complaint_set(complaint, key, 1, "value", buf_str(&text));
	return ST_INVALID;
}

static enum status set_text(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	const char **text = field;

	(void)values_count, (void)complaint;
	*text = keep(config, values[0]);
	return *text == NULL ? ST_NO_MEMORY : ST_OK;
}

static enum status set_path(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	if (values[0].len > 0 && values[0].ptr[0] != '/')
		return wrong(complaint, "daemon.path_relative", values[0]);
	return set_text(config, field, values, values_count, complaint);
}

static enum status set_dir(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	if (values[0].len == 0)
		return wrong(complaint, "daemon.value_empty", values[0]);
	return set_path(config, field, values, values_count, complaint);
}

static enum status set_socket(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	if (values[0].len >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return wrong(complaint, "daemon.path_long", values[0]);
	return set_path(config, field, values, values_count, complaint);
}

static enum status set_keeper_socket(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	if (values[0].len == 0)
		return wrong(complaint, "daemon.value_empty", values[0]);
	return set_socket(config, field, values, values_count, complaint);
}

/* "http://host/..." without a query, a fragment or a final slash; "" is none. */
static enum status set_url(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	struct span url = values[0];
	bool known = span_starts_with(url, SPAN_LIT("https://")) ||
		     span_starts_with(url, SPAN_LIT("http://"));

	if (url.len > 0 && (!known || url.len > 200 || url.ptr[url.len - 1] == '/' ||
				   span_find(url, '?') < url.len || span_find(url, '#') < url.len))
		return wrong(complaint, "daemon.url_invalid", url);
	for (size_t i = 0; i < url.len; i++) {
		if ((uint8_t)url.ptr[i] <= 0x20 || (uint8_t)url.ptr[i] >= 0x7F || url.ptr[i] == '"')
			return wrong(complaint, "daemon.url_invalid", url);
	}
	return set_text(config, field, values, values_count, complaint);
}

/* It stands inside quotes in WWW-Authenticate. */
static enum status set_realm(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	for (size_t i = 0; i < values[0].len; i++) {
		char c = values[0].ptr[i];

		if (c < 0x20 || c > 0x7E || c == '"' || c == '\\')
			return wrong(complaint, "daemon.realm_invalid", values[0]);
	}
	if (values[0].len == 0 || values[0].len > LIMIT_NAME)
		return wrong(complaint, "daemon.realm_invalid", values[0]);
	return set_text(config, field, values, values_count, complaint);
}

/* A name as systemd takes it, and no way out of its folder. */
static bool credential_named(struct span name)
{
	bool good = name.len > 0 && name.len <= 100 && name.ptr[0] != '.';

	for (size_t i = 0; good && i < name.len; i++) {
		char c = name.ptr[i];

		good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		       c == '.' || c == '-' || c == '_';
	}
	return good;
}

static enum status set_root_key(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	const struct span prefix = SPAN_LIT(CONFIG_CREDENTIAL);

	if (!span_starts_with(values[0], prefix))
		return set_path(config, field, values, values_count, complaint);
	if (!credential_named(span_part(values[0], prefix.len, values[0].len)))
		return wrong(complaint, "daemon.credential_name", values[0]);
	return set_text(config, field, values, values_count, complaint);
}

static enum status set_prefix(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	bool good = values[0].len >= 2 && values[0].len <= 20;

	for (size_t i = 0; good && i < values[0].len; i++) {
		char c = values[0].ptr[i];

		good = (c >= 'a' && c <= 'z') || (i > 0 && c >= '0' && c <= '9');
	}
	if (!good)
		return wrong(complaint, "daemon.prefix_invalid", values[0]);
	return set_text(config, field, values, values_count, complaint);
}

static enum status set_bool(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	bool *value = field;

	(void)config, (void)values_count;
	if (span_is(values[0], "true") || span_is(values[0], "yes") || span_is(values[0], "on"))
		*value = true;
	else if (span_is(values[0], "false") || span_is(values[0], "no") ||
		 span_is(values[0], "off"))
		*value = false;
	else
		return wrong(complaint, "daemon.bool_invalid", values[0]);
	return ST_OK;
}

static enum status number(struct span value, uint64_t least, uint64_t most, unsigned *out_value,
	struct complaint *complaint)
{
	char low[24], high[24];
	struct buf low_text = BUF_ARRAY(low), high_text = BUF_ARRAY(high);
	uint64_t parsed;

	if (span_to_u64(value, &parsed) && parsed >= least && parsed <= most) {
		*out_value = (unsigned)parsed;
		return ST_OK;
	}
	buf_append_u64(&low_text, least);
	buf_append_u64(&high_text, most);
	complaint_set(complaint, "daemon.number_invalid", 2, "least", low, "most", high);
	return ST_INVALID;
}

static enum status set_processes(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)config, (void)values_count;
	return number(values[0], 0, CONFIG_PROCESSES_MAX, field, complaint);
}

static enum status set_workers(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)config, (void)values_count;
	return number(values[0], 1, 64, field, complaint);
}

static enum status set_nodes(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)config, (void)values_count;
	return number(values[0], 1, LIMIT_NODES, field, complaint);
}

/* A year of hours and ten years of days, at most. */
static enum status set_keep_hours(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)config, (void)values_count;
	return number(values[0], 1, 8784, field, complaint);
}

static enum status set_keep_days(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)config, (void)values_count;
	return number(values[0], 1, 3660, field, complaint);
}

static enum status set_connections(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)config, (void)values_count;
	return number(values[0], 1, 100000, field, complaint);
}

static enum status set_lease(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	int64_t *lease_us = field;

	(void)config, (void)values_count;
	if (clock_parse_duration(values[0], lease_us) != ST_OK || *lease_us < US_PER_S)
		return wrong(complaint, "daemon.duration_invalid", values[0]);
	return ST_OK;
}

static enum status set_when_stale(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	bool *refuse = field;

	(void)config, (void)values_count;
	*refuse = !span_is(values[0], "serve");
	if (*refuse && !span_is(values[0], "refuse"))
		return wrong(complaint, "daemon.when_stale_invalid", values[0]);
	return ST_OK;
}

static enum status set_log_level(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	enum log_level *level = field;

	(void)config, (void)values_count;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (span_is(values[0], names[i])) {
			*level = (enum log_level)i;
			return ST_OK;
		}
	}
	return wrong(complaint, "daemon.log_level_invalid", values[0]);
}

static enum status set_records_url(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	struct span url = values[0];

	/* Its value is not repeated: such an address may hold a password. */
	if (span_starts_with(url, SPAN_LIT("postgresql:")) ||
		span_starts_with(url, SPAN_LIT("postgres:")))
		return wrong(complaint, "daemon.records_url_postgresql", SPAN_LIT(""));
	if (url.len > 0 && !span_starts_with(url, SPAN_LIT("sqlite:/")))
		return wrong(complaint, "daemon.records_url_invalid", SPAN_LIT(""));
	return set_text(config, field, values, values_count, complaint);
}

/* ADDRESS:PORT, [ADDRESS]:PORT or *:PORT */
static bool parse_address(struct span text, struct config_listen *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	char host[INET6_ADDRSTRLEN];
	size_t colon = text.len;
	uint64_t port;
	struct span name;

	while (colon > 0 && text.ptr[colon - 1] != ':')
		colon--;
	if (colon < 2 || !span_to_u64(span_part(text, colon, text.len), &port) || port == 0 ||
		port > 65535)
		return false;
	name = span_part(text, 0, colon - 1);
	if (name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
		name = span_part(name, 1, name.len - 2);
	else if (span_is(name, "*"))
		name = SPAN_LIT("::");
	else if (span_find(name, ':') < name.len)
		return false;
	if (name.len >= sizeof(host))
		return false;
	memcpy(host, name.ptr, name.len);
	host[name.len] = '\0';
	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		memcpy(&out->address, &v4, sizeof(v4));
		out->address_len = sizeof(v4);
		return true;
	}
	memcpy(&out->address, &v6, sizeof(v6));
	out->address_len = sizeof(v6);
	return inet_pton(AF_INET6, host, &((struct sockaddr_in6 *)&out->address)->sin6_addr) == 1;
}

static enum status set_listen(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	struct config_listens *listens = field;

	listens->count = 0;
	for (size_t i = 0; i < values_count; i++) {
		struct config_listen *listen = &listens->items[listens->count];

		if (listens->count == CONFIG_LISTENS_MAX) {
			complaint_set(complaint, "daemon.listens_many", 0);
			return ST_INVALID;
		}
		if (!parse_address(values[i], listen))
			return wrong(complaint, "daemon.address_invalid", values[i]);
		listen->text = keep(config, values[i]);
		if (listen->text == NULL)
			return ST_NO_MEMORY;
		listens->count++;
	}
	return ST_OK;
}

bool config_is_loopback(const struct config_listen *listen)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&listen->address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&listen->address;

	if (listen->address.ss_family == AF_INET)
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	return memcmp(&v6->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback)) == 0;
}

static enum status set_ranges(const struct span *values, size_t values_count,
	struct address_range *out_ranges, size_t ranges_max, size_t *out_count,
	struct complaint *complaint)
{
	*out_count = 0;
	for (size_t i = 0; i < values_count; i++) {
		if (*out_count == ranges_max) {
			complaint_set(complaint, "daemon.trusted_many", 0);
			return ST_INVALID;
		}
		if (address_range_parse(values[i], &out_ranges[*out_count]) != ST_OK)
			return wrong(complaint, "daemon.range_invalid", values[i]);
		(*out_count)++;
	}
	return ST_OK;
}

static enum status set_trusted(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)field;
	return set_ranges(values, values_count, config->gate.trusted, GATE_TRUSTED_MAX,
		&config->gate.trusted_count, complaint);
}

static enum status set_proxies(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)field;
	return set_ranges(values, values_count, config->keeper.proxies, KEEPER_PROXIES_MAX,
		&config->keeper.proxies_count, complaint);
}

/* A token of RFC 9110, as header names are. */
static bool header_name(struct span name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		bool alnum =
			(c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (!alnum && c != '-')
			return false;
	}
	return name.len > 0 && name.len <= 64;
}

/* Names that carry something else already. */
static bool header_taken(struct span name)
{
	static const char *const taken[] = { "Host", "Authorization", "Cookie", "Connection",
		"Content-Length", "Content-Type", "Transfer-Encoding", "Accept-Language",
		"X-Original-Method", "X-Original-URI", "X-Original-Host", "X-Original-Address",
		"X-Forwarded-Method", "X-Forwarded-Uri", "X-Forwarded-Host", "X-Real-IP" };

	for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
		if (span_equal_nocase(name, span_str(taken[i])))
			return true;
	}
	return span_equal_nocase(span_part(name, 0, 10), SPAN_LIT("X-Llavero-"));
}

/* "", "fixed NAME", "header NAME" or "host" */
static enum status set_account(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	struct gate_account *account = field;
	struct span text = values[0];
	size_t space = span_find(text, ' ');
	struct span word = span_part(text, 0, space);
	struct span name = span_part(text, space + 1, text.len);

	(void)values_count;
	*account = (struct gate_account){ .source = ACCOUNT_OF_KEY };
	if (text.len == 0)
		return ST_OK;
	if (span_is(text, "host")) {
		account->source = ACCOUNT_HOST;
		return ST_OK;
	}
	if (span_is(word, "fixed") && account_name_ok(name))
		account->source = ACCOUNT_FIXED;
	else if (span_is(word, "header") && header_name(name) && !header_taken(name))
		account->source = ACCOUNT_HEADER;
	else
		return wrong(complaint, "daemon.account_invalid", text);
	account->value = span_str(keep(config, name));
	return account->value.ptr == NULL ? ST_NO_MEMORY : ST_OK;
}

/* One header for the pair's key and one for its token, or one for the token alone. */
static enum status family_add(
	struct config *config, struct span key, struct span token, struct complaint *complaint)
{
	struct families *families = &config->families;
	struct family *family = &families->items[families->count];

	if (families->count == FAMILIES_MAX) {
		complaint_set(complaint, "daemon.families_many", 0);
		return ST_INVALID;
	}
	for (size_t i = 0; i < families->count; i++) {
		struct family *other = &families->items[i];

		if (span_equal_nocase(other->token_header, token) ||
			span_equal_nocase(other->key_header, token) ||
			(span_present(key) && (span_equal_nocase(other->token_header, key) ||
						      span_equal_nocase(other->key_header, key))))
			return wrong(complaint, "daemon.family_repeated", token);
	}
	*family = (struct family){ .token_header = span_str(keep(config, token)) };
	if (span_present(key))
		family->key_header = span_str(keep(config, key));
	families->count++;
	return ST_OK;
}

static enum status set_pairs(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)field;
	for (size_t i = 0; i < values_count; i++) {
		size_t space = span_find(values[i], ' ');
		struct span key = span_part(values[i], 0, space);
		struct span token = span_part(values[i], space + 1, values[i].len);
		enum status st;

		if (!header_name(key) || !header_name(token) || header_taken(key) ||
			header_taken(token) || span_equal_nocase(key, token))
			return wrong(complaint, "daemon.pair_invalid", values[i]);
		st = family_add(config, key, token, complaint);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

static enum status set_singles(struct config *config, void *field, const struct span *values,
	size_t values_count, struct complaint *complaint)
{
	(void)field;
	for (size_t i = 0; i < values_count; i++) {
		enum status st;

		if (!header_name(values[i]) || header_taken(values[i]))
			return wrong(complaint, "daemon.single_invalid", values[i]);
		st = family_add(config, SPAN_ABSENT, values[i], complaint);
		if (st != ST_OK)
			return st;
	}
	return ST_OK;
}

#define AT(member) offsetof(struct config, member)

const struct config_key CONFIG_KEYS[] = {
	{ "", "data_dir", false, "/var/lib/llavero", AT(data_dir), set_dir },
	{ "", "root_key", false, "", AT(root_key), set_root_key },
	{ "", "user", false, "", AT(user), set_text },
	{ "", "group", false, "", AT(group), set_text },
	{ "", "public_url", false, "", AT(public_url), set_url },
	{ "", "console_url", false, "", AT(console_url), set_url },
	{ "", "realm", false, "llavero", AT(realm), set_realm },
	{ "", "app_key_prefix", false, "appkey", AT(app_key_prefix), set_prefix },
	{ "", "sandbox", false, "true", AT(sandbox), set_bool },
	{ "log", "level", false, "info", AT(log_level), set_log_level },
	{ "gate", "listen", true, "127.0.0.1:7480", AT(gate.listen), set_listen },
	{ "gate", "socket", false, "/run/llavero/gate.sock", AT(gate.socket), set_socket },
	{ "gate", "socket_group", false, "", AT(gate.socket_group), set_text },
	{ "gate", "account", false, "", AT(gate.account), set_account },
	{ "gate", "trusted", true, "127.0.0.0/8, ::1/128", AT(gate.trusted), set_trusted },
	{ "gate", "processes", false, "0", AT(gate.processes), set_processes },
	{ "gate", "connections", false, "1024", AT(gate.connections), set_connections },
	{ "keeper", "listen", true, "127.0.0.1:7481", AT(keeper.listen), set_listen },
	{ "keeper", "socket", false, "/run/llavero/keeper.sock", AT(keeper.socket),
		set_keeper_socket },
	{ "keeper", "tls_certificate", false, "", AT(keeper.tls_certificate), set_path },
	{ "keeper", "tls_key", false, "", AT(keeper.tls_key), set_path },
	{ "keeper", "trusted_proxy", true, "", AT(keeper.proxies), set_proxies },
	{ "keeper", "workers", false, "8", AT(keeper.workers), set_workers },
	{ "public", "listen", true, "", AT(public.listen), set_listen },
	{ "records", "url", false, "", AT(records.url), set_records_url },
	{ "index", "when_stale", false, "refuse", AT(index.refuse_when_stale), set_when_stale },
	{ "index", "lease", false, "60s", AT(index.lease_us), set_lease },
	{ "limits", "nodes", false, "1", AT(limits.nodes), set_nodes },
	{ "usage", "keep_hours", false, "336", AT(usage.keep_hours), set_keep_hours },
	{ "usage", "keep_days", false, "400", AT(usage.keep_days), set_keep_days },
	{ "credentials", "pairs", true,
		"X-VTEX-API-AppKey X-VTEX-API-AppToken, X-App-Key X-App-Token", AT(families),
		set_pairs },
	{ "credentials", "single", true, "X-API-Key", AT(families), set_singles },
	{ "credentials", "bearer", false, "true", AT(families.bearer), set_bool },
	{ .name = NULL },
};

#undef AT
#define AT(member) offsetof(struct config_gate_listener, member)

const struct config_key CONFIG_GATE_LISTENER_KEYS[] = {
	{ "gate_listener", "listen", true, "", AT(listen), set_listen },
	{ "gate_listener", "socket", false, "", AT(socket), set_socket },
	{ "gate_listener", "account", false, "", AT(account), set_account },
	{ .name = NULL },
};
