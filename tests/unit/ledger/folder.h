/* A ledger in a folder of its own, for the tests. */
#ifndef TESTS_LEDGER_FOLDER_H
#define TESTS_LEDGER_FOLDER_H

#include "testing.h"

#include "ledger/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LEDGER_BYTES ((long)region_at(REGIONS_END))

static char folder_dir[64];

static const char *folder_file(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder_dir, name);
	return path;
}

static int folder_make(void **state)
{
	(void)state;
	snprintf(folder_dir, sizeof(folder_dir), "/tmp/llavero-ledger-XXXXXX");
	return mkdtemp(folder_dir) == NULL ? -1 : 0;
}

static int folder_remove(void **state)
{
	(void)state;
	(void)unlink(folder_file(LEDGER_FILE));
	(void)unlink(folder_file(LEDGER_FILE ".new"));
	return rmdir(folder_dir);
}

static struct ledger *folder_ledger(enum ledger_found expected)
{
	struct ledger *ledger = NULL;
	enum ledger_found found;

	assert_int_equal(ledger_prepare(folder_dir, 1, &found), ST_OK);
	assert_int_equal(found, expected);
	assert_int_equal(ledger_open(folder_dir, &ledger), ST_OK);
	return ledger;
}

#endif
