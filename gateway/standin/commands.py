"""Slash commands of the stand-in: who executes them where, what is sent, and answers that come later."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from gateway.standin import commandanswer
from gateway.standin.call import Call, Handler, Reply
from gateway.standin.commandanswer import Place
from gateway.standin.outside import FORM, NoAnswerError, Outside
from gateway.standin.posting import Posting
from gateway.standin.records import Channel, Command, Delayed, Team, User, now
from gateway.standin.refusal import RefusedError, is_id, new_id, permissions
from gateway.standin.world import ADMIN, World

USES = 5
LIFE = 30 * 60 * 1000
"""How often and how many milliseconds long a command may be answered later."""

_GENERAL = "web.command_webhook.general.app_error"
_FAILED = RefusedError(500, "api.command.execute_command.failed.app_error")
_USER = re.compile(r"(?<!\w)@[A-Za-z0-9][A-Za-z0-9._:-]*", re.ASCII)
_CHANNEL = re.compile(r"(?<!\w)~([A-Za-z0-9_-]+)", re.ASCII)
_SPACE = re.compile(r"\s")


class Executed(Struct):
    """A command as a client sends it; `team_id` counts in direct channels alone."""

    command: str = ""
    channel_id: str = ""
    team_id: str = ""
    root_id: str = ""


class Commands:
    """Executes commands and takes their answers."""

    def __init__(self, world: World, posting: Posting, outside: Outside) -> None:
        self._world = world
        self._posting = posting
        self._outside = outside

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path below /api/v4 and handler of every call."""
        return [("POST", "/commands/execute", self._execute)]

    async def _execute(self, call: Call) -> Reply:
        return Reply(await self.execute(call.caller, call.json(Executed, "command_args"), call.site))

    async def execute(self, user: User, asked: Executed, site: str) -> dict[str, Any]:
        """Execute a command and give what the client is told; raises RefusedError, CutError.

        `site` is the address of the server, under which a later answer comes.
        """
        if len(asked.command) <= 1 or not asked.command.startswith("/") or not is_id(asked.channel_id):
            raise RefusedError(400, "api.command.execute_command.start.app_error")
        channel = self._world.channels.get(asked.channel_id)
        if channel is None or not (self._world.is_member(user, channel) or user.has("system_post_all")):
            raise permissions("create_post")
        if channel.delete_at:
            raise RefusedError(400, "api.command.execute_command.deleted.error")
        team = self._team(user, channel, asked.team_id)
        if not self._world.settings.service.enable_commands:
            raise RefusedError(501, "api.command.disabled.app_error")
        name, text = self._parts(asked.command)
        command = next(
            (one for one in self._world.commands.values() if (one.team_id, one.trigger) == (team.id, name)), None
        )
        if command is None:
            raise RefusedError(404, "api.command.execute_command.not_found.app_error", name)
        place = Place(user, channel.id, asked.root_id)
        client, trigger = self._world.triggers.make(user.id)
        pairs = self._pairs(command, place, channel, team, text, trigger, site)
        answer = await self._ask(command, pairs)
        return commandanswer.take(self._world, self._posting, command, place, answer) | {"trigger_id": client}

    def _team(self, user: User, channel: Channel, asked: str) -> Team:
        """The team of the channel; in a direct one, the team that the client says it shows."""
        if channel.team:
            return self._world.teams[channel.team]
        if not user.has(ADMIN) and (asked not in self._world.teams or user.id not in self._world.teams[asked].members):
            raise permissions("create_post")
        return self._world.team(asked)

    @staticmethod
    def _parts(command: str) -> tuple[str, str]:
        """The name in small letters, and all that follows the first byte of the first blank, of whatever kind.

        Blanks of several bytes leave some of theirs, which are no text by themselves.
        """
        blank = _SPACE.search(command)
        at = blank.start() if blank else len(command)
        return command[1:at].lower(), command[at:].encode()[1:].decode(errors="surrogateescape")

    def _pairs(
        self, command: Command, place: Place, channel: Channel, team: Team, text: str, trigger: str, site: str
    ) -> list[tuple[str, str]]:
        """The pairs of the request, in the order of the alphabet; those of mentions repeat."""
        later = Delayed(
            id=new_id(), command=command.id, user=place.user.id, channel=channel.id, root=place.root_id, create_at=now()
        )
        self._keep(later)
        users, channels = dict(self._users(text, team)), dict(self._channels(text, team))
        pairs = {
            "token": [command.token],
            "team_id": [team.id],
            "team_domain": [team.name],
            "channel_id": [channel.id],
            "channel_name": [channel.name],
            "user_id": [place.user.id],
            "user_name": [place.user.username],
            "command": [f"/{command.trigger}"],
            "text": [text],
            "trigger_id": [trigger],
            "root_id": [place.root_id],
            "response_url": [f"{site}/hooks/commands/{later.id}"],
            "user_mentions": list(users),
            "user_mentions_ids": list(users.values()),
            "channel_mentions": list(channels),
            "channel_mentions_ids": list(channels.values()),
        }
        return [(name, value) for name in sorted(pairs) for value in pairs[name]]

    def _users(self, text: str, team: Team) -> Iterator[tuple[str, str]]:
        """The members of the team that are mentioned, with or without the signs that end a sentence."""
        for word in _USER.findall(text):
            name = word[1:].lower()
            while (user := self._world.user_named(name)) is None and name.endswith((".", "-", "_")):
                name = name[:-1]
            if user is not None and user.id in team.members:
                yield name, user.id

    def _channels(self, text: str, team: Team) -> Iterator[tuple[str, str]]:
        """The public channels of the team that are mentioned."""
        for name in _CHANNEL.findall(text):
            channel = self._world.channel_named(team.id, name)
            if channel is not None and channel.kind == "O" and not channel.delete_at:
                yield name, channel.id

    async def _ask(self, command: Command, pairs: list[tuple[str, str]]) -> commandanswer.CommandAnswer:
        """Send the request and read the answer; raises RefusedError, CutError."""
        headers, url, body = (
            {"Authorization": f"Token {command.token}"},
            command.url,
            urlencode(pairs, errors="surrogateescape"),
        )
        if command.method == "G":
            address, mark, fragment = url.partition("#")
            url = f"{address}{'&' if '?' in address else '?'}{body}{mark}{fragment}"
        else:
            headers["Content-Type"] = FORM
        try:
            posted = None if command.method == "G" else body.encode()
            answer = await self._outside.ask("GET" if command.method == "G" else "POST", url, posted, headers)
        except NoAnswerError as error:
            raise _FAILED from error
        if answer.status != 200:
            raise RefusedError(
                500, "api.command.execute_command.failed_resp.app_error", answer.body.decode("utf-8", "replace")
            )
        try:
            return commandanswer.read(answer.content_type, answer.body)
        except (ValueError, RecursionError) as error:
            raise _FAILED from error

    def _keep(self, later: Delayed) -> None:
        """Keep the right to answer later, and forget those whose time has passed: the oldest are first."""
        kept = self._world.delayed
        while kept and (oldest := next(iter(kept.values()))).create_at <= now() - LIFE:
            del kept[oldest.id]
        kept[later.id] = later

    def answer_later(self, later_id: str, content_type: str, body: bytes) -> None:
        """Take an answer that comes later; raises RefusedError. A use counts though it fails in the end."""
        try:
            answer = commandanswer.read(content_type, body)
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, "web.command_webhook.parse.app_error") from error
        later = self._world.delayed.get(later_id)
        if later is None or later.create_at <= now() - LIFE:
            raise RefusedError(404, _GENERAL, "missing")
        command = self._world.commands.get(later.command)
        if command is None:
            raise RefusedError(400, _GENERAL, "no command")
        if later.uses >= USES:
            raise RefusedError(400, _GENERAL, "used up")
        later.uses += 1
        place = Place(self._world.users[later.user], later.channel, later.root)
        try:
            commandanswer.take(self._world, self._posting, command, place, answer)
        except RefusedError as error:
            raise RefusedError(error.status, _GENERAL, error.detail) from error
