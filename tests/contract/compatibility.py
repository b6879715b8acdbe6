"""What of a contract breaks clients of an earlier one.

A client of the earlier contract must find every operation under its name, must be able to send all that it could
send, and must get nothing that it could not have got. So a body and a parameter of the new contract have to take
whatever the old one described; an answer of the old one has to describe whatever the new one gives, except for members
that are new, which clients pass over. Statuses of failures may come and go, but all of them stay problems as they were.

It knows the keywords that our contract uses, and refuses others, about which it could say nothing.
"""

from collections.abc import Iterator
from enum import Enum
from typing import Any

from api.auth import SCOPES

Json = dict[str, Any]

#: What can be asked for. It stands in answers, too, but only where somebody has asked for it, so more may be added.
GROWING = {"Format", "ImportFormat", "Sort", "Interval", "Dimension"}
METHODS = ("get", "post", "put", "patch", "delete")
#: Keywords without a say in what is valid, and those that stand beside what they describe.
_NOTES = {"title", "description", "examples", "deprecated", "contentMediaType", "contentSchema", "discriminator"}
_LOWEST = ("minimum", "minLength", "minItems", "minProperties")
_HIGHEST = ("maximum", "maxLength", "maxItems", "maxProperties")
_BESIDE = {*_NOTES, "$ref", "anyOf", "oneOf", "default", "readOnly", "writeOnly"}
_TYPES = {"number": ("number", "integer")}
_KNOWN = {
    *(*_NOTES, *_LOWEST, *_HIGHEST, "$ref", "type", "const", "enum", "pattern", "format", "items", "properties"),
    *("required", "additionalProperties", "propertyNames", "anyOf", "oneOf", "default", "readOnly", "writeOnly"),
}


class Way(Enum):
    """Which way a value goes: to the service, or from it."""

    SENT = "sent"
    ANSWERED = "answered"


def breaks(old: Json, new: Json) -> list[str]:
    """Name all that breaks clients of the contract ``old`` if the service is as ``new`` says: where, and what."""
    found = [
        f"{name}: there is no such type any more"
        for name in old["components"]["schemas"]
        if name not in new["components"]["schemas"]
    ]
    known, schemes = (document["components"]["securitySchemes"] for document in (old, new))
    found += [f"{name}: tokens are sent in another way" for name in known if known[name] != schemes.get(name)]
    olds, news = _operations(old), _operations(new)
    comparison = _Comparison(old, new)
    for name, (place, before) in olds.items():
        if name not in news:
            found.append(f"{name}: there is no such operation any more")
            continue
        new_place, after = news[name]
        if place != new_place:
            found.append(f"{name}: it is at {new_place} and no longer at {place}")
        found += [f"{name}: {what}" for what in comparison.operation(before, after)]
    return list(dict.fromkeys(found))


def schema_breaks(old: Json, new: Json, way: Way) -> list[str]:
    """Name what breaks between two schemas by themselves; references are not followed."""
    empty: Json = {"components": {"schemas": {}}}
    return list(_Comparison(empty, empty).schemas(old, new, way, "it"))


