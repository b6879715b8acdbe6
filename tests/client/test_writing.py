"""Writing through the client, on a real store."""

from enum import Enum
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from dateline_client import (
    AsyncDateline,
    Conflict,
    ConnectionFailed,
    Event,
    InvalidRequest,
    NotFound,
    Retries,
    RevisionMismatch,
    models,
)
from tests.client.support import Patience, Watched, application_of, in_process
from tests.conftest import Client
from tests.writing import ACTORS, FULL, event_body, read

TALKS = {"slug": "talks", "title": "Talks", "filter": {"kind": ["treaty"]}}


async def test_an_event_is_written_changed_retracted_and_restored(desk: AsyncDateline, client: Client) -> None:
    for actor in ACTORS:
        await desk.create_actor(actor)
    event = await desk.create_event(FULL)
    assert (event.date, event.revision) == (FULL["date"], 1)
    assert event.actor_name("russia") == "Russia"
    event = await desk.update_event(event, {"date": "2024-06", "summary": None}, type="clarification", reason="Seen.")
    assert (event.date, event.summary, event.revision) == ("2024-06", None, 2)

    event.title = "Talks"
    event.tags.append("new")
    event = await desk.replace_event(event, type="correction", reason="They were only talks.")
    assert (event.title, event.tags[-1], event.revision) == ("Talks", "new", 3)
    # All that the event had and that was not changed has come back as it was.
    documents = []
    for number in (1, 3):
        revision = await desk.event_revision(event.id, number)
        assert revision.document is not None
        documents.append(revision.document.to_dict())
    changed = {name for name in documents[0] if documents[0][name] != documents[1][name]}
    assert changed == {"title", "summary", "date", "tags", "when", "revision", "sequence", "updated_at"}

    event = await desk.retract_event(event, reason="It was another day.")
    assert (event.state, event.retraction) == ("retracted", "It was another day.")
    event = await desk.restore_event(event, reason="It was that day.")
    assert event.state == "published"
    event = await desk.restore_event(event, revision=2)
    assert (event.title, event.revision) == (FULL["title"], 6)
    revisions = [revision async for revision in desk.event_revisions(event.id, page_size=2)]
    assert [revision.type_ for revision in revisions] == [
        *("create", "clarification", "correction", "retraction", "restore", "restore")
    ]
    assert (await desk.get_event(event.id, as_of=event.sequence - 1)).title == "Talks"


async def test_classes_of_the_contract_are_taken_as_well_as_mappings(desk: AsyncDateline) -> None:
    source = models.SourceIn(title="A report", url="https://news.example/report")
    event = await desk.create_event(
        models.EventIn(title="Talks", kind="talks", date="1204~", citations=[models.CitationIn(source=source)])
    )
    assert event.date == "1204~"
    event = await desk.update_event(event, models.EventPatch(title="More talks"), reason="There were more.")
    assert (event.title, event.date) == ("More talks", "1204~")


async def test_classes_uuids_and_enumerations_stand_anywhere_in_a_mapping(desk: AsyncDateline) -> None:
    class Kind(Enum):
        TALKS = "talks"

    source = await desk.create_source({"title": "A report", "url": "https://news.example/report"})
    first = await desk.create_event(event_body())
    body = {
        "title": "Talks",
        "kind": Kind.TALKS,
        "date": "1204~",
        "places": (models.Place(name="Seoul"),),
        "citations": [{"source": source.id}, models.CitationIn(source=models.SourceIn(title="Another"))],
        "relations": [{"event_id": first.id, "type": "follows"}],
    }
    event = await desk.create_event(body)
    assert (event.kind, event.places[0].name, event.relations[0].event_id) == ("talks", "Seoul", first.id)
    assert event.citations[0].source == source.id
    event = await desk.update_event(event, {"citations": event.citations[:1]})
    assert [citation.source for citation in event.citations] == [source.id]
    answer = await desk.write_events([{**body, "title": "More"}])
    assert answer.created == 1
    with pytest.raises(TypeError, match="mapping"):
        await desk.create_event(["Talks"])  # type: ignore[arg-type]


