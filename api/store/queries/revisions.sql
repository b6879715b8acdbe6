-- Revisions: the changes of one record ($1 entity, $2 its id), as a reader sees them, $3 telling whether with `edit`.
-- `shown` is false for the one row that comes along only because the first of the others is compared with it: the last
-- one before that has a content. A change that was `written` with a content and has none was redacted. Contents are
-- looked up one by one: a join might read all that the record ever had. Whole keys of change_record and change_revision
-- are compared, and none of their columns by itself, so that no plan walks along the log or through all of a record.

-- name: page
-- Those after a sequence ($4), at most $5 of them, until $6 bytes are full; `found` counts them without that.
WITH page AS (
    SELECT sequence, revision, recorded_at, CASE WHEN $3 THEN type ELSE public_type END AS type, author,
           content_digest IS NOT NULL AS written
    FROM change
    WHERE (entity, entity_id, sequence) > ($1, $2, $4) AND (entity, entity_id, sequence) <= ($1, $2, 9223372036854775807)
      AND CASE WHEN $3 THEN type ELSE public_type END IS NOT NULL
    ORDER BY entity, entity_id, sequence LIMIT $5
), measured AS (
    SELECT page.*, content.reason, content.document, count(*) OVER () AS found,
           sum(coalesce(octet_length(content.document), 0) + coalesce(octet_length(content.reason), 0))
               OVER (ORDER BY page.sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM page LEFT JOIN LATERAL (
        SELECT reason, document FROM content
        WHERE content.entity_id = $2 AND content.sequence = page.sequence LIMIT 1
    ) AS content ON true
)
SELECT true AS shown, sequence, revision, recorded_at, type, author, written, reason, document, found
FROM measured WHERE coalesce(bytes_before, 0) < $6
UNION ALL (
    SELECT false, sequence, revision, NULL, NULL, NULL, true, NULL, (
        SELECT document FROM content WHERE content.entity_id = $2 AND content.sequence = before.sequence
    ), 0
    FROM (
        SELECT sequence, revision FROM change
        WHERE (entity, entity_id, sequence) > ($1, $2, 0) AND (entity, entity_id, sequence) <= ($1, $2, $4)
          AND CASE WHEN $3 THEN type ELSE public_type END IS NOT NULL
          AND (SELECT true FROM content WHERE content.entity_id = $2 AND content.sequence = change.sequence LIMIT 1)
        ORDER BY entity DESC, entity_id DESC, sequence DESC LIMIT 1
    ) AS before
);

-- name: one
-- The one with a number ($4). Few need the second look: what came into sight without being changed has no type.
WITH one AS (
    SELECT sequence, revision, recorded_at, CASE WHEN $3 THEN type ELSE public_type END AS type, author,
           content_digest IS NOT NULL AS written
    FROM change WHERE sequence = coalesce((
        SELECT sequence FROM change
        WHERE (entity, entity_id, revision) >= ($1, $2, $4) AND (entity, entity_id, revision) <= ($1, $2, $4)
          AND type IS NOT NULL AND ($3 OR public_type IS NOT NULL)
        ORDER BY entity, entity_id, revision LIMIT 1
    ), (
        SELECT sequence FROM change
        WHERE (entity, entity_id, sequence) > ($1, $2, 0)
          AND (entity, entity_id, sequence) <= ($1, $2, 9223372036854775807)
          AND revision = $4 AND type IS NULL AND NOT $3 AND public_type IS NOT NULL
        ORDER BY entity, entity_id, sequence LIMIT 1
    ))
)
SELECT true AS shown, one.sequence, one.revision, one.recorded_at, one.type, one.author, one.written,
       content.reason, content.document, 1 AS found
FROM one LEFT JOIN LATERAL (
    SELECT reason, document FROM content WHERE content.entity_id = $2 AND content.sequence = one.sequence LIMIT 1
) AS content ON true
UNION ALL
SELECT false, before.sequence, before.revision, NULL, NULL, NULL, true, NULL, (
    SELECT document FROM content WHERE content.entity_id = $2 AND content.sequence = before.sequence
), 0
FROM one CROSS JOIN LATERAL (
    SELECT sequence, revision FROM change
    WHERE (entity, entity_id, sequence) > ($1, $2, 0) AND (entity, entity_id, sequence) < ($1, $2, one.sequence)
      AND CASE WHEN $3 THEN type ELSE public_type END IS NOT NULL
      AND (SELECT true FROM content WHERE content.entity_id = $2 AND content.sequence = change.sequence LIMIT 1)
    ORDER BY entity DESC, entity_id DESC, sequence DESC LIMIT 1
) AS before;
