-- What lists of events mention, in full, for exports.

-- name: actors
-- `$2` tells whether what nothing public mentions is seen.
SELECT id, document FROM actor WHERE id = ANY ($1::text[]) AND (public OR $2);

-- name: sources
SELECT id, document FROM source WHERE id = ANY ($1::uuid[]) AND (public OR $2);

-- name: public_changes
-- What everybody may see of the history of some events, in its order.
SELECT change.entity_id AS id, change.revision, change.public_type AS type, change.recorded_at, content.reason
FROM change LEFT JOIN content USING (entity_id, sequence)
WHERE change.entity = 'event' AND change.entity_id = ANY ($1::text[])
  AND change.type IS NOT NULL AND change.public_type IS NOT NULL
ORDER BY change.sequence;
