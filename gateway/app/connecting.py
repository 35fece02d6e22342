"""`mattergate connect`: what the settings need at a Mattermost server, set up with an administrator's token.

plan: settings, catalog, and what the server has -> tasks, each with the line that tells it beforehand
work: the token files first, then the webhooks and commands that have these tokens: a crash between loses nothing
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.app.connect_bots import BotTasks
from gateway.app.connect_desk import Desk, Task, Work
from gateway.callbacks import connecting, fit
from gateway.callbacks.connect_scope import wrong
from gateway.callbacks.connecting import Change, Step
from gateway.callbacks.document import CallbackShape
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.service import Service
from gateway.mattermost.integrations import HOOKS, Integration, Team
from gateway.model import Later
from gateway.outbound.exchange import Unsent
from gateway.secret import Secret
from gateway.settings.callbacks import CallbackSettings
from gateway.settings.tokenfiles import TokenFile, keep

_ALPHABET: Final = "ybndrfg8ejkmcpqxot1uwisza345h769"
_LENGTH: Final = 26
"""Of a token, as Mattermost makes them."""
_MANY: Final = 100
"""The most teams whose commands are all looked through for those that are the gateway's own."""

_WHICH: Final = "say which messages call it: --channel, --trigger, or both"
_OTHER: Final = "the server gave it a token of its own: run this again, which keeps that one"


async def plan(desk: Desk, services: Mapping[str, Service]) -> list[Task]:
    """What is to be done, in its order. Raises Unsent, SettingsError."""
    tables, asked = Tables(desk, services), desk.choice
    called = [one.name for one in desk.scope.tables if tables.called(one)]
    if (asked.channels or asked.triggers) and len(called) > 1:
        raise wrong(f"--channel and --trigger are for one table, and {', '.join(called)} have webhooks", "name one")
    tasks = [task for bot in desk.scope.bots for task in await BotTasks(desk, bot).tasks()]
    return tasks + [task for table in desk.scope.tables for task in await tables.tasks(table)]


