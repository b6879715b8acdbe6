"""The contract: an OpenAPI 3.1 document from the application's routes and the ``Contract`` of each handler."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import yaml
from litestar import Litestar
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from api.http.components import SCHEMAS, Json, Schemas, ecmascript, prose
from api.http.contract import (
    COMMON_PROBLEMS,
    HEADER_SCHEMAS,
    HEADERS,
    JSON,
    PATH_PARAMETERS,
    PROBLEM_HEADERS,
    PROBLEM_JSON,
    RESPONSE_NAMES,
    TAGS,
    Contract,
    contract_of,
)
from api.http.errors import EXPLANATIONS
from schema.problem import PROBLEM_KINDS, ProblemKind

_INFO = """\
A store of events, what happened, is going on or is planned, with rough dates, sources, confidence and history.

**Dates** are texts of the type `Edtf`, kept letter for letter: `2024-06` is June 2024, not one of its days. Treat them
as strings, and do not parse them into a date type. What follows from a date, its first and last day, its
precision and how to show it, stands beside it in `when`. Times at which something was recorded are instants in UTC.

**Pages**: a list gives up to `limit` items and, in `next`, the cursor of the next page, null on the last one; the
header `Link` has its address. The query has to stay the same from page to page.

**Names**: answers mention actors and sources by id; `included` has the name of each.

**Writing** needs a token. A key of your choice in `Idempotency-Key` makes every POST safe to repeat, but for imports,
which are by their content: the same file again changes nothing. Whatever changes a record needs its revision in
`If-Match`, as the `ETag` of an answer has it: missing, it is refused with 428; if somebody else was faster, with 412.

**Failures** are answered with problem details (RFC 9457), of the type `Problem`. `type` leads to an explanation,
`errors` has every fault of the request and where it is. Parameters and members that are not known are refused, never
ignored. Every answer has an `X-Request-ID`.

**Changes** of all records are a feed in one order, by pages (`listChanges`) and live (`streamChanges`).

**What stays**: everything under `/v1`. Members, parameters and operations may be added; nothing is taken away or gets
another meaning."""


#: An example with fewer characters is repeated rather than referred to.
_SMALL_EXAMPLE = 300


class _Operation(NamedTuple):
    path: str
    method: str
    handler: HTTPRouteHandler
    contract: Contract

    @property
    def path_parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)


def document(app: Litestar, version: str) -> Json:
    """Build the OpenAPI 3.1 document of an application; the same routes give the same document.

    Raises ``ValueError`` for whatever would make a poor contract: an operation without id, summary or
    description, an id given twice, a tag, header or path parameter that nothing describes, a union without a name.
    """
    operations = sorted(_operations(app), key=lambda operation: (operation.path, operation.method))
    schemas = Schemas([operation.contract for operation in operations])
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    shared = _share_examples(paths)
    used_headers = {name for operation in operations for name in operation.contract.answer_headers}
    used_headers |= {name for names in PROBLEM_HEADERS.values() for name in names}
    slugs = {slug for operation in operations for slug in _slugs(operation)}
    used_tags = {operation.contract.tag for operation in operations}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dateline",
            "version": version,
            "summary": "A timeline event store with rough dates, sources, confidence and history",
            "description": _INFO,
            "license": {"name": "Apache License 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "Where this document was read"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items() if name in used_tags],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "examples": shared,
            "responses": _problem_responses(slugs),
            "headers": {name: _answer_header(name) for name in sorted(used_headers | {"X-Request-ID"})},
            "securitySchemes": {
                "bearerAuth": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token with the scope read, edit or admin; each includes those before it. "
                    "`x-scope` of an operation is the one that it needs.",
                }
            },
        },
    }


def as_yaml(value: Json) -> str:
    """Write the document as YAML that readers of YAML 1.1 and 1.2 understand alike."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


def _operations(app: Litestar) -> Iterator[_Operation]:
    ids: set[str] = set()
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            contract = contract_of(handler)
            if contract is None:
                continue
            name = handler.operation_id
            if not isinstance(name, str) or name in ids:
                raise ValueError(f"{handler} needs an operation id of its own, not {name!r}")
            ids.add(name)
            if not handler.summary or not _description(handler):
                raise ValueError(f"{name} needs a summary and a description")
            if contract.tag not in TAGS:
                raise ValueError(f"{name} has a tag that nothing describes: {contract.tag}")
            for method in handler.http_methods:
                yield _Operation(route.path_format, str(method).lower(), handler, contract)


