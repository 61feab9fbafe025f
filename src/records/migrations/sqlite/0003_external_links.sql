-- Links of keys of other accounts are few and asked for alone; an index of all
-- links by account cost every key its row.

ALTER TABLE links ADD COLUMN is_external INTEGER NOT NULL DEFAULT 0
	CHECK (is_external IN (0, 1));
UPDATE links SET is_external = 1 WHERE account_slot <>
	(SELECT k.account_slot FROM app_keys k WHERE k.slot = links.key_slot);
DROP INDEX links_account;
CREATE INDEX links_external ON links (account_slot, key_slot) WHERE is_external = 1;
