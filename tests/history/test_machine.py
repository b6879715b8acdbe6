"""Random writes of every kind, through HTTP, against a small model that remembers everything.

Hypothesis chooses what is written and shrinks what fails. At the end of each run the store is asked for the past at
every sequence, for every revision, and for the feed, which is replayed twice: by a few lines of Python, and into an
empty store.
"""

import asyncio
from collections.abc import Coroutine
from copy import deepcopy
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from api.history.redaction import redact
from schema.change import EntityKind
from tests.conftest import Client
from tests.history.test_following import catch_up, check_equal, check_follower
from tests.tiers import examples
from tests.writing import check_whole, empty, send

_TITLES = st.sampled_from(["One", "Two", "Three"])
_DATES = st.sampled_from(["2024", "2024-06", "2024-06-15", "2023/..", "[2020,2022]", "19XX"])
_TAGS = st.lists(st.sampled_from(["a", "b"]), unique=True)
_ACTORS = ["ant", "bee", "cat", "dog"]
_STATES = ("draft", "published", "retracted")
_HELD = ("title", "date", "tags", "state")


class Machine(RuleBasedStateMachine):
    """The rules, and the model that they keep beside the store."""

    def __init__(self, client: Client, follower: Client, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.client = client
        self.follower = follower
        self.loop = loop
        self.events: dict[str, dict[str, Any]] = {}
        self.actors: dict[str, dict[str, Any]] = {}
        #: Of every record each revision: its type, what it said (None: gone), and whether everybody sees it.
        self.revisions: dict[tuple[str, str], list[dict[str, Any]]] = {}
        #: What held from each head on.
        self.moments: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {0: ({}, {})}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the loop that the stores live in; the rules run in a thread beside it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def send(self, method: str, path: str, body: Any = None, revision: int | None = None) -> Any:
        answer = self.run(send(self.client, method, path, body, revision))
        assert answer.status_code < 500, answer.text
        return answer

    def get(self, path: str, *, edit: bool) -> Any:
        answer = self.run(self.client.http.get(path, headers=self.client.edit if edit else {}))
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def moment(self) -> None:
        """Remember what holds from here on."""
        head = self.get("/v1/changes/head", edit=True)["sequence"]
        events = {
            name: {**event, "revision": len(self.revisions["event", name])} for name, event in self.events.items()
        }
        self.moments[head] = deepcopy((events, self.actors))

    def revised(self, kind: str, name: str, type: str, said: Any, *, public: bool) -> None:
        revision = {"type": type, "said": deepcopy(said), "public": public}
        self.revisions.setdefault((kind, name), []).append(revision)

    def event(self, data: Any, *states: str) -> str | None:
        names = sorted(name for name, event in self.events.items() if event["state"] in states)
        return data.draw(st.sampled_from(names)) if names else None

    def root(self, actor: str, actors: dict[str, Any]) -> str:
        into = actors[actor]["merged_into"]
        return into or actor

    @initialize()
    def begin(self) -> None:
        for client in (self.client, self.follower):
            self.run(empty(client))
        for name in _ACTORS[:2]:
            self._create_actor(name)

    def _create_actor(self, name: str) -> None:
        answer = self.send("POST", "/v1/actors", {"id": name, "name": f"The {name}", "kind": "organization"})
        assert answer.status_code == 201
        self.actors[name] = {"name": f"The {name}", "merged_into": None}
        self.revised("actor", name, "create", self.actors[name], public=True)
        self.moment()

    @precondition(lambda self: len(self.actors) < len(_ACTORS))
    @rule()
    def create_actor(self) -> None:
        self._create_actor(_ACTORS[len(self.actors)])

    @rule(data=st.data(), name=st.sampled_from(["X", "Y"]))
    def rename(self, data: Any, name: str) -> None:
        actor = data.draw(st.sampled_from(sorted(self.actors)))
        revision = len(self.revisions["actor", actor])
        answer = self.send("PATCH", f"/v1/actors/{actor}", {"name": f"{name} {actor}"}, revision)
        if self.actors[actor]["merged_into"] is not None:
            assert answer.status_code == 409
            return
        assert answer.status_code == 200, answer.text
        if self.actors[actor]["name"] != f"{name} {actor}":
            self.actors[actor]["name"] = f"{name} {actor}"
            self.revised("actor", actor, "update", self.actors[actor], public=True)
        self.moment()

    @rule(data=st.data())
    def merge(self, data: Any) -> None:
        actor, into = (data.draw(st.sampled_from(sorted(self.actors))) for _ in range(2))
        revision = len(self.revisions["actor", actor])
        answer = self.send("POST", f"/v1/actors/{actor}/merge", {"into": into}, revision)
        target = self.root(into, self.actors)
        if self.actors[actor]["merged_into"] is not None or target == actor:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 200, answer.text
        for other, record in self.actors.items():
            if other == actor or record["merged_into"] == actor:
                record["merged_into"] = target
                self.revised("actor", other, "merge", record, public=True)
        self.moment()

    @rule(data=st.data())
    def unmerge(self, data: Any) -> None:
        actor = data.draw(st.sampled_from(sorted(self.actors)))
        revision = len(self.revisions["actor", actor])
        answer = self.send("POST", f"/v1/actors/{actor}/unmerge", {}, revision)
        if self.actors[actor]["merged_into"] is None:
            assert answer.status_code == 409, answer.text
            return
        assert answer.status_code == 200, answer.text
        self.actors[actor]["merged_into"] = None
        self.revised("actor", actor, "unmerge", self.actors[actor], public=True)
        self.moment()

    @rule(data=st.data(), title=_TITLES, date=_DATES, tags=_TAGS, draft=st.booleans())
    def create_event(self, data: Any, title: str, date: str, tags: list[str], draft: bool) -> None:
        actor = data.draw(st.sampled_from(sorted(self.actors)))
        number = data.draw(st.integers(0, 2))
        body = {
            "title": title,
            "kind": "talks",
            "date": date,
            "tags": tags,
            "state": "draft" if draft else "published",
            "actors": [{"id": actor}],
            "citations": [{"source": {"title": f"Source {number}"}}],
        }
        answer = self.send("POST", "/v1/events", body)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        said = {member: made[member] for member in _HELD}
        # What is written is the actor who stands for the one that was named.
        self.events[made["id"]] = {**said, "actor": self.root(actor, self.actors)}
        assert made["actors"][0]["id"] == self.events[made["id"]]["actor"]
        self.revised("event", made["id"], "create", self.events[made["id"]], public=not draft)
        self.moment()

    @rule(data=st.data(), title=_TITLES, date=_DATES, tags=_TAGS, publish=st.booleans(), corrects=st.booleans())
    def change_event(self, data: Any, title: str, date: str, tags: list[str], publish: bool, corrects: bool) -> None:
        name = self.event(data, "draft", "published")
        if name is None:
            return
        event = self.events[name]
        change = {"type": "correction", "reason": "So."} if corrects else {"type": "update"}
        body = {"title": title, "date": date, "tags": tags, "change": change}
        if publish:
            body["state"] = "published"
        new = {**event, **{member: body[member] for member in _HELD if member in body}}
        answer = self.send("PATCH", f"/v1/events/{name}", body, len(self.revisions["event", name]))
        assert answer.status_code == 200, answer.text
        if new != event:
            self.events[name] = new
            self.revised("event", name, change["type"], new, public=new["state"] != "draft")
        assert answer.json()["revision"] == len(self.revisions["event", name])
        self.moment()

    @rule(data=st.data())
    def retract(self, data: Any) -> None:
        if (name := self.event(data, "published")) is not None:
            self._step(name, "retract", {"change": {"reason": "Withdrawn."}}, "retraction", "retracted")

    @rule(data=st.data())
    def restore(self, data: Any) -> None:
        if (name := self.event(data, "retracted")) is not None:
            self._step(name, "restore", {}, "restore", "published")

    def _step(self, name: str, step: str, body: Any, type: str, state: str) -> None:
        answer = self.send("POST", f"/v1/events/{name}/{step}", body, len(self.revisions["event", name]))
        assert answer.status_code == 200, answer.text
        self.events[name] = {**self.events[name], "state": state}
        self.revised("event", name, type, self.events[name], public=True)
        self.moment()

    @rule(data=st.data())
    def restore_revision(self, data: Any) -> None:
        name = self.event(data, *_STATES)
        if name is None:
            return
        event, revisions = self.events[name], self.revisions["event", name]
        number = data.draw(st.integers(1, len(revisions)))
        said = revisions[number - 1]["said"]
        answer = self.send("POST", f"/v1/events/{name}/restore", {"revision": number}, len(revisions))
        if said is None:
            assert answer.status_code == 400, answer.text
            return
        assert answer.status_code == 200, answer.text
        # An actor that the revision held stays as it was written, whoever stands for it by now.
        new = {**said, "state": "draft" if event["state"] == "draft" else "published"}
        same = answer.json()["revision"] == len(revisions)
        if same:
            assert (new, event["state"] != "retracted") == (event, True)
        else:
            self.events[name] = new
            self.revised("event", name, "restore", new, public=new["state"] != "draft")
        self.moment()

    @rule(data=st.data())
    def discard(self, data: Any) -> None:
        name = self.event(data, "draft")
        if name is None:
            return
        answer = self.send("DELETE", f"/v1/events/{name}", None, len(self.revisions["event", name]))
        assert answer.status_code == 204, answer.text
        del self.events[name]
        self.revised("event", name, "discard", None, public=False)
        self.moment()

    @rule(data=st.data(), whole=st.booleans())
    def redact(self, data: Any, whole: bool) -> None:
        name = self.event(data, *_STATES)
        if name is None:
            return
        revisions = self.revisions["event", name]
        known = [number for number, one in enumerate(revisions[:-1], 1) if one["said"] is not None]
        if not whole and not known:
            return
        chosen = [] if whole else [data.draw(st.sampled_from(known))]
        self.run(self._redact(name, chosen))
        gone = range(1, len(revisions) + 1) if whole else chosen
        for number in gone:
            revisions[number - 1]["said"] = None
        # What is gone was never there, as of whenever it is asked for.
        for events, _ in self.moments.values():
            if name in events and events[name]["revision"] in gone:
                del events[name]
        seen = any(one["public"] for one in revisions)
        if whole:
            del self.events[name]
            self.revised("event", name, "redaction", None, public=seen)
        else:
            self.revised("event", name, "redaction", self.events[name], public=seen)
        self.moment()

    async def _redact(self, name: str, revisions: list[int]) -> None:
        owner = await asyncpg.connect(self.client.database.owner_url)
        try:
            await redact(owner, EntityKind.EVENT, name, "By law.", revisions)
        finally:
            await owner.close()

    def teardown(self) -> None:
        if len(self.moments) > 1:
            self._check_moments()
            self._check_revisions()
            self._check_feed()
            self.run(self._check_follower())
            self.run(check_whole(self.client))

    def _check_moments(self) -> None:
        heads = sorted(self.moments)
        for sequence in range(heads[-1] + 1):
            # In the midst of a write its record is not there yet.
            events, actors = self.moments[max(head for head in heads if head <= sequence)]
            for edit in (True, False):
                public = self.get("/v1/changes/head", edit=False)["sequence"]
                if edit or sequence <= public:
                    self._check_moment(sequence, events, actors, edit=edit)

    def _check_moment(self, sequence: int, events: dict[str, Any], actors: dict[str, Any], *, edit: bool) -> None:
        states = _STATES if edit else _STATES[1:]
        expected = {
            name: {member: event[member] for member in (*_HELD, "actor")}
            for name, event in events.items()
            if event["state"] in states
        }
        asked = "&".join(f"state={state}" for state in states)
        page = self.get(f"/v1/events?{asked}&as_of={sequence}&limit=1000&count=exact", edit=edit)
        found = {
            item["id"]: {**{member: item[member] for member in _HELD}, "actor": item["actors"][0]["id"]}
            for item in page["items"]
        }
        assert len(page["items"]) == len(found)
        assert found == expected, sequence
        assert page["count"] == {"value": len(expected), "exact": True}
        for name, summary in page["included"]["actors"].items():
            root = self.root(name, actors)
            assert summary["name"] == actors[root]["name"], sequence
            assert summary["merged_into"] == actors[name]["merged_into"]
        for actor in actors:
            page = self.get(f"/v1/events?{asked}&actor={actor}&as_of={sequence}&limit=1000", edit=edit)
            root = self.root(actor, actors)
            alike = {name for name, event in expected.items() if self.root(event["actor"], actors) == root}
            assert {item["id"] for item in page["items"]} == alike, (sequence, actor)

    def _check_revisions(self) -> None:
        for (kind, name), revisions in self.revisions.items():
            for edit in (True, False):
                expected = [(number, one) for number, one in enumerate(revisions, 1) if edit or one["public"]]
                path = f"/v1/{kind}s/{name}/revisions"
                if not expected:
                    answer = self.run(self.client.http.get(path))
                    assert answer.status_code == 404
                    continue
                given = self.get(f"{path}?limit=1000", edit=edit)["items"]
                assert [one["revision"] for one in given] == [number for number, _ in expected]
                first = True
                for (number, one), item in zip(expected, given, strict=True):
                    # The first that others see is its creation to them.
                    assert item["type"] == ("create" if first and not edit else one["type"])
                    first = False
                    whole = self.get(f"{path}/{number}", edit=edit)
                    self._check_document(one["said"], whole["document"])

    def _check_document(self, said: Any, document: Any) -> None:
        if said is None:
            assert document is None
            return
        for member, value in said.items():
            if member == "actor":
                assert document["actors"][0]["id"] == value
            else:
                assert document[member] == value

    def _check_feed(self) -> None:
        """Whoever puts each document in the place of the one before has what is there now."""
        for edit in (True, False):
            held: dict[tuple[str, str], Any] = {}
            after, more = 0, True
            while more:
                page = self.get(f"/v1/changes?after={after}&limit=7", edit=edit)
                for item in page["items"]:
                    assert item["sequence"] > after
                    after = item["sequence"]
                    if item["document"] is None and item["type"] in ("discard", "redaction"):
                        held.pop((item["entity"], item["id"]), None)
                    elif item["document"] is not None:
                        held[item["entity"], item["id"]] = item["document"]
                more = page["more"]
            states = "&".join(f"state={state}" for state in (_STATES if edit else _STATES[1:]))
            items = self.get(f"/v1/events?{states}&limit=1000", edit=edit)["items"]
            assert {item["id"]: item for item in items} == {
                name: document for (kind, name), document in held.items() if kind == "event"
            }
            sources = self.get("/v1/sources?limit=1000", edit=edit)["items"]
            assert {item["id"]: item for item in sources} == {
                name: document for (kind, name), document in held.items() if kind == "source"
            }

    async def _check_follower(self) -> None:
        await catch_up(self.client, self.follower)
        moments = sorted(self.moments)
        await check_equal(self.client, self.follower, await self._shown(moments[:: max(1, len(moments) // 4)]))
        await check_follower(self.follower)

    async def _shown(self, moments: list[int]) -> list[int]:
        head = (await self.client.http.get("/v1/changes/head")).json()["sequence"]
        return [moment for moment in moments if moment <= head]


@pytest.mark.model
async def test_the_store_does_what_the_model_does(client: Client, target: Client) -> None:
    loop = asyncio.get_running_loop()
    checks = settings(
        max_examples=examples(3),
        stateful_step_count=25,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    await asyncio.to_thread(run_state_machine_as_test, lambda: Machine(client, target, loop), settings=checks)
