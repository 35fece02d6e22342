"""The bots that `mattergate connect` sets up: their accounts, tokens, roles, teams and channels."""

from collections.abc import Sequence
from typing import Final

from gateway.app.connect_desk import Desk, Task, Work
from gateway.callbacks.connect_scope import ROLES
from gateway.callbacks.connecting import Step
from gateway.mattermost.integrations import Team
from gateway.mattermost.session import Me
from gateway.outbound.exchange import Unsent
from gateway.settings.callbacks import BOTS, BotSettings, CallbackSettings
from gateway.settings.tokenfiles import keep

_DESCRIPTION: Final = "mattergate"
_PERSON: Final = "a person has this name: call the bot otherwise in the settings"
_NOBODY: Final = "no such user: make the account in Mattermost, or give the settings a token_file instead of login"


class BotTasks:
    """The tasks of one bot; each knows the account only when those before it are done."""

    def __init__(self, desk: Desk, bot: BotSettings) -> None:
        self._desk = desk
        self._rest = desk.rest
        self._bot = bot
        self._table = BOTS + bot.name
        self._user: Me | None = None
        self._id = ""

    async def tasks(self) -> list[Task]:
        """What it needs. Raises Unsent."""
        self._user, valid = await self._account()
        self._id = self._user.id if self._user is not None else ""
        bot, user = self._bot, self._user
        name = user.username if user is not None else bot.login or bot.name
        if bot.login is not None and user is None:
            return [Task(Step("cannot", self._table, f"account {name}", why=_NOBODY))]
        if user is not None and not user.is_bot and bot.login is None and not valid:
            return [Task(Step("cannot", self._table, f"bot @{name}", why=_PERSON))]
        tasks = [self._presence(f"bot @{name}")]
        if bot.login is None and not valid:
            tasks.append(self._token(name))
        return [*tasks, *self._roles(name), *await self._memberships(name)]

    async def _account(self) -> tuple[Me | None, bool]:
        """The account, as far as there is one, and whether the token of the settings is its own."""
        token = self._bot.token or next((one.token for one in self._desk.files_of(self._table) if one.token), None)
        if token is not None:
            try:
                return await self._desk.speaking(token).me(), True
            except Unsent as unsent:
                if unsent.result.status != 401:
                    raise
        return await self._rest.user(self._bot.login or self._bot.name), False

    def _presence(self, what: str) -> Task:
        """The task that has the account there, and turned on."""
        if self._user is None:
            return self._task("create", what, self._create)
        if self._user.delete_at and self._user.is_bot:
            return self._task("update", what, self._enable, "it is turned off, and will be on")
        return self._task("nothing", what)

    async def _create(self) -> None:
        self._id = await self._rest.create_bot(self._bot.name, _DESCRIPTION)

    async def _enable(self) -> None:
        await self._rest.enable_bot(self._id)

    def _token(self, name: str) -> Task:
        """The task of a new token, which goes to the file that the settings name."""
        there = self._desk.files_of(self._table)
        file = there[0] if there else self._desk.spare_file(self._table)
        why = self._desk.unnamed(self._table, "token_file", file)

        async def make() -> None:
            made = await self._rest.new_token(self._id, _DESCRIPTION)
            try:
                keep(file, made.token)
            except OSError:
                await self._rest.revoke(made)
                raise

        return self._task("create", f"access token of @{name}, into {file.path}", make, why)

    def _roles(self, name: str) -> list[Task]:
        wished = self._desk.choice.role
        roles = (self._user.roles if self._user is not None else "system_user").split()
        if wished is None or ROLES[wished] in roles:
            return []

        async def give() -> None:
            await self._rest.set_roles(self._id, " ".join([*roles, ROLES[wished]]))

        return [self._task("add", f"permission {wished} of @{name}", give)]

    async def _memberships(self, name: str) -> list[Task]:
        """Teams and channels that it is not in yet."""
        tables = [one for one in self._desk.settings.callbacks.values() if one.bot == self._bot.name]
        channels = [*dict.fromkeys([*self._desk.choice.channels, *[name for one in tables for name in one.channels]])]
        teams = await self._teams(tables)
        if not teams:
            return [self._task("cannot", f"membership of @{name}", why=self._desk.which_team())]
        tasks = []
        for team in teams:
            if await self._lacks(f"teams/{team.id}"):
                tasks.append(
                    self._task("add", f"@{name} to the team", self._joining(f"teams/{team.id}"), team=team.name)
                )
            tasks += await self._of_channels(name, team, channels)
        return tasks

    async def _teams(self, tables: Sequence[CallbackSettings]) -> Sequence[Team]:
        """The teams asked for, those that it is in, those of its tables, or the only one."""
        if not self._desk.choice.teams and self._id and (there := await self._rest.teams_of(self._id)):
            return there
        of_tables = {one.id: one for table in tables for one in self._desk.usual_teams(table)}
        return [*of_tables.values()] or self._desk.usual_teams()

    async def _of_channels(self, name: str, team: Team, channels: Sequence[str]) -> list[Task]:
        tasks = []
        for channel in channels:
            try:
                place = f"channels/{(await self._desk.place(team, channel)).id}"
            except Unsent as unsent:
                tasks.append(self._task("cannot", f"@{name} to {channel}", why=str(unsent), team=team.name))
                continue
            if await self._lacks(place):
                tasks.append(self._task("add", f"@{name} to {channel}", self._joining(place), team=team.name))
        return tasks

    async def _lacks(self, place: str) -> bool:
        return not self._id or not await self._rest.is_in(place, self._id)

    def _joining(self, place: str) -> Work:
        async def join() -> None:
            await self._rest.add_to(place, self._id)

        return join

    def _task(self, action: str, what: str, work: Work | None = None, why: str = "", team: str = "") -> Task:
        return Task(Step(action, self._table, what, team, why), work)
