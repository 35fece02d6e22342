"""Answers that come later, as parcels: to the response_url of a command, by a bot, or to a destination.

They appear in the channel and thread of the question. Who alone could see an answer in time is called by name instead.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec.structs import replace

from gateway.acts.stored import RESPONSE_LIFE, StoredAct, StoredResponse, encode, text_of
from gateway.acts.tables import Table
from gateway.callbacks.answering import answered
from gateway.callbacks.reply import USUAL, Reply, To, default_failure
from gateway.callbacks.smoothing import Occasion
from gateway.mattermost import payload
from gateway.mattermost.fit import Fitted
from gateway.mattermost.payload import Message
from gateway.model import Parcel
from gateway.settings.callbacks import BOTS

_USER: Final = re.compile(r"(?!(?:all|channel|here)\Z)[a-z0-9][a-z0-9._-]{0,63}")
"""The name of one user: a webhook may call itself anything, also what mentions everybody."""


def parcels(
    table: Table, act: StoredAct, reply: Reply, age: float, rest: Callable[[str], bool], trace: str = ""
) -> list[Parcel]:
    """The parcels of a reply to an act that was begun `age` seconds ago; none where nothing can take it.

    `rest` says whether a destination posts over REST, where any channel and thread can be reached.
    """
    if reply.to is To.NOTHING or not reply.messages:
        return []
    if act.response and age < RESPONSE_LIFE:
        return _responses(table, act, reply, trace)
    name = _destination(table, act)
    if not name:
        return []
    placed = _by_id if table.settings.bot or rest(name) else _by_name
    lane = f"{name} {text_of(act, 'channel', 'id')} {_root(act, reply.to)}"
    return [
        Parcel(name, lane, payload.encode(placed(_called(act, reply.to, one), act, reply.to)), trace=trace)
        for one in reply.messages
    ]


def has_way(table: Table, act: StoredAct, age: float) -> bool:
    """Whether an answer that comes later can be shown."""
    return bool((act.response and age < RESPONSE_LIFE) or _destination(table, act))


def in_words(reply: Reply, occasion: Occasion, title: str) -> Reply:
    """A reply to a dialog that is closed: what its fields would have shown is said."""
    if reply.messages or not reply.errors:
        return reply
    problem = "; ".join(f"{name}: {text}" for name, text in reply.errors.items())
    return replace(reply, to=USUAL[occasion], messages=default_failure(title, problem))


def reaches_threads(table: Table, rest: Callable[[str], bool]) -> bool:
    """Whether what answers outgoing webhooks of a table later posts over REST."""
    return bool(table.settings.bot or rest(table.settings.destination or ""))


def _destination(table: Table, act: StoredAct) -> str:
    """The destination that posts a later answer; "" for none."""
    if table.settings.bot:
        return BOTS + table.settings.bot
    return table.settings.destination or (act.ticket.destination if act.ticket is not None else "")


def _responses(table: Table, act: StoredAct, reply: Reply, trace: str) -> list[Parcel]:
    """One answer with all messages, as each one would take one of five uses."""
    answer = answered(Occasion.COMMAND, reply)
    body = StoredResponse(act.response, msgspec.Raw(answer.body))
    lane = f"{table.settings.route} {hashlib.sha256(act.response.encode()).hexdigest()[:16]}"  # the URL is a secret
    return [Parcel(table.settings.route, lane, encode(body), trace=trace)]


def _called(act: StoredAct, to: To, one: Fitted) -> Message:
    """The message; one for the caller alone begins with their name, now that all see it."""
    name = text_of(act, "user", "name")
    if to is not To.CALLER or not _USER.fullmatch(name):
        return one.message
    text = one.message.text
    return replace(one.message, text=f"@{name} {text}" if text else f"@{name}")


def _by_id(message: Message, act: StoredAct, to: To) -> Message:
    return replace(message, channel=None, channel_id=text_of(act, "channel", "id"), root_id=_root(act, to) or None)


def _by_name(message: Message, act: StoredAct, _: To) -> Message:
    return replace(message, channel=text_of(act, "channel", "name") or None)


def _root(act: StoredAct, to: To) -> str:
    """The post in whose thread the answer stands; "" for none. What is said in a thread is answered there."""
    post, root = text_of(act, "post", "id"), text_of(act, "post", "root")
    if act.occasion is Occasion.COMMAND or to is To.CHANNEL:
        return root
    return root or post
