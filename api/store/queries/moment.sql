-- The tables as of a change: what is current and was so then, and what has been superseded since. Whoever reads them so
-- uses the same fragments as for the present. The conditions stand outside of the union: the planner takes its parts for
-- those of one table only where they have none of their own, and else would sort all of a walk. What is worked out for
-- each row, the document of a past one and whether a record was in sight, is so only for rows that are given.

-- Ids and slugs are compared as the log's index has them, or that would not be used.

-- name: actor
-- In sight is who had come into sight by then. A subquery that gives a value is looked up for each row under every plan;
-- for EXISTS, all changes of actors may be read together.
SELECT id, revision, name, kind, reliability, merged_into, actors, sequence, coalesce(document, (
    SELECT content.document FROM content WHERE content.entity_id = held.id COLLATE "default" AND content.sequence = held.sequence
)) AS document, coalesce((
    SELECT true FROM change WHERE change.entity = 'actor' AND change.entity_id = held.id COLLATE "default"
        AND change.sequence <= :as_of AND change.public_type IS NOT NULL LIMIT 1
), false) AS public
FROM (
    SELECT id, revision, name, kind, reliability, merged_into, actors, sequence,
           9223372036854775807 AS to_sequence, document FROM actor
    UNION ALL
    SELECT id, revision, name, kind, reliability, merged_into, actors, sequence, to_sequence, NULL::bytea
    FROM past_actor
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: actor_name
SELECT folded, actor_id, kind, words FROM (
    SELECT folded, actor_id, kind, words, sequence, 9223372036854775807 AS to_sequence FROM actor_name
    UNION ALL
    SELECT folded, actor_id, kind, words, sequence, to_sequence FROM past_actor_name
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: membership
SELECT of_actor, actor_id, kind, held FROM (
    SELECT of_actor, actor_id, kind, held, sequence, 9223372036854775807 AS to_sequence FROM membership
    UNION ALL
    SELECT of_actor, actor_id, kind, held, sequence, to_sequence FROM past_membership
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: source
SELECT id, revision, identity, title, url, publisher, published, reliability, sequence, coalesce(document, (
    SELECT content.document FROM content WHERE content.entity_id = held.id::text AND content.sequence = held.sequence
)) AS document, coalesce((
    SELECT true FROM change WHERE change.entity = 'source' AND change.entity_id = held.id::text
        AND change.sequence <= :as_of AND change.public_type IS NOT NULL LIMIT 1
), false) AS public
FROM (
    SELECT id, revision, identity, title, url, publisher, published, reliability, sequence,
           9223372036854775807 AS to_sequence, document FROM source
    UNION ALL
    SELECT id, revision, identity, title, url, publisher, published, reliability, sequence, to_sequence, NULL::bytea
    FROM past_source
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: event
SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
       planned, positions, actors, sources, sequence, coalesce(document, (
    SELECT content.document FROM content WHERE content.entity_id = held.id::text AND content.sequence = held.sequence
)) AS document
FROM (
    SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
           planned, positions, actors, sources, sequence, 9223372036854775807 AS to_sequence, document FROM event
    UNION ALL
    SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
           planned, positions, actors, sources, sequence, to_sequence, NULL::bytea FROM past_event
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: event_term
SELECT event_id, term, span, gaps, starts, ends FROM (
    SELECT event_id, term, span, gaps, starts, ends, sequence, 9223372036854775807 AS to_sequence FROM event_term
    UNION ALL
    SELECT event_id, term, span, gaps, starts, ends, sequence, to_sequence FROM past_event_term
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: event_text
SELECT event_id, search FROM (
    SELECT event_id, search, sequence, 9223372036854775807 AS to_sequence FROM event_text
    UNION ALL
    SELECT event_id, search, sequence, to_sequence FROM past_event_text
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: chronology
SELECT slug, revision, state, actors, sources, sequence, coalesce(document, (
    SELECT content.document FROM content WHERE content.entity_id = held.slug COLLATE "default" AND content.sequence = held.sequence
)) AS document
FROM (
    SELECT slug, revision, state, actors, sources, sequence, 9223372036854775807 AS to_sequence, document
    FROM chronology
    UNION ALL
    SELECT slug, revision, state, actors, sources, sequence, to_sequence, NULL::bytea FROM past_chronology
) AS held
WHERE sequence <= :as_of AND to_sequence > :as_of

-- The parts of a table by themselves, for walks.

-- name: present
SELECT * FROM {table} WHERE sequence <= :as_of

-- name: superseded
SELECT * FROM past_{table} WHERE sequence <= :as_of AND to_sequence > :as_of
