-- The whole log out and in, and the current rows from it.

-- name: allow_waiting
-- A transaction that reads or writes a stream may be idle for as long as the stream stands still.
SELECT set_config('idle_in_transaction_session_timeout', $1, true);

-- name: owns_tables
SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'change'::regclass;

-- name: first_missing_content
-- The first change whose content is gone without a redaction that says so.
SELECT min(sequence) FROM change
WHERE content_digest IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM content WHERE content.entity_id = change.entity_id AND content.sequence = change.sequence
) AND sequence NOT IN (SELECT unnest(redacts) FROM change WHERE redacts IS NOT NULL);

-- name: set_head
UPDATE head SET sequence = $1, public_sequence = $2, recorded_at = $3, digest = $4
RETURNING pg_notify('dateline_changes', '');

-- name: analyze_log
-- What follows joins the log with itself, and the tables were empty when they were last looked at.
ANALYZE head, change, content;

-- name: analyze_rows
ANALYZE actor, actor_name, membership, source, event, term, event_term, event_text, chronology,
    past_actor, past_actor_name, past_membership, past_source, past_event, past_event_term, past_event_text,
    past_chronology;

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

-- name: forget_memberships
DELETE FROM membership;

-- name: forget_actors
DELETE FROM actor;

-- name: forget_past
TRUNCATE past_actor, past_actor_name, past_source, past_event, past_event_term, past_chronology, past_membership;

-- name: records_of
-- The records of a kind, each with the number of its changes.
SELECT entity_id, count(*) FROM change WHERE entity = $1 GROUP BY entity_id ORDER BY entity_id;

-- name: changes_of
-- All changes of some records, with their contents.
SELECT change.entity_id, change.sequence, change.revision, change.recorded_at, change.type, change.public_type,
       content.document
FROM change LEFT JOIN content USING (entity_id, sequence)
WHERE change.entity = $1 AND change.entity_id = ANY ($2::text[]) ORDER BY change.entity_id, change.sequence;

-- name: actors_created
SELECT entity_id, min(sequence) FROM change
WHERE entity = 'actor' AND entity_id = ANY ($1::text[]) AND type IS NOT NULL GROUP BY entity_id;
