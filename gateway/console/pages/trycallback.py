"""The page on which a callback is tried; it answers a form, or a script its result alone."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from gateway.callbacks.document import CALLBACK
from gateway.callbacks.smoothing import Occasion
from gateway.catalog import files
from gateway.console import trycallback
from gateway.console.pages.tryout import indented, shown
from gateway.console.port import Gateway
from gateway.console.trycallback import CallbackTrial, CallbackTried
from gateway.console.web.auth import Role
from gateway.console.web.page import Page, Shown, Visit
from gateway.console.workshop import Workshop

_TEXTS = ("settings", "input", "answer", "problem")


async def show(visit: Visit) -> Shown:
    """The empty form, or what it is given: a callback, a sample, or the event of an act, with their result."""
    wanted = visit.query(CallbackTrial)
    wanted = await trycallback.filled(visit.gateway, visit.console.part(Workshop), wanted)
    return await _page(visit, wanted, await _try(visit, wanted) if wanted.callback else None)


async def submit(visit: Visit) -> Shown:
    """The form with its result, for a browser without scripts."""
    wanted = _trial_of(visit)
    return await _page(visit, wanted, await _try(visit, wanted))


async def result(visit: Visit) -> Shown:
    """The result alone, for the script that asks while somebody types."""
    return Shown("_tried_callback.html", await _facts(visit, await _try(visit, _trial_of(visit))))


def _trial_of(visit: Visit) -> CallbackTrial:
    """The form. Browsers send lines that end in CR LF, whatever was typed (HTML, form submission)."""
    wanted = visit.fields(CallbackTrial)
    return replace(wanted, **{name: getattr(wanted, name).replace("\r\n", "\n") for name in _TEXTS})


async def _try(visit: Visit, wanted: CallbackTrial) -> CallbackTried:
    return await trycallback.tried(visit.console, wanted)


async def _page(visit: Visit, wanted: CallbackTrial, found: CallbackTried | None) -> Shown:
    gateway, workshop = visit.gateway, visit.console.part(Workshop)
    key = wanted.callback.partition("/")[0]
    tables = [name for name, table in gateway.settings.callbacks.items() if not key or table.service == key]
    facts = {
        "trial": wanted,
        "callbacks": _callbacks(gateway),
        "occasions": [("", "the usual one"), *((one.value, one.value) for one in Occasion)],
        "tables": [("", "none: made-up secrets"), *((name, f"callbacks.{name}") for name in tables)],
        "samples": await workshop.run(partial(_samples, workshop, wanted.callback)),
        **(await _facts(visit, found) if found else {"found": None}),
    }
    return Shown("try_callback.html", facts)


def _callbacks(gateway: Gateway) -> list[tuple[str, str]]:
    """Every callback of the catalog, by "SERVICE/NAME"."""
    known = gateway.catalog()
    found = [(key, one.rpartition("/")[2]) for key in sorted(known.keys) for one in known.named(key, CALLBACK)]
    return [("", "choose one"), *((f"{key}/{name}", f"{key}: {name}") for key, name in found)]


def _samples(workshop: Workshop, callback: str) -> Sequence[str]:
    """The samples of a callback, whose names begin with its own."""
    key, _, name = callback.partition("/")
    found = files.samples(workshop.folders(), CALLBACK.folder) if name else ()
    return [f"{key}/{path.stem}" for one, path in found if one == key and path.stem.partition(".")[0] == name]


async def _facts(visit: Visit, found: CallbackTried) -> dict[str, Any]:
    """The facts for the template of a result. Hostile Markdown takes a while: not for the event loop."""
    made = found.result
    posts = await visit.console.part(Workshop).run(lambda: [*map(shown, made.messages)])
    return {"found": found, "posts": posts, "body": indented(made.body), "dialog": indented(made.dialog)}


PAGES = (
    Page("GET", "/try/callbacks", show),
    Page("POST", "/try/callbacks", submit, Role.READER),
    Page("POST", "/try/callbacks/result", result, Role.READER),
)
