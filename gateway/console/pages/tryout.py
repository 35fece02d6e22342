"""The page on which a request is tried and a translator edited; it answers a form, or a script its result alone."""

import asyncio
import re
from functools import partial
from typing import Any

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from gateway.console import events, preview, tryout, tryout_request
from gateway.console.events import EventFilter
from gateway.console.preview import MessageView
from gateway.console.tryout import Tried
from gateway.console.tryout_request import Trial
from gateway.console.tryout_result import Result, TriedEvent
from gateway.console.web.auth import Role
from gateway.console.web.page import Page, Shown, Visit
from gateway.console.workshop import Workshop
from gateway.model import JSON

RECENT = 30
"""Events that are offered to be tried again."""


class PostShown(Struct, frozen=True):
    """One message: as its readers see it, and as it travels. `card` says that it is the card of its subject."""

    view: MessageView
    json: str
    card: bool


TriedPosts = list[tuple[TriedEvent, list[PostShown], str]]
"""Each event with its posts and its payload, as text."""


def shown(payload: JSON, *, card: bool = False) -> PostShown:
    """A message for a template."""
    return PostShown(preview.view(payload), indented(payload), card)


async def show(visit: Visit) -> Shown:
    """The empty form, or what it is given: an event of the journal or a sample, with their result."""
    wanted = visit.query(Trial)
    workshop = visit.console.part(Workshop)
    wanted = await tryout_request.filled(visit.gateway, wanted, workshop.folders())
    return await _page(visit, wanted, await _try(visit, wanted) if wanted.body or wanted.headers else None)


async def submit(visit: Visit) -> Shown:
    """The form with its result, for a browser without scripts; `edit` puts the translator into the editor."""
    wanted = trial_of(visit)
    found = await _try(visit, wanted)
    if "edit" in visit.request.query and not wanted.document:
        name = found.document.name.partition("/")[2]
        wanted = msgspec.structs.replace(wanted, document=found.document.text, translator=name)
    return await _page(visit, wanted, found)


async def result(visit: Visit) -> Shown:
    """The result alone, for the script that asks while somebody types."""
    return Shown("_tried.html", await _facts(visit, await _try(visit, trial_of(visit))))


async def download(visit: Visit) -> web.Response:
    """The edited document as a file."""
    wanted = trial_of(visit)
    name = re.sub(r"[^a-z0-9_-]+", "_", wanted.translator.rpartition("/")[2].lower()) or "translator"
    return web.Response(
        body=wanted.document.encode("utf-8", "replace"),
        content_type="application/yaml",
        headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="{name}.yaml"'},
    )


def trial_of(visit: Visit) -> Trial:
    """The form. Browsers send lines that end in CR LF, whatever was typed (HTML, form submission)."""
    wanted = visit.fields(Trial)
    plain = {name: getattr(wanted, name).replace("\r\n", "\n") for name in ("headers", "body", "document")}
    return msgspec.structs.replace(wanted, **plain)


async def _try(visit: Visit, wanted: Trial) -> Tried:
    return await tryout.tried(visit.console, visit.visitor, wanted)


async def _page(visit: Visit, wanted: Trial, found: Tried | None) -> Shown:
    described = await asyncio.to_thread(visit.gateway.catalog().descriptions)
    recent = await events.listing(visit.gateway, EventFilter(limit=RECENT))
    facts = {
        "trial": wanted,
        "services": [("", "recognise it"), *((key, one.name) for key, one in sorted(described.items()))],
        "routes": [("", "none"), *((name, name) for name in sorted(visit.gateway.settings.routes))],
        "recent": recent.events,
        **(await _facts(visit, found) if found else {"found": None}),
    }
    return Shown("try.html", facts)


async def _facts(visit: Visit, found: Tried) -> dict[str, Any]:
    """The facts for the template of a result. Hostile Markdown takes a while: not for the event loop."""
    work = visit.console.part(Workshop).run
    running = await work(partial(posts, found.running))
    edited = await work(partial(posts, found.edited)) if found.edited else None
    return {"found": found, "running": running, "edited": edited}


def posts(found: Result) -> TriedPosts:
    """Each event with its posts and its payload, as it is shown."""
    return [
        (one, [*map(shown, one.messages), *([shown(one.card, card=True)] if one.card else [])], indented(one.payload))
        for one in found.events
    ]


def indented(value: JSON) -> str:
    """A value as JSON to read; "" for none."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() if value is not None else ""


PAGES = (
    Page("GET", "/try", show),
    Page("POST", "/try", submit, Role.READER),
    Page("POST", "/try/result", result, Role.READER),
    Page("POST", "/try/document", download),
)
