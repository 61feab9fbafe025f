-- Who made an enrolment link, and the one by which a person enrolled: he saw it, and could have used it. 0: the owner or
-- the operator. Of those from before it is not known.
ALTER TABLE enrolments ADD COLUMN made_by INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credentials ADD COLUMN linked_by INTEGER NOT NULL DEFAULT 0;
