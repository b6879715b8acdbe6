"""The tables as PostgreSQL has them, written as text. Run this module to rewrite ``tables.txt`` from the migrations:

``python -m tests.migrations.catalogue``
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from api.engine.embedded import EmbeddedServer
from migrations.run import upgrade

SNAPSHOT = Path(__file__).parent / "tables.txt"
RUNTIME_ROLE = "dateline"
_NOTE = "# Made by `python -m tests.migrations.catalogue` from the migrations; not to be edited by hand.\n"

_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
           pg_get_expr(d.adbin, d.adrelid), co.collname
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_collation co ON co.oid = a.attcollation AND co.collname <> 'default'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    ORDER BY c.relname, a.attnum
"""
_TABLES = """
    SELECT relname, relkind::text, array_to_string(reloptions, ', '), pg_get_userbyid(relowner)
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'I', 't', 'c')
    ORDER BY relname
"""
_INDEXES = "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY tablename, indexname"
# Not-null constraints have rows of their own since PostgreSQL 18; the columns tell of them already.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY 1, 2
"""
_GRANTS = """
    SELECT c.relname, grantee.rolname, string_agg(acl.privilege_type, ', ' ORDER BY acl.privilege_type)
    FROM pg_class c, aclexplode(c.relacl) acl JOIN pg_roles grantee ON grantee.oid = acl.grantee
    WHERE c.relnamespace = 'public'::regnamespace AND acl.grantee <> c.relowner
    GROUP BY c.relname, grantee.rolname ORDER BY 1, 2
"""
_OTHERS = """
    SELECT 'function ' || oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
              AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'type ' || typname FROM pg_type
              WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
    UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1
"""


async def catalogue(connection: Any) -> str:
    """Write down tables, columns, indexes, constraints and grants."""
    lines: list[str] = []
    columns = await connection.fetch(_COLUMNS)
    indexes = await connection.fetch(_INDEXES)
    constraints = await connection.fetch(_CONSTRAINTS)
    grants = await connection.fetch(_GRANTS)
    for name, kind, options, owner in await connection.fetch(_TABLES):
        what = {"r": "table", "S": "sequence"}.get(kind, kind)
        lines += ["", f"{what} {name}" + (f" ({options})" if options else "") + f", owned by {owner}"]
        lines += [f"    {_column(row)}" for row in columns if row[0] == name]
        lines += [f"    {row[1]}: {row[2]}" for row in constraints if row[0] == name]
        lines += [f"    {row[1].replace(' public.', ' ')}" for row in indexes if row[0] == name]
        lines += [f"    {row[1]} may {row[2]}" for row in grants if row[0] == name]
    lines += ["", *(row[0] for row in await connection.fetch(_OTHERS))]
    return _NOTE + "\n".join(lines).rstrip() + "\n"


def _column(row: Any) -> str:
    _, name, kind, required, identity, default, collation = row
    parts = [name, kind]
    parts += [f'COLLATE "{collation}"'] if collation else []
    parts += ["NOT NULL"] if required else []
    parts += ["IDENTITY"] if identity else []
    parts += [f"DEFAULT {default}"] if default else []
    return " ".join(parts)


async def _read(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return await catalogue(connection)
    finally:
        await connection.close()


def _rewrite() -> None:
    with TemporaryDirectory(prefix="dateline-catalogue-") as directory:
        Path(directory).chmod(0o711)
        with EmbeddedServer(Path(directory), durable=False) as server:
            upgrade(server.owner_url, RUNTIME_ROLE)
            SNAPSHOT.write_text(asyncio.run(_read(server.owner_url)), encoding="utf-8")


if __name__ == "__main__":
    _rewrite()