def _operations(document: Json) -> dict[str, tuple[str, Json]]:
    return {
        operation["operationId"]: (f"{method.upper()} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


class _Comparison:
    def __init__(self, old: Json, new: Json) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, Way]] = set()

    def operation(self, old: Json, new: Json) -> Iterator[str]:
        if old["tags"] != new["tags"]:
            yield f"its tags were {old['tags']} and are {new['tags']}: generated clients have it elsewhere"
        yield from _security(old, new)
        yield from self._parameters(old, new)
        yield from self._body(old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(old["responses"], new["responses"])

    def _parameters(self, old: Json, new: Json) -> Iterator[str]:
        olds, news = (
            {(one["in"], one["name"]): one for one in operation.get("parameters", [])} for operation in (old, new)
        )
        for (place, name), after in news.items():
            before = olds.get((place, name))
            if after.get("required") and not (before or {}).get("required"):
                yield f"the parameter {name} is required now"
        for key, before in olds.items():
            name = key[1]
            if key not in news:
                yield f"the parameter {name} is gone"
                continue
            after = news[key]
            if any(before.get(one) != after.get(one) for one in ("style", "explode")):
                yield f"the parameter {name} is written in another way"
            if before.get("x-default") != after.get("x-default"):
                meant, means = before.get("x-default"), after.get("x-default")
                yield f"the parameter {name}: left out, it meant {meant!r} and means {means!r}"
            yield from self.schemas(before["schema"], after["schema"], Way.SENT, f"the parameter {name}")

    def _body(self, old: Json | None, new: Json | None) -> Iterator[str]:
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield "it needs a body now"
        if old is None:
            return
        if new is None:
            yield "it takes no body any more"
            return
        yield from self._content(old, new, Way.SENT, "the body")

    def _answers(self, old: Json, new: Json) -> Iterator[str]:
        for status in sorted(old.keys() | new.keys()):
            if status not in new or status not in old:
                if status < "400":
                    yield f"{status} is answered {'now' if status in new else 'no more'}"
                continue
            before, after = _resolved(old[status], self._old), _resolved(new[status], self._new)
            yield from self._headers(before.get("headers", {}), after.get("headers", {}), status)
            yield from self._content(before, after, Way.ANSWERED, f"the answer {status}")

    def _headers(self, old: Json, new: Json, status: str) -> Iterator[str]:
        for name, reference in old.items():
            if name not in new:
                yield f"the header {name} of {status} is gone"
                continue
            before, after = _resolved(reference, self._old), _resolved(new[name], self._new)
            if before.get("required") and not after.get("required"):
                yield f"the header {name} of {status} can be missing now"
            yield from self.schemas(before["schema"], after["schema"], Way.ANSWERED, f"the header {name}")

    def _content(self, old: Json, new: Json, way: Way, where: str) -> Iterator[str]:
        for media_type, before in old.get("content", {}).items():
            after = new.get("content", {}).get(media_type)
            if after is None:
                yield f"{where} as {media_type} is gone"
            else:
                yield from self.schemas(before.get("schema", {}), after.get("schema", {}), way, where)

    def schemas(self, old: Json, new: Json, way: Way, at: str) -> Iterator[str]:
        """Compare what was and is at a place; a pair of named types is compared once."""
        if way is Way.SENT and old.get("default") != new.get("default"):
            yield f"{at}: left out, it meant {old.get('default')!r} and means {new.get('default')!r}"
        before, after = (schema.get("$ref", "").rpartition("/")[2] for schema in (old, new))
        if before and after and before != after:
            yield f"{at}: its type was {before} and is {after}"
        if before == after != "":
            if (before, way) in self._seen:
                return
            self._seen.add((before, way))
            at = before
        yield from self._discriminators(old, new, at)
        olds, news = self._choices(old, self._old), self._choices(new, self._new)
        for mine in news if way is Way.ANSWERED else olds:
            others = olds if way is Way.ANSWERED else news
            # What has a name is meant by nothing else of that name's absence; of the rest, whatever fits will do.
            named = [other for other in others if "title" in mine and other.get("title") == mine["title"]]
            yield from self._fitting(mine, named or others, way, at)

    def _discriminators(self, old: Json, new: Json, at: str) -> Iterator[str]:
        """Compare what tells the members of a union apart: generated clients read them by it."""
        before, after = _told_by(old, self._old), _told_by(new, self._new)
        if before is None:
            return
        if after is None or before["propertyName"] != after["propertyName"]:
            is_now = "and nothing is" if after is None else f"and {after['propertyName']} is"
            yield f"{at}: {before['propertyName']} told its members apart {is_now} now"
            return
        for value, target in before["mapping"].items():
            if after["mapping"].get(value) != target:
                yield f"{at}: {before['propertyName']} {value} no longer means {target.rpartition('/')[2]}"

    def _fitting(self, mine: Json, others: list[Json], way: Way, at: str) -> Iterator[str]:
        """Compare one choice with those that it may be on the other side."""
        tries = []
        for other in others:
            seen = set(self._seen)
            old, new = (mine, other) if way is Way.SENT else (other, mine)
            found = list(self._one(old, new, way, at))
            if not found:
                return
            tries.append((found, self._seen))
            self._seen = seen
        if len(tries) != 1:
            named = mine.get("title", mine.get("type"))
            yield f"{at}: {named} {'is taken no more' if way is Way.SENT else 'is new there'}"
        if tries:
            # Of several that it might be, the one that it comes closest to tells most.
            found, self._seen = min(tries, key=lambda one: len(one[0]))
            yield from found

    def _choices(self, schema: Json, document: Json) -> list[Json]:
        """List what a schema lets be, each without a reference or a union around it."""
        if unknown := schema.keys() - _KNOWN:
            raise ValueError(f"nothing is known of {sorted(unknown)}")
        if ({"$ref", "anyOf", "oneOf"} & schema.keys()) and (beside := schema.keys() - _BESIDE):
            raise ValueError(f"nothing is known of {sorted(beside)} beside a reference or a union")
        if "$ref" in schema:
            return self._choices(_resolved(schema, document), document)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return [one for choice in schema[keyword] for one in self._choices(choice, document)]
        return [schema]

    def _one(self, old: Json, new: Json, way: Way, at: str) -> Iterator[str]:
        wide, narrow = (new, old) if way is Way.SENT else (old, new)
        if "type" in wide and narrow.get("type") not in _TYPES.get(wide["type"], (wide["type"],)):
            yield f"{at}: it was {old.get('type', 'anything')} and is {new.get('type', 'anything')}"
            return
        values, given = _values(wide), _values(narrow)
        grows = way is Way.ANSWERED and old.get("title") in GROWING
        if values is not None and (given is None or not given <= values) and not grows:
            more = "others" if given is None else ", ".join(sorted(given - values))
            yield f"{at}: {'no longer takes' if way is Way.SENT else 'can now be'} {more}"
        for keyword in ("pattern", "format"):
            if keyword in wide and wide[keyword] != narrow.get(keyword):
                yield f"{at}: the {keyword} was {old.get(keyword)} and is {new.get(keyword)}"
        for keywords, sign in ((_LOWEST, 1), (_HIGHEST, -1)):
            for keyword in keywords:
                if keyword in wide and (keyword not in narrow or (wide[keyword] - narrow[keyword]) * sign > 0):
                    yield f"{at}: {keyword} was {old.get(keyword)} and is {new.get(keyword)}"
        for keyword in ("items", "propertyNames", "additionalProperties"):
            if isinstance(wide.get(keyword), dict):
                yield from self.schemas(_schema(old, keyword), _schema(new, keyword), way, f"{at}[]")
        yield from self._members(old, new, way, at)

    def _members(self, old: Json, new: Json, way: Way, at: str) -> Iterator[str]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        for name, before in olds.items():
            if name not in news:
                yield f"{at}.{name}: it is gone"
                continue
            if way is Way.SENT and news[name].get("readOnly") and not before.get("readOnly"):
                yield f"{at}.{name}: it can only be read now"
            yield from self.schemas(before, news[name], way, f"{at}.{name}")
        wide, narrow = (new, old) if way is Way.SENT else (old, new)
        for name in wide.get("required", ()):
            if name not in narrow.get("required", ()):
                yield f"{at}.{name}: it {'is required now' if way is Way.SENT else 'can be missing now'}"
        if way is Way.SENT and old.get("additionalProperties") is not False:
            # It could be sent, with anything in it.
            for name in news.keys() - olds.keys():
                yield from self.schemas(_schema(old, "additionalProperties"), news[name], way, f"{at}.{name}")
        closed = [schema.get("additionalProperties") is False for schema in (old, new)]
        if way is Way.SENT and closed == [False, True]:
            yield f"{at}: it takes no other members any more"


def _resolved(value: Json, document: Json) -> Json:
    while "$ref" in value:
        target: Any = document
        for step in value["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def _security(old: Json, new: Json) -> Iterator[str]:
    """Name what sufficed and does no more: no token, or one with a lesser scope (each includes those before it)."""
    before, after = ([sorted(one) for one in operation["security"] or [{}]] for operation in (old, new))
    scopes = old.get("x-scope", SCOPES[0]), new.get("x-scope", SCOPES[0])
    if [] in before and [] not in after:
        yield f"it needs a token now, with the scope {scopes[1]}"
    elif [] not in after and not set(map(tuple, before)) <= set(map(tuple, after)):
        yield f"it takes other tokens: {after}, not {before}"
    elif [] not in after and SCOPES.index(scopes[0]) < SCOPES.index(scopes[1]):
        yield f"its token needs the scope {scopes[1]} now"


def _told_by(schema: Json, document: Json) -> Json | None:
    """Give the discriminator of a union, null or a reference around it or not."""
    schema = _resolved(schema, document)
    if "discriminator" in schema:
        told_by: Json = schema["discriminator"]
        return told_by
    choices = [one for keyword in ("anyOf", "oneOf") for one in schema.get(keyword, [])]
    return next((found for one in choices if (found := _told_by(one, document)) is not None), None)


def _values(schema: Json) -> set[str] | None:
    if "const" in schema:
        return {repr(schema["const"])}
    return {repr(value) for value in schema["enum"]} if "enum" in schema else None


def _schema(schema: Json, keyword: str) -> Json:
    """Give a schema within another; where there is none, anything is valid."""
    found = schema.get(keyword)
    return found if isinstance(found, dict) else {}
