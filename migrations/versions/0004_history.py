"""Reading the past."""

from migrations.steps import down, up

revision = "0004_history"
down_revision = "0003_imports"


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