def _operation(operation: _Operation, schemas: Schemas) -> Json:
    handler, contract = operation.handler, operation.contract
    made: Json = {
        "operationId": handler.operation_id,
        "summary": handler.summary,
        "description": _description(handler),
        "tags": [contract.tag],
    }
    parameters = [_path_parameter(name) for name in operation.path_parameters]
    parameters += schemas.query_parameters(contract.query) if contract.query else []
    parameters += [_request_header(name) for name in contract.request_headers]
    if parameters:
        made["parameters"] = parameters
    if contract.body is not None:
        media: Json = {"schema": schemas.body(contract)}
        if contract.body_examples:
            media["examples"] = _examples(contract.body_examples)
        made["requestBody"] = {
            "required": True,
            "content": {
                **{media_type: deepcopy(media) for media_type in contract.body_media_types},
                **_formats(schemas, contract.body_formats, "sent as"),
            },
        }
    made["responses"] = _responses(operation, schemas)
    if not contract.secured:
        made["security"] = []
    elif contract.scope is None:
        made["security"] = [{}, {"bearerAuth": []}]
        made["x-scope"] = "read"
    else:
        made["security"] = [{"bearerAuth": []}]
        # Not among the requirement's own names: linters take these for scopes of OAuth 2, which they want defined.
        made["x-scope"] = contract.scope
        made["description"] += f"\n\nNeeds a token with the scope `{contract.scope}`."
    return made


def _formats(schemas: Schemas, examples: Mapping[str, Any], name: str) -> Json:
    """Describe what JSON Schema cannot: text by an example, JSON of some other kind likewise, and files."""
    return {media_type: _format(schemas, example, f"{name} {media_type}") for media_type, example in examples.items()}


def _format(schemas: Schemas, example: Any, name: str) -> Json:
    if example is None:
        return {"schema": {"type": "string", "format": "binary"}}
    schema = {"type": "string"} if isinstance(example, str) else schemas.json_file()
    return {"schema": schema, "examples": {name: {"value": deepcopy(example)}}}


def _responses(operation: _Operation, schemas: Schemas) -> Json:
    contract = operation.contract
    answer: Json = {"headers": _header_references(contract.answer_headers)}
    if contract.answer is not None:
        schema_of = schemas.or_file if contract.or_file else schemas.of
        media: Json = {"schema": schema_of(contract.answer)}
        if contract.answer_examples:
            media["examples"] = _examples(contract.answer_examples)
        answer["content"] = {contract.answer_media_type: media}
        answer["content"] |= _formats(schemas, contract.answer_formats, "as")
    if contract.links:
        answer["links"] = {
            name: {
                "operationId": link.operation_id,
                "parameters": dict(link.parameters),
                **({"description": link.description} if link.description else {}),
            }
            for name, link in contract.links.items()
        }
    words = {200: "As asked for.", 201: "It was created.", 202: "It was accepted.", 204: "It was done."}
    responses: Json = {str(contract.status): {"description": words.get(contract.status, "Success."), **answer}}
    if "If-None-Match" in contract.request_headers:
        kept = [name for name in contract.answer_headers if name in ("ETag", "Cache-Control")]
        responses["304"] = {
            "description": "Nothing has changed since the answer with this entity tag.",
            "headers": _header_references(kept),
        }
    if contract.moved is not None:
        responses["308"] = {
            "description": "Another record stands for this one. The query of the request goes along.",
            "headers": _header_references((*contract.answer_headers, "Location")),
            "content": {JSON: {"schema": schemas.of(contract.moved), "examples": _examples(contract.moved_examples)}},
        }
    for status in {PROBLEM_KINDS[slug].status for slug in _slugs(operation)}:
        responses[str(status)] = {"$ref": f"#/components/responses/{RESPONSE_NAMES[status]}"}
    return dict(sorted(responses.items()))


def _slugs(operation: _Operation) -> frozenset[str]:
    return operation.contract.expected_problems(has_path_parameters=bool(operation.path_parameters))


