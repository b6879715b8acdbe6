-- Counting events: all that a query finds, in no order, over time or by what they have in common.

-- name: bound
-- For so many milliseconds at most, and no longer than anything may take; with as much memory as keeps a million keys
-- from being sorted on the disk.
SELECT set_config('statement_timeout', CASE WHEN setting::int BETWEEN 1 AND $1 THEN setting ELSE $1::text END, true),
       set_config('work_mem', '32MB', true)
FROM pg_settings WHERE name = 'statement_timeout';

-- All that is found: stretches of the index, each event once.

-- name: entries
SELECT t.event_id, t.starts, t.ends, t.gaps FROM {event_term} AS t
WHERE t.term = ANY (:terms::int4[]) AND t.starts >= :lower AND t.starts < :upper

-- name: entries_among
SELECT t.event_id, t.starts, t.ends, t.gaps
FROM (SELECT id AS event_id, state, starts, ends, runs IS NOT NULL AS gaps, sequence FROM {event} AS event) AS t
WHERE t.state = ANY (:states::text[]) AND t.event_id = ANY (:ids::uuid[])

-- name: entries_of_sample
SELECT t.event_id, t.starts, t.ends, t.gaps
FROM (SELECT id AS event_id, state, starts, ends, runs IS NOT NULL AS gaps, sequence FROM {event} AS event) AS t
WHERE t.state = ANY (:states::text[]) AND t.sequence = ANY (:sequences::int8[])

-- name: once
SELECT DISTINCT event_id, starts, ends, gaps FROM ({entries}) AS entry

-- name: ids
SELECT t.event_id FROM ({entries}) AS t LIMIT :limit

-- Over time. Days are counted from 1970-01-01; one that is after a stretch of them is `past`.

-- name: extent
SELECT count(*) AS total, count(*) FILTER (WHERE {undated}) AS undated,
       min(t.starts) FILTER (WHERE NOT ({undated}) {short}) AS first_start,
       max(t.starts) FILTER (WHERE NOT ({undated}) {short}) AS last_start,
       max(t.ends) FILTER (WHERE NOT ({undated}) {short}) AS last_end
FROM ({entries}) AS t

-- name: short
-- What is longer lies in no bin alone. Days are compared, since there are no seconds between ends that are far apart.
AND t.ends / 86400 - t.starts / 86400 <= :days

-- name: undated_never
false

-- name: undated_start
t.starts = :open_start

-- name: undated_end
t.starts = :open_start OR t.ends = :open_end

-- name: dated
-- Equal dates are taken together, but for those with gaps. Division rounds towards zero, and days do not.
WITH dated AS MATERIALIZED (
    SELECT t.starts / 86400 - (t.starts % 86400 < 0)::int AS first, t.ends / 86400 + (t.ends % 86400 > 0)::int AS past,
           {undated} AS undated, {gaps} AS with_gaps, count(*) AS events
    FROM ({entries}) AS t GROUP BY 1, 2, 3, 4
), {counting}
SELECT bin, inside, opened, closed FROM counted
UNION ALL
SELECT NULL, sum(events)::float8, coalesce(sum(events) FILTER (WHERE undated), 0)::float8, NULL FROM dated

-- name: gaps
CASE WHEN t.gaps THEN t.event_id END

-- name: spread
-- What each event has in the bin where a stretch of it begins and in the one where that ends; in those in between it has
-- its share for each of their days, which is in force from where it is `opened` to where it is `closed`. The share is for
-- all possible days or, where there is no end to them, for those in the range. The days of one event may touch or be the
-- same, where it has times.
piece AS (
    SELECT greatest(first, :begin) AS first, least(past, :until) AS past,
           events::float8 / CASE WHEN first = :open_first OR past = :open_past
                                 THEN least(past, :until) - greatest(first, :begin) ELSE past - first END AS share
    FROM dated WHERE with_gaps IS NULL AND NOT undated AND first < :until AND past > :begin
    UNION ALL
    SELECT greatest(first, :begin), least(past, :until), 1::float8 / CASE WHEN open THEN days_inside ELSE days END
    FROM (SELECT open, lower(run) AS first, upper(run) AS past, sum(upper(run) - lower(run)) OVER event AS days,
                 sum(greatest(least(upper(run), :until) - greatest(lower(run), :begin), 0)) OVER event AS days_inside
          FROM (SELECT dated.with_gaps AS id, first = :open_first OR past = :open_past AS open, unnest((
                    SELECT range_agg(int8range(lower(part) / 86400 - (lower(part) % 86400 < 0)::int,
                                               upper(part) / 86400 + (upper(part) % 86400 > 0)::int))
                    FROM unnest(e.runs) AS part)) AS run
                FROM dated JOIN {event} AS e ON e.id = dated.with_gaps
                WHERE NOT undated AND first < :until AND past > :begin) AS of_event
          WINDOW event AS (PARTITION BY id)) AS run
    WHERE first < :until AND past > :begin
), placed AS MATERIALIZED (
    SELECT first, past, share, width_bucket(first, :bounds::int8[]) AS first_bin,
           width_bucket(past - 1, :bounds::int8[]) AS last_bin
    FROM piece
), counted AS (
    SELECT bin, sum(inside) AS inside, sum(opened) AS opened, sum(closed) AS closed FROM (
        SELECT first_bin AS bin, share * (least(past, (:bounds::int8[])[first_bin + 1]) - first) AS inside,
               CASE WHEN last_bin > first_bin THEN share ELSE 0 END AS opened, 0::float8 AS closed
        FROM placed
        UNION ALL
        SELECT last_bin, share * (past - (:bounds::int8[])[last_bin]), 0, share FROM placed WHERE last_bin > first_bin
    ) AS part GROUP BY bin
)

