"""What a new store is given, and what its first user is told."""

import asyncio
import json

import click

from api.engine.pool import connect, create_pool
from api.history.verification import can_change_history
from api.settings import Settings
from api.store.loading import load_sample
from api.store.store import Store
from api.store.tokens import create_token

#: The name under which this machine's own token writes.
MACHINE = "this machine"
_TRY = {"title": "My first event", "kind": "statement", "date": "2025-06~", "state": "draft"}


def prepare(settings: Settings, url: str, owner_url: str, *, sample: bool, embedded: bool, fresh: bool) -> None:
    """Fill a new store, and say in plain words what is there and how to go on.

    A new embedded store gets the chronology that ships and a token for this machine; elsewhere the chronology is
    loaded by ``sample`` only, and tokens are made by hand.
    """
    asyncio.run(_prepare(settings, url, owner_url, sample=sample or (embedded and fresh), first=embedded and fresh))


async def _prepare(settings: Settings, url: str, owner_url: str, *, sample: bool, first: bool) -> None:
    if sample:
        pool = await create_pool(url, size=1, query_timeout_s=settings.query_timeout_s)
        events = await load_sample(Store(pool))
        await pool.close()
        click.echo(f"The store has the chronology that ships: {events} events, free of rights (CC0).")
    if first:
        owner = await connect(owner_url, query_timeout_s=settings.query_timeout_s)
        token = await create_token(owner, MACHINE, ["edit"], None)
        await owner.close()
        _introduce(settings, token)
    connection = await connect(url, query_timeout_s=settings.query_timeout_s)
    if await can_change_history(connection):
        click.echo(
            "Note: the role that serves could change history. It would be found by `dateline verify`, but it is not"
            " prevented: set DATELINE_OWNER_DATABASE_URL to another role for that."
        )
    await connection.close()


def _introduce(settings: Settings, token: str) -> None:
    address = f"http://{settings.host}:{settings.port}"
    click.echo(
        f"""
A token to write with, made for this machine. It is shown only this once:

    {token}

To try it, store a draft:

    curl -X POST {address}/v1/events -H 'Authorization: Bearer {token}' \\
         -H 'Content-Type: application/json' -d '{json.dumps(_TRY)}'

`dateline token create NAME` makes further ones.
"""
    )
