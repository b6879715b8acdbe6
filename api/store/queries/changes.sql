-- The log as followers read it.

-- name: page
-- Changes after $1, up to $2 and at most $3 of them, of those that are seen (below). Contents are taken up to $4 bytes, and
-- of the first change in any case: lengths are known without the documents being fetched.
WITH listed AS (
    SELECT * FROM change
    WHERE sequence > $1 AND sequence <= $2 AND {seen}
    ORDER BY sequence LIMIT $3
), measured AS (
    SELECT listed.*, written.document, written.reason, row_number() OVER (ORDER BY listed.sequence) AS place,
           sum(coalesce(octet_length(written.document), 0)) OVER (ORDER BY listed.sequence) AS bytes
    FROM listed LEFT JOIN LATERAL (
        -- One by one, whatever the plan: the limit keeps it from becoming a join over all contents.
        SELECT document, reason FROM content
        WHERE content.entity_id = listed.entity_id AND content.sequence = listed.sequence LIMIT 1
    ) AS written ON true
)
SELECT *, CASE WHEN redacts IS NOT NULL THEN ARRAY(
    -- What others never saw is none of theirs when it is gone.
    SELECT redacted.sequence FROM change AS redacted
    WHERE redacted.sequence = ANY (measured.redacts) AND redacted.public_type IS NOT NULL ORDER BY redacted.sequence
) END AS public_redacts
FROM measured WHERE bytes <= $4 OR place = 1 ORDER BY sequence;

-- In the text, so that the index of what everybody sees is used under every plan.

-- name: seen_with_edit
type IS NOT NULL

-- name: seen_by_everybody
public_type IS NOT NULL

-- name: seen_by_either
true

-- name: heads
-- How far the log goes, for readers with `edit` and for all others.
SELECT sequence, public_sequence FROM head;
