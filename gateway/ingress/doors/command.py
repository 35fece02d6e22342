"""`/command/{name}`: the slash commands of Mattermost, by GET or POST, each proven by its token.

Every answer has status 200, since all others show the person nothing of what they say; contract 4. What takes longer
than Mattermost waits is answered at the command's response_url.
"""

from asyncio import get_running_loop
from functools import partial

from gateway.acts.clicks import WORKING, unstored
from gateway.acts.desk import Desk
from gateway.acts.lines import audit_line
from gateway.acts.proofs import prove_token
from gateway.acts.tables import Table
from gateway.callbacks.answering import answered
from gateway.callbacks.commandhelp import Command, chosen, help_message
from gateway.callbacks.reply import Reply, To
from gateway.callbacks.smoothing import Occasion, Said, without_first_word
from gateway.errors import JournalError
from gateway.ingress.calling import in_json, nothing, read_said, table_of
from gateway.ingress.doors import Call, CallDoor
from gateway.ingress.response import Response
from gateway.journal.audit import AuditOutcome
from gateway.mattermost.fit import fitted
from gateway.mattermost.limits import DEFAULT
from gateway.mattermost.payload import Message
from gateway.model import Request
from gateway.secret import Secret
from gateway.settings import Settings


class CommandDoor:
    """Answers the slash commands of the tables of callbacks."""

    pattern = "/command/{name}"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._acts = desk.acts

    def find(self, path: str) -> Call | None:
        """See `CallDoor`."""
        settings = table_of(self._acts.settings, path, "command")
        return Call(settings.route, settings.service, partial(self._answer, settings.name)) if settings else None

    async def _answer(self, name: str, request: Request) -> Response:
        began = get_running_loop().time()
        table = await self._acts.require(name)
        said = read_said(Occasion.COMMAND, request)
        prove_token(table.settings, _token(request) or said.token)
        commands = commands_of(table, str(said.input.get("trigger", "")))
        if not commands:
            return _told(Message(text=f"`[callbacks.{name}]` has no callback for this command."))
        text = str(said.input.get("text", ""))
        if not (callback := chosen(commands, text)):
            return _told(help_message(commands, text))
        if commands[callback].sub:
            said = Said(said.occasion, without_first_word(said.input), said.id, said.token, said.trigger, said.response)
        if why := await self._desk.permits.denied(table.settings, said.input):
            line = audit_line(said.input, AuditOutcome.DENIED, f"{name}/{callback}", text=why)
            await self._acts.note(said.occasion, line)
            return _told(Message(text=why))
        try:
            taken = await self._acts.take(table, callback, said, table.uses(said), since=began)
        except JournalError as error:
            return _told(Message(text=unstored(error)))
        if taken.dialog is not None:
            problem = await self._desk.dialogs.open(table, callback, said, taken.dialog)
            return _told(Message(text=problem)) if problem else nothing()
        if taken.answer is not None:
            return in_json(taken.answer.body)
        return nothing() if taken.repeated else _told(Message(text=WORKING))


def commands_of(table: Table, trigger: str) -> dict[str, Command]:
    """The commands of a trigger. One that no document names is what the operator calls the only command there is."""
    every = {name: one.command for name, one in table.answering(Occasion.COMMAND).items() if one.command is not None}
    own = {name: one for name, one in every.items() if one.trigger == trigger.lower()}
    return own or (every if len({one.trigger for one in every.values()}) == 1 else {})


def _token(request: Request) -> Secret | None:
    """The token in `Authorization: Token ...`."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return Secret(text.strip()) if scheme.lower() == "token" and text.strip() else None


def _told(message: Message) -> Response:
    """A message for the caller alone."""
    return in_json(answered(Occasion.COMMAND, Reply(To.CALLER, tuple(fitted(message, DEFAULT)))).body)


def open_call_door(settings: Settings, desk: Desk) -> CallDoor | None:
    """The door of these settings; None without callbacks."""
    return CommandDoor(desk) if settings.callbacks else None
