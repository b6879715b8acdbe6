-- The store: the log of everything written, the current rows, and the index that finds events.
-- No triggers, and the event's id in the key of every child table: both run on a distributed PostgreSQL too.
-- {runtime_role} is replaced by the quoted name of the role that the server runs as.

-- The one clock. Whoever writes locks this row first, so that there is one order that no reader can miss.
CREATE TABLE head (
    single_row      boolean PRIMARY KEY DEFAULT true CHECK (single_row),
    sequence        int8 NOT NULL,          -- of the last change
    public_sequence int8 NOT NULL,          -- of the last change that a reader without `edit` may see
    recorded_at     timestamptz NOT NULL,   -- of the last change; never steps back
    digest          bytea NOT NULL          -- of the last change; chained over all of them
);
INSERT INTO head VALUES (true, 0, 0, 'epoch', decode(repeat('00', 32), 'hex'));

-- The log: one row per change, in order, only ever added to. A revision is a change seen from its record.
CREATE TABLE change (
    sequence       int8 PRIMARY KEY,
    recorded_at    timestamptz NOT NULL,
    entity         text NOT NULL,           -- event, actor, source
    entity_id      text NOT NULL,
    revision       int4 NOT NULL,
    type           text,                    -- as a reader with `edit` sees it; null: nothing to see
    public_type    text,                    -- as everybody else sees it; null: nothing to see
    author         text NOT NULL,
    content_digest bytea,                   -- salted; null where there is no content
    digest         bytea NOT NULL
);
-- At most one change makes a revision; the same index lists a record's revisions.
CREATE UNIQUE INDEX change_revision ON change (entity, entity_id, revision) WHERE type IS NOT NULL;

CREATE INDEX change_recorded_at ON change (recorded_at, sequence);

-- What each change wrote. Apart from the log, so that a redaction can delete it and leave the chain valid.
CREATE TABLE content (
    entity_id text NOT NULL,
    sequence  int8 NOT NULL,
    salt      bytea NOT NULL,
    reason    text,
    document  bytea NOT NULL,
    PRIMARY KEY (entity_id, sequence)
);

CREATE TABLE actor (
    id          text COLLATE "C" PRIMARY KEY,
    revision    int4 NOT NULL,
    public      boolean NOT NULL,           -- false until something published mentions it
    name        text NOT NULL,
    kind        text NOT NULL,
    reliability text,
    actors      text[] NOT NULL,            -- every other actor that the document mentions
    document    bytea NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX actor_reliability ON actor (reliability) WHERE reliability IS NOT NULL;

-- Everything that an actor is known as, folded; several actors may share a name, which is then ambiguous.
CREATE TABLE actor_name (
    folded   text COLLATE "C" NOT NULL,
    actor_id text COLLATE "C" NOT NULL REFERENCES actor (id),
    PRIMARY KEY (folded, actor_id)
);
CREATE INDEX actor_name_actor ON actor_name (actor_id);

CREATE TABLE source (
    id          uuid PRIMARY KEY,
    revision    int4 NOT NULL,
    public      boolean NOT NULL,
    identity    bytea NOT NULL UNIQUE,      -- SHA-256 of the address or of publisher, title and date
    title       text NOT NULL,
    url         text,
    publisher   text COLLATE "C" REFERENCES actor (id),
    published   text,
    reliability text,
    document    bytea NOT NULL
) WITH (fillfactor = 70);

-- The current events. The document goes out as it is; the other columns are what reading it must not cost.
CREATE TABLE event (
    id                   uuid PRIMARY KEY,
    revision             int4 NOT NULL,
    state                text NOT NULL,
    starts               int8 NOT NULL,     -- reading as written, seconds since 1970, half open
    ends                 int8 NOT NULL,
    runs                 int8multirange,    -- possible days, where they are not one run
    instant_starts       int8 NOT NULL,     -- UTC; widened by -14/+12 hours where there is no zone
    instant_starts_latest int8 NOT NULL,     -- the latest instant at which it may start
    instant_ends         int8 NOT NULL,
    instant_runs         int8multirange,
    sequence             int8 NOT NULL,     -- of the last change
    planned              boolean NOT NULL,
    positions            point[],           -- of its places, longitude before latitude
    actors               text[] NOT NULL,   -- every actor that the document names by its id
    sources              uuid[] NOT NULL,   -- every source that it cites
    document             bytea NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX event_sequence ON event (state, sequence);

-- The words that events can be found by, each within a state, with the number of events that have it:
-- the reader starts from the rarest word. The empty name stands for every event of the state.
CREATE TABLE term (
    id     int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state  text NOT NULL,
    name   text COLLATE "C" NOT NULL,
    events int8 NOT NULL,
    UNIQUE (state, name)
) WITH (fillfactor = 50);

-- The index of dated events under each term: a page is an ordered walk along one of the two keys.
CREATE TABLE event_term (
    event_id uuid NOT NULL,
    term     int4 NOT NULL,
    span     int2 NOT NULL,                 -- class of length, see schema/span.py
    gaps     boolean NOT NULL,              -- the possible days are not one run: look at event.runs
    starts   int8 NOT NULL,
    ends     int8 NOT NULL,
    PRIMARY KEY (term, starts, event_id) INCLUDE (ends, gaps)
);
CREATE INDEX event_term_span ON event_term (term, span, starts, event_id) INCLUDE (ends, gaps);

-- Who may write. Only a digest of the token is kept.
CREATE TABLE token (
    id         uuid PRIMARY KEY,
    owner      text NOT NULL,
    scopes     text[] NOT NULL,
    digest     bytea NOT NULL UNIQUE,       -- SHA-256; tokens are 256 random bits, so no slow hash is needed
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz
);

-- What POST requests with an Idempotency-Key were answered, written in the transaction of what they wrote: a request
-- that is sent again is answered again and done once. Rows are of no use after expires_at; deleting any of them
-- costs no more than that, so a redaction may empty the table.
CREATE TABLE idempotency (
    scope      bytea NOT NULL,              -- SHA-256 of whose, which method, which path, which key
    part       int4 NOT NULL,               -- 0 or, where rows commit in chunks, the chunk
    request    bytea NOT NULL,              -- SHA-256 of what was asked for
    status     int2 NOT NULL,
    headers    text NOT NULL,               -- JSON
    body       bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (scope, part)
);
CREATE INDEX idempotency_expires_at ON idempotency (expires_at);

-- The runtime role adds to history and cannot change it; tokens are given out by the owner.
GRANT SELECT, UPDATE ON head TO {runtime_role};
GRANT SELECT, INSERT ON change, content TO {runtime_role};
GRANT SELECT, INSERT, UPDATE, DELETE ON actor, actor_name, source, event, term, event_term, idempotency
    TO {runtime_role};
GRANT SELECT ON token TO {runtime_role};
GRANT SELECT ON alembic_version TO {runtime_role};
