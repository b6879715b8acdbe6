-- The tables as of a change: what is current and was so then, and what has been superseded since. Whoever reads them so
-- uses the same fragments as for the present. Both parts have the keys and the order of the table, so that walks stay
-- ordered walks.

-- name: actor
-- In sight is who had come into sight by then.
SELECT id, revision, name, kind, reliability, merged_into, actors, sequence, document, EXISTS (
    SELECT FROM change WHERE change.entity = 'actor' AND change.entity_id = actor.id
        AND change.sequence <= :as_of AND change.public_type IS NOT NULL) AS public
FROM actor WHERE sequence <= :as_of
UNION ALL
SELECT id, revision, name, kind, reliability, merged_into, actors, sequence, (
    SELECT document FROM content WHERE content.entity_id = past_actor.id AND content.sequence = past_actor.sequence
), EXISTS (
    SELECT FROM change WHERE change.entity = 'actor' AND change.entity_id = past_actor.id
        AND change.sequence <= :as_of AND change.public_type IS NOT NULL)
FROM past_actor WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: actor_name
SELECT folded, actor_id FROM actor_name WHERE sequence <= :as_of
UNION ALL
SELECT folded, actor_id FROM past_actor_name WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: source
SELECT id, revision, identity, title, url, publisher, published, reliability, sequence, document, EXISTS (
    SELECT FROM change WHERE change.entity = 'source' AND change.entity_id = source.id::text
        AND change.sequence <= :as_of AND change.public_type IS NOT NULL) AS public
FROM source WHERE sequence <= :as_of
UNION ALL
SELECT id, revision, identity, title, url, publisher, published, reliability, sequence, (
    SELECT document FROM content
    WHERE content.entity_id = past_source.id::text AND content.sequence = past_source.sequence
), EXISTS (
    SELECT FROM change WHERE change.entity = 'source' AND change.entity_id = past_source.id::text
        AND change.sequence <= :as_of AND change.public_type IS NOT NULL)
FROM past_source WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: event
SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
       planned, positions, actors, sources, sequence, document
FROM event WHERE sequence <= :as_of
UNION ALL
SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
       planned, positions, actors, sources, sequence, (
    SELECT document FROM content
    WHERE content.entity_id = past_event.id::text AND content.sequence = past_event.sequence
)
FROM past_event WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: event_term
SELECT event_id, term, span, gaps, starts, ends FROM event_term WHERE sequence <= :as_of
UNION ALL
SELECT event_id, term, span, gaps, starts, ends FROM past_event_term WHERE sequence <= :as_of AND to_sequence > :as_of

-- name: chronology
SELECT slug, revision, state, actors, sources, sequence, document FROM chronology WHERE sequence <= :as_of
UNION ALL
SELECT slug, revision, state, actors, sources, sequence, (
    SELECT document FROM content
    WHERE content.entity_id = past_chronology.slug AND content.sequence = past_chronology.sequence
)
FROM past_chronology WHERE sequence <= :as_of AND to_sequence > :as_of
