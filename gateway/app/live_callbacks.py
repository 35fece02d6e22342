"""What `check --live` finds about tables of callbacks: whether Mattermost knows them, and may call the gateway."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

from gateway.app.live_bots import probe_bot
from gateway.app.reach import answers_here, is_called
from gateway.app.senders import Senders
from gateway.callbacks import connecting, fit
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.service import Service
from gateway.mattermost.integrations import Integration, Integrations
from gateway.mattermost.probe import Finding, Level
from gateway.mattermost.session import Session, TokenAccount
from gateway.outbound.exchange import Unsent
from gateway.outbound.sessions import Sessions
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.callbacks import BOTS, CallbackSettings
from gateway.settings.reader import ADMIN_TOKEN

_TEAMS: Final = 100
"""The most teams whose commands are looked through."""

_CONNECT: Final = "`mattergate connect` sets it up"
_UNSEEN: Final = f"only an administrator may see webhooks and commands: set {ADMIN_TOKEN} to have tokens compared"


async def probe_callbacks(
    settings: Settings, services: Mapping[str, Service], admin: Secret | None
) -> dict[str, list[Finding]]:
    """Probe each bot, and each table of callbacks; `admin` is the token of an administrator, if there is one.

    It is only shown to a server if that is the only one of the settings. Raises SettingsError.
    """
    servers = {one.server for one in settings.callbacks.values()} | {one.server for one in settings.bots.values()}
    if len(servers - {""}) != 1:
        admin = None
    found: dict[str, list[Finding]] = {}
    async with AsyncExitStack() as stack:
        live = _Live(settings, services, Senders(Sessions(stack, (), settings.proxies)), admin)
        for bot in settings.bots.values():
            session = await live.senders.session(bot)
            tables = [one for one in settings.callbacks.values() if one.bot == bot.name]
            found[BOTS + bot.name] = await probe_bot(bot, tables, session, await live.senders.http(bot))
        if settings.callbacks and settings.server.public_url:
            http = await live.senders.at(settings.server.public_url)
            found["public_url"] = [await answers_here(settings.server.public_url, http, settings.delivery.timeout)]
        for table in settings.callbacks.values():
            found[table.route] = await live.table(table)
    return found


class _Live:
    def __init__(
        self, settings: Settings, services: Mapping[str, Service], senders: Senders, admin: Secret | None
    ) -> None:
        self._settings = settings
        self._services = services
        self._admin = admin
        self._known: dict[str, tuple[Sequence[Integration], Sequence[Integration]]] = {}
        self.senders = senders

    async def table(self, table: CallbackSettings) -> list[Finding]:
        """What is found about one table."""
        public = self._settings.server.public_url
        if not public:
            return [Finding(Level.WARNING, "cannot be looked for at Mattermost: write public_url in [server]")]
        session = await self._session(table)
        if session is None:
            return [Finding(Level.WARNING, f"nobody asks its server: name a `bot`, or set {ADMIN_TOKEN}")]
        rest = Integrations(session)
        return [await is_called(rest, public), *await self._integrations(table, rest)]

    async def _session(self, table: CallbackSettings) -> Session | None:
        """The session of the administrator, or of the table's bot."""
        bot = self._settings.bots.get(table.bot or "")
        if self._admin is not None and table.server:
            http = await (self.senders.http(bot) if bot is not None else self.senders.at(table.server))
            return Session(table.server, TokenAccount(self._admin), http, self._settings.delivery.timeout)
        return await self.senders.session(bot) if bot is not None else None

    async def _integrations(self, table: CallbackSettings, rest: Integrations) -> list[Finding]:
        """Whether the webhooks and commands that a table needs are there, with tokens that it knows."""
        service = self._services.get(table.service)
        shapes = fit.alive(table, service) if service is not None else {}
        outgoing, commands = (fit.answering(shapes, one) for one in (Occasion.OUTGOING, Occasion.COMMAND))
        if not outgoing and not commands:
            return []
        try:
            hooks, known = await self._listed(table.server, rest)
        except Unsent as unsent:
            if unsent.result.status in (403, 404, 501):
                return [Finding(Level.WARNING, _UNSEEN)]
            return [Finding(Level.FAULT, str(unsent))]
        public = self._settings.server.public_url
        found: list[Finding] = []
        heard = table.bot and all(Occasion.MESSAGE in one.answers for one in outgoing.values())
        own = connecting.own_hooks(connecting.hook_url(public, table), hooks)
        if outgoing and (own or not heard):
            found += _tokens(table, "an outgoing webhook", own)
        url = connecting.command_url(public, table)
        for trigger in sorted({one.command.trigger for one in commands.values() if one.command is not None}):
            those = [one for one in connecting.own_commands(url, known) if one.fields.get("trigger") == trigger]
            found += _tokens(table, f"the command /{trigger}", those)
        return found

    async def _listed(self, server: str, rest: Integrations) -> tuple[Sequence[Integration], Sequence[Integration]]:
        """The webhooks and commands of a server. Raises Unsent."""
        if server not in self._known:
            hooks = await rest.hooks()
            teams = await (rest.teams() if self._admin is not None else rest.teams_of("me"))
            commands = [one for team in teams[:_TEAMS] for one in await rest.commands(team.id)]
            self._known[server] = hooks, commands
        return self._known[server]


def _tokens(table: CallbackSettings, what: str, found: Sequence[Integration]) -> Iterator[Finding]:
    """Whether what Mattermost has is there, and calls with a token of the table."""
    if not found:
        yield Finding(Level.FAULT, f"Mattermost has not {what} that calls it here: {_CONNECT}")
    unknown = sum(one.token not in table.tokens for one in found)
    if unknown:
        yield Finding(Level.FAULT, f"{what} calls with a token that the table does not know: {_CONNECT}")
    elif found:
        yield Finding(Level.FINE, f"{what} calls with a known token")
