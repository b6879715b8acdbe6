-- A store that follows another one, as the owner of the tables.

-- name: change
SELECT entity, entity_id, revision, type, recorded_at FROM change WHERE sequence = $1;

-- name: follow
UPDATE head SET follows = $1;
