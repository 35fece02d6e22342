"""From the settings of a destination to what sends to it; connections and logins are shared where they can be."""

import ssl
from collections.abc import Sequence
from contextlib import AsyncExitStack
from time import time
from uuid import uuid4

from aiohttp import ClientMiddlewareType, ClientSession

from gateway.delivery.destinations import Sender
from gateway.errors import Fault, SettingsError
from gateway.mattermost.answers import open_session
from gateway.mattermost.channel import Channels
from gateway.mattermost.hook import HookSender
from gateway.mattermost.payload import Message, encode
from gateway.mattermost.probe import UNPROVEN, Finding, Level, probe_channel, probe_hook
from gateway.mattermost.rest import Cards, Concessions, RestSender
from gateway.mattermost.session import Account, LoginAccount, Session, TokenAccount
from gateway.model import Delivered, Delivery
from gateway.settings import Settings
from gateway.settings.tables import DestinationSettings, Secret


class Connections:
    """Makes senders; what they hold open is closed with the stack. `middlewares` see every request they make."""

    def __init__(self, stack: AsyncExitStack, middlewares: Sequence[ClientMiddlewareType] = ()) -> None:
        self._stack = stack
        self._middlewares = middlewares
        self._open: dict[str | None, ClientSession] = {}
        self._logins: dict[tuple[str, str, Secret], LoginAccount] = {}

    async def http(self, ca_file: str | None = None) -> ClientSession:
        """The connections that trust the certificates of `ca_file`, None: those of the system. Raises SettingsError."""
        if ca_file not in self._open:
            try:
                tls = ssl.create_default_context(cafile=ca_file) if ca_file else True
            except ssl.SSLError:
                raise SettingsError(
                    [Fault(str(ca_file), 0, "", "holds no certificates", "write them as PEM")]
                ) from None
            self._open[ca_file] = await self._stack.enter_async_context(open_session(tls, self._middlewares))
        return self._open[ca_file]

    async def sender(self, table: DestinationSettings, cards: Cards) -> Sender:
        """What sends to a destination; `cards` finds the posts that show subjects there. Raises SettingsError."""
        if table.hook is not None:
            return HookSender(table.hook, await self.http(table.ca_file), table.timeout)
        session = await self.session(table)
        return RestSender(session, channels(session, table), cards, Concessions(table.name))

    async def session(self, table: DestinationSettings) -> Session:
        """The session of a channel over REST. Raises SettingsError."""
        server, http = table.server or "", await self.http(table.ca_file)
        return Session(server, self._account(table, server, http), http, table.timeout)

    def _account(self, table: DestinationSettings, server: str, http: ClientSession) -> Account:
        """Destinations with the same login share it, so that together they do not lock the account."""
        if table.token is not None:
            return TokenAccount(table.token)
        if table.login is None or table.password is None:
            raise SettingsError([Fault("", 0, f"destinations.{table.name}", "no account is given")])
        key = (server, table.login, table.password)
        if key not in self._logins:
            self._logins[key] = LoginAccount(server, table.login, table.password, http, table.timeout)
        return self._logins[key]


async def probe(settings: Settings, *, post: bool) -> dict[str, list[Finding]]:
    """What is found about each destination; with `post`, one message is sent to those without a fault.

    Raises SettingsError.
    """
    found = {}
    async with AsyncExitStack() as stack:
        connections = Connections(stack)
        for name, table in settings.destinations.items():
            found[name] = await _looked_at(table, connections)
            if any(finding.level is Level.FAULT for finding in found[name]):
                continue
            if post:
                found[name].append(await _posted(table, connections))
            elif not table.rest:
                found[name].append(UNPROVEN)
    return found


async def _looked_at(table: DestinationSettings, connections: Connections) -> list[Finding]:
    if table.hook is not None:
        return await probe_hook(table.hook, await connections.http(table.ca_file), table.timeout)
    session = await connections.session(table)
    return await probe_channel(session, channels(session, table))


async def _posted(table: DestinationSettings, connections: Connections) -> Finding:
    async def no_card(_: str) -> None:
        return None

    message = Message(text=f"`mattergate check`: messages for the destination `{table.name}` arrive here.")
    if not table.rest:
        message.channel = table.channel
    delivery = Delivery(0, uuid4().hex, time(), table.name, "", encode(message))
    result = await (await connections.sender(table, no_card)).send(delivery)
    if isinstance(result, Delivered):
        return Finding(Level.FINE, "a message was posted")
    return Finding(Level.FAULT, result.reason)


def channels(session: Session, table: DestinationSettings) -> Channels:
    """The channels of a destination over REST."""
    return Channels(session, table.team or "", table.channel or "")
