-- Reads of the past. Every row of a current table and of the index now says from which change on it holds (`sequence`);
-- when another change supersedes it, it goes on in the table of the same name with `past_`, with that change's sequence
-- in `to_sequence`. It held as of a sequence s where sequence <= s < to_sequence. What the past rows leave out stands in
-- the log. All of them follow from the log alone: history/rebuilding.py makes them, for stores that had none, too.

-- Until the rows have been made anew from the log, nothing is served.
ALTER TABLE head ADD COLUMN rebuild boolean NOT NULL DEFAULT false;
-- The address of the store that this one follows; it then has gaps, and nobody else writes to it.
ALTER TABLE head ADD COLUMN follows text;
UPDATE head SET rebuild = sequence > 0;

-- The sequences whose contents a redaction took away.
ALTER TABLE change ADD COLUMN redacts int8[];
-- A record's changes in order, those included that only bring it into sight.
CREATE INDEX change_record ON change (entity, entity_id, sequence);

-- What readers without `edit` see, where many drafts lie in between.
CREATE INDEX change_public ON change (sequence) WHERE public_type IS NOT NULL;

TRUNCATE event_term, term, event, source, actor_name, actor, chronology;

ALTER TABLE actor
    ADD COLUMN sequence int8 NOT NULL,
    ADD COLUMN merged_into text COLLATE "C";  -- whoever asks for this actor is given that one
CREATE INDEX actor_merged_into ON actor (merged_into) WHERE merged_into IS NOT NULL;
ALTER TABLE actor_name ADD COLUMN sequence int8 NOT NULL;
ALTER TABLE source ADD COLUMN sequence int8 NOT NULL;
ALTER TABLE chronology ADD COLUMN sequence int8 NOT NULL;
ALTER TABLE event_term ADD COLUMN sequence int8 NOT NULL;
ALTER TABLE event_term DROP CONSTRAINT event_term_pkey;
ALTER TABLE event_term ADD PRIMARY KEY (term, starts, event_id) INCLUDE (ends, gaps, sequence);
DROP INDEX event_term_span;
CREATE INDEX event_term_span ON event_term (term, span, starts, event_id) INCLUDE (ends, gaps, sequence);
-- How many entries the past index has under a term: what a read of the past chooses by.
ALTER TABLE term ADD COLUMN past_events int8 NOT NULL DEFAULT 0;

CREATE TABLE past_actor (
    id          text COLLATE "C" NOT NULL,
    revision    int4 NOT NULL,
    name        text NOT NULL,
    kind        text NOT NULL,
    reliability text,
    merged_into text COLLATE "C",
    actors      text[] NOT NULL,
    sequence    int8 NOT NULL,
    to_sequence int8 NOT NULL,
    PRIMARY KEY (id, sequence)
);
CREATE INDEX past_actor_reliability ON past_actor (reliability) WHERE reliability IS NOT NULL;
CREATE INDEX past_actor_merged_into ON past_actor (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE past_actor_name (
    folded      text COLLATE "C" NOT NULL,
    actor_id    text COLLATE "C" NOT NULL,
    sequence    int8 NOT NULL,
    to_sequence int8 NOT NULL,
    PRIMARY KEY (folded, actor_id, sequence)
);
CREATE INDEX past_actor_name_actor ON past_actor_name (actor_id);

CREATE TABLE past_source (
    id          uuid NOT NULL,
    revision    int4 NOT NULL,
    identity    bytea NOT NULL,
    title       text NOT NULL,
    url         text,
    publisher   text COLLATE "C",
    published   text,
    reliability text,
    sequence    int8 NOT NULL,
    to_sequence int8 NOT NULL,
    PRIMARY KEY (id, sequence)
);
CREATE INDEX past_source_identity ON past_source (identity);

CREATE TABLE past_event (
    id                    uuid NOT NULL,
    revision              int4 NOT NULL,
    state                 text NOT NULL,
    starts                int8 NOT NULL,
    ends                  int8 NOT NULL,
    runs                  int8multirange,
    instant_starts        int8 NOT NULL,
    instant_starts_latest int8 NOT NULL,
    instant_ends          int8 NOT NULL,
    instant_runs          int8multirange,
    planned               boolean NOT NULL,
    positions             point[],
    actors                text[] NOT NULL,
    sources               uuid[] NOT NULL,
    sequence              int8 NOT NULL,
    to_sequence           int8 NOT NULL,
    PRIMARY KEY (id, sequence)
);
CREATE INDEX past_event_sequence ON past_event (state, sequence) INCLUDE (to_sequence);

CREATE TABLE past_event_term (
    event_id    uuid NOT NULL,
    term        int4 NOT NULL,
    span        int2 NOT NULL,
    gaps        boolean NOT NULL,
    starts      int8 NOT NULL,
    ends        int8 NOT NULL,
    sequence    int8 NOT NULL,
    to_sequence int8 NOT NULL,
    PRIMARY KEY (term, starts, event_id, sequence) INCLUDE (ends, gaps, to_sequence)
);
CREATE INDEX past_event_term_span ON past_event_term (term, span, starts, event_id)
    INCLUDE (ends, gaps, sequence, to_sequence);

CREATE TABLE past_chronology (
    slug        text COLLATE "C" NOT NULL,
    revision    int4 NOT NULL,
    state       text NOT NULL,
    actors      text[] NOT NULL,
    sources     uuid[] NOT NULL,
    sequence    int8 NOT NULL,
    to_sequence int8 NOT NULL,
    PRIMARY KEY (slug, sequence)
);

GRANT SELECT, INSERT ON past_actor, past_actor_name, past_source, past_event, past_event_term, past_chronology
    TO {runtime_role};
