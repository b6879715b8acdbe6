-- The terms that events are found by. Written only while the head is held.

-- name: count
-- Changes the counts of terms by $3 and gives their ids; new terms are added.
WITH wanted AS (
    SELECT unnest($2::text[]) COLLATE "C" AS name
), counted AS (
    UPDATE term SET events = term.events + $3::int8 FROM wanted
    WHERE term.state = $1 AND term.name = wanted.name RETURNING term.id
), added AS (
    INSERT INTO term (state, name, events)
    SELECT $1, wanted.name, $3 FROM wanted
    WHERE NOT EXISTS (SELECT FROM term WHERE term.state = $1 AND term.name = wanted.name)
    RETURNING id
)
SELECT id FROM counted UNION ALL SELECT id FROM added;

-- name: add
INSERT INTO event_term (event_id, term, span, gaps, starts, ends)
SELECT $1, term, $3, $4, $5, $6 FROM unnest($2::int4[]) AS term;

-- name: remove
DELETE FROM event_term WHERE term = ANY ($1::int4[]) AND starts = $2 AND event_id = $3;

-- name: find
SELECT id, name, events FROM term WHERE state = ANY ($1::text[]) AND name = ANY ($2::text[]) AND events > 0;
