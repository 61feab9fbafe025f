/* Every mistake in a configuration: what is said, and at which line. */
#include "testing.h"

#include "llaverod/config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const NOTHING[] = { NULL };

static struct config *parse_with(
	const char *text, const char *const *environment, struct config_faults *faults)
{
	struct config *config = NULL;
	char *copies[8] = { 0 };
	enum status st;

	for (size_t i = 0; environment[i] != NULL; i++)
		copies[i] = strdup(environment[i]);
	st = config_parse(span_str(text), "f", copies, &config, faults);
	for (size_t i = 0; copies[i] != NULL; i++)
		free(copies[i]);
	assert_int_equal(st == ST_OK, config != NULL);
	assert_int_equal(st == ST_OK, faults->count == 0);
	return config;
}

static void test_defaults(void **state)
{
	struct config_faults faults;
	struct config *config = parse_with("", NOTHING, &faults);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->data_dir, "/var/lib/llavero");
	assert_int_equal(config->gate.listen.count, 1);
	assert_string_equal(config->gate.listen.items[0].text, "127.0.0.1:7480");
	assert_int_equal(config->gate.trusted_count, 2);
	assert_int_equal(config->gate.account.source, ACCOUNT_OF_KEY);
	assert_int_equal(config->public.listen.count, 0);
	assert_int_equal(config->families.count, 3);
	assert_true(config->families.bearer);
	assert_true(config->index.refuse_when_stale);
	assert_true(config->sandbox);
	assert_int_equal(config->limits.nodes, 1);
	assert_int_equal(config->usage.keep_hours, 336);
	assert_int_equal(config->usage.keep_days, 400);
	assert_string_equal(config->keeper.socket, "/run/llavero/keeper.sock");
	config_free(&config);
	assert_null(config);
}

/* Beyond loopback with TLS, or behind a proxy that is named. */
static void test_outside(void **state)
{
	static const char *const texts[] = {
		"keeper { listen = \"0.0.0.0:1\"\n trusted_proxy = {\"10.0.0.0/8\", \"::1\"} }\n",
		"keeper { listen = \"*:1\"\n tls_certificate = \"/c\"\n tls_key = \"/k\" }\n"
		"public { listen = \"192.0.2.1:443\" }\n",
		"keeper { listen = {\"127.1.2.3:1\", \"[::1]:1\"} }\npublic { listen = "
		"\"127.0.0.1:2\" }\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct config_faults faults;
		struct config *config = parse_with(texts[i], NOTHING, &faults);

		CHECK_ROW(texts[i], config != NULL);
		CHECK_ROW(texts[i], config->keeper.proxies_count == (i == 0 ? 2 : 0));
		config_free(&config);
	}
}

static void test_values(void **state)
{
	static const char text[] = "data_dir = \"/d\" # why\n"
				   "gate { listen = {\"[::1]:1\", \"*:65535\"}\n"
				   "  trusted = {}\n account = \"header X-Account\"\n }\n"
				   "gate_listener shop { listen = \"127.0.0.2:9\"\n"
				   "  account = \"fixed shop\" }\n"
				   "index { when_stale = serve\n lease = 5m }\n"
				   "limits { nodes = 1000 }\n"
				   "usage { keep_hours = 8784\n keep_days = 1 }\n"
				   "credentials { pairs = {}\n single = \"X-K\"\n bearer = no }\n";
	struct config_faults faults;
	struct config *config = parse_with(text, NOTHING, &faults);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->data_dir, "/d");
	assert_int_equal(config->gate.listen.count, 2);
	assert_int_equal(config->gate.listen.items[1].address.ss_family, AF_INET6);
	assert_int_equal(config->gate.trusted_count, 0);
	assert_int_equal(config->gate.account.source, ACCOUNT_HEADER);
	assert_true(span_is(config->gate.account.value, "X-Account"));
	assert_int_equal(config->gate.listeners_count, 1);
	assert_int_equal(config->gate.listeners[0].account.source, ACCOUNT_FIXED);
	assert_true(span_is(config->gate.listeners[0].account.value, "shop"));
	assert_false(config->index.refuse_when_stale);
	assert_int_equal(config->index.lease_us, 300 * 1000000LL);
	assert_int_equal(config->limits.nodes, 1000);
	assert_int_equal(config->usage.keep_hours, 8784);
	assert_int_equal(config->usage.keep_days, 1);
	assert_int_equal(config->families.count, 1);
	assert_false(config->families.bearer);
	config_free(&config);
}

