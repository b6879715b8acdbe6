"""Chronologies and their releases."""

from migrations.steps import down, up

revision = "0002_chronologies"
down_revision = "0001_core"


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
