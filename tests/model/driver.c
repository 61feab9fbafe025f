/*
 * Decide in process what tests/model asks for.
 *
 * Standard input, a line each: an object is a world (world.h) and replaces the
 * one before; an array is a request against it (requests.mjs writes them). For
 * each request one line comes back, at the latest after an empty line, a JSON array:
 *
 *   [allowed, cause, public cause, failed step, trace, needed resources,
 *    proven, key, asked account, previous token, profile, resource]
 *
 * `driver --app-keys PREFIX ACCOUNT COUNT` writes appKeys, one a line.
 */
#include "model/world.h"

#include <stdio.h>
#include <stdlib.h>

#define REQUEST_SIZE (256 * KIB)

enum field {
	FIELD_FORM,
	FIELD_KEY,
	FIELD_TOKEN,
	FIELD_REPEATED,
	FIELD_METHOD,
	FIELD_TARGET,
	FIELD_HOST,
	FIELD_MALFORMED,
	FIELD_PREFLIGHT,
	FIELD_ADDRESS,
	FIELD_SOURCE,
	FIELD_ACCOUNT,
	FIELD_NOW,
	FIELD_LIMITS,
	FIELDS_COUNT
};

struct driver {
	struct digest_context *digests;
	struct world *world;
	struct decide_scratch scratch;
	struct allowance_state limits;
	unsigned limits_asked; /* how often the decision asked */
};

static struct allowance_state limits_now(
	void *context, uint32_t key_slot, const struct allowance *limits, int64_t now_us)
{
	struct driver *driver = context;
	driver->limits_asked++;
	return driver->limits;
}

/* What requests.mjs says of the limits: -1 that nobody counts them. */
static struct allowance_state limits_of(json_int_t said)
{
	static const struct allowance_state states[] = {
		{ .outcome = ALLOWANCE_UNKNOWN },
		{ .outcome = ALLOWANCE_LEFT },
		{ .outcome = ALLOWANCE_USED_UP, .window = RATE_DAY, .wait_us = 7 },
		{ .outcome = ALLOWANCE_USED_UP, .window = QUOTA_DAY, .wait_us = 7 },
	};
	return states[said & 3];
}

static bool is_true(const json_t *request, enum field field)
{
	return json_is_true(json_array_get(request, field));
}

static json_int_t number(const json_t *request, enum field field)
{
	return json_integer_value(json_array_get(request, field));
}

static struct decide_input input_of(struct arena *arena, const json_t *request)
{
	struct decide_input input = {
		.credential = { .form = (enum presented_form)number(request, FIELD_FORM),
			.app_key = bytes_of(arena, json_array_get(request, FIELD_KEY)),
			.app_token = bytes_of(arena, json_array_get(request, FIELD_TOKEN)),
			.repeated = is_true(request, FIELD_REPEATED) },
		.method = bytes_of(arena, json_array_get(request, FIELD_METHOD)),
		.target = bytes_of(arena, json_array_get(request, FIELD_TARGET)),
		.host = bytes_of(arena, json_array_get(request, FIELD_HOST)),
		.malformed = is_true(request, FIELD_MALFORMED),
		.cors_preflight = is_true(request, FIELD_PREFLIGHT),
		.account_source = (enum account_source)number(request, FIELD_SOURCE),
		.account = bytes_of(arena, json_array_get(request, FIELD_ACCOUNT)),
		.now_us = number(request, FIELD_NOW),
	};
	struct span address = bytes_of(arena, json_array_get(request, FIELD_ADDRESS));
	if (span_present(address) && address_parse(address, &input.client) != ST_OK)
		abort();
	return input;
}

static void write_decision(const struct driver *driver, const struct decision *d)
{
	printf("[%d,\"%s\",\"%s\",%d,\"", d->verdict == VERDICT_ALLOW, cause_name(d->cause),
		cause_name(d->public_cause), (int)d->failed_step);
	for (size_t i = 0; i < STEP_COUNT; i++)
		putchar('0' + d->trace[i]);
	fputs("\",[", stdout);
	for (size_t i = 0; i < d->route.resources_count; i++)
		printf("%s%u", i == 0 ? "" : ",", route_match_resource(&d->route, i));
	printf("],%d,%u,%u,%d,%u,%u,%u]\n", d->proven, d->key, d->asked_account, d->previous_token,
		d->profile, d->resource, driver->limits_asked);
}

static void decide_one(struct driver *driver, const json_t *request)
{
	struct arena *arena = arena_make(REQUEST_SIZE);
	if (arena == NULL || driver->world == NULL || json_array_size(request) != FIELDS_COUNT)
		abort();
	struct limits_source source = { driver, limits_now };
	struct decide_input input = input_of(arena, request);
	json_int_t limits = number(request, FIELD_LIMITS);
	if (limits >= 0) {
		driver->limits = limits_of(limits);
		input.limits = &source;
	}
	driver->limits_asked = 0;
	struct decision decision;
	decide(world_view(driver->world), &input, &driver->scratch, &decision);
	write_decision(driver, &decision);
	arena_free(&arena);
}

static void take_line(struct driver *driver, const char *line, size_t len)
{
	if (len <= 1) { /* an empty line ends a batch: its answers are waited for */
		fflush(stdout);
		return;
	}
	json_error_t error;
	json_t *value = json_loadb(line, len, JSON_ALLOW_NUL, &error);
	if (value == NULL) {
		fprintf(stderr, "driver: %s: %.200s\n", error.text, line);
		exit(2);
	}
	if (json_is_array(value)) {
		decide_one(driver, value);
	} else {
		world_free(&driver->world);
		driver->world = world_make(value, driver->digests);
		if (driver->world == NULL)
			exit(2);
		driver->scratch.app_key_prefix = world_prefix(driver->world);
	}
	json_decref(value);
}

static int write_app_keys(char **argv)
{
	unsigned long count = strtoul(argv[4], NULL, 10);
	for (unsigned long i = 0; i < count; i++) {
		char text[LIMIT_APP_KEY + 1];
		struct buf out = BUF_ARRAY(text);
		uint32_t mixed = (uint32_t)i * 2654435761u;
		uint8_t random[APP_KEY_RANDOM_SIZE];
		memcpy(random, &mixed, sizeof(random));
		if (app_key_make(span_str(argv[2]), span_str(argv[3]), random, &out) != ST_OK)
			return 2;
		puts(buf_str(&out));
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--app-keys") == 0)
		return write_app_keys(argv);
	if (crypto_init() != ST_OK)
		return 2;
	struct driver driver = { .digests = digest_context_make() };
	if (driver.digests == NULL)
		return 2;
	driver.scratch.digests = driver.digests;
	char *line = NULL;
	size_t capacity = 0;
	ssize_t len;
	while ((len = getline(&line, &capacity, stdin)) > 0)
		take_line(&driver, line, (size_t)len);
	free(line);
	world_free(&driver.world);
	digest_context_free(&driver.digests);
	return 0;
}