static const struct {
	const char *label, *text, *where, *key, *complaint;
} MISTAKES[] = {
	{ "unknown key", "nonsense = \"/x\"\n", "f:1", "", "daemon.key_unknown" },
	{ "one that is near", "dta_dir = \"/x\"\n", "f:1", "", "daemon.key_unknown_near" },
	{ "behind comments", "# a\n// b\n/* c\n */\nx = y\n", "f:5", "", "daemon.key_unknown" },
	{ "unknown in a section", "gate {\n\n  nonsense = x\n}\n", "f:3", "",
		"daemon.key_unknown_in" },
	{ "near in a section", "gate {\n\n  lissten = x\n}\n", "f:3", "",
		"daemon.key_unknown_near" },
	{ "unknown section", "\nothers { }\n", "f:2", "", "daemon.key_unknown" },
	{ "a # inside quotes is none", "realm = \"a#b\"\nx = y\n", "f:2", "",
		"daemon.key_unknown" },
	{ "section not closed", "gate {\n listen = \"127.0.0.1:1\"\n", "f:2", "",
		"daemon.section_unclosed" },
	{ "quote not closed", "realm = \"x\n", "f:1", "", "daemon.syntax" },
	{ "section as a value", "gate = 3\n", "f:1", "", "daemon.syntax" },
	{ "repeated", "realm = a\nrealm = b\n", "f:2", "realm", "daemon.key_repeated" },
	{ "repeated list", "gate {\n listen = \"1.1.1.1:1\"\n listen = \"1.1.1.1:2\"\n}\n", "f:3",
		"gate.listen", "daemon.key_repeated" },
	{ "repeated in two sections", "log { level = info }\nlog { level = warn }\n", "f:2",
		"log.level", "daemon.key_repeated" },
	{ "empty data_dir", "data_dir = \"\"\n", "f:1", "data_dir", "daemon.value_empty" },
	{ "relative data_dir", "data_dir = x\n", "f:1", "data_dir", "daemon.path_relative" },
	{ "url without scheme", "public_url = keys\n", "f:1", "public_url", "daemon.url_invalid" },
	{ "url with slash", "public_url = \"https://a/\"\n", "f:1", "public_url",
		"daemon.url_invalid" },
	{ "url with quote", "console_url = 'https://a\"b'\n", "f:1", "console_url",
		"daemon.url_invalid" },
	{ "realm with quote", "realm = 'a\"b'\n", "f:1", "realm", "daemon.realm_invalid" },
	{ "prefix upper case", "app_key_prefix = Key\n", "f:1", "app_key_prefix",
		"daemon.prefix_invalid" },
	{ "bool", "sandbox = maybe\n", "f:1", "sandbox", "daemon.bool_invalid" },
	{ "level", "log { level = loud }\n", "f:1", "log.level", "daemon.log_level_invalid" },
	{ "no port", "gate { listen = \"127.0.0.1\" }\n", "f:1", "gate.listen",
		"daemon.address_invalid" },
	{ "port 0", "gate { listen = \"127.0.0.1:0\" }\n", "f:1", "gate.listen",
		"daemon.address_invalid" },
	{ "port 65536", "gate { listen = \"127.0.0.1:65536\" }\n", "f:1", "gate.listen",
		"daemon.address_invalid" },
	{ "a name", "gate { listen = \"localhost:1\" }\n", "f:1", "gate.listen",
		"daemon.address_invalid" },
	{ "IPv6 without brackets", "gate { listen = \"::1:80\" }\n", "f:1", "gate.listen",
		"daemon.address_invalid" },
	{ "host bits", "gate { trusted = \"10.0.0.1/8\" }\n", "f:1", "gate.trusted",
		"daemon.range_invalid" },
	{ "account word", "gate { account = shop }\n", "f:1", "gate.account",
		"daemon.account_invalid" },
	{ "account name", "gate { account = \"fixed Shop\" }\n", "f:1", "gate.account",
		"daemon.account_invalid" },
	{ "account from an answer's header", "gate { account = \"header X-Llavero-Account\" }\n",
		"f:1", "gate.account", "daemon.account_invalid" },
	{ "account from a client's header", "gate { account = \"header Authorization\" }\n", "f:1",
		"gate.account", "daemon.account_invalid" },
	{ "processes", "gate { processes = 257 }\n", "f:1", "gate.processes",
		"daemon.number_invalid" },
	{ "number with sign", "gate { connections = \"+1\" }\n", "f:1", "gate.connections",
		"daemon.number_invalid" },
	{ "workers", "keeper { workers = 0 }\n", "f:1", "keeper.workers", "daemon.number_invalid" },
	{ "keeper outside", "keeper { listen = \"0.0.0.0:7481\" }\n", "f:1", "keeper.listen",
		"daemon.keeper_not_loopback" },
	{ "keeper without socket", "keeper { socket = \"\" }\n", "f:1", "keeper.socket",
		"daemon.value_empty" },
	{ "one keeper of two outside",
		"\nkeeper { listen = {\"127.0.0.1:1\", \"[2001:db8::1]:1\"} }\n", "f:2",
		"keeper.listen", "daemon.keeper_not_loopback" },
	{ "public pages outside", "public { listen = \"*:80\" }\n", "f:1", "public.listen",
		"daemon.keeper_not_loopback" },
	{ "certificate without key", "keeper { tls_certificate = \"/c\" }\n", "f:1",
		"keeper.tls_certificate", "daemon.tls_half" },
	{ "key without certificate", "keeper { tls_key = \"/k\" }\n", "f:1", "keeper.tls_key",
		"daemon.tls_half" },
	{ "certificate at a relative path", "keeper { tls_certificate = c\n tls_key = \"/k\" }\n",
		"f:1", "keeper.tls_certificate", "daemon.path_relative" },
	{ "proxy", "keeper { trusted_proxy = \"10.0.0.1/8\" }\n", "f:1", "keeper.trusted_proxy",
		"daemon.range_invalid" },
	{ "records elsewhere", "records { url = \"mysql:x\" }\n", "f:1", "records.url",
		"daemon.records_url_invalid" },
	{ "records at a relative path", "records { url = \"sqlite:records.db\" }\n", "f:1",
		"records.url", "daemon.records_url_invalid" },
	{ "records nowhere", "records { url = \"sqlite:\" }\n", "f:1", "records.url",
		"daemon.records_url_invalid" },
	{ "records in PostgreSQL", "records { url = \"postgresql://u@h/llavero\" }\n", "f:1",
		"records.url", "daemon.records_url_postgresql" },
	{ "no hours kept", "usage { keep_hours = 0 }\n", "f:1", "usage.keep_hours",
		"daemon.number_invalid" },
	{ "too many days kept", "usage { keep_days = 3661 }\n", "f:1", "usage.keep_days",
		"daemon.number_invalid" },
	{ "when_stale", "index { when_stale = ignore }\n", "f:1", "index.when_stale",
		"daemon.when_stale_invalid" },
	{ "lease", "index { lease = 60 }\n", "f:1", "index.lease", "daemon.duration_invalid" },
	{ "pair of one", "credentials { pairs = \"X-A\" }\n", "f:1", "credentials.pairs",
		"daemon.pair_invalid" },
	{ "pair of the same", "credentials { pairs = \"X-A x-a\" }\n", "f:1", "credentials.pairs",
		"daemon.pair_invalid" },
	{ "header twice", "credentials { single = {\"X-B\", \"x-b\"} }\n", "f:1",
		"credentials.single", "daemon.family_repeated" },
	{ "header of a dialect", "credentials { single = \"X-Original-URI\" }\n", "f:1",
		"credentials.single", "daemon.single_invalid" },
	{ "repeated, then empty", "gate { trusted = \"::1\"\n trusted = {} }\n", "f:1",
		"gate.trusted", "daemon.key_repeated" },
	{ "listener without a place", "\ngate_listener a { account = host }\n", "f:2", "",
		"daemon.listener_nowhere" },
	{ "listener without a key", "gate_listener a { }\n", "f", "", "daemon.listener_nowhere" },
	{ "underscore", "credentials { single = \"X_K\" }\n", "f:1", "credentials.single",
		"daemon.single_invalid" },
};

