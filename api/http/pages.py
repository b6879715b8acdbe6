"""Pages for people: a welcome, the documentation of the API, the kinds of problem; and the contract's files.

Nothing on them comes from elsewhere: they work without a network, and their Content-Security-Policy says so.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from litestar import Litestar, Request, Response, get
from litestar.params import FromPath

from api.http.errors import EXPLANATIONS
from api.http.parameters import is_unchanged
from schema.problem import PROBLEM_KINDS, problem

Json = dict[str, Any]

_STATE_KEY = "contract_files"

_STYLE = """\
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 0; }
code { font-size: 0.95em; }
:target { background: #fff3c4; color: #000; }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #e6e6e6; } a { color: #8ab4f8; } }
"""
_INITIALIZER = """\
window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""

#: Plain pages need their style sheet and nothing else.
PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
#: Swagger UI sets styles in the elements it makes and has its icons in the style sheet as data.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GUARDS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
FOR_EVER = "public, max-age=31536000, immutable"


class File(NamedTuple):
    """A file that pages need, with its entity tag."""

    content: bytes
    media_type: str
    entity_tag: str

    @classmethod
    def of(cls, content: bytes, media_type: str) -> "File":
        """Make one from what it holds."""
        # Weak, since it goes out compressed to whoever takes that.
        return cls(content, media_type, f'W/"{hashlib.sha256(content).hexdigest()[:32]}"')


def _swagger_ui(name: str) -> bytes:
    """Read a file of the Swagger UI that comes with a package; only its files are used, its code is not run."""
    spec = find_spec("swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package swagger-ui-py is not installed")
    return (Path(spec.submodule_search_locations[0]) / "static" / name).read_bytes()


def _make_assets() -> tuple[dict[str, File], dict[str, str]]:
    """Make the assets by the names they are served under, and those names by plain ones.

    A name served has a part that follows from the content, so that it may be kept for ever.
    """
    files: dict[str, File] = {}
    addresses: dict[str, str] = {}
    for name, content, media_type in (
        ("swagger-ui-bundle.js", _swagger_ui("swagger-ui-bundle.js"), "text/javascript"),
        ("swagger-ui.css", _swagger_ui("swagger-ui.css"), "text/css"),
        ("initializer.js", _INITIALIZER.encode(), "text/javascript"),
        ("page.css", _STYLE.encode(), "text/css"),
        ("icon.png", _swagger_ui("favicon-32x32.png"), "image/png"),
    ):
        file = File.of(content, media_type)
        stem, _, suffix = name.rpartition(".")
        served = f"{stem}.{file.entity_tag[3:15]}.{suffix}"
        files[served] = file
        addresses[name] = f"/docs/assets/{served}"
    return files, addresses


_ASSETS, _ADDRESSES = _make_assets()


def publish(app: Litestar, document: Callable[[], Json], as_yaml: Callable[[Json], str]) -> None:
    """Give the application the contract that it serves; call it once, when all routes are there.

    It is made when it is first asked for, which takes half a second.
    """
    document = cache(document)
    app.state[_STATE_KEY] = {
        "json": cache(lambda: File.of(json.dumps(document(), ensure_ascii=False).encode(), "application/json")),
        "yaml": cache(lambda: File.of(as_yaml(document()).encode(), "application/yaml")),
    }


async def _answer_contract(request: Request[Any, Any, Any], form: str) -> Response[bytes]:
    file = await asyncio.to_thread(request.app.state[_STATE_KEY][form])
    return answer_file(request, file, "no-cache")


@get("/", include_in_schema=False)
async def welcome() -> Response[bytes]:
    """Greet and lead on."""
    return answer_page(
        "Dateline",
        """<p>A timeline event store: what happened, is going on or is planned, with rough dates, sources,
confidence and history.</p>
<ul>
<li><a href="/docs">The documentation of the API</a>, to read and to try</li>
<li><a href="/v1/events">Events</a></li>
<li><a href="/openapi.yaml">The contract</a> (OpenAPI 3.1), also <a href="/openapi.json">as JSON</a></li>
<li><a href="/problems">What problems can be answered, and what to do about them</a></li>
<li>Health: <a href="/health/live">live</a>, <a href="/health/ready">ready</a></li>
</ul>""",
    )


@get("/docs", include_in_schema=False)
async def docs() -> Response[bytes]:
    """Show the contract with Swagger UI."""
    text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Dateline API</title>
<link rel="icon" href="{escape(_ADDRESSES["icon.png"])}">
<link rel="stylesheet" href="{escape(_ADDRESSES["swagger-ui.css"])}">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; <a href="/openapi.yaml">the contract itself</a> does not.</noscript>
<script src="{escape(_ADDRESSES["swagger-ui-bundle.js"])}"></script>
<script src="{escape(_ADDRESSES["initializer.js"])}"></script>
</body>
</html>
"""
    return answer_html(text, _DOCS_POLICY)


@get("/docs/assets/{name:str}", include_in_schema=False)
async def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Serve a file that the pages need."""
    if name not in _ASSETS:
        raise problem("not-found", "There is no such file.")
    return answer_file(request, _ASSETS[name], FOR_EVER)


@get("/problems", include_in_schema=False)
async def problems() -> Response[bytes]:
    """Explain every kind of problem; the ``type`` of an answer leads to its anchor."""
    parts = [
        "<p>Failing requests are answered with problem details (RFC 9457). Their <code>type</code> leads here.</p>"
    ]
    parts += [
        f'<section id="{escape(kind.slug)}">\n<h2>{escape(kind.title)}</h2>\n'
        f"<p><code>{escape(kind.slug)}</code>, status {kind.status}. {escape(EXPLANATIONS[kind.slug])}</p>\n</section>"
        for kind in PROBLEM_KINDS.values()
    ]
    return answer_page("Problems", "\n".join(parts))


@get("/openapi.yaml", include_in_schema=False)
async def openapi_yaml(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Serve the contract as YAML."""
    return await _answer_contract(request, "yaml")


@get("/openapi.json", include_in_schema=False)
async def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Serve the contract as JSON."""
    return await _answer_contract(request, "json")


HANDLERS = [welcome, docs, asset, problems, openapi_yaml, openapi_json]


def answer_file(request: Request[Any, Any, Any], file: File, cache_control: str) -> Response[bytes]:
    """Answer a file; 304 if the client has it."""
    headers = {**GUARDS, "ETag": file.entity_tag, "Cache-Control": cache_control}
    if is_unchanged(request, file.entity_tag):
        return Response(b"", status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def answer_page(title: str, body: str, policy: str = PAGE_POLICY) -> Response[bytes]:
    """Answer a plain page; the body is HTML."""
    return answer_html(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{escape(_ADDRESSES["page.css"])}">
</head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
""",
        policy,
    )


def answer_html(text: str, policy: str) -> Response[bytes]:
    """Answer a whole page with its Content-Security-Policy."""
    return Response(
        text.encode(),
        media_type="text/html",
        headers={**GUARDS, "Content-Security-Policy": policy, "Cache-Control": "no-cache"},
    )
