"""Drift: events that no document of their service understands, by service, event and what is wrong with them.

A service that changed its payloads, or sends an event that nobody described, goes on being told, by the generic
translator. The journal knows those events; the newest of each kind is read again with the catalog as it is now, so that
what a document has learned meanwhile is told, too.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.catalog.service import Service
from gateway.console import lookup
from gateway.console.lookup import Stored
from gateway.console.port import Gateway
from gateway.console.progress import pages
from gateway.console.tryout_result import result
from gateway.console.web.operations import Ask, Operation
from gateway.errors import Refused
from gateway.journal import Query
from gateway.model import DRIFT, Event, Note
from gateway.pipeline.interpret import Wishes

_SECONDS: Final = 5.0
"""Seconds after which a listing ends, in a journal with more events, or larger ones, than it can look at."""
_SHOWN: Final = 3
"""Places of one kind that one line has."""
FRESH: Final = 5.0
"""Seconds for which a listing is given again."""
_KINDS: Final = 200
"""Kinds of drift that are told, those of the newest events."""


class DriftFilter(Struct, frozen=True, kw_only=True):
    """Which drift: of a service, unless empty; of events received `since`, in seconds since the epoch."""

    service: Annotated[str, Meta(max_length=200)] = ""
    since: float | None = None


class DriftRow(Struct, frozen=True):
    """One kind of drift: `why` is `mismatch` or `unknown`, `count` how often it came between `first` and `last`.

    `example` is the newest event of the kind; a document can be drafted from it. `paths` are the places where its
    payload is not what the document `translator` says, with what is wrong there. `understood`: the catalog as it is now
    understands it. `problem` says why that is not known.
    """

    service: str
    event: str
    why: Note
    count: int
    first: float
    last: float
    example: str
    route: str
    translator: str = ""
    paths: tuple[str, ...] = ()
    understood: bool = False
    problem: str = ""


class DriftList(Struct, frozen=True):
    """The kinds of drift, the newest first. `complete`: all that the journal has was looked at."""

    rows: tuple[DriftRow, ...]
    complete: bool


def wrong(row: DriftRow) -> str:
    """What is wrong with the events of a kind, in one line."""
    if row.understood:
        return "understood by the catalog as it is now"
    if row.problem:
        return row.problem
    if not row.paths:
        known = f"the payload does not match {row.translator or 'its document'}"
        return "no document knows this event" if row.why is Note.UNKNOWN else known
    more = f"; and {len(row.paths) - _SHOWN} more" if len(row.paths) > _SHOWN else ""
    return f"{row.translator}: {'; '.join(row.paths[:_SHOWN])}{more}"


class _Seen(Struct):
    """What was seen of one kind."""

    newest: Event
    first: float
    count: int = 0


class DriftDesk:
    """The listings of one console: one at a time, and the last one again for some seconds, however many ask for it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._looking = asyncio.Lock()
        self._last: tuple[float, DriftFilter, DriftList] | None = None

    async def close(self) -> None:
        """Do nothing: whoever asked waits for what is under way."""

    async def listing(self, wanted: DriftFilter) -> DriftList:
        """The drift that the journal knows of. Raises JournalError."""
        async with self._looking:
            if self._last is not None:
                until, known, found = self._last
                if known == wanted and time.monotonic() < until:
                    return found
            found = await listing(self._gateway, wanted)
            self._last = time.monotonic() + FRESH, wanted, found
            return found


async def listing(gateway: Gateway, wanted: DriftFilter) -> DriftList:
    """The drift that the journal knows of. Raises JournalError."""
    until = time.monotonic() + _SECONDS
    seen, complete = await _seen(gateway, wanted, until)
    kinds = sorted(seen.values(), key=lambda one: -one.newest.received)
    rows: list[DriftRow] = []
    for kind in kinds[:_KINDS]:
        rows.append(await _row(gateway, kind))
        if time.monotonic() > until:
            break
    return DriftList(tuple(rows), complete and len(rows) == len(kinds))


async def _seen(gateway: Gateway, wanted: DriftFilter, until: float) -> tuple[Mapping[tuple[str, ...], _Seen], bool]:
    """The kinds of drift by service, event and note, and whether that is all."""
    seen: dict[tuple[str, ...], _Seen] = {}
    for note in DRIFT:
        query = Query(service=wanted.service, since=wanted.since, note=note, bodies=False)
        async for page in pages(gateway, query):
            for event in (one.event for one in page.records):
                kind = seen.setdefault((event.service, event.name, note), _Seen(event, event.received))
                kind.count += 1
                kind.first = min(kind.first, event.received)
            if page.next and time.monotonic() > until:
                return seen, False
    return seen, True


async def _row(gateway: Gateway, kind: _Seen) -> DriftRow:
    """A kind of drift, with what the catalog as it is now says of its newest event."""
    event, why = kind.newest, Note(kind.newest.note)
    row = DriftRow(event.service, event.name, why, kind.count, kind.first, event.received, event.id, event.route)
    try:
        found = await lookup.load(gateway, event.id)
    except Refused as refused:  # it was forgotten a moment ago
        return replace(row, problem=refused.detail or refused.title)
    if found.service is None:
        return replace(row, problem=f"the catalog has no service {event.service} any more")
    return await asyncio.to_thread(_read_again, row, found, found.service)


def _read_again(row: DriftRow, found: Stored, service: Service) -> DriftRow:
    made = result(service, found.request(), found.route.wishes if found.route else Wishes())
    if made.note not in DRIFT:
        return replace(row, understood=True)
    odd = next((one for one in made.events if one.note in DRIFT), None)
    if odd is None:  # it is one of so many that it is not shown
        return replace(row, why=Note(made.note))
    places = tuple(f"{one.path} {one.problem}" for one in odd.faults)
    return replace(row, why=Note(odd.note), translator=odd.mismatch, paths=places)


async def _list(ask: Ask) -> DriftList:
    return await ask.console.part(DriftDesk).listing(ask.query)


OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/drift",
        name="listDrift",
        summary="Events that no document of their service understands, by kind, each with an example.",
        query=DriftFilter,
        call=_list,
        result=DriftList,
    ),
)
