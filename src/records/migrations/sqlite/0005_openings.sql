-- How often an enrolment link was opened, and when last: each opening makes another second factor.
-- Of those that were opened before this was noted the time is not known: not before they were made.
ALTER TABLE enrolments ADD COLUMN openings INTEGER NOT NULL DEFAULT 0;
ALTER TABLE enrolments ADD COLUMN opened_at_us INTEGER NOT NULL DEFAULT 0;
UPDATE enrolments SET openings = 1, opened_at_us = created_at_us WHERE totp IS NOT NULL;
