"""Replies as Mattermost takes them at each occasion: JSON with status 200, whatever happened.

No array holds null (a null attachment ends the whole Mattermost process), no text is empty (that makes an empty post),
and what an answer cannot carry is left for whoever posts. Contract sections 3 to 5.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.callbacks.ephemeral import as_text
from gateway.callbacks.reply import Reply, To
from gateway.callbacks.smoothing import Occasion
from gateway.mattermost.fit import Fitted
from gateway.mattermost.for_hook import for_hook

LARGEST: Final = 1_000_000
"""Bytes of an answer; Mattermost reads 1,048,576."""

_OUTGOING: Final = ("text", "attachments", "username", "icon_url", "props", "priority")
_COMMAND: Final = ("text", "attachments", "username", "icon_url", "props")

Body = dict[str, Any]


class Answer(Struct, frozen=True):
    """The answer to Mattermost: `body` is sent with status 200 as application/json.

    `left` are the messages that it does not carry, to be posted in their order where `to` says.
    """

    body: bytes = b"{}"
    left: tuple[Fitted, ...] = ()
    to: To = To.NOTHING


def answered(
    occasion: Occasion, reply: Reply, *, lookup: bool = False, updatable: bool = True, shown: bytes | None = None
) -> Answer:
    """The answer that carries a reply.

    `lookup`: a dialog asks for options. An ephemeral post is not `updatable`: its reply is one to the caller. `shown`
    is the message (JSON) that replaces the one with the button besides, to show what was done.
    """
    if occasion is Occasion.DIALOG:
        return _dialog(reply, lookup=lookup)
    if shown is not None and occasion is Occasion.ACTION:
        return _clicked(reply, shown)
    if reply.to is To.NOTHING or not reply.messages:
        return Answer()
    if occasion is Occasion.ACTION and not updatable and reply.to is To.UPDATE:
        reply = msgspec.structs.replace(reply, to=To.CALLER)
    return _ANSWERS[occasion](reply)


def _outgoing(reply: Reply) -> Answer:
    first, *others = reply.messages
    # The server rewrites Slack's notation here as it does in messages of incoming webhooks, and nothing turns it off.
    body = _chosen(for_hook(first.payload), _OUTGOING)
    kind = "comment" if reply.to is To.THREAD else "post"
    return _answer({"response_type": kind, **body}, others, reply.to)


def _command(reply: Reply) -> Answer:
    kind = "in_channel" if reply.to is To.CHANNEL else "ephemeral"
    about = {"response_type": kind, "skip_slack_parsing": True}
    bodies: list[Body] = []
    size = 0
    for one in reply.messages:
        size += len(one.payload) + 100
        if bodies and size > LARGEST:
            break
        bodies.append({**about, **_chosen(one.payload, _COMMAND)})
    first, *further = bodies
    body = {**first, "extra_responses": further} if further else first
    return _answer(body, reply.messages[len(bodies) :], reply.to)


def _action(reply: Reply) -> Answer:
    if reply.to is To.CALLER:
        return Answer(_encoded(_whispered(reply)))
    if reply.to is not To.UPDATE:
        return Answer(left=reply.messages, to=reply.to)
    first, *others = reply.messages
    return _answer({"update": update_of(first.payload)}, others, To.THREAD)


def _clicked(reply: Reply, shown: bytes) -> Answer:
    """The answer to a click that did something: the message shows it, whatever else is said."""
    if reply.to is To.CALLER:
        return Answer(_encoded({"update": update_of(shown), **_whispered(reply)}))
    return _answer({"update": update_of(shown)}, reply.messages, reply.to)


def _whispered(reply: Reply) -> Body:
    text = as_text(one.message for one in reply.messages)
    return whisper(text) if text else {}


def whisper(text: str) -> Body:
    """What shows a text to the clicking person alone."""
    return {"ephemeral_text": text, "skip_slack_parsing": True}


def update_of(payload: bytes) -> Body:
    """A message (JSON) as the `update` that replaces a post: `message` and `props`."""
    given = msgspec.json.decode(payload)
    attachments = {"attachments": given["attachments"]} if given.get("attachments") else {}
    return {"message": given.get("text", ""), "props": {**given.get("props", {}), **attachments}}


def _message(reply: Reply) -> Answer:
    return Answer(left=reply.messages, to=reply.to)


def _dialog(reply: Reply, *, lookup: bool) -> Answer:
    if lookup:
        return Answer(_encoded({"items": msgspec.to_builtins(reply.options)}))
    if reply.errors:
        return Answer(_encoded({"errors": dict(reply.errors)}))
    if reply.problem and (text := as_text(one.message for one in reply.messages)):
        return Answer(_encoded({"error": text}))  # which keeps the dialog open, so that nothing typed is lost
    return Answer(left=reply.messages, to=reply.to)


_ANSWERS: Final[Mapping[Occasion, Callable[[Reply], Answer]]] = {
    Occasion.OUTGOING: _outgoing,
    Occasion.COMMAND: _command,
    Occasion.ACTION: _action,
    Occasion.MESSAGE: _message,
}


def _chosen(payload: bytes, keys: Sequence[str]) -> Body:
    """The keys of a message that an answer takes; those that Mattermost ignores there are left out."""
    given = msgspec.json.decode(payload)
    return {key: given[key] for key in keys if given.get(key)}


def _answer(body: Body, left: Sequence[Fitted], to: To) -> Answer:
    return Answer(_encoded(body), tuple(left), to if left else To.NOTHING)


_encoded = msgspec.json.Encoder().encode
