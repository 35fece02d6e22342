"""The interface through which the console sees the running gateway; `gateway.app` implements it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct
from prometheus_client.metrics_core import Metric

from gateway.catalog.catalog import Catalog
from gateway.catalog.service import Service
from gateway.delivery.condition import Condition
from gateway.ingress.captures import Captures
from gateway.journal import Appended, Entry, Journal
from gateway.model import Pause
from gateway.pipeline.attached import Buttons
from gateway.pipeline.entry import Traits
from gateway.pipeline.route import Route
from gateway.settings import Settings
from gateway.sources.bot import State


class Changes(Struct, frozen=True):
    """What a reload changed, in words for the operator: one line each ("[routes.github]: only changed").

    `faults` are those of documents: the last good version of their services goes on, or the generic translator speaks.
    """

    lines: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


class Gateway(Protocol):
    """The running gateway, as people look at it and control it. Every answer is of this moment."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def journal(self) -> Journal:
        """The journal; the dispatcher hears of what `requeue` adds."""

    @property
    def captures(self) -> Captures:
        """The addresses whose requests become no events."""

    def samples(self, *names: str) -> Sequence[Metric]:
        """The series of these names ("mattergate_requests_total") as /metrics shows them, with their samples."""

    def destinations(self) -> Mapping[str, Condition]:
        """How each destination stands; times are epoch seconds."""

    async def set_pause(self, destination: str, pause: Pause | None) -> None:
        """Pause a destination, or with None resume it; takes effect before it returns. Raises JournalError."""

    def route(self, name: str, address: str = "") -> Route | None:
        """A route as ingress uses it; None when it is gone. `address` is the hook of a pass-through route."""

    def traits(self) -> Traits:
        """Of each destination, its channel or that it shows cards."""

    async def buttons(self) -> Buttons | None:
        """What makes the buttons of messages; None where there are none. Raises JournalError."""

    def bots(self) -> Mapping[str, State]:
        """How each bot that listens is, by its name in the settings."""

    def trouble(self) -> str:
        """Why requests cannot be stored; "" when they can."""

    async def service(self, key: str) -> Service | None:
        """A service as requests use it; None when there is none."""

    def catalog(self) -> Catalog:
        """The catalog as requests use it. Services that nobody asked for are not compiled: see `service`."""

    async def submit(self, entry: Entry) -> Appended:
        """Journal an event with its messages, and deliver them. Raises JournalError."""

    async def reload(self) -> Changes:
        """Take up the settings file as it is now, whole or not at all, and the catalog service by service.

        Raises SettingsError with every fault of the settings, and then nothing changes.
        """
