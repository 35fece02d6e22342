"""What an edited catalog would change: the last events, by the catalog that runs and by the edited one.

In the console one translator is edited, and runs in a process of its own (`sandbox`). The command line edits a folder.
"""

import asyncio
import difflib
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Annotated, Final

from msgspec import Meta, Struct, to_builtins
from msgspec.structs import replace

from gateway.catalog import yamlfile
from gateway.catalog.service import Service
from gateway.console import lookup
from gateway.console.lookup import Stored
from gateway.console.port import Gateway
from gateway.console.progress import pages
from gateway.console.sandbox import Sandbox
from gateway.console.sandbox_process import DocumentFault, Job, Sent
from gateway.console.tryout_request import DOCUMENT, Name
from gateway.console.tryout_result import Result, TriedEvent, result
from gateway.console.web.operations import Ask, Console, Operation
from gateway.console.workshop import Workshop
from gateway.errors import Refused
from gateway.journal import Query
from gateway.model import JSON, Event
from gateway.pipeline.interpret import Wishes

MOST: Final = 100
"""Events that the console compares at most."""
BYTES: Final = 4_000_000
"""Bytes of their requests together."""

_TOLD: Final = ("outcome", "translator", "subject", "phase", "messages", "card", "reply", "actions")
"""What of an event its readers see: where these are the same, nothing would change."""


class Edit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edited `document`, the translator `translator` ("push") of a service, for the `last` events of that."""

    service: Name
    translator: Name
    document: Annotated[str, Meta(min_length=1, max_length=DOCUMENT)]
    last: Annotated[int, Meta(ge=1, le=MOST)] = 50


class Difference(Struct, frozen=True):
    """An event that would be told otherwise: what it is by the catalog that runs, and by the edited one.

    `text` is the difference in lines, as of a patch: of what readers see, as YAML.
    """

    event: str
    received: float
    route: str
    service: str
    name: str
    before: Result
    after: Result
    text: str


class Differences(Struct, frozen=True):
    """What would change among the `examined` last events; with `faults` of the edited document nothing is known."""

    examined: int = 0
    changed: tuple[Difference, ...] = ()
    faults: tuple[DocumentFault, ...] = ()


async def compared(console: Console, edit: Edit) -> Differences:
    """What an edited document would change. Raises Refused: 422 for an unknown service, 503 when it takes too long."""
    gateway, workshop = console.gateway, console.part(Workshop)
    service = await gateway.service(edit.service)
    if service is None:
        raise Refused(422, "Unprocessable Content", f"the catalog has no service {edit.service!r}")
    came = [one async for one in last(gateway, Query(service=edit.service), edit.last, BYTES)]
    sent = tuple(one.sent for one in came)
    job = Job(tuple(map(str, workshop.folders())), service.key, edit.translator, edit.document, sent)
    edited = await console.part(Sandbox).run(job)
    if edited.faults:
        return Differences(faults=edited.faults)
    found = await workshop.run(partial(_differences, service, came, edited.results))
    return Differences(len(came), found)


class Came(Struct, frozen=True):
    """An event that came to a route, and its request, with the wishes of the route as it is now."""

    stored: Stored
    sent: Sent


async def last(gateway: Gateway, query: Query, count: int, most: int) -> AsyncIterator[Came]:
    """The last events of a query that came to a route, newest first; inflated, they have `most` bytes together.

    One that is larger alone is left out.
    """
    size = 0
    async for page in pages(gateway, replace(query, bodies=False)):
        for record in page.records:
            found = await lookup.load(gateway, record.event.id)
            if found.is_act or found.service is None:
                continue
            sent = await asyncio.to_thread(_sent, found)
            if len(sent.request.body) > most:
                continue
            size += len(sent.request.body)
            if not count or size > most:
                return
            count -= 1
            yield Came(found, sent)


def _sent(stored: Stored) -> Sent:
    return Sent(stored.request(), stored.route.wishes if stored.route else Wishes())


def difference(event: Event, before: Result, after: Result) -> Difference | None:
    """How an event would be told otherwise; None where it would not."""
    old, new = _written(before).splitlines(), _written(after).splitlines()
    if old == new:
        return None
    text = "\n".join(list(difflib.unified_diff(old, new, lineterm="", n=2))[2:])
    name = after.event or before.event
    return Difference(event.id, event.received, event.route, event.service, name, _brief(before), _brief(after), text)


def _differences(service: Service, came: Sequence[Came], edited: Sequence[Result]) -> tuple[Difference, ...]:
    """What an edited document changes; runs in the thread of the workshop."""
    before = (result(service, one.sent.request, one.sent.wishes) for one in came)
    every = map(difference, (one.stored.event for one in came), before, edited)
    return tuple(one for one in every if one is not None)


def _brief(found: Result) -> Result:
    """A result without payloads, which are the same before and after."""
    return replace(found, events=tuple(replace(one, payload=None) for one in found.events))


def _written(found: Result) -> str:
    """What readers see of a request, as YAML."""
    return yamlfile.dump([dict(_told(one)) for one in found.events] or [{"outcome": found.outcome.value}])


def _told(event: TriedEvent) -> Iterator[tuple[str, JSON]]:
    for key in _TOLD:
        if value := getattr(event, key):
            yield key, to_builtins(value)


async def _compare(ask: Ask) -> Differences:
    return await compared(ask.console, ask.body)


OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/diff",
        name="diffCatalog",
        summary="What an edited translator would change of the last events of its service.",
        body=Edit,
        call=_compare,
        result=Differences,
        problems={
            422: "The catalog has no such service.",
            503: "It takes too long, or too many others are tried.",
        },
    ),
)
