"""Reports of imports."""

from migrations.steps import down, up

revision = "0003_imports"
down_revision = "0002_chronologies"


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
