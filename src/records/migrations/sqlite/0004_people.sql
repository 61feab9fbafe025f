-- People: what they hold, how they prove who they are, and what they hand on.
-- Of every secret only a digest stands here; totp is sealed with the root key.

ALTER TABLE accounts ADD COLUMN manages_installation INTEGER NOT NULL DEFAULT 0
	CHECK (manages_installation IN (0, 1));
UPDATE accounts SET manages_installation = 1 WHERE slot = (SELECT MIN(slot) FROM accounts);

-- handles_keys: whoever holds it may change keys, if keys.edit is in it too.
ALTER TABLE profiles ADD COLUMN handles_keys INTEGER NOT NULL DEFAULT 0
	CHECK (handles_keys IN (0, 1));

INSERT INTO counters (name, last) VALUES ('session', 0), ('management_token', 0);

CREATE TABLE user_profiles (
	user_slot INTEGER NOT NULL REFERENCES users (slot),
	profile_slot INTEGER NOT NULL REFERENCES profiles (slot),
	PRIMARY KEY (user_slot, profile_slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_profiles_profile ON user_profiles (profile_slot, user_slot);

-- password: argon2id's own text. totp_last_step: that and all before it are used up.
CREATE TABLE credentials (
	user_slot INTEGER PRIMARY KEY REFERENCES users (slot),
	password TEXT NOT NULL,
	totp BLOB NOT NULL,
	totp_last_step INTEGER NOT NULL,
	created_at_us INTEGER NOT NULL,
	changed_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
	user_slot INTEGER NOT NULL REFERENCES users (slot),
	digest BLOB NOT NULL CHECK (LENGTH(digest) = 32),
	used_at_us INTEGER NOT NULL,
	PRIMARY KEY (user_slot, digest)
) STRICT, WITHOUT ROWID;

-- totp: NULL until the link was opened.
CREATE TABLE enrolments (
	digest BLOB PRIMARY KEY CHECK (LENGTH(digest) = 32),
	user_slot INTEGER NOT NULL REFERENCES users (slot),
	totp BLOB,
	created_at_us INTEGER NOT NULL,
	expires_at_us INTEGER NOT NULL,
	used_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolments_user ON enrolments (user_slot);

-- kind: 1 browser, 2 command line.
CREATE TABLE sessions (
	slot INTEGER PRIMARY KEY,
	digest BLOB NOT NULL UNIQUE CHECK (LENGTH(digest) = 32),
	user_slot INTEGER NOT NULL REFERENCES users (slot),
	kind INTEGER NOT NULL CHECK (kind IN (1, 2)),
	created_at_us INTEGER NOT NULL,
	seen_at_us INTEGER NOT NULL,
	second_factor_at_us INTEGER NOT NULL,
	expires_at_us INTEGER NOT NULL,
	address TEXT,
	agent TEXT
) STRICT;
CREATE INDEX sessions_user ON sessions (user_slot, slot);
CREATE INDEX sessions_expires ON sessions (expires_at_us);

-- rights: names, a space between them. addresses: as of app_keys.
CREATE TABLE management_tokens (
	slot INTEGER PRIMARY KEY,
	account_slot INTEGER NOT NULL REFERENCES accounts (slot),
	label TEXT NOT NULL,
	digest BLOB NOT NULL UNIQUE CHECK (LENGTH(digest) = 32),
	rights TEXT NOT NULL,
	addresses TEXT NOT NULL,
	created_by INTEGER NOT NULL,
	created_at_us INTEGER NOT NULL,
	expires_at_us INTEGER NOT NULL,
	revoked_at_us INTEGER NOT NULL,
	used_at_us INTEGER NOT NULL,
	version INTEGER NOT NULL
) STRICT;
CREATE INDEX management_tokens_account ON management_tokens (account_slot, slot);

-- One-time links: the token is made when one is opened.
CREATE TABLE handovers (
	digest BLOB PRIMARY KEY CHECK (LENGTH(digest) = 32),
	key_slot INTEGER NOT NULL REFERENCES app_keys (slot),
	is_rotation INTEGER NOT NULL CHECK (is_rotation IN (0, 1)),
	overlap_us INTEGER NOT NULL,
	created_at_us INTEGER NOT NULL,
	expires_at_us INTEGER NOT NULL,
	opened_at_us INTEGER NOT NULL,
	voided_at_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX handovers_key ON handovers (key_slot, created_at_us);

CREATE TABLE owner_invitations (
	account_slot INTEGER PRIMARY KEY REFERENCES accounts (slot),
	user_slot INTEGER NOT NULL REFERENCES users (slot),
	created_at_us INTEGER NOT NULL,
	expires_at_us INTEGER NOT NULL
) STRICT;
