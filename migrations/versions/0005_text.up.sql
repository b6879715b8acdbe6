-- Full-text search. What an event can be found by is one row: the words of its title, tags, summary and sources' titles,
-- stemmed and with their places, and each word as it is written behind a '=', for queries that name how it begins.
-- Names of actors are not in it. Rows hold from a change up to another one, like all others.

-- The text search configuration that the rows were made with.
ALTER TABLE head ADD COLUMN text_language text NOT NULL DEFAULT 'english';
UPDATE head SET rebuild = sequence > 0;

CREATE TABLE event_text (
    event_id uuid PRIMARY KEY,
    search   tsvector NOT NULL,
    sequence int8 NOT NULL
);
CREATE INDEX event_text_search ON event_text USING gin (search);

CREATE TABLE past_event_text (
    event_id    uuid NOT NULL,
    search      tsvector NOT NULL,
    sequence    int8 NOT NULL,
    to_sequence int8 NOT NULL,
    PRIMARY KEY (event_id, sequence)
);
CREATE INDEX past_event_text_search ON past_event_text USING gin (search);

GRANT SELECT, INSERT, UPDATE, DELETE ON event_text TO {runtime_role};
GRANT SELECT, INSERT ON past_event_text TO {runtime_role};
