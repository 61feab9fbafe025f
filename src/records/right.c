#include "records/right.h"

#include "records/catalog.h"
#include "records/store.h"

static const char *const NAMES[RIGHT_COUNT] = {
	[RIGHT_NONE] = "",
	[RIGHT_KEYS_VIEW] = "keys.view",
	[RIGHT_KEYS_EDIT] = "keys.edit",
	[RIGHT_USERS_VIEW] = "users.view",
	[RIGHT_USERS_EDIT] = "users.edit",
	[RIGHT_PROFILES_VIEW] = "profiles.view",
	[RIGHT_PROFILES_EDIT] = "profiles.edit",
	[RIGHT_CATALOG_VIEW] = "catalog.view",
	[RIGHT_CATALOG_EDIT] = "catalog.edit",
	[RIGHT_EVENTS_VIEW] = "events.view",
	[RIGHT_DIAGNOSE] = "diagnose",
	[RIGHT_SETTINGS] = "settings",
};

/* ---- names ---- */

const char *right_name(enum right right)
{
	return (unsigned)right < RIGHT_COUNT ? NAMES[right] : "";
}

enum right right_of_name(struct span name)
{
	for (unsigned i = RIGHT_NONE + 1; i < RIGHT_COUNT; i++)
		if (span_is(name, NAMES[i]))
			return (enum right)i;
	return RIGHT_NONE;
}