def _problem_responses(slugs: set[str]) -> Json:
    by_status: dict[int, list[ProblemKind]] = {}
    for kind in PROBLEM_KINDS.values():
        if kind.slug in slugs or kind.slug in COMMON_PROBLEMS:
            by_status.setdefault(kind.status, []).append(kind)
    return {
        RESPONSE_NAMES[status]: {
            "description": "; ".join(kind.title for kind in kinds) + ".",
            "headers": _header_references(PROBLEM_HEADERS.get(status, ())),
            "content": {
                PROBLEM_JSON: {
                    "schema": {"$ref": SCHEMAS + "Problem"},
                    "examples": {kind.slug: {"summary": kind.title, "value": _problem_example(kind)} for kind in kinds},
                }
            },
        }
        for status, kinds in sorted(by_status.items())
    }


def _problem_example(kind: ProblemKind) -> Json:
    example: Json = {
        "type": f"/problems#{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": EXPLANATIONS[kind.slug],
        "request_id": "5f0c9a52-6c8e-4c56-8a39-0d2b7c1e9f14",
    }
    if kind.slug == "invalid-body":
        fault = {
            "detail": "There is no thirteenth month.",
            "pointer": "/date",
            "suggestion": "for example 2024-06",
        }
        example["errors"] = [fault]
    elif kind.slug == "invalid-parameters":
        example["errors"] = [
            {"detail": "There is no parameter 'limt' here.", "parameter": "limt", "suggestion": "limit"}
        ]
    elif kind.slug == "revision-mismatch":
        example["current_revision"] = 4
    return example


def _examples(values: Mapping[str, Any]) -> Json:
    return {name: {"value": deepcopy(value)} for name, value in values.items()}


def _share_examples(paths: Json) -> Json:
    """Put a component in the place of each larger example that stands there more than once; give the components."""
    places: dict[str, list[tuple[Json, str]]] = {}
    for content in _contents(paths):
        for label, example in content.get("examples", {}).items():
            places.setdefault(json.dumps(example), []).append((content, label))
    shared: Json = {}
    for text, found in places.items():
        if len(found) < 2 or len(text) < _SMALL_EXAMPLE:
            continue
        content, label = found[0]
        schema = content["schema"].get("$ref", "").rpartition("/")[2]
        name = re.sub(r"[^A-Za-z0-9]+", "-", f"{schema} {label}").strip("-")
        if name in shared:
            raise ValueError(f"there are two different examples that would be called {name}")
        shared[name] = content["examples"][label]
        for elsewhere, its_label in found:
            elsewhere["examples"][its_label] = {"$ref": f"#/components/examples/{name}"}
    return dict(sorted(shared.items()))


def _contents(node: Any) -> Iterator[Json]:
    """Give whatever describes a body by its media type."""
    if isinstance(node, dict):
        for name, part in node.items():
            if name == "content":
                yield from part.values()
            elif name not in ("examples", "schema"):
                yield from _contents(part)


def _header(name: str) -> Json:
    if name not in HEADERS:
        raise ValueError(f"nothing describes the header {name}")
    return {"description": HEADERS[name], "schema": dict(HEADER_SCHEMAS.get(name, {"type": "string"}))}


def _answer_header(name: str) -> Json:
    # Of those that an answer is said to have, only these may be missing: there is no next page, or no use in waiting.
    return {**({} if name in ("Link", "Retry-After") else {"required": True}), **_header(name)}


def _header_references(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, "X-Request-ID")}


def _request_header(name: str) -> Json:
    required = {"required": True} if name == "If-Match" else {}
    return {"name": name, "in": "header", **required, **_header(name)}


def _path_parameter(name: str) -> Json:
    if name not in PATH_PARAMETERS:
        raise ValueError(f"nothing describes the path parameter {name}")
    description, schema = PATH_PARAMETERS[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {key: ecmascript(value) if key == "pattern" else value for key, value in schema.items()},
    }


def _description(handler: HTTPRouteHandler) -> str:
    return prose(handler.description or handler.fn.__doc__ or "")


class _Dumper(yaml.SafeDumper):
    """Block style, no aliases, lists indented, long texts as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_text(self, text: str) -> yaml.ScalarNode:
        if "\n" in text:
            return self.represent_scalar("tag:yaml.org,2002:str", text, style="|")
        # PyYAML quotes what YAML 1.1 would take for a number; YAML 1.2 takes others, such as 1e3.
        style = "'" if text[:1] in tuple("0123456789+-.") else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)
