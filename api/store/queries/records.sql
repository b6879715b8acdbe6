-- Actors and sources: their current rows.

-- name: actor
SELECT id, revision, public, document FROM actor WHERE id = $1;

-- name: actors_known
SELECT id FROM actor WHERE id = ANY ($1::text[]);

-- name: source
SELECT id::text, revision, public, document FROM source WHERE id = $1;

-- name: insert_actor
INSERT INTO actor (id, revision, public, name, kind, reliability, actors, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: update_actor
UPDATE actor SET revision = $2, public = $3, name = $4, kind = $5, reliability = $6, actors = $7, document = $8
WHERE id = $1;

-- name: forget_names
DELETE FROM actor_name WHERE actor_id = $1 AND folded <> ALL ($2::text[]);

-- name: add_names
INSERT INTO actor_name (folded, actor_id) SELECT folded, $1 FROM unnest($2::text[]) AS folded
ON CONFLICT DO NOTHING;

-- name: insert_source
INSERT INTO source (id, revision, public, identity, title, url, publisher, published, reliability, document)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: update_source
UPDATE source SET revision = $2, public = $3, identity = $4, title = $5, url = $6, publisher = $7, published = $8,
    reliability = $9, document = $10
WHERE id = $1;

-- name: expose_sources
UPDATE source SET public = true WHERE id = ANY ($1::uuid[]) AND NOT public RETURNING id::text AS id, revision, document;

-- name: expose_actors
UPDATE actor SET public = true WHERE id = ANY ($1::text[]) AND NOT public RETURNING id, revision, document, actors;
