"""Words with their accents for stemmers, and with places for prefixes; actors by the words of their names."""

from migrations.steps import down, up

revision = "0007_words"
down_revision = "0006_actor_search"


def upgrade() -> None:
    up(revision)


def downgrade() -> None:
    down(revision)