async def test_why_something_is_changed_is_said_once(desk: AsyncDateline) -> None:
    event = await desk.create_event(event_body())
    why = models.Change(type_="correction", reason="The report was amended.")
    patch = models.EventPatch(title="Corrected", change=why)
    with pytest.raises(TypeError, match="change"):
        await desk.update_event(event, patch, type="update")
    with pytest.raises(TypeError, match="change"):
        await desk.update_event(event, patch, reason="Another one.")
    event = await desk.update_event(event, patch)
    event = await desk.update_event(event, {"tags": ["new"], "change": {"type": "clarification"}})
    event = await desk.update_event(event, {"tags": ["newer"]})
    event.title = "Talks"
    await desk.replace_event(event)
    revisions = [revision async for revision in desk.event_revisions(event.id)]
    assert [(revision.type_, revision.reason) for revision in revisions[1:]] == [
        *(("correction", "The report was amended."), ("clarification", None), ("update", None), ("update", None))
    ]


async def test_a_draft_is_discarded(desk: AsyncDateline) -> None:
    event = await desk.create_event(event_body(state="draft"))
    await desk.discard_event(event)
    with pytest.raises(NotFound):
        await desk.get_event(event.id)


async def test_what_was_changed_meanwhile_is_not_overwritten(desk: AsyncDateline, client: Client) -> None:
    event = await desk.create_event(event_body())
    stale = await desk.get_event(event.id)
    await desk.update_event(event, {"title": "Hers"})
    stale.title = "His"
    for attempt in (
        desk.replace_event(stale),
        desk.update_event(stale, {"title": "His"}),
        desk.retract_event(stale, reason="His."),
        desk.restore_event(stale, revision=1),
    ):
        with pytest.raises(RevisionMismatch) as caught:
            await attempt
        assert caught.value.current_revision == 2
    assert (await read(client, f"/v1/events/{event.id}"))["title"] == "Hers"


LOSSES = [httpx.ReadError("lost"), httpx.ReadTimeout("silent"), httpx.RemoteProtocolError("cut off")]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
async def test_a_lost_answer_creates_nothing_twice(client: Client, loss: Exception) -> None:
    watched = Watched(application_of(client), after=lambda number: loss if number % 2 == 1 else None)
    async with in_process(client, token=client.token, transport=watched) as desk:
        patience = Patience(desk)
        event = await desk.create_event(event_body())
        source = await desk.create_source({"title": "Another", "url": "https://news.example/another"})
        actor = await desk.create_actor(ACTORS[0])
        event = await desk.retract_event(event, reason="Once.")
        batch = await desk.write_events([event_body(title=f"Row {number}") for number in range(3)])
    assert len(watched.requests) == 10
    assert len(patience.waits) == 5
    assert len({request.headers["Idempotency-Key"] for request in watched.requests}) == 5
    assert (event.revision, source.revision, actor.revision, batch.created) == (2, 1, 1, 3)
    items = (await read(client, "/v1/events?state=published&state=retracted"))["items"]
    assert len(items) == 4
    assert len((await read(client, "/v1/sources"))["items"]) == 2


async def test_a_key_of_ones_own_holds_across_clients(client: Client) -> None:
    made = []
    for _ in range(2):
        async with in_process(client, token=client.token) as desk:
            made.append(await desk.create_event(event_body(), idempotency_key="nightly-17"))
    assert made[0].id == made[1].id
    async with in_process(client, token=client.token) as desk:
        with pytest.raises(InvalidRequest, match="key"):
            await desk.create_event(event_body(title="Other"), idempotency_key="nightly-17")


async def test_a_batch_tells_of_each_row(desk: AsyncDateline) -> None:
    rows: list[Any] = [event_body(title=f"Row {number}", external_ids={"desk": str(number)}) for number in range(3)]
    first = await desk.write_events(rows, upsert_on="desk", dry_run=True)
    assert (first.dry_run, first.created) == (True, 3)
    assert (await desk.write_events(rows, upsert_on="desk")).created == 3
    rows[0]["title"] = "Other"
    rows.append({"title": "Faulty", "kind": "talks", "date": "no date", "external_ids": {"desk": "9"}})
    answer = await desk.write_events(rows, upsert_on="desk", atomic=False)
    assert (answer.updated, answer.unchanged, answer.refused) == (1, 2, 1)
    assert answer.results[-1].errors[0].pointer == "/3/date"
    with pytest.raises(InvalidRequest) as caught:
        await desk.write_events(rows, upsert_on="desk")
    assert any(fault.pointer == "/3/date" for fault in caught.value.faults)


