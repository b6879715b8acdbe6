-- Finding what a body or a query refers to.

-- name: actors_by_name
-- $1 names as given, $2 the same folded, $3 whether those are seen that nothing published mentions yet.
WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[]) AS wanted (name, folded))
SELECT wanted.name, actor.id, actor.name AS shown, true AS exact
FROM wanted JOIN actor ON actor.id = wanted.name WHERE actor.public OR $3
UNION ALL
SELECT wanted.name, actor.id, actor.name, false
FROM wanted JOIN actor_name ON actor_name.folded = wanted.folded JOIN actor ON actor.id = actor_name.actor_id
WHERE actor.public OR $3;

-- name: names_near
-- Bounded: only looked at for a suggestion.
SELECT actor_name.folded, actor.id FROM actor_name JOIN actor ON actor.id = actor_name.actor_id
WHERE actor_name.folded >= $1 AND actor_name.folded < $2 AND (actor.public OR $3)
ORDER BY actor_name.folded LIMIT 100;

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
