-- Releases. The runtime role adds them and can never change them.

-- name: allow_time_to_make
-- Until the end of the transaction, in which each format's making is a pause.
SELECT set_config('idle_in_transaction_session_timeout', $1, true);

-- name: lock
-- Held to the end of the transaction: releases of one chronology are made one after the other, by whichever process.
SELECT pg_try_advisory_xact_lock($1);

-- name: next_number
SELECT coalesce(max(number), 0) + 1 FROM release WHERE slug = $1;

-- name: add_piece
INSERT INTO release_piece (slug, number, format, piece, content) VALUES ($1, $2, $3, $4, $5);

-- name: redacted_since
-- Whether any of these records ($2, $3) was redacted after a sequence.
SELECT EXISTS (
    SELECT FROM change JOIN unnest($2::text[], $3::text[]) AS contained (entity, entity_id) USING (entity, entity_id)
    WHERE change.sequence > $1 AND change.redacts IS NOT NULL
);

-- name: add_contents
INSERT INTO release_content (entity, entity_id, slug, number)
SELECT entity, entity_id, $3, $4 FROM unnest($1::text[], $2::text[]) AS contained (entity, entity_id);

-- name: add
INSERT INTO release (slug, number, made_at, manifest) VALUES ($1, $2, $3, $4);

-- name: find
SELECT number, made_at, manifest, withdrawn_at, reason FROM release WHERE slug = $1 AND number = $2;

-- name: page
SELECT number, made_at, manifest, withdrawn_at, reason FROM release
WHERE slug = $1 AND number > $2 ORDER BY number LIMIT $3;

-- name: piece
SELECT content FROM release_piece WHERE slug = $1 AND number = $2 AND format = $3 AND piece = $4;

-- name: withdraw
-- As the owner. Takes everything but the number, the time and the reason away.
WITH withdrawn AS (
    UPDATE release SET manifest = NULL, withdrawn_at = clock_timestamp(), reason = $3
    FROM release_content AS contained
    WHERE contained.entity = $1 AND contained.entity_id = $2 AND release.manifest IS NOT NULL
      AND release.slug = contained.slug AND release.number = contained.number
    RETURNING release.slug, release.number
), gone AS (
    DELETE FROM release_piece USING withdrawn
    WHERE release_piece.slug = withdrawn.slug AND release_piece.number = withdrawn.number
)
SELECT slug, number FROM withdrawn ORDER BY slug, number;