async def test_what_is_misspelt_in_a_body_is_told(desk: AsyncDateline) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await desk.create_event(event_body(sumary="misspelt"))
    assert [fault.pointer for fault in caught.value.faults] == ["/sumary"]
    assert "/sumary" in str(caught.value)


async def test_actors_are_written_merged_and_unmerged(desk: AsyncDateline) -> None:
    korea = await desk.create_actor({"id": "chosun", "name": "Korea", "kind": "state"})
    await desk.create_actor({"id": "north-korea", "name": "North Korea", "kind": "state"})
    korea = await desk.update_actor(korea, {"aliases": ["Koryo"]})
    korea.aliases.append("Joseon")
    korea = await desk.replace_actor(korea)
    assert korea.aliases == ["Koryo", "Joseon"]
    with pytest.raises(Conflict):
        await desk.create_actor({"id": "chosun", "name": "Other", "kind": "state"})
    merged = await desk.merge_actor(korea, "north-korea", reason="They are one.")
    assert merged.merged_into == "north-korea"
    assert (await desk.get_actor("chosun")).id == "north-korea"
    apart = await desk.unmerge_actor("chosun", reason="They are two.", idempotency_key="nightly-17")
    assert (apart.id, apart.merged_into) == ("chosun", None)
    again = await desk.unmerge_actor("chosun", reason="They are two.", idempotency_key="nightly-17")
    assert again.to_dict() == apart.to_dict()
    assert (await desk.get_actor("chosun")).id == "chosun"
    with pytest.raises(Conflict):
        await desk.unmerge_actor("chosun", reason="They still are.")
    with pytest.raises(NotFound):
        await desk.unmerge_actor("nobody", reason="There is none.")
    types = [revision.type_ async for revision in desk.actor_revisions("chosun")]
    assert types == ["create", "update", "update", "merge", "unmerge"]
    revision = await desk.actor_revision("chosun", 3)
    assert (revision.type_, revision.revision) == ("update", 3)
    assert revision.document is not None
    assert revision.document.aliases == ["Koryo", "Joseon"]


async def test_what_undoes_a_merging_goes_on_with_its_key(client: Client) -> None:
    """What was lost with the client that began it, too: all that is needed is the key."""
    async with in_process(client, token=client.token) as desk:
        for actor in ("chosun", "north-korea"):
            await desk.create_actor({"id": actor, "name": actor.title(), "kind": "state"})
        await desk.merge_actor(await desk.get_actor("chosun"), "north-korea", idempotency_key="merging")
    lost = httpx.ReadError("lost")
    watched = Watched(application_of(client), after=lambda number: lost)
    async with in_process(client, token=client.token, transport=watched, retries=Retries(attempts=1)) as desk:
        with pytest.raises(ConnectionFailed) as caught:
            await desk.unmerge_actor("chosun", reason="They are two.")
    assert caught.value.idempotency_key
    assert [request.method for request in watched.requests] == ["POST"]
    async with in_process(client, token=client.token) as desk:
        key = caught.value.idempotency_key
        apart = await desk.unmerge_actor("chosun", reason="They are two.", idempotency_key=key)
        assert (apart.id, apart.revision, apart.merged_into) == ("chosun", 3, None)
        assert len([one async for one in desk.actor_revisions("chosun")]) == 3


async def test_sources_are_written(desk: AsyncDateline) -> None:
    source = await desk.create_source({"title": "A report", "url": "https://news.example/report"})
    source = await desk.update_source(source, {"reliability": "B"})
    source.language = "en"
    source = await desk.replace_source(source)
    assert (source.reliability, source.language, source.revision) == ("B", "en", 3)
    found = [one.id async for one in desk.sources(url="https://news.example/report")]
    assert found == [source.id]
    assert (await desk.get_source(str(source.id))).to_dict() == source.to_dict()
    assert len([one async for one in desk.source_revisions(source.id)]) == 3
    revision = await desk.source_revision(str(source.id), 2)
    assert revision.document is not None
    assert (revision.document.id, revision.document.reliability, revision.document.language) == (source.id, "B", None)


