-- Version 2: the commands of an attempt, as its shells told them.

CREATE TABLE commands (
    attempt     TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number >= 1), -- counts in the attempt, in the order they ended
    text        TEXT    NOT NULL,
    folder      TEXT,                                 -- where it ran, if the shell told
    status      INTEGER,                              -- its exit status, if the shell told
    started_at  INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    PRIMARY KEY (attempt, number)
) STRICT, WITHOUT ROWID;
