-- Chronologies, whose revisions are in the log like all others, and releases: exports of them that never change.

CREATE TABLE chronology (
    slug     text COLLATE "C" PRIMARY KEY,
    revision int4 NOT NULL,
    state    text NOT NULL,                 -- draft, published
    actors   text[] NOT NULL,               -- every actor that its filter names
    sources  uuid[] NOT NULL,               -- every source that its filter names
    document bytea NOT NULL
) WITH (fillfactor = 70);

GRANT SELECT, INSERT, UPDATE, DELETE ON chronology TO {runtime_role};
