-- The rows hold other words than before. Whoever upgrades has them made anew from the log.
UPDATE head SET rebuild = sequence > 0;
TRUNCATE event_text, past_event_text, actor_name, past_actor_name;

-- A name in a query is found by all of its words, whatever signs stand between them. (The indexes actor_name_words are of
-- trigrams, for what is typed.)
CREATE INDEX actor_name_by_words ON actor_name (words);
CREATE INDEX past_actor_name_by_words ON past_actor_name (words);
