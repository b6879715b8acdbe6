-- The log as followers read it.

-- name: page
-- Changes after $1, up to $2 and at most $3 of them; for readers with `edit` ($4 true), for all others (false), or
-- both kinds at once (null). Contents are taken up to $5 bytes, and of the first change in any case: lengths are known
-- without the documents being fetched.
WITH listed AS (
    SELECT sequence, recorded_at, entity, entity_id, revision, type, public_type, author, content_digest
    FROM change
    WHERE sequence > $1 AND sequence <= $2
      AND CASE $4::boolean WHEN true THEN type IS NOT NULL WHEN false THEN public_type IS NOT NULL ELSE true END
    ORDER BY sequence LIMIT $3
), measured AS (
    SELECT listed.*, content.document, content.reason, row_number() OVER (ORDER BY listed.sequence) AS place,
           sum(coalesce(octet_length(content.document), 0)) OVER (ORDER BY listed.sequence) AS bytes
    FROM listed LEFT JOIN content USING (entity_id, sequence)
)
SELECT sequence, recorded_at, entity, entity_id, revision, type, public_type, author, content_digest, reason, document
FROM measured WHERE bytes <= $5 OR place = 1 ORDER BY sequence;

-- name: heads
-- How far the log goes, for readers with `edit` and for all others.
SELECT sequence, public_sequence FROM head;
