"""Dialogs of the stand-in: opening them by a trigger id, what is sent of a submission, and its answers."""

from typing import Any

import msgspec
from msgspec import Struct

from gateway.standin import gojson
from gateway.standin.actions import ask
from gateway.standin.attachments import Option
from gateway.standin.call import OK, Call, Handler, Reply
from gateway.standin.incoming import decode_whole
from gateway.standin.outside import ADDRESS, MEBIBYTE, Outside
from gateway.standin.records import OpenedDialog, User
from gateway.standin.refusal import RefusedError, bad_body, permissions
from gateway.standin.world import World


class Element(Struct, kw_only=True):
    """One field of a dialog, by the names of the API."""

    display_name: str = ""
    name: str = ""
    type: str = ""
    subtype: str = ""
    default: str = ""
    placeholder: str = ""
    help_text: str = ""
    optional: bool = False
    min_length: int = 0
    max_length: int = 0
    data_source: str = ""
    data_source_url: str = ""
    options: list[Option | None] | None = None
    multiselect: bool = False
    refresh: bool = False
    min_date: str = ""
    max_date: str = ""
    time_interval: int = 0


class Dialog(Struct, kw_only=True):
    """A dialog, by the names of the API; faults beyond its types are only logged."""

    callback_id: str = ""
    title: str = ""
    introduction_text: str = ""
    icon_url: str = ""
    elements: list[Element] | None = None
    submit_label: str = ""
    notify_on_cancel: bool = False
    state: str = ""
    source_url: str = ""

    def shown(self) -> dict[str, Any]:
        """The dialog as clients get it: state included."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        for element in (document, *(document["elements"] or ())):
            for name in ("source_url", "data_source_url", "refresh", "min_date", "max_date", "time_interval"):
                if not element.get(name, True):
                    del element[name]
        return document


class Opening(Struct):
    """The request that opens a dialog."""

    trigger_id: str = ""
    url: str = ""
    dialog: Dialog = msgspec.field(default_factory=Dialog)


class Submission(Struct):
    """What a client sends of a dialog; address, state and callback id are its own to say."""

    type: str = ""
    url: str = ""
    callback_id: str = ""
    state: str = ""
    user_id: str = ""
    channel_id: str = ""
    team_id: str = ""
    submission: dict[str, Any] | None = None
    cancelled: bool = False


class SubmitAnswer(Struct):
    """The answer to a submission, of the types that Go's decoder demands."""

    error: str | None = None
    errors: dict[str, str] | None = None
    type: str | None = None
    form: Dialog | None = None


def _is_whole(answer: SubmitAnswer) -> bool:
    """Whether the type of an answer is known, and a form there exactly when the type says so."""
    return (answer.type or "") in {"", "ok", "navigate", "form"} and (answer.type == "form") == (
        answer.form is not None
    )


class LookupItem(Struct):
    """One choice that was found."""

    text: str | None = None
    value: str | None = None


class LookupAnswer(Struct):
    """The answer to a search for choices."""

    items: list[LookupItem] | None = None


class Dialogs:
    """Opens dialogs, and sends what is submitted."""

    def __init__(self, world: World, outside: Outside) -> None:
        self._world = world
        self._outside = outside

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path below /api/v4 and handler of every call."""

        async def submit(call: Call) -> Reply:
            return Reply(await self.submit(call.caller, call.json(Submission, "dialog")))

        async def lookup(call: Call) -> Reply:
            asked = call.json(Submission, "dialog")
            if not ADDRESS.fullmatch(asked.url):
                raise bad_body("url")
            return Reply(await self.lookup(call.caller, asked))

        return [
            ("POST", "/actions/dialogs/open", self._open),
            ("POST", "/actions/dialogs/submit", submit),
            ("POST", "/actions/dialogs/lookup", lookup),
        ]

    def _open(self, call: Call) -> Reply:
        """Show a dialog to the user of a trigger id: that is all the proof that is asked for."""
        asked = call.json(Opening, "dialog")
        if not asked.url:
            raise bad_body("url")
        seconds = self._world.settings.service.outgoing_integration_requests_timeout
        client, user_id = self._world.triggers.read(asked.trigger_id, seconds)
        user = self._world.user(user_id)
        self._world.open_dialog(OpenedDialog(user.username, client, asked.url, asked.dialog.shown()))
        return Reply(OK)

    async def submit(self, user: User, asked: Submission) -> dict[str, Any]:
        """Send a submission as a user, and give the answer as his client gets it; raises RefusedError."""
        if asked.type != "refresh":
            asked.type = "dialog_submission"
        body = await self._send(user, asked)
        answer = self._read(body, SubmitAnswer, "submit")
        if not answer.error and not answer.errors and not _is_whole(answer):
            raise RefusedError(400, "app.submit_interactive_dialog.invalid_response")
        told = {"error": answer.error, "errors": answer.errors, "type": answer.type}
        told["form"] = answer.form.shown() if answer.form else None
        return {name: value for name, value in told.items() if value}

    async def lookup(self, user: User, asked: Submission) -> dict[str, Any]:
        """Ask for the choices of a field as a user, and give them as his client gets them; raises RefusedError."""
        asked.type = "dialog_lookup"
        items = self._read(await self._send(user, asked), LookupAnswer, "lookup").items
        shown = [{"text": item.text or "", "value": item.value or ""} for item in items or ()]
        return {"items": shown if items is not None else None}

    async def _send(self, user: User, asked: Submission) -> bytes:
        """Send what is asked to the address that the client says; raises RefusedError."""
        if not asked.url:
            raise bad_body("url")
        if not self._world.may_read(user, self._world.channel(asked.channel_id)):
            raise permissions("read_channel_content")
        self._world.check_team(user, asked.team_id)
        document = msgspec.to_builtins(asked) | {"user_id": user.id, "submission": gojson.floats(asked.submission)}
        del document["url"]
        return (await ask(self._outside, asked.url, document, limit=MEBIBYTE)).body

    @staticmethod
    def _read(body: bytes, kind: type[Any], name: str) -> Any:
        """The answer, of which nothing is needed; raises RefusedError for what is no JSON of its types."""
        try:
            return decode_whole(body, kind) if body else kind()
        except (ValueError, RecursionError) as error:
            raise RefusedError(500, f"app.{name}_interactive_dialog.decode_json_error") from error
