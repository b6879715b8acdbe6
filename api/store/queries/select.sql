-- Pages of events: an ordered walk along event_term gives the keys, their documents follow, and what they
-- mention stands beside them; one statement, so one moment. `after` and `until` bound the walk on both sides and
-- have the cursor folded in, or the walk would begin at the wrong end.

-- name: walk_forward
SELECT t.starts AS position, t.event_id FROM {walked_event_term} AS t
WHERE (t.starts, t.event_id) >= (:after, :after_id) AND t.starts < :until

-- name: walk_backward
SELECT t.starts AS position, t.event_id FROM {walked_event_term} AS t
WHERE (t.starts, t.event_id) <= (:after, :after_id) AND t.starts >= :until

-- name: of_term
AND t.term = :term

-- name: of_each_term
AND t.term = lead.term

-- name: each_term
SELECT walked.position, walked.event_id FROM unnest(:terms::int4[]) AS lead (term) CROSS JOIN LATERAL ({walk}) AS walked

-- name: each_walk
-- Walks of which each has its own term, class of length and stretch.
SELECT walked.position, walked.event_id
FROM unnest(:terms::int4[], :spans::int2[], :afters::int8[], :after_ids::uuid[], :untils::int8[],
            :ends_afters::int8[], :ends_bys::int8[])
    AS lead (term, span, after, after_id, until, ends_after, ends_by)
CROSS JOIN LATERAL ({walk}) AS walked

-- name: stretch_forward
SELECT t.starts AS position, t.event_id FROM {walked_event_term} AS t
WHERE t.term = lead.term AND t.span = lead.span AND (t.starts, t.event_id) >= (lead.after, lead.after_id)
  AND t.starts < lead.until AND t.ends > lead.ends_after AND t.ends <= lead.ends_by

-- name: stretch_backward
SELECT t.starts AS position, t.event_id FROM {walked_event_term} AS t
WHERE t.term = lead.term AND t.span = lead.span AND (t.starts, t.event_id) <= (lead.after, lead.after_id)
  AND t.starts >= lead.until AND t.ends > lead.ends_after AND t.ends <= lead.ends_by

-- name: of_span
AND t.span = :span

-- name: ends_after
AND t.ends > :bound

-- name: ends_by
AND t.ends <= :bound

-- name: with_any_term
-- A subquery that gives a value is probed row by row under every plan; EXISTS may become a join that reads
-- the whole list of a popular term.
AND (SELECT true FROM {event_term} AS r
     WHERE r.term = ANY (:terms::int4[]) AND r.starts = t.starts AND r.event_id = t.event_id LIMIT 1)

-- name: naming_any
-- Before many terms are probed for. The planner does what costs least first.
AND (SELECT e.actors && :ids::text[] FROM {event} AS e WHERE e.id = t.event_id)

-- name: while_belonging
-- Of the terms that count only for a time, those whose time the event's date meets; any of them, or one that always
-- counts, must be there. The array is made once for an event, and then probed like any other.
AND (SELECT true FROM {event_term} AS r
     WHERE r.term = ANY (:always::int4[] || ARRAY (
         SELECT timed.term FROM unnest(:terms::int4[], :froms::int8[], :tos::int8[]) AS timed (term, since, until)
         WHERE timed.since < t.ends AND timed.until > t.starts
           AND (NOT t.gaps OR (SELECT e.runs && int8range(timed.since, timed.until) FROM {event} AS e
                               WHERE e.id = t.event_id))
     )) AND r.starts = t.starts AND r.event_id = t.event_id LIMIT 1)

-- name: a_run_overlaps
AND (NOT t.gaps OR (SELECT e.runs && int8range(:from, :to) FROM {event} AS e WHERE e.id = t.event_id))

-- name: instants_overlap
AND (SELECT e.instant_starts < :to AND e.instant_ends > :from
            AND (e.instant_runs IS NULL OR e.instant_runs && int8range(:from, :to))
     FROM {event} AS e WHERE e.id = t.event_id)

