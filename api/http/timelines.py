"""A chronology as a TimelineJS page that can be embedded elsewhere, and the files of TimelineJS.

The page holds no data: its script fetches them as its reader, so that nobody sees more here than in the API. TimelineJS
is installed beside the application (``web/``), unmodified, and served from here: nothing comes from elsewhere.
"""

import json
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from api.http.pages import FOR_EVER, PAGE_POLICY, File, answer_file, answer_html, answer_page
from api.http.parameters import read_slug
from schema.problem import problem

TIMELINEJS = Path(__file__).parents[2] / "web" / "node_modules" / "@knight-lab" / "timelinejs"

#: What of TimelineJS is served, by its address below ``/assets/timelinejs/<version>/``.
_FILES = {
    "js/timeline.js": ("dist/js/timeline.js", "text/javascript"),
    "js/timeline.js.LICENSE.txt": ("dist/js/timeline.js.LICENSE.txt", "text/plain"),
    "css/timeline.css": ("dist/css/timeline.css", "text/css"),
    "css/icons/tl-icons.woff2": ("dist/css/icons/tl-icons.woff2", "font/woff2"),
    "css/icons/tl-icons.woff": ("dist/css/icons/tl-icons.woff", "font/woff"),
    "css/icons/tl-icons.ttf": ("dist/css/icons/tl-icons.ttf", "font/ttf"),
    "css/icons/tl-icons.svg": ("dist/css/icons/tl-icons.svg", "image/svg+xml"),
    "LICENSE": ("LICENSE", "text/plain"),
}

#: With more kinds than MOST_GROUPS, a row of the axis for each of them would leave no room.
_SCRIPT = """\
"use strict";
(function () {
  const element = document.getElementById("timeline");
  const MOST_GROUPS = 5;
  function say(text) {
    const paragraph = document.createElement("p");
    const link = document.createElement("a");
    paragraph.className = "message";
    paragraph.textContent = text + " ";
    link.href = element.dataset.list;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = "The list of events";
    paragraph.append(link);
    element.replaceChildren(paragraph);
    element.dataset.state = "message";
  }
  function show(story) {
    const title = new DOMParser().parseFromString(story.title.text.headline, "text/html");
    document.title = title.body.textContent;
    if (story.events.length === 0) {
      say("There are no events that can be shown.");
      return;
    }
    const groups = new Set(story.events.map((slide) => slide.group));
    if (groups.size > MOST_GROUPS) story.events.forEach((slide) => { delete slide.group; });
    window.timeline = new TL.Timeline(element, story, {
      script_path: element.dataset.scripts,
      font: null,
      hash_bookmark: true,
    });
    element.dataset.state = "shown";
  }
  fetch(element.dataset.source, { headers: { Accept: "application/json" } })
    .then(async (answer) => {
      const body = await answer.json();
      if (answer.ok) show(body);
      else say(body.detail || "The events cannot be shown.");
    })
    .catch(() => say("The events cannot be shown: the server did not answer as it should."));
})();
"""
_STYLE = """\
html, body { height: 100%; margin: 0; font-family: system-ui, sans-serif; }
#timeline { height: 100%; min-height: 20rem; }
.message, noscript p { padding: 2rem; }
.tl-timeline, .tl-timeline h1, .tl-timeline h2, .tl-timeline h3, .tl-timeline p,
.tl-timeline .tl-headline-date { font-family: system-ui, sans-serif; }
.tl-text .dateline-actors, .tl-text .dateline-sources, .tl-text .dateline-record { font-size: 0.85em; }
"""
_OWN = {
    "page.js": File.of(_SCRIPT.encode(), "text/javascript"),
    "page.css": File.of(_STYLE.encode(), "text/css"),
}

#: TimelineJS writes styles into what it makes; pictures would only come from elsewhere, so that there are none.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)


@get("/chronologies/{slug:str}", include_in_schema=False)
async def timeline(slug: FromPath[str]) -> Response[bytes]:
    """Show a chronology. Whether there is one, and for whom, is found out by the script when it asks for the data."""
    events = f"/v1/chronologies/{read_slug(slug, 'the chronology')}/events"
    version = _version()
    if version is None:
        return answer_page(
            "Timeline",
            f"""<p>This page needs TimelineJS, which is not installed on this server. Whoever runs it can get it with
<code>make serve</code> on a machine that has <code>npm</code>, or with <code>npm ci</code> in <code>web/</code>.</p>
<ul>
<li><a href="{events}?format=html">The events as a plain page</a></li>
<li><a href="{events}?format=timelinejs">The events for TimelineJS</a>, to be shown elsewhere</li>
<li><a href="{events}?format=json">The events as JSON</a></li>
</ul>""",
            PAGE_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *"),
        )
    base = f"/assets/timelinejs/{version}"
    return answer_html(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Timeline</title>
<link rel="icon" href="data:,">
<link rel="alternate" type="application/atom+xml" title="New and corrected events" href="{events}?format=atom">
<link rel="alternate" type="application/feed+json" title="New and corrected events" href="{events}?format=jsonfeed">
<link rel="license" href="{base}/LICENSE">
<link rel="stylesheet" href="{base}/css/timeline.css">
<link rel="stylesheet" href="{_own_address("page.css")}">
</head>
<body>
<div id="timeline" data-source="{events}?format=timelinejs" data-list="{events}?format=html"
 data-scripts="{base}/js/"></div>
<noscript><p>A timeline needs JavaScript; <a href="{events}?format=html">a plain page of the
events</a> does not.</p></noscript>
<script src="{base}/js/timeline.js"></script>
<script src="{_own_address("page.js")}"></script>
</body>
</html>
""",
        _POLICY,
    )


@get("/assets/timelinejs/{name:path}", include_in_schema=False)
async def asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Serve a file that the page needs: its address has the version, or the digest, of what it holds."""
    version, _, rest = name.lstrip("/").partition("/")
    own = _OWN.get(rest)
    if own is not None and version == _digest(own):
        return answer_file(request, own, FOR_EVER)
    if rest not in _FILES or version != _version():
        raise problem("not-found", "There is no such file.")
    return answer_file(request, _read(*_FILES[rest], version), FOR_EVER)


HANDLERS = [timeline, asset]


def _version() -> str | None:
    """The version of TimelineJS that is installed; None if there is none, or not all of it."""
    if not all((TIMELINEJS / path).is_file() for path, _ in _FILES.values()):
        return None
    try:
        version: object = json.loads((TIMELINEJS / "package.json").read_bytes())["version"]
    except (OSError, ValueError, KeyError):
        return None
    return escape(version) if isinstance(version, str) else None


@lru_cache(maxsize=len(_FILES))
def _read(path: str, media_type: str, version: str) -> File:
    """Read a file; another version is read anew."""
    return File.of((TIMELINEJS / path).read_bytes(), media_type)


def _own_address(name: str) -> str:
    return f"/assets/timelinejs/{_digest(_OWN[name])}/{name}"


def _digest(file: File) -> str:
    return file.entity_tag[3:15]
