/*
 * An installation as the library finds it: an index that is made from a world
 * (../index/world.h), a ledger and a sealing key, in a folder of their own. The
 * index is written by child processes, as the keeper is one of its own.
 */
#ifndef TESTS_UNIT_LIB_INSTALLATION_H
#define TESTS_UNIT_LIB_INSTALLATION_H

#include "index/world.h"
#include "llavero.h"

#define INSTALLATION_KEYS 60u

struct installation {
	char dir[64];
	char index_dir[80], ledger_dir[80], sealing_key[96];
	struct world world;
};

/* Everything is there, and confirmed now. */
void installation_make(struct installation *made);
void installation_remove(struct installation *made);

/* A child process does it to the index; its world goes with it. */
void installation_in_child(struct installation *made, void (*run)(struct installation *made));
/* For those: the index built anew, one revision later. */
void installation_rebuild(struct installation *made);

/* All of the installation. */
struct llv_setup installation_setup(const struct installation *made);
struct llv *installation_open(const struct llv_setup *setup);

/* A GET by that key with its token, with the text that the request points to. */
struct question {
	char app_key[64], token[64], target[32];
	struct llv_header headers[2];
	struct llv_request request;
};
void question_make(unsigned key, unsigned token, unsigned route, struct question *out_question);

/* Some question that the tables allow, of a key with no limits; and the same of one with limits. */
void question_allowed(const struct installation *made, bool limited, struct question *out_question);

struct llv_span text_of(const char *text);
bool text_is(struct llv_span text, const char *expected);
/* The value of the decision's header; ptr NULL: it has none. */
struct llv_span header_of(const struct llv_decision *decision, const char *name);

#endif