-- name: instants_within
AND (SELECT e.instant_starts >= :from AND e.instant_ends <= :to FROM {event} AS e WHERE e.id = t.event_id)

-- name: instants_start
AND (SELECT e.instant_starts < :to AND e.instant_starts_latest >= :from FROM {event} AS e WHERE e.id = t.event_id)

-- name: is_past
AND (SELECT e.instant_ends <= :now FROM {event} AS e WHERE e.id = t.event_id)

-- name: is_not_overdue
AND (SELECT e.instant_ends > :now OR NOT e.planned FROM {event} AS e WHERE e.id = t.event_id)

-- name: in_box
AND (SELECT EXISTS (SELECT FROM unnest(e.positions) AS p
                    WHERE p[0] BETWEEN :west AND :east AND p[1] BETWEEN :south AND :north)
     FROM {event} AS e WHERE e.id = t.event_id)

-- name: in_box_across
AND (SELECT EXISTS (SELECT FROM unnest(e.positions) AS p
                    WHERE (p[0] >= :west OR p[0] <= :east) AND p[1] BETWEEN :south AND :north)
     FROM {event} AS e WHERE e.id = t.event_id)

-- name: changed_from
AND (SELECT e.sequence >= :sequence FROM {event} AS e WHERE e.id = t.event_id)

-- Full text, see select/text.py. An event is looked at by itself, as with terms.

-- name: has_words
AND (SELECT x.search @@ :search::tsquery FROM {event_text} AS x WHERE x.event_id = t.event_id)

-- name: has_terms
AND (SELECT true FROM {event_term} AS r
     WHERE r.term = ANY (:terms::int4[]) AND r.starts = t.starts AND r.event_id = t.event_id LIMIT 1)

-- name: has_words_or_terms
AND (coalesce((SELECT true FROM {event_term} AS r
               WHERE r.term = ANY (:terms::int4[]) AND r.starts = t.starts AND r.event_id = t.event_id LIMIT 1), false)
     OR (SELECT x.search @@ :search::tsquery FROM {event_text} AS x WHERE x.event_id = t.event_id))

-- name: lacks_words
AND NOT (SELECT x.search @@ :search::tsquery FROM {event_text} AS x WHERE x.event_id = t.event_id)

-- name: lacks_terms
AND (SELECT true FROM {event_term} AS r
     WHERE r.term = ANY (:terms::int4[]) AND r.starts = t.starts AND r.event_id = t.event_id LIMIT 1) IS NULL

-- name: lacks_words_or_terms
AND (SELECT true FROM {event_term} AS r
     WHERE r.term = ANY (:terms::int4[]) AND r.starts = t.starts AND r.event_id = t.event_id LIMIT 1) IS NULL
AND NOT (SELECT x.search @@ :search::tsquery FROM {event_text} AS x WHERE x.event_id = t.event_id)

-- name: rank
-- Places are of whole numbers, so that a cursor holds them exactly. A name counts like a word of the title.
SELECT place.event_id, (1000000 * ({ranks}))::int8 AS rank
FROM unnest(:ids::uuid[], :starts::int8[]) AS place (event_id, starts)
CROSS JOIN LATERAL (
    SELECT x.search FROM {event_text} AS x WHERE x.event_id = place.event_id LIMIT 1
) AS said

-- name: rank_of_words
ts_rank_cd(said.search, :search::tsquery)

-- name: rank_of_terms
CASE WHEN (SELECT true FROM {event_term} AS r
           WHERE r.term = ANY (:terms::int4[]) AND r.starts = place.starts AND r.event_id = place.event_id LIMIT 1)
     THEN 1 ELSE 0 END

-- The same checks on the date for events that are not found by a walk along their dates.

-- name: starts_from
AND t.starts >= :bound

-- name: starts_before
AND t.starts < :bound

