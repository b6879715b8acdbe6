"""${message}.

Write ${up_revision}.up.sql and ${up_revision}.down.sql beside this file. Say in them why, keep locks short
(build indexes of large tables CONCURRENTLY in a version of their own), and run `make test`: it goes up and down.
"""

from migrations.steps import down, up

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