-- name: earliest
counted AS (
    SELECT width_bucket(first, :bounds::int8[]) AS bin, sum(events)::float8 AS inside, 0::float8 AS opened,
           0::float8 AS closed
    FROM dated WHERE NOT undated GROUP BY 1
)

-- name: exclude
counted AS (
    SELECT width_bucket(first, :bounds::int8[]) AS bin, sum(events)::float8 AS inside, 0::float8 AS opened,
           0::float8 AS closed
    FROM dated
    WHERE NOT undated AND first >= :begin AND past <= :until
      AND width_bucket(first, :bounds::int8[]) = width_bucket(past - 1, :bounds::int8[])
    GROUP BY 1
)

-- By what events have in common.

-- name: merged_actors
SELECT id, merged_into FROM {actor} AS actor WHERE merged_into IS NOT NULL

-- name: names_of_actors
SELECT id, name, kind FROM {actor} AS actor WHERE id = ANY (:ids::text[])

-- name: by_counts
-- How many events have each value in all of the store, as it is kept.
SELECT :dimension::text AS dimension, substr(name, :skipped) AS value, sum(events)::int8 AS events FROM term
WHERE state = ANY (:states::text[]) AND name > :after AND name < :before AND name <> ALL (:apart::text[])
  AND events > 0 {roles}
GROUP BY name ORDER BY events DESC, name LIMIT :limit

-- name: without_roles
AND strpos(substr(name, :skipped), ':') = 0

-- name: family
-- How many events any of several that are one are in.
SELECT :dimension::text AS dimension, value, count(DISTINCT t.event_id) AS events
FROM unnest(:names::text[], :values::text[]) AS one (name, value)
JOIN term ON term.state = ANY (:states::text[]) AND term.name = one.name
JOIN {event_term} AS t ON t.term = term.id
GROUP BY value ORDER BY events DESC, value COLLATE "C" LIMIT :limit

-- name: by_scan
SELECT :dimension::text AS dimension, substr(term.name, :skipped) AS value, sum(counted.events)::int8 AS events
FROM (SELECT t.term, count(*) AS events
      FROM {event_term} AS t JOIN found ON found.starts = t.starts AND found.event_id = t.event_id
      WHERE t.term = ANY (ARRAY (
          SELECT id FROM term WHERE state = ANY (:states::text[]) AND name > :after AND name < :before
                                AND name <> ALL (:apart::text[]) {roles}))
      GROUP BY t.term) AS counted
JOIN term ON term.id = counted.term
GROUP BY term.name ORDER BY events DESC, value LIMIT :limit

-- name: family_by_scan
SELECT :dimension::text AS dimension, value, count(DISTINCT t.event_id) AS events
FROM unnest(:names::text[], :values::text[]) AS one (name, value)
JOIN term ON term.state = ANY (:states::text[]) AND term.name = one.name
JOIN {event_term} AS t ON t.term = term.id
JOIN found ON found.starts = t.starts AND found.event_id = t.event_id
GROUP BY value ORDER BY events DESC, value COLLATE "C" LIMIT :limit

-- name: scan
WITH found AS MATERIALIZED (
{entries}
)
{branches}

-- name: of_documents
-- A few events that are known by id, by what their documents say; `said` is each of them once.
WITH said AS MATERIALIZED (
    SELECT e.id, e.sources, said.kind, said.occurrence, said.assessment, said.tags, said.places, said.actors
    FROM {event} AS e CROSS JOIN LATERAL json_to_record(convert_from(e.document, 'UTF8')::json)
        AS said (kind text, occurrence text, assessment json, tags json, places json, actors json)
    WHERE e.id = ANY (:ids::uuid[])
), counted AS (
    SELECT dimension, coalesce(one.value, of_event.value) AS value, count(DISTINCT id) AS events
    FROM ({branches}) AS of_event (dimension, id, value)
    LEFT JOIN unnest(:merged::text[], :standing::text[]) AS one (id_merged, value)
        ON of_event.dimension IN ('actor', 'publisher') AND one.id_merged = of_event.value
    WHERE of_event.value IS NOT NULL
    GROUP BY 1, 2
)
SELECT dimension, value, events FROM (
    SELECT dimension, value, events,
           row_number() OVER (PARTITION BY dimension ORDER BY events DESC, value COLLATE "C") AS place
    FROM counted
) AS ranked WHERE place <= :limit

-- name: said_kind
SELECT 'kind', id, kind FROM said

-- name: said_occurrence
SELECT 'occurrence', id, occurrence FROM said

-- name: said_confidence
SELECT 'confidence', id, assessment ->> 'confidence' FROM said WHERE json_typeof(assessment) = 'object'

-- name: said_tag
SELECT 'tag', id, tag FROM said CROSS JOIN LATERAL json_array_elements_text(tags) AS tag

-- name: said_country
SELECT 'country', id, place ->> 'country' FROM said CROSS JOIN LATERAL json_array_elements(places) AS place

-- name: said_actor
SELECT 'actor', id, actor ->> 'id' FROM said CROSS JOIN LATERAL json_array_elements(actors) AS actor

-- name: said_publisher
SELECT 'publisher', said.id, source.publisher
FROM said CROSS JOIN LATERAL unnest(said.sources) AS cited (id)
JOIN {source} AS source ON source.id = cited.id
