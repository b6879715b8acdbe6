-- What events are found by in full text. Written only while the head is held.

-- name: made
-- The row's words: by parts with their weights and places, then as they are written. A gap keeps two titles from being
-- read as one sentence; only its place stays.
ts_delete(
    setweight(to_tsvector(l.language, new.title), 'A') || setweight(to_tsvector(l.language, new.tags), 'B')
    || setweight(to_tsvector(l.language, new.summary), 'C') || setweight(to_tsvector(l.language, new.sources), 'D'),
    tsvector_to_array(to_tsvector(l.language, :gap))
) || array_to_tsvector(string_to_array(new.written, ' '))

-- name: put
INSERT INTO event_text (event_id, search, sequence)
SELECT new.event_id, {made}, new.sequence
FROM unnest(:ids::uuid[], :titles::text[], :tags::text[], :summaries::text[], :sources::text[], :written::text[],
            :sequences::int8[]) AS new (event_id, title, tags, summary, sources, written, sequence)
CROSS JOIN (SELECT text_language::regconfig AS language FROM head) AS l
ON CONFLICT (event_id) DO UPDATE SET search = excluded.search, sequence = excluded.sequence

-- name: put_past
INSERT INTO past_event_text (event_id, search, sequence, to_sequence)
SELECT new.event_id, {made}, new.sequence, new.to_sequence
FROM unnest(:ids::uuid[], :titles::text[], :tags::text[], :summaries::text[], :sources::text[], :written::text[],
            :sequences::int8[], :to_sequences::int8[])
    AS new (event_id, title, tags, summary, sources, written, sequence, to_sequence)
CROSS JOIN (SELECT text_language::regconfig AS language FROM head) AS l

-- name: unlike
SELECT new.event_id
FROM unnest(:ids::uuid[], :titles::text[], :tags::text[], :summaries::text[], :sources::text[], :written::text[],
            :sequences::int8[], :to_sequences::int8[])
    AS new (event_id, title, tags, summary, sources, written, sequence, to_sequence)
CROSS JOIN (SELECT text_language::regconfig AS language FROM head) AS l
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
-- The parts of a query as the index knows them: the words of each, and of some the prefix of a further word. `found`
-- is what finds by it, `ranked` what is looked for to rank by it, where a prefix is one of a stem.
SELECT (phraseto_tsquery(l.language, part.words) && CASE WHEN part.prefix = '' THEN ''::tsquery
            ELSE ('''=' || part.prefix || ''':*')::tsquery END)::text AS found,
       (phraseto_tsquery(l.language, part.words) && CASE WHEN part.prefix = '' THEN ''::tsquery
            ELSE to_tsquery(l.language, '''' || part.prefix || ''':*') END)::text AS ranked
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS part (words, prefix, number)
CROSS JOIN (SELECT text_language::regconfig AS language FROM head) AS l ORDER BY part.number;

-- Finding. `words` are queries that `read_parts` gave.

-- name: estimate
-- A plan, which says how many rows are expected.
EXPLAIN (FORMAT JSON) SELECT FROM event_text WHERE search @@ $1::tsquery

-- name: estimate_past
EXPLAIN (FORMAT JSON) SELECT FROM past_event_text WHERE search @@ $1::tsquery

-- name: with_words
SELECT x.event_id FROM {event_text} AS x WHERE x.search @@ :search::tsquery LIMIT :limit

-- name: with_terms
SELECT t.event_id FROM {event_term} AS t WHERE t.term = ANY (:terms::int4[]) LIMIT :limit
