-- What lists of events mention, in full, for exports.

-- name: actors
-- `edit` tells whether what nothing public mentions is seen.
SELECT id, revision, sequence, (SELECT recorded_at FROM change WHERE change.sequence = actor.sequence), document
FROM {actor} AS actor WHERE id = ANY (:ids::text[]) AND (public OR :edit);

-- name: sources
SELECT id, revision, sequence, (SELECT recorded_at FROM change WHERE change.sequence = source.sequence), document
FROM {source} AS source WHERE id = ANY (:ids::uuid[]) AND (public OR :edit);

-- name: public_changes
-- What everybody may see of the history of some events, up to a change, in its order.
SELECT change.entity_id AS id, change.revision, change.public_type AS type, change.recorded_at, content.reason
FROM change LEFT JOIN content USING (entity_id, sequence)
WHERE change.entity = 'event' AND change.entity_id = ANY ($1::text[]) AND change.sequence <= $2
  AND change.type IS NOT NULL AND change.public_type IS NOT NULL
ORDER BY change.sequence;
