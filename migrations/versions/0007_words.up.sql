-- The rows hold other words than before. Whoever upgrades has them made anew from the log.
UPDATE head SET rebuild = sequence > 0;
TRUNCATE event_text, past_event_text, actor_name, past_actor_name;

-- A name in a query is found by its words, whatever signs stand between them.
CREATE INDEX actor_name_by_words ON actor_name (words);
CREATE INDEX past_actor_name_by_words ON past_actor_name (words);