uint32_t rights_with_implied(uint32_t rights)
{
	static const struct {
		enum right has, implies;
	} rows[] = {
		{ RIGHT_KEYS_EDIT, RIGHT_KEYS_VIEW },
		{ RIGHT_USERS_EDIT, RIGHT_USERS_VIEW },
		{ RIGHT_PROFILES_EDIT, RIGHT_PROFILES_VIEW },
		{ RIGHT_CATALOG_EDIT, RIGHT_CATALOG_VIEW },
		{ RIGHT_PROFILES_VIEW, RIGHT_CATALOG_VIEW },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if ((rights & RIGHT_BIT(rows[i].has)) != 0)
			rights |= RIGHT_BIT(rows[i].implies);
	return rights;
}

void rights_append_json(struct buf *out, uint32_t rights)
{
	bool first = true;

	buf_append_char(out, '[');
	for (unsigned i = RIGHT_NONE + 1; i < RIGHT_COUNT; i++) {
		if ((rights & RIGHT_BIT(i)) == 0)
			continue;
		buf_append_str(out, first ? "" : ",");
		buf_append_json(out, span_str(NAMES[i]));
		first = false;
	}
	buf_append_char(out, ']');
}

uint32_t rights_of_text(struct span text)
{
	uint32_t rights = 0;

	while (text.len > 0) {
		size_t end = span_find(text, ' ');
		enum right right = right_of_name(span_part(text, 0, end));

		if (right != RIGHT_NONE)
			rights |= RIGHT_BIT(right);
		text = span_part(text, end + 1, text.len);
	}
	return rights;
}

/* ---- what somebody holds ---- */

/* R1, R3: what of these counts. */
static void holding_settle(struct holding *holding, uint32_t rights)
{
	if (holding->is_owner)
		rights = RIGHTS_ALL;
	if (!holding->manages_installation)
		rights &= ~RIGHT_BIT(RIGHT_CATALOG_EDIT);
	holding->rights = holding->is_active ? rights_with_implied(rights) : 0;
}

/* R2: keys.edit in a profile that does not handle keys is but a name. */
static enum status rights_held(struct db *db, uint32_t user_slot, uint32_t *out_rights)
{
	CLEANUP(db_finish)
	struct db_statement *rows = NULL;
	enum status st = db_query(db,
		"SELECT r.resource_key, MAX(p.handles_keys) FROM user_profiles h"
		" JOIN profiles p ON p.slot = h.profile_slot"
		" JOIN profile_resources i ON i.profile_slot = h.profile_slot"
		" JOIN resources r ON r.slot = i.resource_slot"
		" WHERE h.user_slot = $1 AND r.product = '" RIGHT_PRODUCT "'"
		" GROUP BY r.resource_key",
		&rows, DB_INT(user_slot));

	*out_rights = 0;
	while (st == ST_OK && (st = db_step(rows)) == ST_OK) {
		enum right right = right_of_name(db_bytes(rows, 0));

		if (right != RIGHT_NONE && (right != RIGHT_KEYS_EDIT || db_int(rows, 1) == 1))
			*out_rights |= RIGHT_BIT(right);
	}
	return st == ST_NOT_FOUND ? ST_OK : st;
}

enum status user_holding(struct db *db, uint32_t user_slot, struct holding *out_holding)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	uint32_t rights = 0;
	enum status st = db_query(db,
		"SELECT u.account_slot, u.is_owner, u.state, a.state, a.manages_installation"
		" FROM users u JOIN accounts a ON a.slot = u.account_slot WHERE u.slot = $1",
		&row, DB_INT(user_slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_holding = (struct holding){ .account_slot = (uint32_t)db_int(row, 0),
		.is_owner = db_int(row, 1) == 1,
		.is_active = db_int(row, 2) == USER_ACTIVE && db_int(row, 3) == ACCOUNT_ACTIVE,
		.manages_installation = db_int(row, 4) == 1 };
	if (!out_holding->is_owner)
		st = rights_held(db, user_slot, &rights);
	holding_settle(out_holding, rights);
	return st;
}

enum status token_holding(
	struct db *db, uint32_t token_slot, int64_t now_us, struct holding *out_holding)
{
	CLEANUP(db_finish)
	struct db_statement *row = NULL;
	enum status st = db_query(db,
		"SELECT t.account_slot, t.rights, t.expires_at_us, t.revoked_at_us, a.state,"
		" a.manages_installation, CASE WHEN t.created_by = 0 THEN 1"
		" ELSE (SELECT COUNT(*) FROM users u WHERE u.slot = t.created_by"
		" AND u.is_owner = 1 AND u.state = 1) END FROM management_tokens t"
		" JOIN accounts a ON a.slot = t.account_slot WHERE t.slot = $1",
		&row, DB_INT(token_slot));

	if (st == ST_OK)
		st = db_step(row);
	if (st != ST_OK)
		return st;
	*out_holding = (struct holding){ .account_slot = (uint32_t)db_int(row, 0),
		.is_active = now_us < db_int(row, 2) && db_int(row, 3) == 0 &&
			     db_int(row, 4) == ACCOUNT_ACTIVE && db_int(row, 6) == 1,
		.manages_installation = db_int(row, 5) == 1 };
	holding_settle(out_holding, rights_of_text(db_bytes(row, 1)));
	return ST_OK;
}

enum status snapshot_user_holding(
	struct snapshot *snapshot, uint32_t user_slot, struct holding *out_holding)
{
	return snapshot_note(snapshot, user_holding(snapshot->db, user_slot, out_holding));
}

enum status snapshot_token_holding(
	struct snapshot *snapshot, uint32_t token_slot, int64_t now_us, struct holding *out_holding)
{
	return snapshot_note(
		snapshot, token_holding(snapshot->db, token_slot, now_us, out_holding));
}

/* ---- Llavero's own resources ---- */

static enum status install_missing(struct change *change)
{
	enum status st = ST_OK;

	for (unsigned i = RIGHT_NONE + 1; st == ST_OK && i < RIGHT_COUNT; i++) {
		struct resource_new resource = { .product = SPAN_LIT(RIGHT_PRODUCT),
			.key = span_str(NAMES[i]),
			.category = SPAN_LIT(RIGHT_CATEGORY) };
		uint32_t slot;

		st = resource_create(change, &resource, &slot, NULL);
		if (st == ST_EXISTS)
			st = ST_OK;
	}
	return st;
}

enum status rights_install(struct records *records, int64_t now_us)
{
	static const struct actor SYSTEM = {
		.kind = ACTOR_SYSTEM, .name = { "start", 5 }, .peer_uid = -1
	};
	CLEANUP(change_abort)
	struct change *change = NULL;
	enum status st = change_begin(records, &SYSTEM, now_us, &change);

	if (st == ST_OK)
		st = install_missing(change);
	return st == ST_OK ? change_commit(&change, NULL) : st;
}
