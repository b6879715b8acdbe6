"""Brings the tables of a store to a version."""

import re
from pathlib import Path

from alembic import command
from alembic.config import Config


def upgrade(owner_url: str, runtime_role: str, version: str = "head") -> None:
    """Bring the tables up to a version (default: the newest). ``runtime_role`` is granted what serving needs.

    Runs an event loop of its own: call it from synchronous code.
    """
    command.upgrade(_configuration(owner_url, runtime_role), version)


def downgrade(owner_url: str, runtime_role: str, version: str) -> None:
    """Take the tables back to an earlier version; ``base`` removes them all."""
    command.downgrade(_configuration(owner_url, runtime_role), version)


def _configuration(owner_url: str, runtime_role: str) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    configuration.attributes["url"] = re.sub(r"^postgres(ql)?:", "postgresql+asyncpg:", owner_url)
    configuration.attributes["runtime_role"] = runtime_role
    return configuration
