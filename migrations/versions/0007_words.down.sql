DROP INDEX past_actor_name_by_words, actor_name_by_words;
UPDATE head SET rebuild = sequence > 0;
TRUNCATE event_text, past_event_text, actor_name, past_actor_name;
