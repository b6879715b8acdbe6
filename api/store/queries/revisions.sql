-- Revisions: the changes of one record ($1 entity, $2 its id), as a reader sees them, $3 telling whether with `edit`.
-- `shown` is false for the one row that comes along only because the first of the others is compared with it: the last
-- one before that has a content. A change that was `written` with a content and has none was redacted.

-- name: page
-- Those after a sequence ($4), at most $5 of them, until $6 bytes are full; `found` counts them without that.
WITH page AS (
    SELECT sequence, revision, recorded_at, CASE WHEN $3 THEN type ELSE public_type END AS type, author,
           content_digest IS NOT NULL AS written
    FROM change
    WHERE entity = $1 AND entity_id = $2 AND sequence > $4 AND CASE WHEN $3 THEN type ELSE public_type END IS NOT NULL
    ORDER BY sequence LIMIT $5
), measured AS (
    SELECT page.*, content.reason, content.document, count(*) OVER () AS found,
           sum(coalesce(octet_length(content.document), 0) + coalesce(octet_length(content.reason), 0))
               OVER (ORDER BY page.sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM page LEFT JOIN content ON content.entity_id = $2 AND content.sequence = page.sequence
)
SELECT true AS shown, sequence, revision, recorded_at, type, author, written, reason, document, found
FROM measured WHERE coalesce(bytes_before, 0) < $6
UNION ALL (
    SELECT false, change.sequence, change.revision, NULL, NULL, NULL, true, NULL, content.document, 0
    FROM change JOIN content ON content.entity_id = change.entity_id AND content.sequence = change.sequence
    WHERE change.entity = $1 AND change.entity_id = $2 AND change.sequence <= $4
      AND CASE WHEN $3 THEN change.type ELSE change.public_type END IS NOT NULL
    ORDER BY change.sequence DESC LIMIT 1
);

-- name: one
-- The one with a number ($4). Few need the second look: what came into sight without being changed has no type.
WITH one AS (
    SELECT sequence, revision, recorded_at, CASE WHEN $3 THEN type ELSE public_type END AS type, author,
           content_digest IS NOT NULL AS written
    FROM change WHERE sequence = coalesce((
        SELECT sequence FROM change
        WHERE entity = $1 AND entity_id = $2 AND revision = $4 AND type IS NOT NULL
          AND ($3 OR public_type IS NOT NULL)
    ), (
        SELECT min(sequence) FROM change
        WHERE entity = $1 AND entity_id = $2 AND revision = $4 AND type IS NULL
          AND NOT $3 AND public_type IS NOT NULL
    ))
)
SELECT true AS shown, one.sequence, one.revision, one.recorded_at, one.type, one.author, one.written,
       content.reason, content.document, 1 AS found
FROM one LEFT JOIN content ON content.entity_id = $2 AND content.sequence = one.sequence
UNION ALL
SELECT false, before.sequence, before.revision, NULL, NULL, NULL, true, NULL, before.document, 0
FROM one CROSS JOIN LATERAL (
    SELECT change.sequence, change.revision, content.document
    FROM change JOIN content ON content.entity_id = change.entity_id AND content.sequence = change.sequence
    WHERE change.entity = $1 AND change.entity_id = $2 AND change.sequence < one.sequence
      AND CASE WHEN $3 THEN change.type ELSE change.public_type END IS NOT NULL
    ORDER BY change.sequence DESC LIMIT 1
) AS before;
