"""Full-text search."""

from migrations.steps import down, up

revision = "0005_text"
down_revision = "0004_history"


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