async def test_chronologies_are_written_and_released(desk: AsyncDateline) -> None:
    event = await desk.create_event(event_body())
    chronology = await desk.create_chronology(TALKS)
    chronology = await desk.update_chronology(chronology, {"introduction": "What is said."})
    chronology.title = "All talks"
    chronology = await desk.replace_chronology(chronology)
    assert (chronology.title, chronology.introduction, chronology.revision) == ("All talks", "What is said.", 3)
    other = await desk.create_event(event_body(date="2023"))
    assert [one.id async for one in desk.chronology_events("talks", page_size=1)] == [other.id, event.id]
    assert [one.id async for one in desk.chronology_events("talks", date_from="2024")] == [event.id]
    (page,) = [page async for page in desk.chronology_events("talks", max_items=5).pages()]
    assert page.notes.to_dict() == {}
    kinds = [type(change) async for change in desk.changes(follow=False)]
    assert kinds.count(models.ChronologyChange) == 3
    assert len([one async for one in desk.chronology_revisions("talks")]) == 3
    revision = await desk.chronology_revision("talks", 1)
    assert revision.document is not None
    assert (revision.document.title, revision.document.introduction) == ("Talks", None)
    draft = await desk.create_chronology({**TALKS, "slug": "draft", "state": "draft"})
    await desk.discard_chronology(draft)
    assert [one.slug async for one in desk.chronologies()] == ["talks"]
    release = await desk.create_release("talks", {"note": "For an article.", "licence": "CC0-1.0"})
    assert (release.note, release.licence) == ("For an article.", "CC0-1.0")
    second = await desk.create_release("talks", models.ReleaseIn(citation="Talks, 2024."))
    assert (second.citation, second.note) == ("Talks, 2024.", None)
    third = await desk.create_release("talks")
    numbers = [one.number async for one in desk.releases("talks")]
    assert sorted(numbers) == [release.number, second.number, third.number]
    assert (await desk.get_release("talks", release.number)).digest == release.digest


async def test_whatever_was_read_can_be_edited(desk: AsyncDateline) -> None:
    """What the feed and the revisions have are other classes than what is read one by one."""
    event = await desk.create_event(event_body())
    (change,) = [one async for one in desk.changes(follow=False) if isinstance(one, models.EventChange)]
    assert change.document is not None
    assert type(change.document) is models.Event
    event = await desk.update_event(change.document, {"title": "Of the feed"})
    with pytest.raises(RevisionMismatch):
        await desk.update_event(change.document, {"title": "Of the feed again"})
    (page,) = [one async for one in desk.events().pages()]
    listed = page.items[0]
    listed.title = "Of a page"
    event = await desk.replace_event(listed, reason="It has one.")
    assert (event.title, event.date, event.revision) == ("Of a page", event_body()["date"], 3)
    revision = await desk.event_revision(event.id, 3)
    assert revision.document is not None
    event = await desk.retract_event(revision.document, reason="It was another day.")
    assert isinstance(event, Event)
    await desk.restore_event(SimpleNamespace(id=event.id, revision=event.revision), reason="It was that day.")

    await desk.create_actor({"id": "chosun", "name": "Chosun", "kind": "state"})
    source = await desk.create_source({"title": "A report"})
    await desk.create_chronology(TALKS)
    async for one in desk.changes(follow=False):
        if isinstance(one, models.ActorChange) and one.document:
            one.document.name = "Joseon"
            actor = await desk.replace_actor(one.document)
            assert (await desk.update_actor(actor, {"aliases": ["Chosun"]})).name == "Joseon"
        elif isinstance(one, models.SourceChange) and one.document and one.document.id == source.id:
            one.document.title = "The report"
            assert (await desk.replace_source(one.document)).title == "The report"
        elif isinstance(one, models.ChronologyChange) and one.document:
            one.document.title = "All talks"
            assert (await desk.replace_chronology(one.document)).title == "All talks"


async def test_relations_and_figures_are_read(desk: AsyncDateline) -> None:
    first = await desk.create_event(event_body())
    second = await desk.create_event(event_body(relations=[{"event_id": str(first.id), "type": "follows"}]))
    related = await desk.related_events(second.id, depth=1)
    assert [one.event.id for one in related.items] == [first.id]
    assert (await desk.figures(second.id)).to_dict()
