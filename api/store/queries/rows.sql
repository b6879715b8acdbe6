-- Rows beside the log, as they follow from it. Whoever puts them has looked at all revisions of a record, so past rows and
-- names are cleared first, and a current row may be there already.

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
