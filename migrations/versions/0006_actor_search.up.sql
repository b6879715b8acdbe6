-- Actors as people look for them: names with their kinds and words, found by trigrams, too; and memberships as rows.

DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    -- In a schema that is not on the path it would be of no use.
    IF to_regoperator('%(text,text)') IS NULL THEN
        RAISE EXCEPTION 'it is installed in a schema that is not on the search path';
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION 'PostgreSQL''s extension pg_trgm, which finds names with typing errors, cannot be used: %', SQLERRM
        USING HINT = 'Install the contrib modules of the server (Debian: the package postgresql-contrib), give the owner of the'
            ' tables CREATE on the database or run "CREATE EXTENSION pg_trgm" there as a superuser, then migrate again.';
END
$$;

-- Whoever upgrades has the rows made anew from the log.
UPDATE head SET rebuild = sequence > 0;
TRUNCATE actor_name, past_actor_name;

ALTER TABLE actor_name
    ADD COLUMN kind text COLLATE "C" NOT NULL,  -- name, further-name, alias: the first of these that it is
    ADD COLUMN words text COLLATE "C" NOT NULL; -- its words, each after a space
CREATE INDEX actor_name_kind ON actor_name (kind, folded, actor_id);
CREATE INDEX actor_name_words ON actor_name USING gin (words gin_trgm_ops);

ALTER TABLE past_actor_name
    ADD COLUMN kind text COLLATE "C" NOT NULL,
    ADD COLUMN words text COLLATE "C" NOT NULL;
CREATE INDEX past_actor_name_kind ON past_actor_name (kind, folded, actor_id);
CREATE INDEX past_actor_name_words ON past_actor_name USING gin (words gin_trgm_ops);

-- Who belongs to whom. Several stretches of time of one membership are one row.
CREATE TABLE membership (
    of_actor text COLLATE "C" NOT NULL,
    actor_id text COLLATE "C" NOT NULL REFERENCES actor (id),
    kind     text COLLATE "C" NOT NULL,         -- part, member
    held     int8multirange,                    -- the possible seconds of its dates; null: always
    sequence int8 NOT NULL,
    PRIMARY KEY (of_actor, actor_id, kind)
);
CREATE INDEX membership_actor ON membership (actor_id);

CREATE TABLE past_membership (
    of_actor    text COLLATE "C" NOT NULL,
    actor_id    text COLLATE "C" NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    held        int8multirange,
    sequence    int8 NOT NULL,
    to_sequence int8 NOT NULL,
    PRIMARY KEY (of_actor, actor_id, kind, sequence)
);
CREATE INDEX past_membership_actor ON past_membership (actor_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON membership TO {runtime_role};
GRANT SELECT, INSERT ON past_membership TO {runtime_role};
