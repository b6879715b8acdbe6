-- Actors by what a person types. Each part reads a bounded number of names: those that begin so along their index, in
-- order; the others as the index of trigrams gives them. Only names of actors whom the reader sees are counted.

-- name: prepare
-- For this transaction: how near a name has to be, and plans by the values, since for one text nearly all names are
-- found and for another none. A scan from end to end would be begun where nearly all names are found.
SELECT set_config('pg_trgm.word_similarity_threshold', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('enable_seqscan', 'off', true);

-- name: by_id
SELECT id AS folded, 'id' AS kind, '' AS words, id AS actor_id, coalesce(merged_into, id) AS stands, 0::float8 AS nearness
FROM {actor} AS actor WHERE id = :id AND (public OR :edit)

-- name: beginning
SELECT n.folded, n.kind, n.words, n.actor_id, seen.stands, 0::float8 AS nearness
FROM {actor_name} AS n CROSS JOIN LATERAL ({seen}) AS seen
WHERE n.kind = :kind AND n.folded >= :first AND n.folded < :last
ORDER BY n.folded, n.actor_id LIMIT :limit

-- name: with_words
SELECT n.folded, n.kind, n.words, n.actor_id, seen.stands, 0::float8 AS nearness
FROM {actor_name} AS n CROSS JOIN LATERAL ({seen}) AS seen
WHERE true

-- name: with_word
AND n.words LIKE :pattern

-- name: at_most
LIMIT :limit

-- name: near
SELECT n.folded, n.kind, n.words, n.actor_id, seen.stands,
       (word_similarity(:typed, n.words) + similarity(:typed, n.words))::float8 AS nearness
FROM {actor_name} AS n CROSS JOIN LATERAL ({seen}) AS seen
WHERE :typed <% n.words
LIMIT :limit

-- name: seen
-- Whom the one stands for whose name it is, if the reader sees that one. The limit keeps it a look-up for each name.
SELECT coalesce(merged_into, id) AS stands FROM {actor} AS actor
WHERE actor.id = n.actor_id AND (public OR :edit) LIMIT 1
