"""The console as one application: topics in, routes out. The framework, `gateway.console.web`, knows no topic.

A topic is a row of TOPICS, and nothing else names it:

- *facts*, `gateway/console/NAME.py`: functions `async def f(gateway, ...) -> Struct` that know no HTML, and
  `OPERATIONS`, the operations of the API that call them (`operations.Operation`). A failure is raised as
  `errors.Refused(status, title, detail)`. State that outlives a request is a class called with the gateway, with
  `async def close(self)`; `console.part(Class)` is the one of this console.
- *pages*, `gateway/console/pages/NAME.py`: `PAGES`, each a `page.Page` whose `act(visit)` calls the same facts and
  answers `Shown(template, facts)`, or `Back(url, notice)` after a change. `visit.query(Struct)` and
  `visit.fields(Struct)` read what was asked for.
- *template*, `templates/NAME.html`: extends `base.html` (blocks `title`, `main`, `scripts`, `follow`), imports
  `macros.html`, and puts `{{ m.csrf(visitor) }}` into every form that changes something.
- *script*, if any, `static/NAME.js`: loaded by `{% block scripts %}{{ m.script("NAME.js") }}{% endblock %}`. What all
  pages share, `static/console.js`, gives `mattergate.post(path, body)` (fetch with the CSRF header),
  `mattergate.morph(element, html)`, `mattergate.ownTimes(element)` (the reader's zone beside the times in it), and the
  event `live` on `document`.
- *feeds*, if any, `operations.Feed`: named texts that pages follow: the names in `{% block follow %}`. An element with
  `data-live="KEY"` gets the HTML of that key; keys without an element arrive with the event `live`.

The top bar shows topics that have a `path`. The guard closes every route to whoever has not signed in, lets only
administrators change, and checks the CSRF token before `act` is called.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from gateway.console import (
    audit,
    callbacks,
    captures,
    catalog,
    control,
    dead,
    destinations,
    diff,
    drift,
    events,
    first,
    overview,
    replays,
    trycallback,
    tryout,
)
from gateway.console.history import History
from gateway.console.pages import audit as audit_pages
from gateway.console.pages import catalog as catalog_pages
from gateway.console.pages import dead as dead_pages
from gateway.console.pages import destinations as destination_pages
from gateway.console.pages import diff as diff_pages
from gateway.console.pages import drift as drift_pages
from gateway.console.pages import events as event_pages
from gateway.console.pages import overview as overview_pages
from gateway.console.pages import replays as replay_pages
from gateway.console.pages import trycallback as trycallback_pages
from gateway.console.pages import tryout as tryout_pages
from gateway.console.port import Gateway
from gateway.console.web import api, openapi
from gateway.console.web.auth import Auth, Role
from gateway.console.web.guard import Access, Face, Guard, Handler
from gateway.console.web.html import PageFace
from gateway.console.web.live import Live
from gateway.console.web.operations import Console, Feed, Operation
from gateway.console.web.page import Page
from gateway.console.web.rendering import Rendering
from gateway.console.web.sign_in import Sign
from gateway.console.web.static import Static

BODY_LIMIT: Final = 8_000_000
"""Bytes that a form of a page has at most."""

GUARD: Final = web.AppKey("guard", Guard)


class Topic(Struct, frozen=True):
    """One topic of the console; `path` is its place in the top bar, "" for none.

    `mark` counts what waits there for a person; the top bar of every page shows it.
    """

    title: str
    path: str = ""
    operations: Sequence[Operation] = ()
    pages: Sequence[Page] = ()
    feeds: Callable[[Rendering], Sequence[Feed]] | None = None
    mark: Callable[[Gateway], int] | None = None


TOPICS: Final = (
    Topic("Overview", "/", overview.OPERATIONS, overview_pages.PAGES, overview_pages.feeds),
    Topic("Events", "/events", events.OPERATIONS, event_pages.PAGES, event_pages.feeds),
    Topic("First requests", operations=first.OPERATIONS),
    Topic("Replays", "", replays.OPERATIONS, replay_pages.PAGES, replay_pages.feeds),
    Topic("Dead letters", "/dead", dead.OPERATIONS, dead_pages.PAGES, dead_pages.feeds, dead.number_dead),
    Topic("Destinations", "", destinations.OPERATIONS, destination_pages.PAGES, destination_pages.feeds),
    Topic("Try it", "/try", tryout.OPERATIONS, tryout_pages.PAGES),
    Topic("Diff", "", diff.OPERATIONS, diff_pages.PAGES),
    Topic("Try callbacks", "", trycallback.OPERATIONS, trycallback_pages.PAGES),
    Topic("Drift", "/drift", drift.OPERATIONS, drift_pages.PAGES),
    Topic("Audit", "/audit", audit.OPERATIONS, audit_pages.PAGES),
    Topic("Catalog", "/catalog", [*catalog.OPERATIONS, *callbacks.OPERATIONS], catalog_pages.PAGES),
    Topic("Captures", operations=captures.OPERATIONS),
    Topic("Console", operations=control.OPERATIONS),
)
"""Every topic, in the order of the top bar."""


def application(gateway: Gateway) -> web.Application:
    """The console of a gateway; the admin listener adds its own routes through `GUARD`."""
    console = Console(gateway)
    static = Static()
    rendering = Rendering({topic.path: topic.title for topic in TOPICS if topic.path}, static.url)
    face = PageFace(console, rendering, lambda: _marks(gateway))
    guard = Guard(
        Auth(lambda: gateway.settings.admin),
        lambda: gateway.settings.admin,
        {Face.PAGE: face.show_problem, Face.API: api.show_problem},
    )
    feeds = [feed for topic in TOPICS if topic.feeds for feed in topic.feeds(rendering)]
    live = Live(console, [_bar(rendering), *feeds])
    app = web.Application(middlewares=[guard.admit], client_max_size=BODY_LIMIT)
    app[GUARD] = guard
    app.on_response_prepare.append(guard.dress)

    def route(method: str, path: str, handler: Handler, access: Access) -> None:
        guard.route(app, method, path, handler, access)

    for topic in TOPICS:
        for page in topic.pages:
            route(page.method, page.path, face.handler(page), Access(Face.PAGE, page.needed))
        for one in topic.operations:
            route(one.method, api.BASE + one.path, api.handler(console, one), Access(Face.API, one.needed))
    document = openapi.document(api.BASE, {topic.title: topic.operations for topic in TOPICS})
    route("GET", f"{api.BASE}/openapi.json", _constant(msgspec.json.encode(document)), Access(Face.API, Role.READER))
    route("GET", "/live", live.stream, Access(Face.API, Role.READER, stream=True))
    route("GET", "/static/{name}", static.answer, Access(Face.PAGE, known=False))
    sign = Sign(guard, face)
    route("GET", "/sign-in", sign.show, Access(Face.PAGE))
    route("POST", "/sign-in", sign.enter, Access(Face.PAGE, known=False))
    route("POST", "/sign-out", sign.leave, Access(Face.PAGE, Role.READER))
    _live_with(app, console, live)
    return app


def _marks(gateway: Gateway) -> dict[str, int]:
    return {topic.path: topic.mark(gateway) for topic in TOPICS if topic.mark}


def _bar(rendering: Rendering) -> Feed:
    """The live parts of the top bar, which every page follows."""

    async def take(console: Console) -> Mapping[str, str]:
        marks = _marks(console.gateway)
        return {f"mark-{path}": rendering.part("macros.html", "mark", count) for path, count in marks.items()}

    return Feed("nav", take)


def _live_with(app: web.Application, console: Console, live: Live) -> None:
    """Start the history with the application; on shutdown, end the streams first and then everything else."""

    async def start(_: web.Application) -> None:
        console.part(History)

    async def shut(_: web.Application) -> None:
        await live.close()

    async def close(_: web.Application) -> None:
        await console.close()

    app.on_startup.append(start)
    app.on_shutdown.append(shut)
    app.on_cleanup.append(close)


def _constant(body: bytes) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    return answer