class Tables:
    """The webhooks and commands of tables of callbacks."""

    def __init__(self, desk: Desk, services: Mapping[str, Service]) -> None:
        self._desk = desk
        self._services = services
        self._hooks: Sequence[Integration] | None = None
        self._commands: dict[str, Sequence[Integration]] = {}
        self._owners: dict[tuple[str, str], str] = {}

    def answering(self, table: CallbackSettings, occasion: Occasion) -> Mapping[str, CallbackShape]:
        """The callbacks of a table that answer an occasion."""
        service = self._services.get(table.service)
        return fit.answering(fit.alive(table, service), occasion) if service is not None else {}

    def called(self, table: CallbackSettings) -> bool:
        """Whether the channels and words that are asked for are those of its webhooks.

        A bot that hears all that a webhook would tell needs a webhook only for a word: both would answer.
        """
        outgoing = self.answering(table, Occasion.OUTGOING)
        heard = table.bot and all(Occasion.MESSAGE in one.answers for one in outgoing.values())
        return bool(outgoing) and bool(self._desk.choice.triggers or not heard)

    async def tasks(self, table: CallbackSettings) -> list[Task]:
        """What a table needs. Raises Unsent."""
        outgoing, commands = self.answering(table, Occasion.OUTGOING), self.answering(table, Occasion.COMMAND)
        if not outgoing and not commands:
            return []
        if self._hooks is None:
            self._hooks = await self._desk.rest.hooks()
        teams = await self._teams_of(table, commands=bool(commands))
        if not teams:
            return [Task(Step("cannot", table.route, "webhooks and commands", why=self._desk.which_team()))]
        changes: list[Change] = []
        for team in teams:
            if outgoing:
                changes += await self._hooks_of(table, team)
            if commands:
                changes += await self._commands_of(table, team, commands)
        return self._with_tokens(table, changes)

    async def _hooks_of(self, table: CallbackSettings, team: Team) -> Sequence[Change]:
        choice, what, called = self._desk.choice, "outgoing webhook", self.called(table)
        try:
            places = [await self._desk.place(team, name) for name in choice.channels] if called else []
        except Unsent as unsent:
            return [Change(HOOKS, what, team, problem=str(unsent))]
        url = connecting.hook_url(self._desk.settings.server.public_url, table)
        there = [one for one in self._hooks or () if one.team == team.id]
        names = {one.id: one.name for one in places}
        for channel in {str(one.fields.get("channel_id") or "") for one in connecting.own_hooks(url, there)} - {""}:
            names[channel] = await self._desk.rest.channel_name(channel)
        changes = connecting.hooks_of(table, url, team, places, choice.triggers, there, names)
        return changes if changes or not called else [Change(HOOKS, what, team, problem=_WHICH)]

    async def _commands_of(
        self, table: CallbackSettings, team: Team, shapes: Mapping[str, CallbackShape]
    ) -> Sequence[Change]:
        url = connecting.command_url(self._desk.settings.server.public_url, table)
        changes = connecting.commands_of(table, shapes, url, team, await self._in_team(team))
        return [self._unless_taken(table, one) for one in changes]

    def _unless_taken(self, table: CallbackSettings, change: Change) -> Change:
        """The change of a command, unless another table has one of this trigger in the team."""
        owner = self._owners.setdefault((change.team.id, change.what), table.route)
        if owner == table.route or change.problem:
            return change
        return Change(change.kind, change.what, change.team, problem=f"[{owner}] has this command already: use `only`")

    def _with_tokens(self, table: CallbackSettings, changes: Sequence[Change]) -> list[Task]:
        """The tasks of changes, after those that keep their tokens."""
        possible = [one for one in changes if not one.problem]
        found = [one.found.token for one in possible if one.found is not None]
        files = self._desk.files_of(table.route)
        known = [*table.tokens, *[one.token for one in files if one.token is not None]]
        tokens = connecting.tokens_of([*dict.fromkeys(known)], files, found, _fresh)
        kept = [self._kept(table.route, file, token) for file, token in tokens.writes] if possible else []
        return [*kept, *[Task(one.step(table.route), self._work(one, tokens.new)) for one in changes]]

    def _kept(self, table: str, file: TokenFile | None, token: Secret) -> Task:
        """The task that writes a token into a file, or into one that the settings have to name yet."""
        into = file or self._desk.spare_file(table)

        async def write() -> None:
            keep(into, token)

        why = self._desk.unnamed(table, "tokens_file", into)
        return Task(Step("write", table, f"token into {into.path}", why=why), write)

    def _work(self, change: Change, token: Secret) -> Work | None:
        rest, found = self._desk.rest, change.found

        async def create() -> None:
            if (await rest.create(change.kind, change.fields, token)).token != token:
                raise Unsent(Later(_OTHER, None, "2xx"))

        async def update() -> None:
            if found is not None:
                await rest.update(change.kind, found, change.fields, found.token or token)

        return {"create": create, "update": update}.get(change.action)

    async def _teams_of(self, table: CallbackSettings, *, commands: bool) -> list[Team]:
        """The teams that a table belongs to: those asked for, those that it is in, or as usual."""
        if self._desk.choice.teams:
            return self._desk.usual_teams()
        public = self._desk.settings.server.public_url
        own = {one.team for one in connecting.own_hooks(connecting.hook_url(public, table), self._hooks or ())}
        for team in self._desk.teams[:_MANY] if commands else ():
            if connecting.own_commands(connecting.command_url(public, table), await self._in_team(team)):
                own.add(team.id)
        return [one for one in self._desk.teams if one.id in own] or self._desk.usual_teams(table)

    async def _in_team(self, team: Team) -> Sequence[Integration]:
        if team.id not in self._commands:
            self._commands[team.id] = await self._desk.rest.commands(team.id)
        return self._commands[team.id]


def _fresh() -> Secret:
    return Secret("".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)))