-- name: chosen
-- `t` has the columns of a place in the index, and those of the event that order it.
SELECT t.{position} AS position, t.event_id
FROM (SELECT id AS event_id, state, starts, ends, runs IS NOT NULL AS gaps, sequence FROM {event} AS event) AS t
WHERE t.state = :state

-- name: changed
-- The same for a walk along the changes.
SELECT t.{position} AS position, t.event_id
FROM (SELECT id AS event_id, state, starts, ends, runs IS NOT NULL AS gaps, sequence FROM {walked_event} AS event) AS t
WHERE t.state = :state

-- name: among
AND t.event_id = ANY (:ids::uuid[])

-- name: not_among
AND t.event_id <> ALL (:ids::uuid[])

-- name: from_forward
AND (t.{position}, t.event_id) >= (:after, :after_id)

-- name: from_backward
AND (t.{position}, t.event_id) <= (:after, :after_id)

-- name: changes_forward
AND t.sequence >= :after

-- name: changes_backward
AND t.sequence <= :after

-- name: in_order_forward
ORDER BY t.{position}, t.event_id LIMIT :limit

-- name: in_order_backward
ORDER BY t.{position} DESC, t.event_id DESC LIMIT :limit

-- name: by_change_forward
{until} ORDER BY t.sequence LIMIT :limit

-- name: by_change_backward
{until} ORDER BY t.sequence DESC LIMIT :limit

-- name: changed_since
-- What has changed from a sequence on, in one state, if it is not more than a bound. Without an order a plan for any
-- value would begin at the first row of the table.
SELECT t.sequence AS position, t.id AS event_id FROM {walked_event} AS t
WHERE t.state = :state AND t.sequence >= :sequence

-- name: written_by
-- What was written first of one state, up to the moment; what has been superseded by then is looked through, too.
(SELECT id FROM event WHERE state = :state AND sequence <= :as_of ORDER BY sequence LIMIT :limit)
UNION ALL
(SELECT id FROM past_event WHERE state = :state AND sequence <= :as_of ORDER BY sequence LIMIT :limit)

-- The keys of a chronology's events: those picked by hand, if they have an order of their own, come first.

-- name: picked
SELECT 0 AS part, hand.place AS position, key.event_id
FROM unnest(:ids::uuid[], :places::int8[]) AS hand (event_id, place)
JOIN ({keys}) AS key (position, event_id) ON key.event_id = hand.event_id

-- name: found
SELECT 1 AS part, key.position, key.event_id FROM ({keys}) AS key (position, event_id)

-- name: picked_and_found
SELECT event_id FROM ({branches}) AS part ORDER BY part, position {order}, event_id {order} LIMIT :limit

-- name: count_of
SELECT count(*) FROM ({keys}) AS key

-- name: forward
{until} ORDER BY t.starts, t.event_id LIMIT :limit

-- name: backward
{until} ORDER BY t.starts DESC, t.event_id DESC LIMIT :limit

-- name: merged_forward
SELECT DISTINCT position, event_id FROM ({branches}) AS branch ORDER BY position, event_id LIMIT :limit

-- name: merged_backward
SELECT DISTINCT position, event_id FROM ({branches}) AS branch ORDER BY position DESC, event_id DESC LIMIT :limit

-- name: merged_chosen_forward
SELECT position, event_id FROM ({branches}) AS branch ORDER BY position, event_id LIMIT :limit

-- name: merged_chosen_backward
SELECT position, event_id FROM ({branches}) AS branch ORDER BY position DESC, event_id DESC LIMIT :limit

-- Walks as of a moment, see select/merging.py. `last` is the last place of a full page of what is current.

-- name: present_and_past_forward
WITH present AS MATERIALIZED (
{present}
), last AS MATERIALIZED (
    SELECT position, event_id FROM (
        (SELECT position, event_id FROM present WHERE (SELECT count(*) FROM present) >= :limit
         ORDER BY position DESC, event_id DESC LIMIT 1)
        UNION ALL SELECT :end::int8, :end_id::uuid
    ) AS place ORDER BY position, event_id LIMIT 1
)
{merged}

