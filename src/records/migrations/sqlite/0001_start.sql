-- The first schema. Slots are compact ids from counters and never used again;
-- version counts a record's changes; times are microseconds, 0 is never.
-- A CHECK of three values is a BETWEEN: for IN SQLite builds a tree at each row.

CREATE TABLE installation (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	installation_id BLOB NOT NULL,
	root_key_id TEXT NOT NULL,
	event_public_key BLOB NOT NULL,
	created_at_us INTEGER NOT NULL,
	version INTEGER NOT NULL
) STRICT;

CREATE TABLE head (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	epoch INTEGER NOT NULL,
	revision INTEGER NOT NULL,
	hash BLOB NOT NULL
) STRICT;

CREATE TABLE counters (
	name TEXT PRIMARY KEY,
	last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counters (name, last) VALUES
	('account', 0), ('user', 0), ('profile', 0), ('resource', 0),
	('service', 0), ('route', 0), ('key', 0);

CREATE TABLE accounts (
	slot INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	display_name TEXT NOT NULL,
	state INTEGER NOT NULL CHECK (state IN (1, 2)),
	created_at_us INTEGER NOT NULL,
	version INTEGER NOT NULL
) STRICT;

CREATE TABLE account_hosts (
	host TEXT PRIMARY KEY,
	account_slot INTEGER NOT NULL REFERENCES accounts (slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_hosts_account ON account_hosts (account_slot, host);

-- email_key: the address in lower case, what is unique. Both NULL once erased.
CREATE TABLE users (
	slot INTEGER PRIMARY KEY,
	account_slot INTEGER NOT NULL REFERENCES accounts (slot),
	email TEXT,
	email_key TEXT,
	name TEXT,
	is_owner INTEGER NOT NULL CHECK (is_owner IN (0, 1)),
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
	created_at_us INTEGER NOT NULL,
	version INTEGER NOT NULL,
	UNIQUE (account_slot, email_key)
) STRICT;
CREATE UNIQUE INDEX users_owner ON users (account_slot) WHERE is_owner = 1;

CREATE TABLE resources (
	slot INTEGER PRIMARY KEY,
	product TEXT NOT NULL,
	category TEXT NOT NULL,
	resource_key TEXT NOT NULL,
	name TEXT NOT NULL,
	version INTEGER NOT NULL,
	UNIQUE (product, resource_key)
) STRICT;

-- account_slot 0: predefined, of the catalogue.
CREATE TABLE profiles (
	slot INTEGER PRIMARY KEY,
	account_slot INTEGER NOT NULL,
	name TEXT NOT NULL,
	created_at_us INTEGER NOT NULL,
	version INTEGER NOT NULL,
	UNIQUE (account_slot, name)
) STRICT;

CREATE TABLE profile_resources (
	profile_slot INTEGER NOT NULL REFERENCES profiles (slot),
	resource_slot INTEGER NOT NULL REFERENCES resources (slot),
	PRIMARY KEY (profile_slot, resource_slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_resources_resource ON profile_resources (resource_slot);

CREATE TABLE services (
	slot INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	base_path TEXT NOT NULL,
	unmapped INTEGER NOT NULL CHECK (unmapped IN (1, 2)),
	preflight INTEGER NOT NULL CHECK (preflight IN (1, 2)),
	semicolon INTEGER NOT NULL CHECK (semicolon IN (1, 2)),
	case_insensitive INTEGER NOT NULL CHECK (case_insensitive IN (0, 1)),
	version INTEGER NOT NULL
) STRICT;

CREATE TABLE service_hosts (
	service_slot INTEGER NOT NULL REFERENCES services (slot),
	host TEXT NOT NULL,
	PRIMARY KEY (service_slot, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE routes (
	slot INTEGER PRIMARY KEY,
	service_slot INTEGER NOT NULL REFERENCES services (slot),
	method TEXT NOT NULL,
	path TEXT NOT NULL,
	needs INTEGER NOT NULL CHECK (needs BETWEEN 1 AND 3),
	sources TEXT NOT NULL,
	version INTEGER NOT NULL,
	UNIQUE (service_slot, method, path)
) STRICT;

CREATE TABLE route_resources (
	route_slot INTEGER NOT NULL REFERENCES routes (slot),
	resource_slot INTEGER NOT NULL REFERENCES resources (slot),
	PRIMARY KEY (route_slot, resource_slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX route_resources_resource ON route_resources (resource_slot);

-- addresses: canonical networks, a space between them.
CREATE TABLE app_keys (
	slot INTEGER PRIMARY KEY,
	app_key TEXT NOT NULL UNIQUE,
	account_slot INTEGER NOT NULL REFERENCES accounts (slot),
	state INTEGER NOT NULL CHECK (state BETWEEN 1 AND 3),
	reason INTEGER NOT NULL,
	created_at_us INTEGER NOT NULL,
	expires_at_us INTEGER NOT NULL,
	revoked_at_us INTEGER NOT NULL,
	rotation_open INTEGER NOT NULL CHECK (rotation_open IN (0, 1)),
	rotation_ends_at_us INTEGER NOT NULL,
	label TEXT NOT NULL,
	external_id TEXT,
	metadata TEXT,
	addresses TEXT,
	version INTEGER NOT NULL
) STRICT;
CREATE INDEX app_keys_account ON app_keys (account_slot, slot);
CREATE INDEX app_keys_external_id ON app_keys (account_slot, external_id)
	WHERE external_id IS NOT NULL;
CREATE INDEX app_keys_rotation ON app_keys (rotation_ends_at_us) WHERE rotation_ends_at_us > 0;

-- Only digests, live and retired. kind: 1 current, 2 previous, 3 retired.
CREATE TABLE tokens (
	key_slot INTEGER NOT NULL REFERENCES app_keys (slot),
	digest BLOB NOT NULL CHECK (LENGTH(digest) = 32),
	kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),
	cause INTEGER NOT NULL,
	created_at_us INTEGER NOT NULL,
	retired_at_us INTEGER NOT NULL,
	retired_by TEXT,
	PRIMARY KEY (key_slot, digest)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tokens_digest ON tokens (digest);
-- At most one current and one previous token.
CREATE UNIQUE INDEX tokens_previous ON tokens (key_slot) WHERE kind = 2;

-- account_slot is the profile's.
CREATE TABLE links (
	key_slot INTEGER NOT NULL REFERENCES app_keys (slot),
	profile_slot INTEGER NOT NULL REFERENCES profiles (slot),
	account_slot INTEGER NOT NULL REFERENCES accounts (slot),
	PRIMARY KEY (key_slot, profile_slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_profile ON links (profile_slot, key_slot);
CREATE INDEX links_account ON links (account_slot, key_slot);

-- text is what was hashed; the other columns repeat what queries need of it.
CREATE TABLE events (
	revision INTEGER PRIMARY KEY,
	epoch INTEGER NOT NULL,
	time_us INTEGER NOT NULL,
	account_slot INTEGER NOT NULL,
	actor TEXT NOT NULL,
	action TEXT NOT NULL,
	entity_kind INTEGER NOT NULL,
	entity_slot INTEGER NOT NULL,
	entity_last_slot INTEGER NOT NULL,
	text TEXT NOT NULL,
	hash BLOB NOT NULL,
	signature BLOB
) STRICT;
CREATE INDEX events_account ON events (account_slot, revision);
CREATE INDEX events_entity ON events (entity_kind, entity_slot, revision);

CREATE TABLE idempotency_keys (
	actor TEXT NOT NULL,
	account_slot INTEGER NOT NULL,
	idempotency_key TEXT NOT NULL,
	request_digest BLOB NOT NULL,
	answer TEXT NOT NULL,
	created_at_us INTEGER NOT NULL,
	PRIMARY KEY (actor, account_slot, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at_us);
