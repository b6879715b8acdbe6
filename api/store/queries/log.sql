-- The one place that writes head, change and content.

-- name: allow_time_to_write
-- Until the end of the transaction; waiting for the head counts.
SELECT set_config('statement_timeout', current_setting('dateline.write_timeout'), true)
WHERE current_setting('dateline.write_timeout', true) IS NOT NULL;

-- name: lock_head
-- Waits for the write before; what it gives is then nobody else's until the commit.
SELECT sequence, public_sequence, digest, greatest(recorded_at, clock_timestamp()) AS recorded_at, follows
FROM head FOR UPDATE;

-- name: append
-- Whoever follows the log is woken when this is committed; what was written is in the tables, not in the message.
WITH changes AS (
    INSERT INTO change (sequence, recorded_at, entity, entity_id, revision, type, public_type, author,
                        content_digest, digest, redacts)
    SELECT sequence, recorded_at, entity, entity_id, revision, type, public_type, author, content_digest, digest,
           redacts::int8[]
    FROM unnest($1::int8[], $2::timestamptz[], $3::text[], $4::text[], $5::int4[], $6::text[],
                $7::text[], $8::text[], $9::bytea[], $10::bytea[], $11::text[])
        AS recorded (sequence, recorded_at, entity, entity_id, revision, type, public_type, author,
                     content_digest, digest, redacts)
), contents AS (
    INSERT INTO content
    SELECT * FROM unnest($12::text[], $13::int8[], $14::bytea[], $15::text[], $16::bytea[])
)
UPDATE head SET sequence = $17, public_sequence = $18, recorded_at = $19, digest = $20
RETURNING pg_notify('dateline_changes', '');

-- name: revision_content
-- `written` without a document: it has been deleted since.
SELECT change.content_digest IS NOT NULL AS written, content.document
FROM change LEFT JOIN content USING (entity_id, sequence)
WHERE change.entity = $1 AND change.entity_id = $2 AND change.revision = $3 AND change.type IS NOT NULL;

-- name: known
-- Which of these ids ($2) records have or had.
SELECT entity_id FROM change WHERE entity = $1 AND entity_id = ANY ($2::text[]) AND revision = 1 AND type IS NOT NULL;

-- name: last_of_kinds
-- The last revision that a change of some kinds ($3) made, of those of these records ($2) that have one.
SELECT entity_id, max(revision) AS revision FROM change
WHERE entity = $1 AND entity_id = ANY ($2::text[]) AND type = ANY ($3::text[])
GROUP BY entity_id;

-- name: changes_in_order
SELECT change.*, content.salt, content.reason, content.document
FROM change LEFT JOIN content USING (entity_id, sequence)
WHERE change.sequence > $1 ORDER BY change.sequence LIMIT $2;

-- name: head
SELECT sequence, public_sequence, digest, recorded_at, follows FROM head;

-- name: seen_head
-- The last change that a reader sees, $1 telling whether with `edit`; no row before the first.
SELECT change.sequence, change.digest, change.recorded_at FROM head
JOIN change ON change.sequence = CASE WHEN $1 THEN head.sequence ELSE head.public_sequence END;

-- name: last_by
-- The sequence of the last change at or before an instant.
SELECT sequence FROM change WHERE recorded_at <= $1 ORDER BY recorded_at DESC, sequence DESC LIMIT 1;

-- name: last_up_to
-- The last change at or before a sequence.
SELECT sequence, digest, recorded_at FROM change WHERE sequence <= $1 ORDER BY sequence DESC LIMIT 1;

-- name: last_public_up_to
-- The same that readers without `edit` see: by an index of its own, however many drafts lie in between.
SELECT sequence, digest, recorded_at FROM change
WHERE sequence <= $1 AND public_type IS NOT NULL ORDER BY sequence DESC LIMIT 1;

-- name: contents_without_change
SELECT count(*) FROM content WHERE NOT EXISTS (
    SELECT FROM change WHERE change.sequence = content.sequence AND change.entity_id = content.entity_id
);

-- name: rows_unlike_the_log
-- Current rows, and what the log has as the last revision of each record: they must be the same both ways.
WITH latest AS (
    SELECT DISTINCT ON (entity, entity_id) entity, entity_id, revision, type, document
    FROM change LEFT JOIN content USING (entity_id, sequence)
    WHERE type IS NOT NULL ORDER BY entity, entity_id, revision DESC
), present AS (
    SELECT 'event' AS entity, id::text AS entity_id, revision, document FROM event
    UNION ALL SELECT 'actor', id, revision, document FROM actor
    UNION ALL SELECT 'source', id::text, revision, document FROM source
    UNION ALL SELECT 'chronology', slug, revision, document FROM chronology
)
SELECT entity, entity_id AS id FROM latest FULL JOIN present USING (entity, entity_id)
WHERE CASE WHEN latest.type = 'discard' OR latest.document = 'null' THEN present.revision IS NOT NULL
      -- Where the content is missing, that is what has to be told.
      WHEN latest.document IS NULL THEN false
      ELSE latest.revision IS DISTINCT FROM present.revision OR latest.document IS DISTINCT FROM present.document END
LIMIT $1;

-- name: redacted
SELECT DISTINCT unnest(redacts) AS sequence FROM change WHERE redacts IS NOT NULL;

-- name: must_rebuild
SELECT rebuild FROM head;

-- name: is_rebuilt
UPDATE head SET rebuild = false;

-- name: can_change_history
-- Whether the connected role could change history, and so whether it is protected or only checkable.
SELECT has_table_privilege('change', 'UPDATE') OR has_table_privilege('change', 'DELETE')
    OR has_table_privilege('content', 'UPDATE') OR has_table_privilege('content', 'DELETE');

-- name: version
SELECT version_num FROM alembic_version;
