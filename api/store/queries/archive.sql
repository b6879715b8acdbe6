-- The whole log out and in, and the current rows from it.

-- name: allow_waiting
-- A transaction that reads or writes a stream may be idle for as long as the stream stands still.
SELECT set_config('idle_in_transaction_session_timeout', $1, true);

-- name: owns_tables
SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'change'::regclass;

-- name: first_missing_content
-- The first change whose content is gone without a redaction of its record since.
SELECT min(sequence) FROM change
WHERE content_digest IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM content WHERE content.entity_id = change.entity_id AND content.sequence = change.sequence
) AND NOT EXISTS (
    SELECT FROM change AS redaction
    WHERE redaction.type = 'redaction' AND redaction.entity = change.entity
      AND redaction.entity_id = change.entity_id AND redaction.sequence > change.sequence
);

-- name: set_head
UPDATE head SET sequence = $1, public_sequence = $2, recorded_at = $3, digest = $4;

-- name: analyze_log
-- What follows joins the log with itself, and the tables were empty when they were last looked at.
ANALYZE head, change, content;

-- name: analyze_rows
ANALYZE actor, actor_name, source, event, term, event_term, chronology;

-- name: forget_chronologies
DELETE FROM chronology;

-- name: forget_event_terms
DELETE FROM event_term;

-- name: forget_terms
DELETE FROM term;

-- name: forget_events
DELETE FROM event;

-- name: forget_sources
DELETE FROM source;

-- name: forget_actor_names
DELETE FROM actor_name;

-- name: forget_actors
DELETE FROM actor;

-- name: newest_contents
-- Of every record of a kind what was written last, and whether everybody sees it. Discarded ones have no content,
-- nor have redacted ones.
WITH record AS (
    SELECT entity_id, max(revision) FILTER (WHERE type IS NOT NULL) AS revision,
           bool_or(public_type IS NOT NULL) AS public
    FROM change WHERE entity = $1 GROUP BY entity_id
)
SELECT change.sequence, change.entity_id, change.revision, record.public, content.document
FROM record
JOIN change ON change.entity = $1 AND change.entity_id = record.entity_id AND change.revision = record.revision
    AND change.type IS NOT NULL
JOIN content ON content.entity_id = change.entity_id AND content.sequence = change.sequence;

-- name: actors_created
SELECT entity_id, sequence FROM change
WHERE entity = 'actor' AND entity_id = ANY ($1::text[]) AND revision = 1 AND type IS NOT NULL;
