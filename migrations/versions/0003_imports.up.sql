-- What became of files that were imported. Reports are working papers, no history: they may be deleted at any time.

CREATE TABLE import (
    id         uuid PRIMARY KEY,
    touched_at timestamptz NOT NULL,        -- when it was last heard of while it ran
    expires_at timestamptz NOT NULL,
    summary    bytea NOT NULL               -- JSON: the file, how it was read, the counts
);
CREATE INDEX import_expires_at ON import (expires_at);

-- The results of its rows, a chunk in each part.
CREATE TABLE import_part (
    import_id uuid NOT NULL REFERENCES import (id) ON DELETE CASCADE,
    number    int4 NOT NULL,
    results   bytea NOT NULL,               -- JSON
    PRIMARY KEY (import_id, number)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON import, import_part TO {runtime_role};
