/*
 * What a description (Markdown) states about the permissions of its operation. Cautious: a
 * sentence counts only when all of it is understood; one with a condition does not.
 */
#ifndef CATALOG_STATEMENT_H
#define CATALOG_STATEMENT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/status.h"

enum statement_kind {
	STATEMENT_NONE = 0,          /* nothing */
	STATEMENT_ROWS,              /* a table of resources: any one row does */
	STATEMENT_ALL_ROWS,          /* a table whose text asks for all of its rows */
	STATEMENT_NO_PERMISSION,     /* no permission is needed */
	STATEMENT_NO_AUTHENTICATION, /* not even a credential is */
	STATEMENT_ASK_PROVIDER,      /* somebody else knows */
	STATEMENT_UNREADABLE,        /* something about permissions that is not understood */
	STATEMENT_CONTRADICTION
};

struct statement_row {
	struct span product, category, resource; /* without Markdown; in the arena */
	struct span key;                         /* absent unless the table has such a column */
};

struct statement {
	enum statement_kind kind;
	struct statement_row rows[LIMIT_RESOURCES_PER_ROUTE];
	size_t rows_count;
	struct span detail; /* what was not understood; in the arena */
};

/* ST_NO_MEMORY is the only failure. */
NODISCARD enum status statement_read(
	struct span description, struct arena *arena, struct statement *out);

/* ---- its parts, for tests ---- */

enum sentence {
	SENTENCE_OTHER = 0,
	SENTENCE_NO_PERMISSION,
	SENTENCE_NO_AUTHENTICATION,
	SENTENCE_NEEDS_AUTHENTICATION,
	SENTENCE_NEEDS_PERMISSION,
	SENTENCE_UNSURE /* says that something is not needed, under a condition or of some kind */
};

/* sentence: plain text in lower case with single spaces. */
enum sentence sentence_classify(struct span sentence);

/* Append text without links' targets, emphasis, code marks and HTML tags, spaces joined. */
void markdown_plain(struct buf *out, struct span text, bool lower);

#endif
