-- Redaction, as the owner of the tables.

-- name: changes
SELECT sequence, revision, type, public_type, EXISTS (
    SELECT FROM content WHERE content.entity_id = change.entity_id AND content.sequence = change.sequence
        AND content.document <> 'null'
) AS has_content
FROM change WHERE entity = $1 AND entity_id = $2 ORDER BY sequence;

-- name: event
SELECT document FROM event WHERE id = $1::text::uuid;

-- name: actor
SELECT document FROM actor WHERE id = $1;

-- name: source
SELECT document FROM source WHERE id = $1::text::uuid;

-- name: chronology
SELECT document FROM chronology WHERE slug = $1;

-- name: delete_contents
DELETE FROM content WHERE entity_id = $1 AND sequence = ANY ($2::int8[]);

-- name: forget_answers
-- Any of them may hold something. That the requests were done must still be known.
UPDATE idempotency SET status = 0, headers = '{}', body = '' WHERE status <> 0;

-- name: forget_reports
DELETE FROM import;

-- What the planner knows of columns are values that stood in them, so that they are analyzed, too.

-- name: vacuum_contents
VACUUM ANALYZE content;

-- name: vacuum_rows
VACUUM ANALYZE term, event, past_event, event_term, past_event_term, actor, past_actor, actor_name, past_actor_name, source,
    past_source, chronology, past_chronology, membership, past_membership, event_text, past_event_text;

-- name: vacuum_answers
VACUUM ANALYZE idempotency, import, import_part, release, release_piece;

-- name: of_missing
-- Of a record ($1, $2) that a reader ($3 with `edit`) finds nothing of, as of a sequence ($4): the redaction that took it
-- away; no row where it was none. What held then is the last of the changes that the reader sees.
WITH held AS (
    SELECT sequence FROM change
    WHERE entity = $1 AND entity_id = $2 AND sequence <= coalesce($4, 9223372036854775807)
      AND CASE WHEN $3 THEN type ELSE public_type END IS NOT NULL
    ORDER BY sequence DESC LIMIT 1
)
SELECT change.recorded_at, content.reason
FROM held JOIN change ON change.entity = $1 AND change.entity_id = $2 AND change.type = 'redaction'
    AND (change.sequence = held.sequence OR held.sequence = ANY (change.redacts))
JOIN content ON content.entity_id = change.entity_id AND content.sequence = change.sequence
ORDER BY change.sequence DESC LIMIT 1;
