-- Version 3: incidents, as their director writes them.

CREATE TABLE incidents (
    attempt    TEXT    NOT NULL PRIMARY KEY REFERENCES attempts (id) ON DELETE CASCADE,
    life       TEXT    NOT NULL, -- JSON: all that has happened so far
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What learners asked for. Numbers grow and are never used again.
CREATE TABLE incident_orders (
    number  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    attempt TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    what    TEXT    NOT NULL -- JSON
) STRICT;

CREATE INDEX incident_orders_attempt ON incident_orders (attempt, number);

-- What was measured, for the graphs that outlive the machines.
CREATE TABLE incident_values (
    attempt TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    numbers TEXT    NOT NULL, -- JSON: by name
    PRIMARY KEY (attempt, at)
) STRICT, WITHOUT ROWID;
