-- The terms that events are found by. Written only while the head is held.

-- name: count
-- Changes the counts of terms ($1 states, $2 names) by $3, and of what is past under them by $4; gives their ids. New
-- terms are added.
WITH wanted AS (
    SELECT state, name COLLATE "C" AS name, change, past
    FROM unnest($1::text[], $2::text[], $3::int8[], $4::int8[]) AS wanted (state, name, change, past)
), counted AS (
    UPDATE term SET events = term.events + wanted.change, past_events = term.past_events + wanted.past FROM wanted
    WHERE term.state = wanted.state AND term.name = wanted.name RETURNING term.id, term.state, term.name
), added AS (
    INSERT INTO term (state, name, events, past_events)
    SELECT state, name, change, past FROM wanted
    WHERE NOT EXISTS (SELECT FROM term WHERE term.state = wanted.state AND term.name = wanted.name)
    RETURNING id, state, name
)
SELECT id, state, name FROM counted UNION ALL SELECT id, state, name FROM added;

-- name: make_collected
CREATE TEMPORARY TABLE IF NOT EXISTS collected (
    event_id uuid, state text, name text COLLATE "C", span int2, gaps boolean, starts int8, ends int8,
    sequence int8, to_sequence int8
) ON COMMIT DROP;

-- name: more_memory_to_sort
SELECT set_config('work_mem', '64MB', true);

-- name: add_collected_terms
INSERT INTO term (state, name, events)
SELECT DISTINCT state, name, 0 FROM collected
WHERE NOT EXISTS (SELECT FROM term WHERE term.state = collected.state AND term.name = collected.name)
ORDER BY state, name;

-- name: analyze_collected
ANALYZE collected;

-- name: count_collected
UPDATE term SET events = term.events + counted.events, past_events = term.past_events + counted.past_events
FROM (SELECT state, name, count(*) FILTER (WHERE to_sequence IS NULL) AS events, count(to_sequence) AS past_events
      FROM collected GROUP BY state, name) AS counted
WHERE term.state = counted.state AND term.name = counted.name;

-- name: uncount_collected
UPDATE term SET events = term.events - counted.events, past_events = term.past_events - counted.past_events
FROM (SELECT state, name, count(*) FILTER (WHERE to_sequence IS NULL) AS events, count(to_sequence) AS past_events
      FROM collected GROUP BY state, name) AS counted
WHERE term.state = counted.state AND term.name = counted.name;

-- name: add_collected
INSERT INTO event_term (event_id, term, span, gaps, starts, ends, sequence)
SELECT event_id, term.id, span, gaps, starts, ends, sequence
FROM collected JOIN term ON term.state = collected.state AND term.name = collected.name
WHERE to_sequence IS NULL ORDER BY term.id, starts, event_id;

-- name: add_collected_past
INSERT INTO past_event_term (event_id, term, span, gaps, starts, ends, sequence, to_sequence)
SELECT event_id, term.id, span, gaps, starts, ends, sequence, to_sequence
FROM collected JOIN term ON term.state = collected.state AND term.name = collected.name
WHERE to_sequence IS NOT NULL ORDER BY term.id, starts, event_id, sequence;

-- name: remove_collected
DELETE FROM event_term USING collected, term
WHERE to_sequence IS NULL AND term.state = collected.state AND term.name = collected.name
  AND event_term.term = term.id AND event_term.starts = collected.starts
  AND event_term.event_id = collected.event_id;

-- name: remove_collected_past
DELETE FROM past_event_term USING collected, term
WHERE collected.to_sequence IS NOT NULL AND term.state = collected.state AND term.name = collected.name
  AND past_event_term.term = term.id AND past_event_term.starts = collected.starts
  AND past_event_term.event_id = collected.event_id AND past_event_term.sequence = collected.sequence;

-- name: remove_unused_terms
-- A term is a word of somebody's.
DELETE FROM term USING collected
WHERE term.state = collected.state AND term.name = collected.name AND events = 0 AND past_events = 0;

-- name: forget_collected
TRUNCATE collected;

-- name: add
INSERT INTO event_term (event_id, term, span, gaps, starts, ends, sequence)
SELECT * FROM unnest($1::uuid[], $2::int4[], $3::int2[], $4::bool[], $5::int8[], $6::int8[], $7::int8[]);

-- name: supersede
-- $4 are the sequences of the changes that supersede the entries; what removes them comes next.
INSERT INTO past_event_term (event_id, term, span, gaps, starts, ends, sequence, to_sequence)
SELECT t.event_id, t.term, t.span, t.gaps, t.starts, t.ends, t.sequence, gone.to_sequence
FROM event_term AS t JOIN unnest($1::int4[], $2::int8[], $3::uuid[], $4::int8[])
    AS gone (term, starts, event_id, to_sequence)
    ON t.term = gone.term AND t.starts = gone.starts AND t.event_id = gone.event_id;

-- name: remove
DELETE FROM event_term USING unnest($1::int4[], $2::int8[], $3::uuid[]) AS gone (term, starts, event_id)
WHERE event_term.term = gone.term AND event_term.starts = gone.starts AND event_term.event_id = gone.event_id;

-- name: of_external_ids
-- $1 names of terms. Two events with one are enough to know that it does not tell which is meant.
SELECT term.name, found.event_id FROM term CROSS JOIN LATERAL (
    SELECT event_id FROM event_term WHERE event_term.term = term.id ORDER BY starts, event_id LIMIT 2
) AS found
WHERE term.state IN ('draft', 'published', 'retracted') AND term.name = ANY ($1::text[]) AND term.events > 0;

-- name: find
SELECT id, name, events FROM term WHERE state = ANY ($1::text[]) AND name = ANY ($2::text[]) AND events > 0;

-- name: find_past
-- The same with what the past index has under each; how much of either held at a certain time is not kept.
SELECT id, name, events + past_events AS events FROM term
WHERE state = ANY ($1::text[]) AND name = ANY ($2::text[]) AND events + past_events > 0;

-- name: source_facts
SELECT id, publisher, reliability, title FROM source WHERE id = ANY ($1::uuid[]);

-- name: documents_under
-- A page of the events under a term, from a place in its index on.
SELECT event.document, event_term.starts, event_term.event_id
FROM event_term JOIN event ON event.id = event_term.event_id
WHERE event_term.term = $1 AND (event_term.starts, event_term.event_id) >= ($2, $3)
ORDER BY event_term.starts, event_term.event_id LIMIT $4;

-- name: ids_of
SELECT id FROM term WHERE state IN ('draft', 'published', 'retracted') AND name = $1 AND events > 0;

-- name: publishers_of
-- For the sources of whoever has been merged, the reliability of the one that stands for it holds.
SELECT id FROM {actor} AS actor WHERE reliability = ANY (:reliabilities::text[]) AND merged_into IS NULL
UNION ALL
SELECT merged.id FROM {actor} AS actor JOIN {actor} AS merged ON merged.merged_into = actor.id
WHERE actor.reliability = ANY (:reliabilities::text[]) AND merged.merged_into IS NOT NULL;

-- name: sequence_at
-- The first change at or after an instant; the log is in the order of both.
SELECT coalesce(min(sequence), 9223372036854775807) FROM (
    SELECT sequence FROM change WHERE recorded_at >= $1 ORDER BY recorded_at, sequence LIMIT 1
) AS first;
