"""What a callback makes of something said, without asking anybody: request, dialog, answer to Mattermost and reply."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway import secret
from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.answering import answered
from gateway.callbacks.document import CallbackShape
from gateway.callbacks.ephemeral import as_text
from gateway.callbacks.given import Given
from gateway.callbacks.reply import Option, Reply, To
from gateway.callbacks.smoothing import Occasion, Said
from gateway.console import acts
from gateway.console.acts import CONVERSATION
from gateway.console.masked import RequestView
from gateway.console.payloads import without_secrets
from gateway.model import JSON
from gateway.secret import Secret

WORDS: Final[Mapping[To, str]] = {
    To.CHANNEL: "for all in the channel",
    To.CALLER: "for the caller alone",
    To.THREAD: "in the thread of the post",
    To.UPDATE: "in place of the post with the button",
    To.NOTHING: "nothing is said",
}
"""Where a reply appears, in words."""

_WHISPERED: Final = frozenset({Occasion.ACTION, Occasion.DIALOG})
"""The occasions at which what is for the caller alone is shown as one text."""


class CallbackResult(Struct, frozen=True):
    """What becomes of one use of a callback; all is without secrets.

    `request` is what would be sent to the service; where it needs an answer and none is given, there is no reply, and
    `waits` says so. `dialog` is one that opens instead. `problem` says what fails. `to` says where the `messages`
    appear, `body` is the answer to Mattermost; `errors` are those of the fields of a dialog, `options` those of one
    field.
    """

    request: RequestView | None = None
    dialog: JSON = None
    waits: bool = False
    problem: str = ""
    to: str = ""
    messages: tuple[JSON, ...] = ()
    body: JSON = None
    errors: Mapping[str, str] = {}
    options: tuple[Option, ...] = ()


def given_of(shape: CallbackShape, settings: Mapping[str, Any], now: float, own: Given | None = None) -> Given:
    """What a callback is given: `settings` over those of a table (`own`), and made-up secrets where that has none."""
    names = shape.secrets if own is None else shape.secrets - own.secrets.keys()
    base = own or Given()
    return replace(
        base,
        settings={**base.settings, **settings},
        secrets={**base.secrets, **{name: Secret(f"made-up secret {name}") for name in names}},
        now=now,
        conversation=CONVERSATION,
        reply_url=Secret("https://gateway.example.com/reply/made-up") if shape.later is not None else None,
    )


def result(
    shape: CallbackShape, said: Said, given: Given, answer: OutsideAnswer | NoAnswer | None = None
) -> CallbackResult:
    """What becomes of something said, and of the answer of the service, if one is given."""
    act = shape.act(said, given)
    if act.dialog is not None:
        return CallbackResult(dialog=without_secrets(dict(act.dialog)))
    request = acts.wire_view(act.request.shown) if act.request is not None else None
    if act.request is not None and answer is None:
        return CallbackResult(request, waits=True)
    reply = shape.reply(act, answer if act.request is not None else None)
    body = answered(said.occasion, reply, lookup=said.lookup or bool(reply.options)).body
    return CallbackResult(
        request,
        problem=secret.redact(reply.problem),
        to=WORDS[reply.to],
        messages=tuple(_messages(said.occasion, reply)),
        body=without_secrets(msgspec.json.decode(body)),
        errors=without_secrets(dict(reply.errors)),
        options=reply.options,
    )


def _messages(occasion: Occasion, reply: Reply) -> Sequence[JSON]:
    """The messages of a reply as their readers see them: what answers a click for the caller alone is one text."""
    if reply.to is To.CALLER and occasion in _WHISPERED and reply.messages:
        return [without_secrets({"text": as_text(one.message for one in reply.messages)})]
    return [without_secrets(msgspec.json.decode(one.payload)) for one in reply.messages]
