"""Actors found by what people type, and the memberships of actors as rows."""

from migrations.steps import down, up

revision = "0006_actor_search"
down_revision = "0005_text"


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
