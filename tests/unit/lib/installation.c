#include "installation.h"

#include "testing.h"

#include "base/clock.h"
#include "base/key_file.h"
#include "index/writer.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST(st)                                                                                   \
	do {                                                                                       \
		if ((st) != ST_OK)                                                                 \
			abort();                                                                   \
	} while (0)

void installation_rebuild(struct installation *made)
{
	CLEANUP(index_writer_close)
	struct index_writer *writer = NULL;

	MUST(index_writer_create(made->index_dir, &writer));
	world_build(&made->world, writer);
	MUST(index_writer_publish(writer));
	index_writer_confirm(writer, clock_boot_us());
}

void installation_in_child(struct installation *made, void (*run)(struct installation *made))
{
	int status = 0;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		run(made);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void installation_make(struct installation *made)
{
	struct key_file_secret key = { .id = "00000000000000a1" };
	enum ledger_found found;

	temporary_dir(made->dir);
	(void)snprintf(made->index_dir, sizeof(made->index_dir), "%s/index", made->dir);
	(void)snprintf(made->ledger_dir, sizeof(made->ledger_dir), "%s/ledger", made->dir);
	(void)snprintf(made->sealing_key, sizeof(made->sealing_key), "%s/sealing.key", made->dir);
	if (mkdir(made->index_dir, 0700) != 0 || mkdir(made->ledger_dir, 0700) != 0)
		abort();
	memset(key.key, 7, sizeof(key.key));
	MUST(key_file_create(made->sealing_key, "sealing", 0600, &key));
	MUST(ledger_prepare(made->ledger_dir, 1, &found));
	world_make(&made->world, 3, INSTALLATION_KEYS);
	installation_in_child(made, installation_rebuild);
	made->world.revision++;
}

void installation_remove(struct installation *made)
{
	world_free(&made->world);
	remove_dir(made->dir);
}

struct llv_setup installation_setup(const struct installation *made)
{
	return (struct llv_setup){
		.size = sizeof(struct llv_setup),
		.index_dir = made->index_dir,
		.ledger_dir = made->ledger_dir,
		.sealing_key = made->sealing_key,
		.lease_us = 3600 * US_PER_S,
	};
}

struct llv *installation_open(const struct llv_setup *setup)
{
	struct llv *llv = NULL;

	assert_string_equal(llv_status_name(llv_open(setup, &llv)), "ok");
	assert_non_null(llv);
	return llv;
}

void question_make(unsigned key, unsigned token, unsigned route, struct question *out_question)
{
	struct buf app_key = BUF_ARRAY(out_question->app_key);
	struct buf secret = BUF_ARRAY(out_question->token);
	struct buf target = BUF_ARRAY(out_question->target);
	struct span text = world_app_key(key, &app_key);

	buf_printf(&target, "/r/%u", route);
	out_question->headers[0] =
		(struct llv_header){ text_of("x-app-key"), { text.ptr, text.len } };
	text = world_token(key, token, &secret);
	out_question->headers[1] =
		(struct llv_header){ text_of("X-App-Token"), { text.ptr, text.len } };
	out_question->request = (struct llv_request){
		.size = sizeof(struct llv_request),
		.method = text_of("GET"),
		.target = text_of(out_question->target),
		.headers = out_question->headers,
		.headers_count = 2,
		.now_us = WORLD_NOW_US,
	};
}

void question_allowed(const struct installation *made, bool limited, struct question *out_question)
{
	for (unsigned key = 0; key < made->world.keys_count; key++) {
		if ((made->world.keys[key].limits != 0) != limited)
			continue;
		for (unsigned i = 0; i < WORLD_TOKENS * WORLD_ROUTES; i++) {
			if (!world_allows(&made->world, key, i / WORLD_ROUTES, i % WORLD_ROUTES))
				continue;
			question_make(key, i / WORLD_ROUTES, i % WORLD_ROUTES, out_question);
			return;
		}
	}
	fail_msg("nobody may do anything");
}

struct llv_span text_of(const char *text)
{
	return (struct llv_span){ text, strlen(text) };
}

bool text_is(struct llv_span text, const char *expected)
{
	return span_is(span_of(text.ptr, text.len), expected);
}

struct llv_span header_of(const struct llv_decision *decision, const char *name)
{
	for (size_t i = 0; i < decision->headers_count; i++) {
		if (text_is(decision->headers[i].name, name))
			return decision->headers[i].value;
	}
	return (struct llv_span){ NULL, 0 };
}
