-- Finding what a body or a query refers to.

-- name: actors_by_name
-- Names as given and folded; `edit` tells whether those are seen that nothing published mentions yet. Whoever has been
-- merged is given with the one that stands for it.
WITH wanted AS (SELECT * FROM unnest(:names::text[], :folded::text[]) AS wanted (name, folded))
SELECT wanted.name, actor.id, coalesce(actor.merged_into, actor.id) AS stands, true AS exact
FROM wanted JOIN {actor} AS actor ON actor.id = wanted.name WHERE actor.public OR :edit
UNION ALL
SELECT wanted.name, actor.id, coalesce(actor.merged_into, actor.id), false
FROM wanted JOIN {actor_name} AS actor_name ON actor_name.folded = wanted.folded
JOIN {actor} AS actor ON actor.id = actor_name.actor_id WHERE actor.public OR :edit;

-- name: actors_by_words
-- By the words of a name, whatever stands between them; and by an id, where it may be one. For whom they stand.
WITH wanted AS (SELECT * FROM unnest(:words::text[], :ids::text[]) AS wanted (words, id))
SELECT wanted.words, coalesce(actor.merged_into, actor.id) AS stands
FROM wanted JOIN {actor} AS actor ON actor.id = wanted.id WHERE actor.public OR :edit
UNION
SELECT wanted.words, coalesce(actor.merged_into, actor.id)
FROM wanted JOIN {actor_name} AS actor_name ON actor_name.words = wanted.words
JOIN {actor} AS actor ON actor.id = actor_name.actor_id WHERE actor.public OR :edit;

-- name: names_near
-- Bounded: only looked at for a suggestion.
SELECT actor_name.folded, coalesce(actor.merged_into, actor.id) AS id
FROM {actor_name} AS actor_name JOIN {actor} AS actor ON actor.id = actor_name.actor_id
WHERE actor_name.folded >= :first AND actor_name.folded < :last AND (actor.public OR :edit)
ORDER BY actor_name.folded LIMIT 100;

-- name: same_actors
-- Everybody whom any of these stands for: itself or whom it is merged into, and all who are merged into that one.
WITH asked AS MATERIALIZED (
    SELECT id, coalesce(merged_into, id) AS stands FROM {actor} AS actor WHERE id = ANY (:ids::text[])
)
SELECT id, stands, true AS asked FROM asked
UNION ALL
SELECT id, merged_into, false FROM {actor} AS actor WHERE merged_into = ANY (ARRAY (SELECT stands FROM asked));

-- name: sources_by_id
SELECT id, publisher, identity FROM source WHERE id = ANY ($1::uuid[]);

-- name: sources_by_identity
SELECT id, publisher, identity FROM source WHERE identity = ANY ($1::bytea[]);

-- name: events_by_id
SELECT id, state FROM event WHERE id = ANY ($1::uuid[]);

-- name: ids_named_like
-- Actors whose id another actor's names would shadow, and names that a new id would shadow.
SELECT id FROM actor WHERE id = ANY ($1::text[]) AND id <> $2
UNION ALL
SELECT actor_id FROM actor_name WHERE folded = $2 AND actor_id <> $2;
