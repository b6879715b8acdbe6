-- What became of files that were imported.

CREATE TABLE import (
    id         uuid PRIMARY KEY,
    author     text NOT NULL,
    started_at timestamptz NOT NULL,
    summary    bytea NOT NULL               -- JSON: the file, how it was read, the counts
);

GRANT SELECT, INSERT, UPDATE, DELETE ON import TO {runtime_role};
