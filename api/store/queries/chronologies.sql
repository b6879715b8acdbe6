-- Chronologies: their current rows.

-- name: current
SELECT slug AS id, revision, state <> 'draft' AS public, document FROM chronology WHERE slug = $1;

-- name: seen
SELECT document FROM {chronology} AS chronology WHERE slug = :slug AND (state <> 'draft' OR :edit);

-- name: insert
INSERT INTO chronology (slug, revision, state, actors, sources, sequence, document)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: update
WITH superseded AS (
    INSERT INTO past_chronology (slug, revision, state, actors, sources, sequence, to_sequence)
    SELECT slug, revision, state, actors, sources, sequence, $6 FROM chronology WHERE slug = $1
)
UPDATE chronology SET revision = $2, state = $3, actors = $4, sources = $5, sequence = $6, document = $7
WHERE slug = $1;

-- name: delete
-- $2 is the sequence of the change that takes it away.
WITH superseded AS (
    INSERT INTO past_chronology (slug, revision, state, actors, sources, sequence, to_sequence)
    SELECT slug, revision, state, actors, sources, sequence, $2 FROM chronology WHERE slug = $1
)
DELETE FROM chronology WHERE slug = $1;
