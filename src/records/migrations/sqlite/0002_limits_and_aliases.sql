-- limits: as base/allowance.h writes them, e.g. 100/second quota:10000/day; NULL is none.
-- aliases: further names of a resource, one a line.

ALTER TABLE app_keys ADD COLUMN limits TEXT;
ALTER TABLE resources ADD COLUMN aliases TEXT NOT NULL DEFAULT '';
