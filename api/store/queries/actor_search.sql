-- Actors by what a person types. Each part reads a bounded number of names: those that begin so along their index, in
-- order; the others as the index of trigrams gives them. Only names of actors whom the reader sees are counted.

-- name: prepare
-- For this transaction: how near a name has to be, and plans by the values, since for one text nearly all names are
-- found and for another none. A scan from end to end would be begun where nearly all names are found.
SELECT set_config('pg_trgm.word_similarity_threshold', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('enable_seqscan', 'off', true);

-- name: found
SELECT found.folded, found.kind, found.words, found.actor_id, stood.stands, found.nearness
FROM ({branches}) AS found
CROSS JOIN LATERAL (
    SELECT coalesce(merged_into, id) AS stands FROM {actor} AS actor WHERE actor.id = found.actor_id LIMIT 1
) AS stood

-- name: by_id
SELECT id AS folded, 'id' AS kind, '' AS words, id AS actor_id, 0::float8 AS nearness FROM {actor} AS actor
WHERE id = :id AND (public OR :edit)

-- name: beginning
SELECT folded, kind, words, actor_id, 0::float8 AS nearness FROM {actor_name} AS n
WHERE n.kind = :kind AND n.folded >= :first AND n.folded < :last
  AND (SELECT public OR :edit FROM {actor} AS actor WHERE actor.id = n.actor_id)
ORDER BY n.folded, n.actor_id LIMIT :limit

-- name: with_words
SELECT folded, kind, words, actor_id, 0::float8 AS nearness FROM {actor_name} AS n
WHERE (SELECT public OR :edit FROM {actor} AS actor WHERE actor.id = n.actor_id)

-- name: with_word
AND n.words LIKE :pattern

-- name: at_most
LIMIT :limit

-- name: near
SELECT folded, kind, words, actor_id, (word_similarity(:typed, words) + similarity(:typed, words))::float8 AS nearness
FROM {actor_name} AS n
WHERE :typed <% n.words
  AND (SELECT public OR :edit FROM {actor} AS actor WHERE actor.id = n.actor_id)
LIMIT :limit
