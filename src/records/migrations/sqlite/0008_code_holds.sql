-- Since when a person's codes let no unknown device in any more, for somebody who knows his password
-- guesses at them; 0: they do.
ALTER TABLE credentials ADD COLUMN codes_held_at_us INTEGER NOT NULL DEFAULT 0;
