-- Version 1: attempts at items, what was checked and shown in them, and when somebody practised.
--
-- Times are milliseconds since 1970 in UTC (`*_at`, `since`), lengths are milliseconds (`*_ms`).

CREATE TABLE attempts (
    id               TEXT    NOT NULL PRIMARY KEY, -- UUIDv7: sorts by the time it was begun
    item             TEXT    NOT NULL,
    content_hash     TEXT    NOT NULL,             -- the item's when the attempt was begun
    engine           TEXT    NOT NULL,
    sandbox          TEXT,
    state            TEXT    NOT NULL CHECK (state IN ('active', 'completed', 'abandoned')),
    started_at       INTEGER NOT NULL,
    last_at          INTEGER NOT NULL,             -- the last thing the learner did in it
    ended_at         INTEGER,
    active_ms        INTEGER NOT NULL DEFAULT 0 CHECK (active_ms >= 0),
    failures         INTEGER NOT NULL DEFAULT 0,   -- verifications asked for that did not pass
    solution_seen_at INTEGER,
    CHECK ((state = 'active') = (ended_at IS NULL))
) STRICT, WITHOUT ROWID;

-- An item has one active attempt, whichever program began it.
CREATE UNIQUE INDEX attempts_active ON attempts (item) WHERE state = 'active';
-- All that the summary of each item reads, so that it never touches the rows themselves.
CREATE INDEX attempts_summary ON attempts (item, state, active_ms, last_at);
CREATE INDEX attempts_last ON attempts (last_at);

-- How each check of an attempt stands.
CREATE TABLE checks (
    attempt         TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    position        INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('passed', 'failed', 'error', 'skipped')),
    since           INTEGER NOT NULL,           -- when it came into this state
    first_passed_at INTEGER,
    failures        INTEGER NOT NULL DEFAULT 0, -- verifications asked for in which it failed
    PRIMARY KEY (attempt, name)
) STRICT, WITHOUT ROWID;

-- Each time a check came into another state.
CREATE TABLE check_changes (
    number  INTEGER NOT NULL PRIMARY KEY,
    attempt TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    name    TEXT    NOT NULL,
    state   TEXT    NOT NULL CHECK (state IN ('passed', 'failed', 'error', 'skipped')),
    at      INTEGER NOT NULL
) STRICT;

CREATE INDEX check_changes_attempt ON check_changes (attempt, name);

CREATE TABLE hints (
    attempt  TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    hint     INTEGER NOT NULL CHECK (hint >= 0), -- its index in the item
    shown_at INTEGER NOT NULL,
    PRIMARY KEY (attempt, hint)
) STRICT, WITHOUT ROWID;

-- When somebody practised, by the quarter of an hour: every time zone's days begin at one.
CREATE TABLE activity (
    quarter_hour INTEGER NOT NULL PRIMARY KEY, -- since 1970 in UTC
    active_ms    INTEGER NOT NULL
) STRICT;

-- What the screens remember: a key and JSON text.
CREATE TABLE memories (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
