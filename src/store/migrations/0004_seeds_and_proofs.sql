-- Version 4: what an attempt's values follow from, and what proving found.

ALTER TABLE attempts ADD COLUMN seed INTEGER NOT NULL DEFAULT 0; -- 0: begun before there were seeds

-- The last proof of each item on each engine.
CREATE TABLE proofs (
    item         TEXT    NOT NULL,
    engine       TEXT    NOT NULL,
    content_hash TEXT    NOT NULL, -- the item's, files included, when it was proved
    image        TEXT,             -- which image, by what is in it; none where the engine uses none
    version      TEXT    NOT NULL, -- the program's
    proved       INTEGER NOT NULL CHECK (proved IN (0, 1)),
    at           INTEGER NOT NULL,
    took_ms      INTEGER NOT NULL,
    peak_bytes   INTEGER,          -- the most memory that one of its sandboxes used, where it is known
    failure      TEXT,             -- the first stage that failed, and why
    PRIMARY KEY (item, engine)
) STRICT, WITHOUT ROWID;
