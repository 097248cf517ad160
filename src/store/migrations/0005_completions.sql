-- Version 5: completions wherever they were made, the snapshots of an attempt, commands that can be
-- searched.

-- One for each attempt that was completed, here or by the same learner on another machine.
CREATE TABLE completions (
    id            TEXT    NOT NULL PRIMARY KEY, -- its attempt's, which may be unknown here
    item          TEXT    NOT NULL,
    content_hash  TEXT    NOT NULL,
    engine        TEXT    NOT NULL,
    seed          INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    active_ms     INTEGER NOT NULL CHECK (active_ms >= 0),
    failures      INTEGER NOT NULL,
    hints         INTEGER NOT NULL,
    solution_seen INTEGER NOT NULL CHECK (solution_seen IN (0, 1)),
    checks        TEXT    NOT NULL, -- JSON: the names of those that had passed
    version       TEXT    NOT NULL, -- the program's; empty where it is not known
    here          INTEGER NOT NULL CHECK (here IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX completions_summary ON completions (item, at, active_ms, here);
CREATE INDEX completions_at ON completions (at);

INSERT INTO completions
SELECT id, item, content_hash, engine, seed, started_at, ended_at, active_ms, failures,
    (SELECT count(*) FROM hints WHERE attempt = id), solution_seen_at IS NOT NULL,
    (SELECT json_group_array(name) FROM
        (SELECT name FROM checks WHERE attempt = id AND state = 'passed' ORDER BY position)),
    '', 1
FROM attempts WHERE state = 'completed';

-- Snapshots of an attempt's sandbox: when one was taken, and when the sandbox went back to one.
CREATE TABLE snapshots (
    number  INTEGER NOT NULL PRIMARY KEY,
    attempt TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    name    TEXT    NOT NULL,
    what    TEXT    NOT NULL CHECK (what IN ('taken', 'rewound')),
    at      INTEGER NOT NULL
) STRICT;

CREATE INDEX snapshots_attempt ON snapshots (attempt);

-- The commands as they were, with a number of their own that the index of their words refers to.
ALTER TABLE commands RENAME TO commands_4;
CREATE TABLE commands (
    id          INTEGER NOT NULL PRIMARY KEY,
    attempt     TEXT    NOT NULL REFERENCES attempts (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL CHECK (number >= 1), -- counts in the attempt, in the order they ended
    text        TEXT    NOT NULL,
    folder      TEXT,                                 -- where it ran, if the shell told
    status      INTEGER,                              -- its exit status, if the shell told
    started_at  INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    UNIQUE (attempt, number)
) STRICT;
INSERT INTO commands (attempt, number, text, folder, status, started_at, duration_ms)
    SELECT * FROM commands_4 ORDER BY started_at;
DROP TABLE commands_4;

CREATE VIRTUAL TABLE command_words USING fts5(text, content = 'commands', content_rowid = 'id');
INSERT INTO command_words (command_words) VALUES ('rebuild');

CREATE TRIGGER commands_added AFTER INSERT ON commands BEGIN
    INSERT INTO command_words (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER commands_removed AFTER DELETE ON commands BEGIN
    INSERT INTO command_words (command_words, rowid, text) VALUES ('delete', old.id, old.text);
END;
