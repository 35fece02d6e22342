"""What the parts of `mattergate connect` share: the settings, what the user asked for, and the server."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from msgspec import Struct

from gateway.app.reach import is_called
from gateway.callbacks.connect_scope import Choice, scope, wrong
from gateway.callbacks.connecting import Place, Step
from gateway.mattermost.channel import Channels
from gateway.mattermost.integrations import Integrations, Team
from gateway.mattermost.probe import Finding
from gateway.mattermost.session import Session, TokenAccount
from gateway.outbound.sessions import Sessions
from gateway.secret import Secret
from gateway.settings.callbacks import CallbackSettings
from gateway.settings.lines import meant
from gateway.settings.tokenfiles import TokenFile, Unfinished, of_default

_SPARE: Final = 100
_SHOWN: Final = 9

Work = Callable[[], Awaitable[None]]


class Task(Struct, frozen=True):
    """A step, and its work; None: there is nothing to do, or it cannot be done."""

    step: Step
    work: Work | None = None


class Desk:
    """What plans share: settings, what the user asked for, and the server, as an administrator sees it.

    `folder` is that of the settings file.
    """

    def __init__(self, unfinished: Unfinished, choice: Choice, folder: Path) -> None:
        self.settings = unfinished.settings
        self.choice = choice
        self.scope = scope(unfinished.settings, choice)
        self._files = unfinished.files
        self._folder = folder
        self._teams: Sequence[Team] = ()

    async def open(self, stack: AsyncExitStack, admin: Secret) -> None:
        """Open the way to the server, and learn its teams. Raises SettingsError, Unsent."""
        server, settings = self.scope.server, self.settings
        known = [(one.server, one.ca_file) for one in settings.bots.values()]
        known += [(one.server or "", one.ca_file) for one in settings.destinations.values()]
        ca_file = next((file for at, file in known if at == server and file), None)
        self._http = await Sessions(stack, (), settings.proxies).to(server, ca_file, settings.delivery.proxy)
        self._admin = self.speaking(admin)
        self.rest = Integrations(self._admin)
        self._teams = await self.rest.teams()
        for name in self.choice.teams:
            self.team(name)

    def speaking(self, token: Secret) -> Session:
        """A session of the account with a token."""
        return Session(self.scope.server, TokenAccount(token), self._http, self.settings.delivery.timeout)

    async def called(self) -> Finding:
        """Whether the server calls the gateway at all."""
        return await is_called(self.rest, self.settings.server.public_url)

    @property
    def teams(self) -> Sequence[Team]:
        """The teams of the server."""
        return self._teams

    def team(self, name: str) -> Team:
        """The team of a name. Raises SettingsError."""
        found = next((one for one in self._teams if one.name == name), None)
        if found is None:
            raise wrong(f"the server has no team {name!r}", meant(name, tuple(one.name for one in self._teams)))
        return found

    def usual_teams(self, table: CallbackSettings | None = None) -> list[Team]:
        """The teams asked for, or that of the table's destination, or the only one; none where that is not clear."""
        if self.choice.teams:
            return [self.team(name) for name in self.choice.teams]
        destination = self.settings.destinations.get(table.destination or "") if table else None
        if destination is not None and destination.team:
            return [one for one in self._teams if one.name == destination.team]
        return [*self._teams] if len(self._teams) == 1 else []

    def which_team(self) -> str:
        """What to do where no team is clear."""
        names = sorted(one.name for one in self._teams)
        more = f" or {len(names) - _SHOWN} others" if len(names) > _SHOWN else ""
        return f"say in which team: --team {', '.join(names[:_SHOWN])}{more}"

    async def place(self, team: Team, name: str) -> Place:
        """The channel of a name or id. Raises Unsent."""
        return Place(await Channels(self._admin, team.name, name).id_of(""), name)

    def files_of(self, table: str) -> list[TokenFile]:
        """The token files of a table, by its name; where an earlier run made one that the settings do not name, too."""
        named = [*self._files.get(table, ())]
        usual = of_default(self._folder, table)
        return named if usual.token is None or usual.path in [one.path for one in named] else [*named, usual]

    def spare_file(self, table: str) -> TokenFile:
        """The first of the usual files of a table, beside the settings, that holds nothing yet."""
        every = (of_default(self._folder, f"{table}{suffix}") for suffix in ("", *(f"-{n}" for n in range(2, _SPARE))))
        return next((one for one in every if one.token is None), of_default(self._folder, table))

    def unnamed(self, table: str, key: str, file: TokenFile) -> str:
        """What to write into the settings where they do not name a file yet; `key` is one of the table."""
        named = self._files.get(table, ())
        if any(file.path == one.path for one in named):
            return ""
        every = ", ".join(f'"{one.named}"' for one in (*named, file))
        value = f"[{every}]" if key == "tokens_file" else f'"{file.named}"'
        return f"let the settings name it: {key} = {value} in [{table}]"
