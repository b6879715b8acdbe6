-- Without past rows the present ones still stand, but redactions could no longer be told from deletions.
DROP TABLE past_actor, past_actor_name, past_source, past_event, past_event_term, past_chronology;
DROP INDEX change_public, change_record, event_term_span, actor_merged_into;
ALTER TABLE term DROP COLUMN past_events;
ALTER TABLE event_term DROP CONSTRAINT event_term_pkey;
ALTER TABLE event_term DROP COLUMN sequence;
ALTER TABLE event_term ADD PRIMARY KEY (term, starts, event_id) INCLUDE (ends, gaps);
CREATE INDEX event_term_span ON event_term (term, span, starts, event_id) INCLUDE (ends, gaps);
ALTER TABLE chronology DROP COLUMN sequence;
ALTER TABLE source DROP COLUMN sequence;
ALTER TABLE actor_name DROP COLUMN sequence;
ALTER TABLE actor DROP COLUMN merged_into, DROP COLUMN sequence;
ALTER TABLE change DROP COLUMN redacts;
ALTER TABLE head DROP COLUMN follows, DROP COLUMN rebuild;
