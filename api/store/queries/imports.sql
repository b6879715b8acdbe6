-- Reports of imports.

-- name: keep
INSERT INTO import (id, touched_at, expires_at, summary) VALUES ($1, now(), $3, $2)
ON CONFLICT (id) DO UPDATE SET touched_at = excluded.touched_at, summary = excluded.summary;

-- name: add_part
INSERT INTO import_part (import_id, number, results) VALUES ($1, $2, $3);

-- name: find
SELECT summary, touched_at < now() - $2::interval AS is_silent FROM import WHERE id = $1 AND expires_at > now();

-- name: parts
SELECT results FROM import_part WHERE import_id = $1 ORDER BY number;

-- name: purge
-- A bounded piece of what has expired; each new import takes away more than it adds.
DELETE FROM import WHERE id IN (
    SELECT id FROM import WHERE expires_at <= now() ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED
);
