/* A real installation in a directory of its own, and short forms of common changes. */
#ifndef TESTS_RECORDS_FIXTURE_H
#define TESTS_RECORDS_FIXTURE_H

#include "testing.h"

#include "base/arena.h"
#include "base/clock.h"
#include "records/account.h"
#include "records/app_key.h"
#include "records/backup.h"
#include "records/catalog.h"
#include "records/db.h"
#include "records/event.h"
#include "records/high_water.h"
#include "records/idempotency.h"
#include "records/profile.h"
#include "records/root_key.h"
#include "records/verify.h"

#define NOW INT64_C(1790000000000000)
#define ASSERT_OK(st) assert_string_equal(status_name(st), "ok")
#define ASSERT_ST(expected, st) assert_string_equal(status_name(st), status_name(expected))

struct fixture {
	char dir[64];
	char url[128];
	char db_path[96];
	struct root_key *root_key;
	struct records *records;
	struct arena *arena; /* for what a test reads */
	struct complaint complaint;
	const struct db_driver *driver; /* NULL: the plain one */
	struct actor actor;             /* who makes the changes below; the operator at first */
	int64_t now_us;
	uint32_t acme, other; /* accounts, once made by fixture_accounts */
};

/* cmocka's setup and teardown: *state is a struct fixture, opened. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

enum status fixture_open(struct fixture *f, const struct actor *accept_restored);
/* Close and open again. */
void fixture_reopen(struct fixture *f);
/* Put a backup in the place of the database, which is closed; f->complaint says why not. */
enum status fixture_restore(struct fixture *f, const char *path);
/* "{dir}/{name}" in the arena. */
const char *fixture_path(struct fixture *f, const char *name);

/* Two accounts: "acme" and "other". */
void fixture_accounts(struct fixture *f);

/* Begin as f->actor at f->now_us; must succeed. */
struct change *begin(struct fixture *f);
/* Commit; must succeed. */
struct head commit(struct change **change);
/* End a change after a call: commit when st is ST_OK, otherwise abort. Returns st. */
enum status end(struct change **change, enum status st);

/* A digest that is this number's. */
const uint8_t *digest_of(unsigned number);

/* Each in a change of its own; must succeed. */
uint32_t make_resource(struct fixture *f, const char *product, const char *key);
uint32_t make_profile(
	struct fixture *f, uint32_t account, const char *name, const uint32_t *slots, size_t count);
uint32_t make_key(struct fixture *f, uint32_t account, const char *app_key, unsigned digest);
uint32_t make_service(struct fixture *f, const char *name);
uint32_t make_user(struct fixture *f, uint32_t account, const char *email);

/* The record as it is now, in f->arena. */
struct record_key read_key(struct fixture *f, uint32_t slot);
struct record_user read_user(struct fixture *f, uint32_t slot);
/* Of acme. */
uint32_t owner_of(struct fixture *f);

/* The text of the last event, and of one that is that many before it. */
struct span last_event(struct fixture *f, int64_t before);
bool span_contains(struct span text, const char *part);

/* The whole chain checks, with or without closing; says what fault otherwise. */
void assert_chain(struct fixture *f);
struct verify_result verify_file(
	struct fixture *f, const char *path, const struct checkpoint *checkpoint);

/* Back to before the fourth migration, and the third, but for the version. */
#define WITHOUT_PEOPLE                                                                             \
	"DROP TABLE usage_hours; DROP TABLE usage_days; DROP TABLE key_uses;"                      \
	"DROP TABLE token_uses; DROP TABLE token_clients; DROP TABLE resource_uses;"               \
	"DROP TABLE usage_drain;"                                                                  \
	"DROP TABLE user_profiles; DROP TABLE credentials; DROP TABLE recovery_codes;"             \
	"DROP TABLE enrolments; DROP TABLE sessions; DROP TABLE management_tokens;"                \
	"DROP TABLE handovers; DROP TABLE owner_invitations;"                                      \
	"DELETE FROM counters WHERE name IN ('session', 'management_token');"                      \
	"ALTER TABLE profiles DROP COLUMN handles_keys;"                                           \
	"ALTER TABLE accounts DROP COLUMN manages_installation;"
#define WITHOUT_EXTERNAL_LINKS                                                                     \
	WITHOUT_PEOPLE                                                                             \
	"DROP INDEX links_external; ALTER TABLE links DROP COLUMN is_external;"                    \
	"CREATE INDEX links_account ON links (account_slot, key_slot);"

/* Run SQL on a database file behind the back of the records. */
void meddle(const char *path, const char *sql);

#endif
