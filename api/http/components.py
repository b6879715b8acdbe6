"""The schemas of the contract, made from the wire types.

msgspec describes them in JSON Schema; what is done here to its description makes a contract of it: patterns in the
dialect that JSON Schema means, docstrings as Markdown, a name for every union, enumerations in their own order,
what only the store sets marked as read-only, and the bodies of PUT and PATCH.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from enum import Enum
from inspect import cleandoc
from typing import Any

import msgspec
from msgspec import Struct

from api.http.contract import Contract
from api.http.wire_types import always_there, classes, set_by_the_store
from schema.editing import KEYS
from schema.edtf import LOOSE_PATTERN, MAXIMUM_LENGTH, Edtf
from schema.problem import Problem

Json = dict[str, Any]

SCHEMAS = "#/components/schemas/"

_EDTF: Json = {
    "title": "Edtf",
    "description": (
        "A date in the Extended Date/Time Format (EDTF, ISO 8601-2:2019, levels 0 to 2), as closely as it is "
        "known and no closer: a day, a month, a season, a year, a decade; approximate (`~`), uncertain (`?`) or "
        "both (`%`); an interval, open or unknown at either end; one of a set. It is a text and no machine date. "
        "The pattern lets every valid text through, and some invalid ones."
    ),
    "type": "string",
    "minLength": 1,
    "maxLength": MAXIMUM_LENGTH,
    "pattern": LOOSE_PATTERN,
    "examples": ["2024-06", "2025-04-28", "2023-09/..", "[2022-02..2025-04]"],
}
_TOLERATED = (
    "Members that only the store sets may be sent back as they were read; sent with another value they are refused."
)
_SOURCE_REFERENCE = "A source: its id, or the source itself, which is found or else created."
#: The unions whose members say themselves which they are, by the member that does: their names, and what they are.
_TAGGED_UNIONS = {
    "entity": ("FeedItem", "One change, with the record as it was then; `entity` tells which kind of record it is."),
}
_JSON_FILE: Json = {
    "title": "JsonFile",
    "description": "A file in a format that is JSON.",
    "type": "object",
    "additionalProperties": True,
}
#: What tells the members of a union apart, where all of them have it.
_TAG = "Which kind of record it is about: always `{value}` here."
_NUMBER = "A number; whole ones are exact within ±(2^53−1)."


def prose(text: str) -> str:
    """Turn a docstring into Markdown: one line a paragraph, single backticks."""
    paragraphs = re.split(r"\n\s*\n", cleandoc(text).strip())
    joined = (re.sub(r"\s*\n(?!\s*[-*] )\s*", " ", paragraph) for paragraph in paragraphs)
    return "\n\n".join(joined).replace("``", "`")


def ecmascript(pattern: str) -> str:
    """Write a pattern of Python's in the dialect of JSON Schema (ECMA 262 with the flag u).

    There ``$`` is the very end, what Python calls ``\\Z``, and a quotation mark must not be escaped.
    """
    return pattern.replace(r"\Z", "$").replace(r"\"", '"')


class Schemas:
    """The schemas of all wire types that the contracts mention, and of those that follow from them.

    ``components`` holds them by name. It grows while bodies are asked for.
    """

    def __init__(self, contracts: Iterable[Contract]) -> None:
        contracts = list(contracts)
        bodies = [kind for one in contracts for kind in (one.body, one.body_extra) if kind is not None]
        answers = [kind for one in contracts for kind in (one.answer, one.moved) if kind is not None]
        queries = [one.query for one in contracts if one.query is not None]
        kinds: list[Any] = list(dict.fromkeys([*bodies, *answers, *queries, Problem]))
        references, components = msgspec.json.schema_components(
            kinds, schema_hook=_schema_hook, ref_template=SCHEMAS + "{name}"
        )
        self.components: Json = {"Edtf": dict(_EDTF)}
        self.components |= {_renamed(name): self._tidied(schema) for name, schema in components.items()}
        self._references = {kind: self._tidied(reference) for kind, reference in zip(kinds, references, strict=True)}
        # A query is no value of its own: its members become parameters.
        self._queries = {kind: self.components.pop(self._name(kind)) for kind in dict.fromkeys(queries)}
        self._refine(classes(bodies), classes([*answers, Problem]))

    def of(self, kind: type) -> Json:
        """Refer to a type."""
        return deepcopy(self._references[kind])

    def or_file(self, kind: type) -> Json:
        """Refer to a type or any JSON file, making a component for that."""
        stem = self._name(kind)
        choice: Json = {"title": f"{stem}OrFile", "description": f"A {stem} or, where a format is asked for, a file."}
        self._add(f"{stem}OrFile", {**choice, "anyOf": [self.of(kind), self.json_file()]})
        return {"$ref": f"{SCHEMAS}{stem}OrFile"}

    def json_file(self) -> Json:
        """Refer to any JSON object, making a component for that."""
        self._add("JsonFile", dict(_JSON_FILE))
        return {"$ref": SCHEMAS + "JsonFile"}

    def query_parameters(self, kind: type[Struct]) -> list[Json]:
        """Describe the members of a query's type as parameters."""
        schema = self._queries[kind]
        return [
            _parameter(name, deepcopy(member), required=name in schema.get("required", ()))
            for name, member in schema["properties"].items()
        ]

    def body(self, contract: Contract) -> Json:
        """Refer to a contract's body, making a component for it if it is a replacement or a patch.

        Raises ``ValueError`` if two contracts mean different bodies by one name.
        """
        if contract.body is None:
            raise ValueError("this contract has no body")
        if not contract.partial and contract.body_extra is None:
            return self.of(contract.body)
        stem = self._name(contract.body).removesuffix("In")
        schema = deepcopy(self.components[self._name(contract.body)])
        notes = [schema["description"]]
        if contract.partial:
            name = f"{stem}Patch"
            schema = self._as_patch(schema)
            notes = [f"Changes to a record of type {stem}, as JSON Merge Patch (RFC 7396): what is left out stays."]
        else:
            name = f"{stem}Replacement"
        properties = schema["properties"]
        if contract.body_extra is not None:
            # Left out, a stored one stays; clients that fill in a default would publish drafts.
            properties.get("state", {}).pop("default", None)
            properties["change"] = {**self.of(contract.body_extra), "writeOnly": True}
            answered = self.components[self._name(contract.answer)] if contract.answer else {"properties": {}}
            for member, value in answered["properties"].items():
                # The address says which record it is; that cannot be changed.
                if member not in properties or member in KEYS:
                    properties[member] = {**deepcopy(value), "readOnly": True}
            if "required" in schema:
                schema["required"] = [member for member in schema["required"] if member not in KEYS]
            notes.append(_TOLERATED)
        self._add(name, {**schema, "title": name, "description": "\n\n".join(notes)})
        return {"$ref": SCHEMAS + name}

    def _add(self, name: str, schema: Json) -> None:
        if self.components.setdefault(name, schema) != schema:
            raise ValueError(f"there are two different schemas that would be called {name}")

    def _name(self, kind: Any) -> str:
        reference: str = self._references[kind].get("$ref", "")
        if not reference.startswith(SCHEMAS):
            raise ValueError(f"{kind} is no component of its own")
        return reference.removeprefix(SCHEMAS)

    def _tidied(self, schema: Any) -> Any:
        """Go through a schema as msgspec makes it, and make it one of the contract."""
        if isinstance(schema, list):
            return [self._part(part) for part in schema]
        if not isinstance(schema, dict):
            return schema
        made = {
            # Examples and defaults are values, not schemas; the names of properties are not keywords.
            key: value if key in ("default", "examples", "enum") else self._part(value)
            for key, value in schema.items()
            if key != "properties"
        }
        if "properties" in schema:
            made["properties"] = {name: self._part(member) for name, member in schema["properties"].items()}
        if isinstance(made.get("description"), str):
            made["description"] = prose(made["description"])
        if isinstance(made.get("pattern"), str):
            made["pattern"] = ecmascript(made["pattern"])
            if word := re.fullmatch(r"\^([a-z]+)\$", made["pattern"]):
                made["const"] = word[1]
                del made["pattern"]
        if isinstance(made.get("$ref"), str):
            made["$ref"] = SCHEMAS + _renamed(made["$ref"].removeprefix(SCHEMAS))
            made.pop("type", None)
        if "enum" in made:
            made = self._enumeration(made)
        if made.get("required") == []:
            del made["required"]
        if "discriminator" in made:
            return self._tagged_union(made)
        if "anyOf" in made:
            choices = self._named_union(made.pop("anyOf"))
            if len(choices) == 1:
                return _in_order({**choices[0], **made})
            made["anyOf"] = choices
            if "description" not in made and "description" in choices[0]:
                made["description"] = choices[0].pop("description")
        return _in_order(made)

    def _part(self, schema: Any) -> Any:
        """Tidy what lies within a schema; what its type gives a title becomes a component."""
        made = self._tidied(schema)
        if not isinstance(made, dict) or "title" not in made:
            return made
        beside = {"default": made.pop("default")} if "default" in made else {}
        self._add(made["title"], made)
        return {"$ref": SCHEMAS + made["title"], **beside}

    def _enumeration(self, schema: Json) -> Json:
        """Describe an enumeration: a single value without a name as a constant, a part of another by a name."""
        if "$ref" in schema:
            whole = schema["$ref"].removeprefix(SCHEMAS)
            name, description = f"{whole}In", f"What can be given of {whole}."
            self._add(name, {"title": name, "description": description, "type": "string", "enum": schema["enum"]})
            # Left out, it means something else for a new record than for an edit; a client would send a default itself.
            rest = {key: value for key, value in schema.items() if key not in ("enum", "default")}
            return {**rest, "$ref": SCHEMAS + name}
        if "anyOf" in schema:
            return schema
        if len(schema["enum"]) > 1 or "title" in schema:
            return {"type": "string", **schema}
        rest = {key: value for key, value in schema.items() if key != "enum"}
        return {"type": "string", **rest, "const": schema["enum"][0]}

    def _tagged_union(self, union: Json) -> Json:
        """Put a named component in the place of a union whose members are told apart by a member of theirs."""
        told_by = union["discriminator"]
        name, description = _TAGGED_UNIONS[told_by["propertyName"]]
        mapping = {tag: SCHEMAS + _renamed(target.removeprefix(SCHEMAS)) for tag, target in told_by["mapping"].items()}
        self._add(
            name,
            {
                "title": name,
                "description": description,
                "oneOf": union["anyOf"],
                "discriminator": {"propertyName": told_by["propertyName"], "mapping": mapping},
            },
        )
        return {"$ref": SCHEMAS + name}

    def _named_union(self, choices: list[Json]) -> list[Json]:
        """Put a named component in the place of several choices; null may stand beside it."""
        null = [choice for choice in choices if choice.get("type") == "null"]
        others = [choice for choice in choices if choice.get("type") != "null"]
        if len(others) < 2:
            return choices
        kinds = {choice.get("$ref", choice.get("format", choice.get("type"))) for choice in others}
        if kinds == {"integer", "number"}:
            whole = next(choice for choice in others if choice["type"] == "integer")
            bounds: Json = {key: whole[key] for key in ("minimum", "maximum") if key in whole}
            self._add("Number", {"title": "Number", "description": _NUMBER, "type": "number", **bounds})
            return [{"$ref": SCHEMAS + "Number"}, *null]
        if kinds == {"uuid", SCHEMAS + "SourceIn"}:
            named = {"title": "SourceReference", "description": _SOURCE_REFERENCE, "oneOf": others}
            self._add("SourceReference", named)
            return [{"$ref": SCHEMAS + "SourceReference"}, *null]
        raise ValueError(f"a union without a name: {kinds}")

    def _refine(self, in_bodies: set[type], in_answers: set[type]) -> None:
        """Add what msgspec does not know of: the order of enumerations, and what an answer always has."""
        for kind in in_bodies | in_answers:
            schema = self.components.get(_renamed(kind.__name__))
            if schema is None:
                continue
            if issubclass(kind, Enum):
                schema["enum"] = [member.value for member in kind]
            elif issubclass(kind, Struct) and kind in in_answers:
                for name in set_by_the_store(kind):
                    schema["properties"][name]["readOnly"] = True
                if (tag := kind.__struct_config__.tag_field) is not None:
                    schema["properties"][tag]["description"] = _TAG.format(value=kind.__struct_config__.tag)
                if kind not in in_bodies:
                    # Later versions may add members to what is answered; clients pass over them.
                    schema.pop("additionalProperties", None)
                if kind not in in_bodies and not kind.__struct_config__.omit_defaults:
                    # The store writes every member of what only it writes, defaults too.
                    schema["required"] = always_there(kind)
                    if not schema["required"]:
                        del schema["required"]
                    for member in schema["properties"].values():
                        member.pop("default", None)
                    self.components[_renamed(kind.__name__)] = _in_order(schema)

    def _as_patch(self, schema: Json) -> Json:
        """Make every member optional, and null where leaving it out of a whole record would be allowed."""
        required = schema.pop("required", [])
        for name, member in schema["properties"].items():
            had_default = name not in required
            member.pop("default", None)
            changed = self._patched(member)
            schema["properties"][name] = _nullable(changed) if had_default else changed
        return schema

    def _patched(self, schema: Json) -> Json:
        """A merge patch goes on within objects (but not within lists)."""
        if "anyOf" in schema:
            return {**schema, "anyOf": [self._patched(choice) for choice in schema["anyOf"]]}
        if isinstance(schema.get("additionalProperties"), dict):
            return {**schema, "additionalProperties": _nullable(schema["additionalProperties"])}
        name = schema.get("$ref", "").removeprefix(SCHEMAS)
        target = self.components.get(name, {})
        if target.get("type") != "object":
            return schema
        patch = self._as_patch(deepcopy(target)) if "properties" in target else self._patched(target)
        patch |= {
            "title": f"{name}Patch",
            "description": f"Changes to a part of type {name}: what is left out stays.",
        }
        self._add(f"{name}Patch", patch)
        return {**schema, "$ref": f"{SCHEMAS}{name}Patch"}


