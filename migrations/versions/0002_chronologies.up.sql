-- Chronologies, whose revisions are in the log like all others, and releases: exports of them that never change.

CREATE TABLE chronology (
    slug     text COLLATE "C" PRIMARY KEY,
    revision int4 NOT NULL,
    state    text NOT NULL,                 -- draft, published
    actors   text[] NOT NULL,               -- every actor that its filter names
    sources  uuid[] NOT NULL,               -- every source that its filter names
    document bytea NOT NULL
) WITH (fillfactor = 70);

-- Each release is written once, with its files and what they contain. Only the owner can withdraw one, which takes the
-- manifest and the files away and leaves the number, with the reason.
CREATE TABLE release (
    slug         text COLLATE "C" NOT NULL, -- of the chronology, which is published and so stays
    number       int4 NOT NULL,             -- from 1, without gaps
    made_at      timestamptz NOT NULL,
    manifest     bytea,                     -- JSON; null once it is withdrawn
    withdrawn_at timestamptz,
    reason       text,
    PRIMARY KEY (slug, number),
    CHECK ((manifest IS NULL) = (withdrawn_at IS NOT NULL) AND (manifest IS NULL) = (reason IS NOT NULL))
);

-- The files of releases, in pieces, so that none has to be in the memory whole.
CREATE TABLE release_piece (
    slug    text COLLATE "C" NOT NULL,
    number  int4 NOT NULL,
    format  text NOT NULL,
    piece   int4 NOT NULL,                  -- from 0
    content bytea NOT NULL,
    PRIMARY KEY (slug, number, format, piece)
);

-- Whose contents are in a release: what has to be withdrawn if one of them is redacted.
CREATE TABLE release_content (
    entity    text NOT NULL,                -- event, actor, source, chronology
    entity_id text NOT NULL,
    slug      text COLLATE "C" NOT NULL,
    number    int4 NOT NULL,
    PRIMARY KEY (entity, entity_id, slug, number)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON chronology TO {runtime_role};
GRANT SELECT, INSERT ON release, release_piece, release_content TO {runtime_role};
