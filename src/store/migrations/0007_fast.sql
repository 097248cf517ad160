-- Version 7: what the summaries of a million things read, so that they never touch the rows themselves.

DROP INDEX completions_summary;
CREATE INDEX completions_story
    ON completions (item, at, active_ms, here, hints, failures, solution_seen);

-- What was given up after a verification that did not pass.
CREATE INDEX attempts_given_up ON attempts (item, ended_at, failures, solution_seen_at, state)
    WHERE state = 'abandoned' AND failures > 0;
