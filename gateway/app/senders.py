"""The senders of destinations, built from their settings; connections and logins are shared where possible."""

from contextlib import AsyncExitStack
from functools import partial
from time import time
from uuid import uuid4

from gateway.delivery.destinations import Sender
from gateway.errors import Fault, SettingsError
from gateway.ingress.doors import hooks
from gateway.mattermost.channel import Channels
from gateway.mattermost.editing import Editing
from gateway.mattermost.history import History
from gateway.mattermost.hook import HookSender, PassthroughSender
from gateway.mattermost.payload import Message, encode
from gateway.mattermost.probe import UNPROVEN, Finding, Level, probe_channel, probe_hook
from gateway.mattermost.repeats import Repeats
from gateway.mattermost.rest import Cards, Concessions, RestSender
from gateway.mattermost.session import Account, LoginAccount, Session, TokenAccount
from gateway.model import Delivered, Delivery
from gateway.outbound.sessions import HttpSession, Sessions
from gateway.settings import Settings
from gateway.settings.callbacks import BOTS, BotSettings
from gateway.settings.proxies import Proxies, shown
from gateway.settings.tables import DeliveryTable, DestinationSettings, Secret


class Senders:
    """Makes the senders of destinations, over the connections of `sessions`. Equal logins are shared."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._logins: dict[tuple[str, str, Secret], LoginAccount] = {}

    async def of(self, table: DestinationSettings, cards: Cards) -> Sender:
        """Make the sender to a destination; `cards` finds the posts that show subjects there. Raises SettingsError."""
        if table.hook is not None:
            return HookSender(table.hook, await self.http(table), table.timeout)
        session = await self.session(table)
        name = table.name
        repeats, editing = Repeats(History(session, name), name), Editing(session, name)
        return RestSender(session, channels(session, table), cards, Concessions(name), repeats, editing)

    async def passing(self, server: str, table: DeliveryTable) -> Sender:
        """Make the sender to the incoming webhooks of a server: each delivery goes to the one that is its address."""
        http = await self._sessions.to(server, None, table.proxy)
        return PassthroughSender(server, partial(hooks.url, server), http, table.timeout)

    def posting(self, table: BotSettings, session: Session, cards: Cards) -> Sender:
        """Make the sender of a bot, whose messages say by id where they go."""
        name = BOTS + table.name
        repeats, editing = Repeats(History(session, name), name), Editing(session, name)
        return RestSender(session, Channels(session, "", ""), cards, Concessions(name), repeats, editing)

    async def session(self, table: DestinationSettings | BotSettings) -> Session:
        """The session of an account over REST. Raises SettingsError."""
        server, http = table.server or "", await self.http(table)
        return Session(server, self._account(table, server, http), http, table.timeout)

    async def http(self, table: DestinationSettings | BotSettings) -> HttpSession:
        """The HTTP session for the requests to a destination, or of a bot. Raises SettingsError."""
        return await self._sessions.to(_url(table), table.ca_file, table.proxy)

    async def at(self, server: str) -> HttpSession:
        """The HTTP session for requests to a server that need no account. Raises SettingsError."""
        return await self._sessions.to(server)

    def _account(self, table: DestinationSettings | BotSettings, server: str, http: HttpSession) -> Account:
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
    """Probe each destination; with `post`, send one message to those without a fault.

    Raises SettingsError.
    """
    found = {}
    async with AsyncExitStack() as stack:
        senders = Senders(Sessions(stack, (), settings.proxies))
        for name, table in settings.destinations.items():
            found[name] = [*_way(table, settings.proxies), *await _probe(table, senders)]
            if any(finding.level is Level.FAULT for finding in found[name]):
                continue
            if post:
                found[name].append(await _post(table, senders))
            elif not table.rest:
                found[name].append(UNPROVEN)
    return found


def _way(table: DestinationSettings, proxies: Proxies) -> list[Finding]:
    """The proxy that requests pass, if any."""
    proxy = proxies.to(_url(table), table.proxy)
    source = "`proxy`" if table.proxy else "the environment"
    return [Finding(Level.FINE, f"through the proxy {shown(proxy)}, by {source}")] if proxy else []


async def _probe(table: DestinationSettings, senders: Senders) -> list[Finding]:
    if table.hook is not None:
        return await probe_hook(table.hook, await senders.http(table), table.timeout)
    session = await senders.session(table)
    return await probe_channel(session, channels(session, table))


async def _post(table: DestinationSettings, senders: Senders) -> Finding:
    async def no_card(_subject: str, _seq: int) -> None:
        return None

    message = Message(text=f"`mattergate check`: messages for the destination `{table.name}` arrive here.")
    if not table.rest:
        message.channel = table.channel
    delivery = Delivery(0, uuid4().hex, time(), table.name, "", encode(message))
    result = await (await senders.of(table, no_card)).send(delivery)
    if isinstance(result, Delivered):
        return Finding(Level.FINE, "a message was posted")
    return Finding(Level.FAULT, result.reason)


def channels(session: Session, table: DestinationSettings) -> Channels:
    """The channels of a destination over REST."""
    return Channels(session, table.team or "", table.channel or "")


def _url(table: DestinationSettings | BotSettings) -> str:
    """A URL at the server of a destination or bot."""
    if isinstance(table, DestinationSettings) and table.hook is not None:
        return table.hook.reveal()
    return table.server or ""
