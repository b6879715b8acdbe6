"""A random walk of writes through the API, held against a small model: nothing is lost, nothing is made up."""

from random import Random
from typing import Any
from uuid import UUID

import pytest

from api.history.redaction import redact
from schema.change import EntityKind
from tests.conftest import Client
from tests.tiers import seeds
from tests.writing import check_whole, make_actors, read, send

STEPS = 500
ACTS = [
    *("create", "replace", "replace", "patch", "patch", "publish", "retract", "restore", "go_back"),
    *("discard", "stale", "rename", "belong", "source", "merge", "unmerge"),
]
DATES = [
    "2024",
    "2024-06",
    "2024-06-15",
    "2023/..",
    "../2022",
    "[2020,2022..2023]",
    "202X",
    "2024-06-15T10:00:00+03:00",
]
ACTORS = {"DPRK": "north-korea", "Russian Federation": "russia", "ROK": "south-korea"}
KINDS = ["talks", "treaty"]
TAGS = ["a", "b", "c"]


class Walk:
    """What the store should hold, as far as the walk knows."""

    def __init__(self, client: Client, seed: int) -> None:
        self.client = client
        self.random = Random(seed)
        self.events: dict[str, dict[str, Any]] = {}
        self.past: dict[str, list[dict[str, Any] | None]] = {}
        self.cited: dict[str, list[list[str]]] = {}
        self.sources: dict[str, str] = {}
        self.discarded: set[str] = set()
        self.merged: dict[str, str] = {}

    async def step(self) -> None:
        choice = self.random.choice
        name = choice(list(self.events)) if self.events else None
        act = choice(ACTS)
        if name is None or (act == "create" and len(self.events) < 12):
            await self.create()
        elif act != "create":
            await getattr(self, act)(name)

    def content(self) -> dict[str, Any]:
        random = self.random
        others = [other for other, event in self.events.items() if event["state"] != "draft"]
        return {
            "title": f"Title {random.randrange(5)}",
            "kind": random.choice(KINDS),
            "date": random.choice(DATES),
            "tags": random.sample(TAGS, random.randrange(3)),
            "actors": [{"id": actor, "role": "party"} for actor in random.sample(list(ACTORS), random.randrange(3))],
            "citations": [
                {"source": {"title": f"Source {number}"}, "stance": random.choice(["supports", "disputes"])}
                for number in random.sample(range(4), random.randrange(3))
            ],
            "relations": [
                {"type": "follows", "event_id": choice} for choice in random.sample(others, min(len(others), 1))
            ],
        }

    async def create(self) -> None:
        body = self.content() | {"state": self.random.choice(["draft", "published", "published"])}
        answer = await send(self.client, "POST", "/v1/events", body)
        content = self._resolved(body, {})
        if content is None or (body["state"] == "published" and not body["citations"]):
            assert answer.status_code == 400
            return
        assert answer.status_code == 201, answer.text
        name = answer.json()["id"]
        assert name not in self.events
        assert name not in self.discarded
        self.events[name] = {**content, "revision": 1}
        self.past[name] = [dict(self.events[name])]
        self.cited[name] = [[citation["id"] for citation in answer.json()["citations"]]]
        self.check(name, answer.json())

    async def write(
        self, method: str, name: str, body: Any, expected: dict[str, Any] | None, suffix: str = "", anew: bool = False
    ) -> None:
        """Send a write; ``expected`` is what it makes of the event, None if it is refused.

        ``anew`` says that it makes a revision even so, because ids change that are not in the model.
        """
        event = self.events[name]
        answer = await send(self.client, method, f"/v1/events/{name}{suffix}", body, event["revision"])
        if expected is None:
            assert answer.status_code in (400, 409), answer.text
            return
        assert answer.status_code == 200, answer.text
        before = {key: value for key, value in event.items() if key != "revision"}
        if anew or expected != before:
            self.events[name] = {**expected, "revision": event["revision"] + 1}
            self.past[name].append(dict(self.events[name]))
            self.cited[name].append([citation["id"] for citation in answer.json()["citations"]])
        self.check(name, answer.json())

    def _after(self, name: str, content: dict[str, Any]) -> dict[str, Any] | None:
        event = self.events[name]
        if event["state"] == "retracted":
            return None
        if any(relation["event_id"] == name for relation in content["relations"]):
            return None
        if content["state"] == "published" and not content["citations"]:
            return None
        if event["state"] == "published" and content["state"] == "draft":
            return None
        return self._resolved(content, event)

    def _resolved(self, content: dict[str, Any], before: dict[str, Any]) -> dict[str, Any] | None:
        """Put ids for names: of whoever stands for them, or as the event has them; None if one is there twice."""
        held = {actor["id"] for actor in before.get("actors", ())}
        own = [ACTORS.get(actor["id"], actor["id"]) for actor in content["actors"]]
        ids = [actor if actor in held else self.merged.get(actor, actor) for actor in own]
        if len(set(ids)) < len(ids):
            return None
        return {**content, "actors": [{"id": actor, "role": "party"} for actor in ids]}

    async def replace(self, name: str) -> None:
        content = self.content() | {"state": self.random.choice(["draft", "published"])}
        await self.write("PUT", name, content, self._after(name, content))

    async def patch(self, name: str) -> None:
        content = self.content()
        members = self.random.sample(list(content), self.random.randrange(4))
        patch = {member: content[member] for member in members}
        event = {key: value for key, value in self.events[name].items() if key != "revision"}
        await self.write("PATCH", name, patch, self._after(name, {**event, **patch}))

    async def publish(self, name: str) -> None:
        event = {key: value for key, value in self.events[name].items() if key != "revision"}
        await self.write("PATCH", name, {"state": "published"}, self._after(name, {**event, "state": "published"}))

    async def retract(self, name: str) -> None:
        event = {key: value for key, value in self.events[name].items() if key != "revision"}
        expected = {**event, "state": "retracted"} if event["state"] == "published" else None
        await self.write("POST", name, {"change": {"reason": "So."}}, expected, "/retract")

    async def restore(self, name: str) -> None:
        event = {key: value for key, value in self.events[name].items() if key != "revision"}
        expected = {**event, "state": "published"} if event["state"] == "retracted" else None
        await self.write("POST", name, {}, expected, "/restore")

    async def go_back(self, name: str) -> None:
        event = self.events[name]
        number = self.random.randrange(1, event["revision"] + 1)
        past = self.past[name][number - 1]
        if past is None:
            # It has been redacted.
            await self.write("POST", name, {"revision": number}, None, "/restore")
            return
        state = "draft" if event["state"] == "draft" else "published"
        content = {key: value for key, value in past.items() if key != "revision"} | {"state": state}
        gone = any(relation["event_id"] in self.discarded for relation in content["relations"])
        refused = gone or (state == "published" and not content["citations"])
        anew = self.cited[name][number - 1] != self.cited[name][-1]
        await self.write("POST", name, {"revision": number}, None if refused else content, "/restore", anew)

    async def redact(self, owner: Any) -> None:
        """Have the owner of the tables take the content of an earlier revision away, if there is one."""
        found = [
            (name, number)
            for name, revisions in self.past.items()
            if name in self.events
            for number, content in enumerate(revisions[:-1], 1)
            if content is not None
        ]
        if not found:
            return
        name, number = self.random.choice(found)
        await redact(owner, EntityKind.EVENT, name, "By law.", [number])
        self.past[name][number - 1] = None
        self.events[name]["revision"] += 1
        self.past[name].append(dict(self.events[name]))
        self.cited[name].append(self.cited[name][-1])

    async def discard(self, name: str) -> None:
        event = self.events[name]
        answer = await send(self.client, "DELETE", f"/v1/events/{name}", None, event["revision"])
        if event["state"] != "draft":
            assert answer.status_code == 409
            return
        assert answer.status_code == 204
        del self.events[name]
        self.discarded.add(name)

    async def stale(self, name: str) -> None:
        revision = self.events[name]["revision"]
        answer = await send(self.client, "PATCH", f"/v1/events/{name}", {"title": "Stale"}, revision + 1)
        assert answer.json()["current_revision"] == revision

    async def rename(self, _: str) -> None:
        actor = self.random.choice(list(ACTORS.values()))
        body = {"name": f"Name {self.random.randrange(3)} of {actor}"}
        answer = await send(self.client, "PATCH", f"/v1/actors/{actor}", body, await self._revision(actor))
        assert answer.status_code == (409 if actor in self.merged else 200)

    async def belong(self, _: str) -> None:
        """Have an actor belong to a league, by turns, and have had another name."""
        random = self.random
        league = {"id": "league", "name": "League", "kind": "organization"}
        assert (await send(self.client, "POST", "/v1/actors", league)).status_code in (201, 409)
        actor = random.choice(list(ACTORS.values()))
        body = {
            member: [{"actor": "league", "date": date} for date in random.sample(DATES, random.randrange(3))]
            for member in random.sample(["part_of", "member_of"], random.randrange(1, 3))
        }
        body["names"] = [{"name": f"Once {date} {actor}", "date": date} for date in random.sample(DATES, 2)]
        answer = await send(self.client, "PATCH", f"/v1/actors/{actor}", body, await self._revision(actor))
        assert answer.status_code == (409 if actor in self.merged else 200)

    async def merge(self, _: str) -> None:
        actor, into = self.random.choice(list(ACTORS.values())), self.random.choice(list(ACTORS))
        target = self.merged.get(ACTORS[into], ACTORS[into])
        revision = await self._revision(actor)
        answer = await send(self.client, "POST", f"/v1/actors/{actor}/merge", {"into": into}, revision)
        if actor in self.merged or actor == target:
            assert answer.status_code == 409
            return
        assert (answer.status_code, answer.json()["merged_into"]) == (200, target)
        self.merged = {one: target if before == actor else before for one, before in self.merged.items()}
        self.merged[actor] = target

    async def unmerge(self, _: str) -> None:
        actor = self.random.choice(list(ACTORS.values()))
        answer = await send(self.client, "POST", f"/v1/actors/{actor}/unmerge", {}, await self._revision(actor))
        assert answer.status_code == (200 if self.merged.pop(actor, None) else 409)

    async def _revision(self, actor: str) -> int:
        answer = await self.client.http.get(f"/v1/actors/{actor}")
        assert answer.status_code == (308 if actor in self.merged else 200)
        revision: int = answer.json()["revision"]
        return revision

    async def source(self, _: str) -> None:
        page = await read(self.client, "/v1/sources", edit=True)
        if page["items"]:
            chosen = self.random.choice(page["items"])
            patch = {"authors": [f"Author {self.random.randrange(3)}"]}
            answer = await send(self.client, "PATCH", f"/v1/sources/{chosen['id']}", patch, chosen["revision"])
            assert answer.status_code == 200

    def check(self, name: str, answer: dict[str, Any]) -> None:
        model = self.events[name]
        for member in ("title", "kind", "date", "tags", "state", "relations", "revision"):
            assert answer[member] == model[member], member
        assert answer["actors"] == model["actors"]
        actors = answer["included"]["actors"]
        assert all(actors[actor["id"]]["merged_into"] == self.merged.get(actor["id"]) for actor in answer["actors"])
        titles = [answer["included"]["sources"][citation["source"]]["title"] for citation in answer["citations"]]
        assert titles == [citation["source"]["title"] for citation in model["citations"]]
        stances = [citation["stance"] for citation in model["citations"]]
        assert answer["evidence"] == {
            "supporting": stances.count("supports"),
            "disputing": stances.count("disputes"),
            "origins": stances.count("supports"),
        }

    async def check_all(self) -> None:
        for state in ("draft", "published", "retracted"):
            page = await read(self.client, f"/v1/events?state={state}&limit=1000", edit=True)
            expected = {name for name, event in self.events.items() if event["state"] == state}
            assert {item["id"] for item in page["items"]} == expected
            for item in page["items"]:
                self.check(item["id"], {**item, "included": page["included"]})
            for actor in ACTORS.values():
                target = self.merged.get(actor, actor)
                same = {one for one in ACTORS.values() if self.merged.get(one, one) == target}
                page = await read(self.client, f"/v1/events?state={state}&actor={actor}", edit=True)
                assert {item["id"] for item in page["items"]} == {
                    name for name in expected if same & {a["id"] for a in self.events[name]["actors"]}
                }
        for name in self.discarded:
            assert (await self.client.http.get(f"/v1/events/{UUID(name)}", headers=self.client.edit)).status_code == 404


@pytest.mark.parametrize("seed", seeds(2, 4))
async def test_a_random_walk(client: Client, seed: int) -> None:
    await make_actors(client)
    walk = Walk(client, seed)
    for _ in range(STEPS):
        await walk.step()
    await walk.check_all()
    await check_whole(client)
