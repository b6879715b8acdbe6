"""What always holds of a store, whatever was written. Recomputed here from the rows alone."""

from collections import Counter
from typing import Any

import msgspec

from api.history.rebuilding import rebuild
from api.history.verification import verify
from api.store.identity import source_identity
from api.store.log import FIRST_DIGEST, chained_digest, digest_of_content
from api.store.terms import SourceFacts, terms_of
from schema.actor import MAXIMUM_MERGED
from schema.change import EntityKind, LogEntry
from schema.chronology import Chronology
from schema.event import Event
from schema.query import EventFilter
from schema.source import SourceIn
from schema.span import span_of
from schema.vocabulary import ChangeType
from schema.wire import decode_hook
from schema.words import fold
from tests.store.derived import derived_rows


async def check_invariants(connection: Any) -> None:
    """Check the log, the current rows against it, and the index against the current rows."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        changes = await connection.fetch(
            "SELECT change.*, content.salt, content.reason, content.document"
            " FROM change LEFT JOIN content USING (entity_id, sequence) ORDER BY sequence"
        )
        _check_log(await connection.fetchrow("SELECT * FROM head"), changes)
        latest = _check_revisions(changes)
        rows = await connection.fetch("SELECT * FROM event")
        events = {row["id"]: (row, _event(row["document"])) for row in rows}
        _check_events(events, latest)
        await _check_actors_and_sources(connection, changes, latest, events)
        await _check_chronologies(connection, latest, events)
        await _check_index(connection, events)
        assert not await connection.fetchval(
            "SELECT count(*) FROM content WHERE NOT EXISTS"
            " (SELECT FROM change WHERE (change.entity_id, change.sequence) = (content.entity_id, content.sequence))"
        )
    found = await verify(connection)
    assert found.findings == []
    await _check_derived(connection)


async def _check_derived(connection: Any) -> None:
    """Everything beside the log follows from it: the present, the past, and the index of both. Needs the owner."""
    kept = await derived_rows(connection)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await rebuild(connection)
        made = await derived_rows(connection)
    finally:
        await transaction.rollback()
    for table in kept:
        assert kept[table] == made[table], table


def _event(document: bytes) -> Event:
    return msgspec.json.decode(document, type=Event, dec_hook=decode_hook)


def _check_log(head: Any, changes: list[Any]) -> None:
    """Sequences without gaps, a time that never steps back, and a chain that follows from its contents."""
    assert [change["sequence"] for change in changes] == list(range(1, len(changes) + 1))
    assert head["sequence"] == len(changes)
    public = [change["sequence"] for change in changes if change["public_type"] is not None]
    assert head["public_sequence"] == max(public, default=0)
    times = [change["recorded_at"] for change in changes]
    assert times == sorted(times)
    digest = FIRST_DIGEST
    redacted = {sequence for change in changes for sequence in change["redacts"] or ()}
    for change in changes:
        if change["content_digest"] is None or change["sequence"] in redacted:
            assert change["document"] is None
        else:
            content = msgspec.json.decode(change["document"])
            assert digest_of_content(change["salt"], content, change["reason"]) == change["content_digest"]
        digest = chained_digest(
            digest,
            LogEntry(
                sequence=change["sequence"],
                recorded_at=change["recorded_at"],
                entity=EntityKind(change["entity"]),
                entity_id=change["entity_id"],
                revision=change["revision"],
                type=ChangeType(change["type"]) if change["type"] else None,
                public_type=ChangeType(change["public_type"]) if change["public_type"] else None,
                author=change["author"],
                content_digest=change["content_digest"],
                redacts=None if change["redacts"] is None else tuple(change["redacts"]),
            ),
        )
        assert digest == change["digest"]
        assert change["type"] or change["public_type"], "a change that nobody can see"
    assert head["digest"] == digest


def _check_revisions(changes: list[Any]) -> dict[tuple[str, str], Any]:
    """Revisions count from 1 without gaps. Gives the last revision of each record that is still there."""
    records: dict[tuple[str, str], list[Any]] = {}
    seen_by_all: set[tuple[str, str]] = set()
    for change in changes:
        key = (change["entity"], change["entity_id"])
        if change["public_type"] is not None:
            # The public log tells of each record first that it was created, and never again.
            assert (change["public_type"] == "create") == (key not in seen_by_all), key
            seen_by_all.add(key)
        if change["type"] is not None:
            records.setdefault(key, []).append(change)
            if change["document"] not in (None, _NOTHING):
                document = msgspec.json.decode(change["document"])
                assert (document["revision"], document["sequence"]) == (change["revision"], change["sequence"])
                assert document.get("id", document.get("slug")) == change["entity_id"]
        else:
            assert change["revision"] == records[key][-1]["revision"]
    for key, revisions in records.items():
        assert [change["revision"] for change in revisions] == list(range(1, len(revisions) + 1)), key
        assert [change["type"] == "create" for change in revisions] == [True] + [False] * (len(revisions) - 1)
        assert all(change["type"] != "discard" for change in revisions[:-1])
    return {
        key: revisions[-1]
        for key, revisions in records.items()
        if revisions[-1]["type"] != "discard" and revisions[-1]["document"] != _NOTHING
    }


#: The content of what has been redacted and leaves nothing.
_NOTHING = b"null"


def _check_events(events: dict[Any, Any], latest: dict[tuple[str, str], Any]) -> None:
    assert {str(key) for key in events} == {name for kind, name in latest if kind == "event"}
    for key, (row, event) in events.items():
        last = latest["event", str(key)]
        assert (row["revision"], row["document"]) == (last["revision"], last["document"])
        assert (row["state"], row["starts"], row["ends"]) == (event.state.value, event.date.starts, event.date.ends)
        assert (row["instant_starts"], row["instant_ends"]) == (event.date.instant_starts, event.date.instant_ends)
        assert row["instant_starts_latest"] == event.date.instant_starts_latest
        assert _runs(row["runs"]) == event.date.runs
        assert _runs(row["instant_runs"]) == event.date.instant_runs
        assert set(row["sources"]) == {citation.source for citation in event.citations}
        assert {actor.id for actor in event.actors} <= set(row["actors"])
        assert (event.published_at is None) == (event.state == "draft")
        assert (event.retraction is None) == (event.state != "retracted")
        assert event.state == "draft" or event.citations
        for relation in event.relations:
            # What has been redacted is still named by its id.
            target = events.get(relation.event_id)
            assert event.state == "draft" or target is None or target[1].state != "draft"


def _runs(multirange: Any) -> Any:
    return None if multirange is None else tuple((run.lower, run.upper) for run in multirange)


async def _check_actors_and_sources(
    connection: Any, changes: list[Any], latest: dict[tuple[str, str], Any], events: dict[Any, Any]
) -> None:
    exposed = {(change["entity"], change["entity_id"]) for change in changes if change["public_type"] is not None}
    published = [(row, event) for row, event in events.values() if event.state != "draft"]
    for kind in ("actor", "source"):
        rows = {str(row["id"]): row for row in await connection.fetch(f"SELECT * FROM {kind}")}
        assert set(rows) == {name for entity, name in latest if entity == kind}
        for name, row in rows.items():
            assert (row["revision"], row["document"]) == (
                latest[kind, name]["revision"],
                latest[kind, name]["document"],
            )
            assert row["public"] == ((kind, name) in exposed)
        mentioned = {str(name) for row, _ in published for name in row[f"{kind}s"]}
        assert {name for name in mentioned if not rows[name]["public"]} == set()
    for row in await connection.fetch("SELECT * FROM source"):
        document = msgspec.json.decode(row["document"])
        members = {name: document[name] for name in SourceIn.__struct_fields__}
        source = msgspec.convert(members, SourceIn, dec_hook=decode_hook)
        assert row["identity"] == source_identity(source)
        assert (row["title"], row["url"], row["publisher"]) == (source.title, source.url, source.publisher)
    merged = dict(await connection.fetch("SELECT id, merged_into FROM actor"))
    standing = {name for name, target in merged.items() if target is None}
    assert {target for target in merged.values() if target is not None} <= standing, "it is one step to whoever stands"
    counted = Counter(target for target in merged.values() if target is not None)
    assert all(count <= MAXIMUM_MERGED for count in counted.values())
    seen = {row["id"] for row in await connection.fetch("SELECT id FROM actor WHERE public")}
    assert all(merged[name] in seen for name in seen - standing)
    names: dict[str, set[str]] = {}
    for row in await connection.fetch("SELECT * FROM actor_name"):
        names.setdefault(row["actor_id"], set()).add(row["folded"])
    for row in await connection.fetch("SELECT * FROM actor"):
        document = msgspec.json.decode(row["document"])
        assert row["merged_into"] == document["merged_into"]
        known = [document["name"], *document["aliases"], *(further["name"] for further in document["names"])]
        assert names.pop(row["id"], set()) == {fold(name) for name in known} - {""}
    assert names == {}
    await _check_memberships(connection, merged)


async def _check_memberships(connection: Any, merged: dict[str, str | None]) -> None:
    """Nobody belongs to itself, whoever stands for whom; that the rows are those of the documents, the log tells."""
    above: dict[str, set[str]] = {}
    for row in await connection.fetch("SELECT actor_id, of_actor FROM membership"):
        above.setdefault(merged[row["actor_id"]] or row["actor_id"], set()).add(
            merged[row["of_actor"]] or row["of_actor"]
        )
    while above:
        tops = {actor for targets in above.values() for actor in targets} - above.keys()
        assert tops, f"a cycle among {sorted(above)}"
        above = {actor: left for actor, targets in above.items() if (left := targets - tops)}


async def _check_chronologies(connection: Any, latest: dict[tuple[str, str], Any], events: dict[Any, Any]) -> None:
    """What is published picks nothing that is a draft, and its filter names only what is in sight."""
    rows = await connection.fetch("SELECT * FROM chronology")
    assert {row["slug"] for row in rows} == {name for kind, name in latest if kind == "chronology"}
    sights = {
        kind: {row["id"] for row in await connection.fetch(f"SELECT id FROM {kind} WHERE public")}
        for kind in ("actor", "source")
    }
    for row in rows:
        last = latest["chronology", row["slug"]]
        assert (row["revision"], row["document"]) == (last["revision"], last["document"])
        chronology = msgspec.json.decode(row["document"], type=Chronology, dec_hook=decode_hook)
        assert row["state"] == chronology.state.value
        assert (chronology.published_at is None) == (chronology.state == "draft")
        asked = chronology.filter or EventFilter()
        assert set(row["actors"]) == {*asked.actor, *asked.actor_all, *asked.publisher}
        assert set(row["sources"]) == set(asked.source)
        if chronology.state == "published":
            picked = [events[item.event_id] for item in chronology.items if item.event_id in events]
            assert all(event.state != "draft" for _, event in picked)
            assert set(row["actors"]) <= sights["actor"]
            assert set(row["sources"]) <= sights["source"]


async def _check_index(connection: Any, events: dict[Any, Any]) -> None:
    """The index holds exactly the terms of every event, and the counts count them."""
    terms = {row["id"]: row for row in await connection.fetch("SELECT * FROM term")}
    counted: Counter[int] = Counter()
    found: dict[Any, set[str]] = {key: set() for key in events}
    for row in await connection.fetch("SELECT * FROM event_term"):
        event = events[row["event_id"]][1]
        date = event.date
        term = terms[row["term"]]
        counted[row["term"]] += 1
        assert term["name"] not in found[row["event_id"]]
        found[row["event_id"]].add(term["name"])
        assert term["state"] == event.state
        assert (row["starts"], row["ends"], row["gaps"]) == (date.starts, date.ends, date.runs is not None)
        assert row["span"] == span_of(date.starts, date.ends)
    assert {number: term["events"] for number, term in terms.items()} == {number: counted[number] for number in terms}
    sources = {
        row["id"]: SourceFacts(row["publisher"], row["reliability"], row["title"])
        for row in await connection.fetch("SELECT id, publisher, reliability, title FROM source")
    }
    assert found == {key: terms_of(event, sources) for key, (_, event) in events.items()}
