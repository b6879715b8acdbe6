-- Rows beside the log, as they follow from it. Whoever puts them has looked at all revisions of a record, so past rows,
-- names and memberships are cleared first, and a current row may be there already.

-- name: put_actor
INSERT INTO actor (id, revision, public, name, kind, reliability, actors, sequence, merged_into, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, public = excluded.public, name = excluded.name,
    kind = excluded.kind, reliability = excluded.reliability, actors = excluded.actors, sequence = excluded.sequence,
    merged_into = excluded.merged_into, document = excluded.document;

-- name: put_past_actor
INSERT INTO past_actor (id, revision, name, kind, reliability, actors, sequence, merged_into, to_sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: put_name
INSERT INTO actor_name (folded, kind, words, actor_id, sequence) VALUES ($1, $2, $3, $4, $5);

-- name: put_past_name
INSERT INTO past_actor_name (folded, kind, words, actor_id, sequence, to_sequence) VALUES ($1, $2, $3, $4, $5, $6);

-- name: put_membership
INSERT INTO membership (of_actor, kind, held, actor_id, sequence) VALUES ($1, $2, $3, $4, $5);

-- name: put_past_membership
INSERT INTO past_membership (of_actor, kind, held, actor_id, sequence, to_sequence) VALUES ($1, $2, $3, $4, $5, $6);

-- name: put_source
INSERT INTO source (id, revision, public, identity, title, url, publisher, published, reliability, sequence, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, public = excluded.public, identity = excluded.identity,
    title = excluded.title, url = excluded.url, publisher = excluded.publisher, published = excluded.published,
    reliability = excluded.reliability, sequence = excluded.sequence, document = excluded.document;

-- name: put_past_source
INSERT INTO past_source (id, revision, identity, title, url, publisher, published, reliability, sequence, to_sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: put_event
INSERT INTO event (id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends,
                   instant_runs, sequence, planned, positions, actors, sources, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, state = excluded.state, starts = excluded.starts,
    ends = excluded.ends, runs = excluded.runs, instant_starts = excluded.instant_starts,
    instant_starts_latest = excluded.instant_starts_latest, instant_ends = excluded.instant_ends,
    instant_runs = excluded.instant_runs, sequence = excluded.sequence, planned = excluded.planned,
    positions = excluded.positions, actors = excluded.actors, sources = excluded.sources,
    document = excluded.document;

-- name: put_past_event
INSERT INTO past_event (id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends,
                        instant_runs, sequence, planned, positions, actors, sources, to_sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16);

-- name: put_chronology
INSERT INTO chronology (slug, revision, state, actors, sources, sequence, document)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (slug) DO UPDATE SET revision = excluded.revision, state = excluded.state, actors = excluded.actors,
    sources = excluded.sources, sequence = excluded.sequence, document = excluded.document;

-- name: put_past_chronology
INSERT INTO past_chronology (slug, revision, state, actors, sources, sequence, to_sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: clear_past_actors
DELETE FROM past_actor WHERE id = ANY ($1::text[]);

-- name: clear_names
DELETE FROM actor_name WHERE actor_id = ANY ($1::text[]);

-- name: clear_past_names
DELETE FROM past_actor_name WHERE actor_id = ANY ($1::text[]);

-- name: clear_memberships
DELETE FROM membership WHERE actor_id = ANY ($1::text[]);

-- name: clear_past_memberships
DELETE FROM past_membership WHERE actor_id = ANY ($1::text[]);

-- name: clear_past_sources
DELETE FROM past_source WHERE id = ANY ($1::text[]::uuid[]);

-- name: clear_past_events
DELETE FROM past_event WHERE id = ANY ($1::text[]::uuid[]);

-- name: clear_past_chronologies
DELETE FROM past_chronology WHERE slug = ANY ($1::text[]);

-- name: delete_event
DELETE FROM event WHERE id = ANY ($1::uuid[]);

-- name: delete_chronology
DELETE FROM chronology WHERE slug = ANY ($1::text[]);

-- name: events_that_cite
-- By the names of terms, of which each source has one in each state.
SELECT event_id AS id FROM event_term WHERE term IN (
    SELECT id FROM term WHERE name IN (SELECT 'source:' || source FROM unnest($1::uuid[]) AS source)
)
UNION
SELECT event_id FROM past_event_term WHERE term IN (
    SELECT id FROM term WHERE name IN (SELECT 'source:' || source FROM unnest($1::uuid[]) AS source)
);

-- The rows that there are, in the columns and the order of the statements above.

-- name: rows_of_actor
SELECT id, revision, public, name, kind, reliability, actors, sequence, merged_into, document FROM actor
WHERE id = ANY ($1::text[]);

-- name: past_rows_of_actor
SELECT id, revision, name, kind, reliability, actors, sequence, merged_into, to_sequence FROM past_actor
WHERE id = ANY ($1::text[]);

-- name: names_of
SELECT actor_id, folded, kind, words, sequence, NULL::int8 AS to_sequence FROM actor_name WHERE actor_id = ANY ($1::text[])
UNION ALL
SELECT actor_id, folded, kind, words, sequence, to_sequence FROM past_actor_name WHERE actor_id = ANY ($1::text[]);

-- name: memberships_of
SELECT actor_id, of_actor, kind, held, sequence, NULL::int8 AS to_sequence FROM membership
WHERE actor_id = ANY ($1::text[])
UNION ALL
SELECT actor_id, of_actor, kind, held, sequence, to_sequence FROM past_membership WHERE actor_id = ANY ($1::text[]);

-- name: rows_of_source
SELECT id, revision, public, identity, title, url, publisher, published, reliability, sequence, document FROM source
WHERE id = ANY ($1::text[]::uuid[]);

-- name: past_rows_of_source
SELECT id, revision, identity, title, url, publisher, published, reliability, sequence, to_sequence FROM past_source
WHERE id = ANY ($1::text[]::uuid[]);

-- name: rows_of_event
SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
       sequence, planned, positions, actors, sources, document
FROM event WHERE id = ANY ($1::text[]::uuid[]);

-- name: past_rows_of_event
SELECT id, revision, state, starts, ends, runs, instant_starts, instant_starts_latest, instant_ends, instant_runs,
       sequence, planned, positions, actors, sources, to_sequence
FROM past_event WHERE id = ANY ($1::text[]::uuid[]);

-- name: rows_of_chronology
SELECT slug, revision, state, actors, sources, sequence, document FROM chronology WHERE slug = ANY ($1::text[]);

-- name: past_rows_of_chronology
SELECT slug, revision, state, actors, sources, sequence, to_sequence FROM past_chronology WHERE slug = ANY ($1::text[]);

-- name: numbers
SELECT (SELECT count(*) FROM actor) AS actor, (SELECT count(*) FROM past_actor) AS past_actor,
       (SELECT count(*) FROM source) AS source, (SELECT count(*) FROM past_source) AS past_source,
       (SELECT count(*) FROM event) AS event, (SELECT count(*) FROM past_event) AS past_event,
       (SELECT count(*) FROM chronology) AS chronology, (SELECT count(*) FROM past_chronology) AS past_chronology,
       (SELECT count(*) FROM event_text) AS event_text, (SELECT count(*) FROM past_event_text) AS past_event_text,
       (SELECT count(*) FROM actor_name) AS actor_name, (SELECT count(*) FROM past_actor_name) AS past_actor_name,
       (SELECT count(*) FROM membership) AS membership, (SELECT count(*) FROM past_membership) AS past_membership;

-- name: entries_missing
-- Of the entries that were collected, which are all that there should be.
SELECT * FROM (
    SELECT event_id, state, name, span, gaps, starts, ends, sequence, to_sequence FROM collected
    EXCEPT ALL (
        SELECT event_id, state, name, span, gaps, starts, ends, sequence, NULL::int8
        FROM event_term JOIN term ON term.id = event_term.term
        UNION ALL
        SELECT event_id, state, name, span, gaps, starts, ends, sequence, to_sequence
        FROM past_event_term JOIN term ON term.id = past_event_term.term
    )
) AS missing LIMIT $1;

-- name: entries_too_many
SELECT * FROM (
    (
        SELECT event_id, state, name, span, gaps, starts, ends, sequence, NULL::int8 AS to_sequence
        FROM event_term JOIN term ON term.id = event_term.term
        UNION ALL
        SELECT event_id, state, name, span, gaps, starts, ends, sequence, to_sequence
        FROM past_event_term JOIN term ON term.id = past_event_term.term
    )
    EXCEPT ALL
    SELECT event_id, state, name, span, gaps, starts, ends, sequence, to_sequence FROM collected
) AS too_many LIMIT $1;

-- name: terms_miscounted
SELECT state, name FROM term
LEFT JOIN (SELECT term AS id, count(*) AS events FROM event_term GROUP BY term) AS present USING (id)
LEFT JOIN (SELECT term AS id, count(*) AS events FROM past_event_term GROUP BY term) AS past USING (id)
WHERE term.events <> coalesce(present.events, 0) OR term.past_events <> coalesce(past.events, 0) LIMIT $1;