-- name: present_and_past_backward
WITH present AS MATERIALIZED (
{present}
), last AS MATERIALIZED (
    SELECT position, event_id FROM (
        (SELECT position, event_id FROM present WHERE (SELECT count(*) FROM present) >= :limit
         ORDER BY position, event_id LIMIT 1)
        UNION ALL SELECT :end::int8, :end_id::uuid
    ) AS place ORDER BY position DESC, event_id DESC LIMIT 1
)
{merged}

-- name: of_present
SELECT position, event_id FROM present

-- name: until_forward
AND (t.starts, t.event_id) <= (SELECT position, event_id FROM last)

-- name: until_backward
AND (t.starts, t.event_id) >= (SELECT position, event_id FROM last)

-- name: until_change_forward
-- No sequence is below zero: a stretch with two ends is what the planner takes for a short one, even if it knows neither.
AND t.sequence >= 0 AND t.sequence <= (SELECT position FROM last)

-- name: until_change_backward
AND t.sequence >= (SELECT position FROM last)

-- Pages for `with_included`. `edit` tells whether what nothing public mentions is seen.

-- name: page_of_event
SELECT id, revision, starts AS position, actors, sources, document FROM {event} AS event
WHERE id = :id AND (state <> 'draft' OR :edit)

-- name: page_of_written
SELECT :id::text AS id, :revision::int4 AS revision, NULL::int8 AS position, :actors::text[] AS actors,
       :sources::uuid[] AS sources, :document::bytea AS document

-- name: page_of_actor
SELECT id, revision, NULL::int8 AS position, actors, '{}'::uuid[] AS sources, document FROM {actor} AS actor
WHERE id = :id AND (public OR :edit)

-- name: page_of_actors
SELECT id, revision, NULL::int8 AS position, actors, '{}'::uuid[] AS sources, document FROM {actor} AS actor
WHERE id > :after AND merged_into IS NULL AND (public OR :edit) ORDER BY id LIMIT :limit

-- name: page_of_actors_then
-- The same as of a moment: along the present ids, which none has ever left, or all past rows would be walked through.
-- The limit keeps it a walk: nothing is joined in another order. What has been redacted has no document.
SELECT held.* FROM actor AS walked CROSS JOIN LATERAL (
    SELECT id, revision, NULL::int8 AS position, actors, '{}'::uuid[] AS sources, document FROM {actor} AS actor
    WHERE actor.id = walked.id AND merged_into IS NULL AND (public OR :edit) AND document IS NOT NULL LIMIT 1
) AS held
WHERE walked.id > :after ORDER BY walked.id LIMIT :limit

-- name: page_of_found
SELECT id, revision, NULL::int8 AS position, actors, '{}'::uuid[] AS sources, document FROM {actor} AS actor
WHERE id = ANY (:ids::text[]) AND merged_into IS NULL AND (public OR :edit)

-- name: page_of_source
SELECT id, revision, NULL::int8 AS position, ARRAY[publisher] AS actors, '{}'::uuid[] AS sources, document
FROM {source} AS source
WHERE id = :id AND (public OR :edit)

-- name: page_of_sources
SELECT id, revision, NULL::int8 AS position, ARRAY[publisher] AS actors, '{}'::uuid[] AS sources, document
FROM {source} AS source
WHERE id >= :first AND (public OR :edit) ORDER BY id LIMIT :limit

-- name: page_of_sources_then
SELECT held.* FROM source AS walked CROSS JOIN LATERAL (
    SELECT id, revision, NULL::int8 AS position, ARRAY[publisher] AS actors, '{}'::uuid[] AS sources, document
    FROM {source} AS source
    WHERE source.id = walked.id AND (public OR :edit) AND document IS NOT NULL LIMIT 1
) AS held
WHERE walked.id >= :first ORDER BY walked.id LIMIT :limit

