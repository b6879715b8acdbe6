-- Events: their current rows. What supersedes a row moves it into the past.

-- name: current
SELECT id::text, revision, state <> 'draft' AS public, document, actors, sources FROM event
WHERE id = ANY ($1::uuid[]);

-- name: insert
INSERT INTO event (id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends,
                   instant_runs, sequence, planned, positions, actors, sources, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: update
WITH superseded AS (
    INSERT INTO past_event (id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest,
                            instant_ends, instant_runs, planned, positions, actors, sources, sequence, to_sequence)
    SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
           planned, positions, actors, sources, sequence, $11
    FROM event WHERE id = $1
)
UPDATE event SET revision = $2, state = $3, starts = $4, ends = $5, runs = $6, instant_starts = $7,
    instant_starts_latest = $8, instant_ends = $9, instant_runs = $10, sequence = $11, planned = $12,
    positions = $13, actors = $14, sources = $15, document = $16
WHERE id = $1;

-- name: delete
-- $2 is the sequence of the change that takes it away.
WITH superseded AS (
    INSERT INTO past_event (id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest,
                            instant_ends, instant_runs, planned, positions, actors, sources, sequence, to_sequence)
    SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
           planned, positions, actors, sources, sequence, $2
    FROM event WHERE id = $1
)
DELETE FROM event WHERE id = $1;

-- name: related_events
-- Whether any event of any state names another one in a relation.
SELECT coalesce(sum(events), 0) FROM term WHERE state IN ('draft', 'published', 'retracted') AND name = $1;