static void test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(MISTAKES); i++) {
		struct config_faults faults;
		struct config *config = parse_with(MISTAKES[i].text, NOTHING, &faults);
		const struct config_fault *fault = &faults.items[0];

		CHECK_ROW(MISTAKES[i].label, config == NULL && faults.count >= 1);
		if (strcmp(fault->what.key, MISTAKES[i].complaint) != 0 ||
			strcmp(fault->where, MISTAKES[i].where) != 0 ||
			strcmp(fault->key, MISTAKES[i].key) != 0)
			fail_msg("%s: %s at %s in '%s'", MISTAKES[i].label, fault->what.key,
				fault->where, fault->key);
		for (int lang = 0; lang < LANG_COUNT; lang++)
			CHECK_ROW(MISTAKES[i].label,
				message_text((enum lang)lang, fault->what.key) != NULL);
	}
}

static void test_all_mistakes_at_once(void **state)
{
	struct config_faults faults;

	(void)state;
	assert_null(parse_with(
		"realm = \"\"\nlog { level = x }\nkeeper { workers = x }\n", NOTHING, &faults));
	assert_int_equal(faults.count, 3);
	assert_string_equal(faults.items[2].where, "f:3");
}

static void test_variables(void **state)
{
	static const char *const good[] = { "LLAVERO_DATA_DIR=/v",
		"LLAVERO_GATE_LISTEN=127.0.0.1:1, 127.0.0.1:2",
		"LLAVERO_KEEPER_LISTEN=", "LLAVERO_SOCKET=/not/ours", NULL };
	static const char *const unknown[] = { "LLAVERO_GATE_LISSTEN=x", NULL };
	static const char *const wrong[] = { "LLAVERO_KEEPER_WORKERS=many", NULL };
	struct config_faults faults;
	struct config *config = parse_with("data_dir = /f\n", good, &faults);

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->data_dir, "/v");
	assert_int_equal(config->gate.listen.count, 2);
	assert_int_equal(config->keeper.listen.count, 0);
	config_free(&config);
	assert_null(parse_with("", unknown, &faults));
	assert_string_equal(faults.items[0].where, "LLAVERO_GATE_LISSTEN");
	assert_string_equal(faults.items[0].what.key, "daemon.variable_unknown_near");
	assert_null(parse_with("", wrong, &faults));
	assert_string_equal(faults.items[0].where, "LLAVERO_KEEPER_WORKERS");
}

static void test_limits(void **state)
{
	static const char nine[] = "gate { socket = \"\" }\n"
				   "gate_listener a { listen = {\"1.1.1.1:1\",\"1.1.1.1:2\"} }\n"
				   "gate_listener b { listen = {\"1.1.1.1:3\",\"1.1.1.1:4\"} }\n"
				   "gate_listener c { listen = {\"1.1.1.1:5\",\"1.1.1.1:6\"} }\n";
	char text[400];
	struct config_faults faults;
	struct config *config = parse_with(nine, NOTHING, &faults);

	(void)state;
	assert_non_null(config); /* 1 + 6 */
	config_free(&config);
	snprintf(text, sizeof(text),
		"%sgate_listener d { listen = {\"1.1.1.1:7\",\"1.1.1.1:8\"} }\n", nine);
	assert_null(parse_with(text, NOTHING, &faults));
	assert_string_equal(faults.items[0].what.key, "daemon.listeners_many");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_all_mistakes_at_once),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
