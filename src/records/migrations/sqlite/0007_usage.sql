-- How keys were used, as the ledger counted it. No events: these rows follow what happens at the
-- gates and change nothing. hour, day: whole ones since 1970. key_slot 0: of no key of ours.
-- cause: '' for what was allowed, else the owner's cause.

CREATE TABLE usage_hours (
	account_slot INTEGER NOT NULL,
	hour INTEGER NOT NULL,
	key_slot INTEGER NOT NULL,
	route_slot INTEGER NOT NULL,
	resource_slot INTEGER NOT NULL,
	cause TEXT NOT NULL,
	uses INTEGER NOT NULL,
	PRIMARY KEY (account_slot, hour, key_slot, route_slot, resource_slot, cause)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_hours_key ON usage_hours (key_slot, hour);
CREATE INDEX usage_hours_hour ON usage_hours (hour);

CREATE TABLE usage_days (
	account_slot INTEGER NOT NULL,
	day INTEGER NOT NULL,
	key_slot INTEGER NOT NULL,
	route_slot INTEGER NOT NULL,
	resource_slot INTEGER NOT NULL,
	cause TEXT NOT NULL,
	uses INTEGER NOT NULL,
	PRIMARY KEY (account_slot, day, key_slot, route_slot, resource_slot, cause)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_days_key ON usage_days (key_slot, day);
CREATE INDEX usage_days_day ON usage_days (day);

-- When it was allowed last. token: digest of the one that it was used with, if that is known.
CREATE TABLE key_uses (
	key_slot INTEGER PRIMARY KEY,
	used_at_us INTEGER NOT NULL,
	address TEXT,
	gateway TEXT,
	token BLOB
) STRICT;

-- The same of each token, and of retired ones when they were sent last.
CREATE TABLE token_uses (
	key_slot INTEGER NOT NULL,
	digest BLOB NOT NULL,
	used_at_us INTEGER NOT NULL,
	address TEXT,
	gateway TEXT,
	PRIMARY KEY (key_slot, digest)
) STRICT, WITHOUT ROWID;

-- Who sends a token, by address. uses: of retired ones, otherwise 0.
CREATE TABLE token_clients (
	key_slot INTEGER NOT NULL,
	digest BLOB NOT NULL,
	address TEXT NOT NULL,
	used_at_us INTEGER NOT NULL,
	uses INTEGER NOT NULL,
	PRIMARY KEY (key_slot, digest, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_clients_used ON token_clients (used_at_us);

CREATE TABLE resource_uses (
	account_slot INTEGER NOT NULL,
	resource_slot INTEGER NOT NULL,
	used_on INTEGER NOT NULL,
	PRIMARY KEY (account_slot, resource_slot)
) STRICT, WITHOUT ROWID;

-- The batch of the ledger that was added last: a number of its own choice. Before since_us nobody
-- counted: what was used then is not known.
CREATE TABLE usage_drain (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	batch INTEGER NOT NULL,
	drained_at_us INTEGER NOT NULL,
	since_us INTEGER NOT NULL
) STRICT;
INSERT INTO usage_drain (id, batch, drained_at_us, since_us)
	VALUES (1, 0, 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000000);