-- name: page_of_source_by_identity
SELECT id, revision, NULL::int8 AS position, ARRAY[publisher] AS actors, '{}'::uuid[] AS sources, document
FROM {source} AS source
WHERE identity = :identity AND (public OR :edit)

-- name: page_of_chronology
SELECT slug AS id, revision, NULL::int8 AS position, actors, sources, document FROM {chronology} AS chronology
WHERE slug = :slug AND (state <> 'draft' OR :edit)

-- name: page_of_chronologies
SELECT slug AS id, revision, NULL::int8 AS position, actors, sources, document FROM {chronology} AS chronology
WHERE slug > :after AND (state <> 'draft' OR :edit) ORDER BY slug LIMIT :limit

-- name: page_of_events
SELECT id, revision, starts AS position, actors, sources, document FROM {event} AS event
WHERE id = ANY (:ids::uuid[])

-- name: page_of_related
-- Events by id, and those under any of some terms, the first of them that have not been seen. No recursive CTE: a
-- distributed PostgreSQL has none, and a walk in rounds is bounded in each.
SELECT id, revision, starts AS position, actors, sources, document FROM {event} AS event
WHERE id = ANY (ARRAY (
    SELECT event_id FROM (
        SELECT starts, id AS event_id FROM {event} AS event
        WHERE id = ANY (:ids::uuid[]) AND state = ANY (:states::text[])
        UNION
        SELECT walked.starts, walked.event_id FROM unnest(:terms::int4[]) AS lead (term) CROSS JOIN LATERAL (
            SELECT t.starts, t.event_id FROM {event_term} AS t WHERE t.term = lead.term
            ORDER BY t.starts, t.event_id LIMIT :each
        ) AS walked
    ) AS key
    WHERE event_id <> ALL (:seen::uuid[]) ORDER BY starts, event_id LIMIT :limit
))

-- name: page_by_keys
SELECT id, revision, {position} AS position, actors, sources, document FROM {event} AS event
WHERE id = ANY (ARRAY (SELECT event_id FROM ({keys}) AS key))

-- name: without_included
SELECT id::text, revision, position, document FROM (
{page}
) AS page

-- name: with_included
-- part 0: events; part 1: sources that they cite; part 2: actors that either mentions. Whoever has been merged goes by
-- the name and the kind, and as a publisher by the reliability, of the one that stands for it, which comes along.
WITH page AS MATERIALIZED (
{page}
), cited AS MATERIALIZED (
    SELECT id, title, url, publisher, published, reliability FROM {source} AS source
    WHERE id = ANY (ARRAY (SELECT DISTINCT unnest(sources) FROM page))
), named AS MATERIALIZED (
    SELECT id, name, kind, reliability, merged_into FROM {actor} AS actor
    WHERE id = ANY (ARRAY (SELECT unnest(actors) FROM page UNION SELECT publisher FROM cited))
), standing AS MATERIALIZED (
    SELECT id, name, kind, reliability FROM {actor} AS actor
    WHERE id = ANY (ARRAY (SELECT DISTINCT merged_into FROM named WHERE merged_into IS NOT NULL))
)
SELECT 0 AS part, id::text, revision, position, NULL AS a, NULL AS b, NULL AS c, NULL AS d, NULL AS e, document
FROM page
UNION ALL
SELECT 1, cited.id::text, NULL, NULL, title, url, publisher, published,
       coalesce(cited.reliability, CASE WHEN standing.id IS NULL THEN named.reliability ELSE standing.reliability END),
       NULL
FROM cited LEFT JOIN named ON named.id = cited.publisher LEFT JOIN standing ON standing.id = named.merged_into
UNION ALL
SELECT 2, named.id, NULL, NULL, coalesce(standing.name, named.name), coalesce(standing.kind, named.kind), merged_into,
       NULL, NULL, NULL
FROM named LEFT JOIN standing ON standing.id = named.merged_into
UNION ALL
SELECT 2, id, NULL, NULL, name, kind, NULL, NULL, NULL, NULL FROM standing
