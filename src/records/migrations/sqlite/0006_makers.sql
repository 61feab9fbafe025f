-- Who made a one-time link: it is void once he may not handle the key any more. A user or a
-- management token; neither: the operator.
-- void_cause: 0 by what was done to the key, 1 by what became of the maker, 2 by another owner.
ALTER TABLE handovers ADD COLUMN made_by_user INTEGER NOT NULL DEFAULT 0;
ALTER TABLE handovers ADD COLUMN made_by_token INTEGER NOT NULL DEFAULT 0;
ALTER TABLE handovers ADD COLUMN void_cause INTEGER NOT NULL DEFAULT 0
	CHECK (void_cause IN (0, 1, 2));
-- Who made those that wait is not known.
UPDATE handovers SET voided_at_us = expires_at_us WHERE opened_at_us = 0 AND voided_at_us = 0;
CREATE INDEX handovers_waiting ON handovers (made_by_user, made_by_token)
	WHERE opened_at_us = 0 AND voided_at_us = 0;
