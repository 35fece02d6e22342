"""A gateway made of the files on the disk, for commands: settings, catalog and journal, whether or not one runs."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from prometheus_client.metrics_core import Metric

from gateway.app import acting, ingress
from gateway.callbacks.buttons import SignedButtons
from gateway.callbacks.ticket import RING
from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.cli import catalog, journal, running
from gateway.cli import settings as settings_file
from gateway.cli.output import fail, fault_line, warn
from gateway.cli.running import NoGatewayError
from gateway.console.destinations import DestinationList, DestinationStanding
from gateway.console.port import Changes
from gateway.delivery.condition import Condition
from gateway.delivery.destinations import recalled
from gateway.errors import JournalError
from gateway.ingress.captures import Captures
from gateway.ingress.doors.hooks import NAME as PASSTHROUGH
from gateway.ingress.table import open_doors
from gateway.journal import Appended, Entry, Journal, deliveries
from gateway.journal.standing import streak
from gateway.model import DestinationState, Pause
from gateway.pipeline.attached import Buttons
from gateway.pipeline.entry import Traits
from gateway.pipeline.route import Route
from gateway.settings import Settings
from gateway.settings.callbacks import BOTS
from gateway.sources.bot import State

T = TypeVar("T")

_TAKEN_UP: Final = 3.0
"""Seconds in which a gateway that runs takes up a pause; usually it does at once."""
_LOOK: Final = 0.02


class OfflineGateway:
    """See `console.port.Gateway`. The running gateway, or the next one that starts, delivers what this one journals."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings = settings
        self.journal = journal
        self._table = open_doors(settings, self.catalog())
        self._services: dict[str, Service | None] = {}
        self._conditions: Mapping[str, Condition] = {}
        self.told: Sequence[DestinationStanding] = ()

    @property
    def folders(self) -> list[Path]:
        """The folders of the catalog."""
        return catalog.folders(self.settings.catalog.folders)

    def rehearsal(self) -> "OfflineGateway":
        """The same gateway with a journal that stores nothing, and says what it would store."""
        return OfflineGateway(self.settings, cast(Journal, _Rehearsal(self.journal)))

    def samples(self, *names: str) -> Sequence[Metric]:  # noqa: ARG002 - of the Protocol
        """No series: nothing runs."""
        return ()

    def destinations(self) -> Mapping[str, Condition]:
        """The destinations of the settings, as `ask_destinations` has learned that they stand; else all are healthy."""
        through = (PASSTHROUGH,) if self.settings.passthrough is not None else ()
        bots = [BOTS + name for name in self.settings.bots]
        outside = [table.route for table in self.settings.callbacks.values()]
        names = (*self.settings.destinations, *through, *bots, *outside)
        return {name: self._conditions.get(name, Condition()) for name in names}

    async def ask_destinations(self) -> str:
        """Learn how the destinations stand: from the gateway that runs, or as far as the journal tells.

        Returns why no gateway told, "" when one did: then `told` is all that it said.
        """
        try:
            told = await running.ask(self.settings, "/destinations", DestinationList)
        except NoGatewayError as error:
            self._conditions, self.told = await self._recalled(), ()
            return str(error)
        self.told = told.destinations
        self._conditions = {
            one.name: Condition(DestinationState(one.state), one.why, one.since, one.next, one.next_at)
            for one in told.destinations
        }
        return ""

    async def _recalled(self) -> Mapping[str, Condition]:
        """How destinations stand as a gateway would know at its start."""
        pauses, tried = await self.journal.pauses(), await self.journal.tried()
        return {name: recalled(pauses.get(name), streak(tried.get(name, ()))) for name in {*pauses, *tried}}

    async def set_pause(self, destination: str, pause: Pause | None) -> None:
        """Pause or resume a destination, and wait until a gateway that runs has taken it up. Raises JournalError."""
        await self.journal.set_pause(destination, pause)
        until = time.monotonic() + _TAKEN_UP
        while not await self.ask_destinations() and time.monotonic() < until:
            found = self.destinations().get(destination, Condition())
            if (found.state is DestinationState.PAUSED) is (pause is not None):
                return
            await asyncio.sleep(_LOOK)

    def route(self, name: str, address: str = "") -> Route | None:
        """A route of the settings; None when there is none."""
        return self._table.named(name, address)

    def traits(self) -> Traits:
        """Of each destination, its channel or that it shows cards."""
        return ingress.traits(self.settings)

    async def buttons(self) -> Buttons | None:
        """What makes the buttons of messages, signed as by the gateway that runs. Raises JournalError."""
        if not self.settings.callbacks:
            return None
        keys, getrandbits = await self.journal.ring(RING), secrets.SystemRandom().getrandbits
        return SignedButtons(self.settings.server.public_url, acting.live(self.settings), keys, getrandbits)

    def bots(self) -> Mapping[str, State]:
        """None: bots listen in a gateway that runs."""
        return {}

    @property
    def captures(self) -> Captures:
        """None: what is captured is in the memory of a gateway that runs."""
        return Captures()

    def trouble(self) -> str:
        """Always "": a journal that cannot be used is not opened."""
        return ""

    async def service(self, key: str) -> Service | None:
        """A service as its files are now; None when it has faults, which are printed."""
        if key not in self._services:
            known, faults = await asyncio.to_thread(catalog.load, self.folders, {key})
            for fault in faults:
                warn(fault_line(fault))
            self._services[key] = None if key in known.faults else known.service(key)
        return self._services[key]

    def catalog(self) -> Catalog:
        """The catalog as its files are now, of which nothing is compiled."""
        return Catalog(self.folders)

    async def submit(self, entry: Entry) -> Appended:
        """Journal an event. Raises JournalError."""
        return await self.journal.append(entry)

    async def reload(self) -> Changes:
        """Nothing changes: all of it was read for this command."""
        return Changes()


class _Rehearsal:
    """A journal that is read as it is, and stores nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def append(self, entry: Entry) -> Appended:
        return Appended(entry.event.id, deliveries=deliveries(entry, 0))

    async def requeue(self, seqs: Sequence[int]) -> int:
        return len(seqs)

    async def discard(self, seqs: Sequence[int], reason: str) -> int:  # noqa: ARG002 - of the Protocol
        return len(seqs)


def run(config: Path, work: Callable[[OfflineGateway], Awaitable[T]]) -> T:
    """Run `work` with the gateway of a settings file; a fault of settings or journal ends the command."""
    known = settings_file.require(config)

    async def opened() -> T:
        async with journal.opened(known) as stored:
            return await work(OfflineGateway(known, stored))

    try:
        return asyncio.run(opened())
    except JournalError as error:
        fail(error)