def _schema_hook(kind: type) -> Json:
    if kind is Edtf:
        return {"$ref": SCHEMAS + "Edtf"}
    raise NotImplementedError(f"nothing describes {kind}")


def _renamed(name: str) -> str:
    """Name a component; what msgspec calls ``Page_Event_`` (``Page[Event]``) is ``EventPage``."""
    match = re.fullmatch(r"([A-Za-z0-9]+)[_\[]([A-Za-z0-9]+)[_\]]", name)
    return match[2] + match[1] if match else name


def _in_order(schema: Json) -> Json:
    """Put what a reader looks for first first."""
    first: Json = {key: schema[key] for key in ("$ref", "title", "description", "type", "format") if key in schema}
    last: Json = {
        key: schema[key] for key in ("default", "required", "properties", "additionalProperties") if key in schema
    }
    return {**first, **{key: value for key, value in schema.items() if key not in last}, **last}


def _nullable(schema: Json) -> Json:
    if any(choice.get("type") == "null" for choice in schema.get("anyOf", ())):
        return schema
    outer: Json = {key: schema[key] for key in ("description", "readOnly") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in outer}
    return {**outer, "anyOf": [inner, {"type": "null"}]}


def _parameter(name: str, schema: Json, *, required: bool) -> Json:
    """Describe a member of a query's type as a parameter: null means that it is left out."""
    description = schema.pop("description", "")
    choices = [choice for choice in schema.pop("anyOf", ()) if choice.get("type") != "null"]
    for choice in choices:
        description = description or choice.pop("description", "")
        schema = {**choice, **schema}
    if schema.get("default", ...) in (None, []):
        del schema["default"]
    if "$ref" in schema and "default" in schema:
        # Generators of clients lose the type of a parameter if there is something beside a reference.
        default = schema.pop("default")
        description = f"{description.removesuffix('.')}. Left out: `{default}`."
        made: Json = {"schema": schema, "x-default": default}
    elif schema.get("type") == "array":
        _refuse_empty(schema["items"])
        made = {"style": "form", "explode": True, "schema": schema}
    else:
        _refuse_empty(schema)
        made = {"schema": schema}
    if not description:
        raise ValueError(f"the parameter {name} needs a description")
    return {"name": name, "in": "query", "description": description, "required": required, **made}


def _refuse_empty(schema: Json) -> None:
    if schema.get("type") == "string" and "enum" not in schema:
        schema.setdefault("minLength", 1)
