DROP TABLE event_text, past_event_text;
ALTER TABLE head DROP COLUMN text_language;
