-- Actors and sources: their current rows. What supersedes a row moves it into the past.

-- name: actor
SELECT id, revision, public, document FROM actor WHERE id = $1;

-- name: merged_actors
-- Whoever is merged into an actor.
SELECT id, revision, public, document FROM actor WHERE merged_into = $1 ORDER BY id;

-- name: actors_known
SELECT id FROM actor WHERE id = ANY ($1::text[]);

-- name: source
SELECT id::text, revision, public, document FROM source WHERE id = $1;

-- name: insert_actor
INSERT INTO actor (id, revision, public, name, kind, reliability, actors, sequence, merged_into, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: update_actor
WITH superseded AS (
    INSERT INTO past_actor (id, revision, name, kind, reliability, merged_into, actors, sequence, to_sequence)
    SELECT id, revision, name, kind, reliability, merged_into, actors, sequence, $8 FROM actor WHERE id = $1
)
UPDATE actor SET revision = $2, public = $3, name = $4, kind = $5, reliability = $6, actors = $7, sequence = $8,
    merged_into = $9, document = $10
WHERE id = $1;

-- name: forget_names
WITH superseded AS (
    INSERT INTO past_actor_name (folded, kind, words, actor_id, sequence, to_sequence)
    SELECT folded, kind, words, actor_id, sequence, $4 FROM actor_name
    WHERE actor_id = $1 AND (folded, kind) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
)
DELETE FROM actor_name WHERE actor_id = $1 AND (folded, kind) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]));

-- name: add_names
INSERT INTO actor_name (folded, kind, words, actor_id, sequence)
SELECT folded, kind, words, $1, $5 FROM unnest($2::text[], $3::text[], $4::text[]) AS name (folded, kind, words)
ON CONFLICT DO NOTHING;

-- name: memberships
SELECT of_actor, kind, held FROM membership WHERE actor_id = $1;

-- name: end_membership
WITH superseded AS (
    INSERT INTO past_membership (of_actor, kind, held, actor_id, sequence, to_sequence)
    SELECT of_actor, kind, held, actor_id, sequence, $4 FROM membership
    WHERE of_actor = $1 AND kind = $2 AND actor_id = $3
)
DELETE FROM membership WHERE of_actor = $1 AND kind = $2 AND actor_id = $3;

-- name: begin_membership
INSERT INTO membership (of_actor, kind, held, actor_id, sequence) VALUES ($1, $2, $3, $4, $5);

-- name: insert_source
INSERT INTO source (id, revision, public, identity, title, url, publisher, published, reliability, sequence, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: update_source
WITH superseded AS (
    INSERT INTO past_source (id, revision, identity, title, url, publisher, published, reliability, sequence,
                             to_sequence)
    SELECT id, revision, identity, title, url, publisher, published, reliability, sequence, $10
    FROM source WHERE id = $1
)
UPDATE source SET revision = $2, public = $3, identity = $4, title = $5, url = $6, publisher = $7, published = $8,
    reliability = $9, sequence = $10, document = $11
WHERE id = $1;

-- name: expose_sources
UPDATE source SET public = true WHERE id = ANY ($1::uuid[]) AND NOT public RETURNING id::text AS id, revision, document;

-- name: expose_actors
UPDATE actor SET public = true WHERE id = ANY ($1::text[]) AND NOT public
RETURNING id, revision, document, actors, merged_into;
