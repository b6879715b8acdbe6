-- The extension stays: something else in the database may use it.
DROP TABLE past_membership, membership;
DROP INDEX past_actor_name_words, past_actor_name_kind, actor_name_words, actor_name_kind;
ALTER TABLE past_actor_name DROP COLUMN words, DROP COLUMN kind;
ALTER TABLE actor_name DROP COLUMN words, DROP COLUMN kind;
