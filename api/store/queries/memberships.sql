-- Who belongs to whom.

-- name: members_of
-- `edit` tells whether members are seen that nothing public mentions. The subquery is looked up row by row.
SELECT of_actor, actor_id, held FROM {membership} AS membership
WHERE of_actor = ANY (:ids::text[]) AND kind = ANY (:kinds::text[])
  AND (SELECT public OR :edit FROM {actor} AS actor WHERE actor.id = membership.actor_id)
LIMIT :limit;

-- name: belonging_to
-- To whom these actors belong, in whatever way and whenever.
SELECT DISTINCT of_actor FROM membership WHERE actor_id = ANY (:ids::text[]) LIMIT :limit;
