"""Runs the SQL file of a version."""

import re
from pathlib import Path
from typing import Any

from alembic import context, op

VERSIONS = Path(__file__).parent / "versions"


def up(version: str) -> None:
    """Run ``versions/<version>.up.sql``."""
    _run(VERSIONS / f"{version}.up.sql")


def down(version: str) -> None:
    """Run ``versions/<version>.down.sql``."""
    _run(VERSIONS / f"{version}.down.sql")


def _run(path: Path) -> None:
    # A file goes to the server whole: through SQLAlchemy it would have to be split and its colons escaped.
    role: str = context.config.attributes["runtime_role"]
    sql = re.sub(r"\{runtime_role\}", '"' + role.replace('"', '""') + '"', path.read_text(encoding="utf-8"))

    async def execute(connection: Any) -> None:
        await connection.execute(sql)

    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    driver.run_async(execute)
