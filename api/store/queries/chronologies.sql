-- Chronologies: their current rows.

-- name: current
SELECT slug AS id, revision, state <> 'draft' AS public, document FROM chronology WHERE slug = $1;

-- name: seen
SELECT document FROM chronology WHERE slug = $1 AND (state <> 'draft' OR $2);

-- name: insert
INSERT INTO chronology (slug, revision, state, actors, sources, document) VALUES ($1, $2, $3, $4, $5, $6);

-- name: update
UPDATE chronology SET revision = $2, state = $3, actors = $4, sources = $5, document = $6 WHERE slug = $1;

-- name: delete
DELETE FROM chronology WHERE slug = $1;
