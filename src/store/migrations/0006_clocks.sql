-- Version 6: time at the keys is counted once, however many programs count it.

CREATE TABLE clocks (
    attempt  TEXT    NOT NULL PRIMARY KEY REFERENCES attempts (id) ON DELETE CASCADE,
    until_ms INTEGER NOT NULL -- up to where it is counted, on the machine's clock, which nobody sets
) STRICT, WITHOUT ROWID;
