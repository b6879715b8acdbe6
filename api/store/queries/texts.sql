-- What events are found by in full text. Written only while the head is held.

-- name: rows
unnest(:ids::uuid[], :exact::text[], :folded::text[], :written::text[], :sequences::int8[], :to_sequences::int8[])
    AS new (event_id, exact, folded, written, sequence, to_sequence)
CROSS JOIN (
    SELECT language, tsvector_to_array(to_tsvector(language, :gap)) AS gap
    FROM (SELECT text_language::regconfig AS language FROM head) AS of_store
) AS l

-- name: stems
-- Of one form: by parts, with their weights and places. Of the words that keep texts apart only the places stay.
ts_delete(
    setweight(to_tsvector(l.language, split_part(new.{form}, E'\n', 1)), 'A')
    || setweight(to_tsvector(l.language, split_part(new.{form}, E'\n', 2)), 'B')
    || setweight(to_tsvector(l.language, split_part(new.{form}, E'\n', 3)), 'C')
    || setweight(to_tsvector(l.language, split_part(new.{form}, E'\n', 4)), 'D'),
    l.gap
)

-- name: made
-- The row's words. As text, because that lays vectors over each other, place by place; || would put one behind the other.
concat_ws(' ', {stems_folded}, {stems_exact}, new.written)::tsvector

-- name: put
INSERT INTO event_text (event_id, search, sequence)
SELECT new.event_id, {made}, new.sequence FROM {rows}
ON CONFLICT (event_id) DO UPDATE SET search = excluded.search, sequence = excluded.sequence

-- name: put_past
INSERT INTO past_event_text (event_id, search, sequence, to_sequence)
SELECT new.event_id, {made}, new.sequence, new.to_sequence FROM {rows}

-- name: unlike
SELECT new.event_id FROM {rows}
LEFT JOIN event_text AS present ON present.event_id = new.event_id AND present.sequence = new.sequence
    AND new.to_sequence IS NULL
LEFT JOIN past_event_text AS past ON past.event_id = new.event_id AND past.sequence = new.sequence
    AND past.to_sequence = new.to_sequence
WHERE coalesce(present.search, past.search) IS DISTINCT FROM {made}

-- name: supersede
-- $2 are the sequences of the changes that supersede the rows; what removes or replaces them comes next.
INSERT INTO past_event_text (event_id, search, sequence, to_sequence)
SELECT x.event_id, x.search, x.sequence, gone.to_sequence
FROM event_text AS x JOIN unnest($1::uuid[], $2::int8[]) AS gone (event_id, to_sequence) ON gone.event_id = x.event_id;

-- name: remove
DELETE FROM event_text WHERE event_id = ANY ($1::uuid[]);

-- name: clear
DELETE FROM event_text WHERE event_id = ANY ($1::text[]::uuid[]);

-- name: clear_past
DELETE FROM past_event_text WHERE event_id = ANY ($1::text[]::uuid[]);

-- name: forget
TRUNCATE event_text, past_event_text;

-- name: languages
SELECT cfgname::text AS name FROM pg_ts_config WHERE pg_ts_config_is_visible(oid) ORDER BY cfgname;

-- name: set_language
-- Rows in another language are made anew.
UPDATE head SET text_language = $1, rebuild = rebuild OR sequence > 0 WHERE text_language <> $1;

-- name: read_parts
-- Words and phrases as the index knows them, exactly or folded. Nothing, where the language passes over all of one.
SELECT (CASE WHEN numnode(part.exact) = 0 OR part.exact = part.folded THEN part.exact
             ELSE part.exact || part.folded END)::text AS found
FROM (
    SELECT phraseto_tsquery(l.language, said.exact) AS exact, phraseto_tsquery(l.language, said.folded) AS folded, number
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS said (exact, folded, number)
    CROSS JOIN (SELECT text_language::regconfig AS language FROM head) AS l
) AS part ORDER BY part.number;

-- Finding, by queries as `read_parts` gives them.

-- name: estimate
-- A plan, which says how many rows are expected.
EXPLAIN (FORMAT JSON) SELECT FROM event_text WHERE search @@ $1::tsquery

-- name: estimate_past
EXPLAIN (FORMAT JSON) SELECT FROM past_event_text WHERE search @@ $1::tsquery

-- name: with_words
SELECT x.event_id FROM {event_text} AS x WHERE x.search @@ :search::tsquery LIMIT :limit

-- name: with_terms
SELECT t.event_id FROM {event_term} AS t WHERE t.term = ANY (:terms::int4[]) LIMIT :limit
