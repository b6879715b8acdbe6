"""The store."""

from migrations.steps import down, up

revision = "0001_core"
down_revision = None


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
