"""What is said and clicked in a running gateway: the parts of it, put together from the settings."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from time import time
from typing import Any, Final

from gateway.acts import performer
from gateway.acts.acts import Acts
from gateway.acts.answers import Answers
from gateway.acts.clicks import Clicks
from gateway.acts.desk import Desk
from gateway.acts.dialogs import Dialogs
from gateway.acts.giving import Giving
from gateway.acts.permits import Permits
from gateway.acts.rings import Ring
from gateway.acts.snoozing import Snoozing
from gateway.acts.stored import RESPONSE_LIFE, StoredResponse
from gateway.acts.tables import Table
from gateway.app.catalog import RunningCatalog
from gateway.app.senders import Senders
from gateway.callbacks.answering import update_of
from gateway.callbacks.buttons import Live, SignedButtons
from gateway.catalog.catalog import Catalog
from gateway.catalog.everywhere import EVERYWHERE, EverywhereShape
from gateway.catalog.service import Service
from gateway.delivery.destinations import Destination
from gateway.journal import Appended, Entry, Journal
from gateway.mattermost import interactive
from gateway.mattermost.members import Members
from gateway.mattermost.session import Session
from gateway.model import Blame, Delivered, Later, Never, Result
from gateway.observe import logs
from gateway.observe.metrics import Metrics
from gateway.outbound.call import Calls
from gateway.outbound.exchange import Unsent
from gateway.settings import Settings
from gateway.settings.callbacks import BotSettings, CallbackSettings, server_of

_log = logs.get("acts")

ASKING: Final = 2.0
"""Seconds that a question takes at most who may do what, while a person waits."""


class Bots:
    """The sessions of bots, and what they know of members; one of each account as it is in the settings."""

    def __init__(self, senders: Senders) -> None:
        self._senders = senders
        self._sessions: dict[str, tuple[BotSettings, Session, Members]] = {}

    async def adopt(self, settings: Settings) -> None:
        """Use the accounts of these settings. Raises SettingsError."""
        made = {}
        for name, table in settings.bots.items():
            known = self._sessions.get(name)
            if known is None or known[0] != table:
                session = await self._senders.session(table)
                known = table, session, Members(session, ASKING)
            made[name] = known
        self._sessions = made

    def session(self, name: str | None) -> Session | None:
        """The session of a bot; None for one that is not there."""
        known = self._sessions.get(name or "")
        return known[1] if known is not None else None

    def members(self, name: str) -> Members | None:
        """The members of the server of a bot; None for one that is not there."""
        known = self._sessions.get(name)
        return known[2] if known is not None else None


class Around:
    """See `acts.acts.Around`."""

    def __init__(self, senders: Senders, bots: Bots) -> None:
        self.settings = Settings()
        self._senders = senders
        self._bots = bots

    async def respond(self, table: CallbackSettings, response: StoredResponse, age: float) -> Result:
        """Send a later answer to a command."""
        http = await self._senders.at(table.server)
        told = await interactive.respond(http, table.server, response.url, response.body)
        if not told.problem:
            return Delivered()
        if told.unsure or told.lasting or age >= RESPONSE_LIFE:
            return Never(told.problem)
        return Later(told.problem, blame=Blame.UNKNOWN)

    async def show_typing(self, table: CallbackSettings, channel: str, root: str) -> None:
        """Show that the bot of a table is typing."""
        if (session := self._bots.session(table.bot)) is not None:
            await interactive.typing(session, channel, root)

    async def open_dialog(self, table: Table, trigger: str, url: str, dialog: Mapping[str, Any]) -> str:
        """Open a dialog by the trigger of a command or click; the answer says why it did not."""
        server = table.settings.server
        http = await self._senders.at(server)
        return (await interactive.open_dialog(http, server, trigger, url, dialog)).problem

    async def is_own(self, table: CallbackSettings, user: str) -> bool:
        """Whether a user is an account of the gateway: a bot, or that of the destination of later answers."""
        own = self.settings.destinations.get(table.destination or "")
        at = [name for name, bot in self.settings.bots.items() if same_server(bot.server, table.server)]
        sessions = [session for name in at if (session := self._bots.session(name)) is not None]
        if own is not None and own.rest:
            sessions.append(await self._senders.session(own))
        for session in sessions:
            with suppress(Unsent, TimeoutError):
                async with asyncio.timeout(ASKING):
                    if (await session.me()).id == user:
                        return True
        return False

    async def show(self, table: CallbackSettings, destination: str, post: str, message: bytes) -> None:
        """Put a message in place of a post: by the account that made it, else by the bot of the table."""
        own = self.settings.destinations.get(destination)
        session = self._bots.session(table.bot) if own is None or not own.rest else await self._senders.session(own)
        if session is None:
            return
        update = update_of(message)
        told = await interactive.update(session, post, update["message"], update["props"])
        if told.problem:
            _log.info("a post does not show what was done", post=post, why=told.problem)


class Acting:
    """The running parts of the way back. `adopt` replaces their settings; leaving the stack ends them."""

    def __init__(self, desk: Desk, bots: Bots, around: Around, buttons: SignedButtons, snoozing: Snoozing) -> None:
        self.desk = desk
        self.bots = bots
        self._around = around
        self.buttons = buttons
        self.snoozing = snoozing

    @classmethod
    async def start(
        cls,
        settings: Settings,
        journal: Journal,
        catalog: RunningCatalog,
        senders: Senders,
        calls: Calls,
        metrics: Metrics,
        store: Callable[[Entry], Awaitable[Appended]],
        stack: AsyncExitStack,
    ) -> "Acting":
        """Start the parts. Raises SettingsError, JournalError."""
        bots = Bots(senders)
        around = Around(senders, bots)

        async def service(key: str) -> Service | None:
            if key not in catalog.current.keys:
                return None
            return catalog.current.used(key) or await catalog.for_request(key)

        buttons = SignedButtons(settings.server.public_url, live(settings), (), secrets.SystemRandom().getrandbits)
        ring = Ring(journal, buttons.adopt)
        stack.push_async_callback(ring.close)
        snoozing = Snoozing(journal, await journal.snoozes())
        acts = Acts(settings, journal, store, service, calls, around, metrics, Giving(ring), snoozing)
        stack.push_async_callback(acts.close)
        dialogs, permits = Dialogs(ring, around.open_dialog), Permits(bots.members)
        clicks = Clicks(acts, ring, journal, permits, dialogs)
        desk = Desk(acts, Answers(acts, ring), clicks, dialogs, permits, ring)
        made = cls(desk, bots, around, buttons, snoozing)
        await made.prepare(settings)
        made.adopt(settings, catalog.current)
        for key in {key for keys in buttons.everywhere.values() for key in keys}:
            await catalog.for_request(key)
        return made

    async def prepare(self, settings: Settings) -> None:
        """Have what other settings need: accounts, keys for callbacks. Raises SettingsError, JournalError."""
        await self.bots.adopt(settings)
        if settings.callbacks:
            await self.desk.ring.look(time())

    def adopt(self, settings: Settings, known: Catalog) -> None:
        """Use other settings, which are prepared, and another catalog from now on."""
        self.desk.acts.settings = self._around.settings = settings
        self.desk.dialogs.public_url = self.desk.acts.giving.public_url = settings.server.public_url

        def documents(key: str) -> Sequence[EverywhereShape]:
            service = known.used(key)
            return service.everywhere if service is not None else ()

        public = settings.server.public_url
        self.buttons.settle(public, live(settings), everywhere(settings, known), documents)

    def destination(self, table: CallbackSettings) -> Destination:
        """The destination that performs the acts of a table."""
        return performer.destination(self.desk.acts, table)


def live(settings: Settings) -> Live:
    """Which table brings a callback to life: the first that fits, of several one of the destination's server."""
    servers = {name: server_of(one) for name, one in settings.destinations.items()}

    def found(service: str, callback: str, route: str, destination: str) -> str | None:
        fitting = [
            table
            for table in settings.callbacks.values()
            if table.service == service and (not table.only or callback in table.only) and table.reaches(route)
        ]
        server = servers.get(destination, "")
        near = (one for one in fitting if same_server(one.server, server))
        one = next(near, fitting[0] if fitting else None)
        return one.name if one is not None else None

    return found


def everywhere(settings: Settings, known: Catalog) -> Mapping[str, Sequence[str]]:
    """By route, the services of tables that reach it whose documents offer something below every message."""
    offering = {key for key in services(settings) if known.named(key, EVERYWHERE)}
    found = {
        route: sorted({table.service for table in settings.callbacks.values() if table.reaches(route)} & offering)
        for route in settings.routes
    }
    return {route: keys for route, keys in found.items() if keys}


def same_server(one: str, other: str) -> bool:
    """Whether two URLs are that of one server, as far as they tell."""
    return one.rstrip("/").lower() == other.rstrip("/").lower()


def services(settings: Settings) -> set[str]:
    """The services whose callbacks are alive."""
    return {table.service for table in settings.callbacks.values()}
