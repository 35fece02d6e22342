"""Acts: what was said or clicked in Mattermost, the request that it made, what was answered, and how it ended.

The request is rendered again, by the document of today: nothing stores it, as there are secrets in it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway import secret
from gateway.acts.stored import ANSWER, ANSWER_TO, FAILED, OCCASION, REPLIED, TOLD, UNSURE, StoredAct
from gateway.acts.tables import alive
from gateway.callbacks.document import Act, CallbackShape, callbacks
from gateway.callbacks.given import Given
from gateway.callbacks.request import Wire
from gateway.callbacks.smoothing import Occasion, Said
from gateway.catalog.service import Service
from gateway.console import masked
from gateway.console.masked import RequestView
from gateway.console.payloads import act_of, without_secrets
from gateway.console.port import Gateway
from gateway.journal import Query, Record
from gateway.journal.audit import AuditLine, AuditQuery
from gateway.model import JSON, Delivery, DeliveryState
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.callbacks import PREFIX

LATER: Final = 20
"""Later answers to one act that are looked for."""

LINES: Final = 100
"""Lines of the audit among which those of an act are looked for."""

CONVERSATION: Final = "name-of-the-conversation"
"""What stands for the name that a service gets of a conversation, which is signed."""

_AROUND: Final = 600.0
"""Seconds after the last attempt within which the line of the audit is written."""

Ended = Literal["", "answered", "failed", "unknown", "dead", "pending"]


class ActDetail(Struct, frozen=True):
    """One act, or with `answer_to` or `is_answer` a later answer to one.

    `said` is what was typed, or the name of the button; `title` that of the callback. `request` has masks for secrets;
    `problem` says why there is none, or what failed. `status` and `answer` are what the service answered last, as far
    as it is known (0: nothing), `reply` what was said in time; `replies` are the messages of one that asked nobody.
    `later` are the events of later answers.
    """

    table: str
    callback: str
    title: str
    occasion: str
    said: str
    user: str
    channel: str
    ended: Annotated[Ended, Meta(description="As in EventRow.")]
    is_answer: bool = False
    answer_to: str = ""
    asks: bool = False
    dialog: str = ""
    request: RequestView | None = None
    problem: str = ""
    status: int = 0
    answer: str = ""
    reply: str = ""
    replies: Sequence[JSON] = ()
    later: Sequence[str] = ()
    audit: Sequence[AuditLine] = ()


def is_of_callbacks(settings: Settings, route: str) -> bool:
    """Whether the events of a route are those of a table of callbacks, also one that is gone."""
    return route.startswith(PREFIX) and route not in settings.routes


def title(act: StoredAct) -> str:
    """What was typed or clicked, on one line."""
    text, command = act.input.get("text"), act.input.get("command")
    if act.ticket is not None:
        chosen = act.input.get("option")
        return _line(act.ticket.action + (f": {chosen}" if chosen else ""))
    return _line(" ".join(str(part) for part in (command, text) if part))


def ended(record: Record) -> Ended:
    """How an act ended: the service (or nobody, where nobody was asked) answered; it failed, and the person was told.

    unknown: nobody knows whether the service did it; dead: it was given up; pending: it is under way. "" for a later
    answer to an act, and for events of routes.
    """
    event = record.event
    if not event.route.startswith(PREFIX) or event.reason.startswith(ANSWER):
        return ""
    one = performance(record.deliveries, event.route)
    if one is None:
        return "failed" if FAILED in event.reason else "answered"
    if one.state is DeliveryState.PENDING:
        return "pending"
    if one.state is DeliveryState.DELIVERED:
        return "failed" if one.reason.startswith(TOLD) else "answered"
    return "unknown" if UNSURE in one.reason else "dead"


def performance(deliveries: Sequence[Delivery], route: str) -> Delivery | None:
    """The delivery by which an act was performed last; None where nobody was asked."""
    if not deliveries or (deliveries[0].payload and act_of(deliveries[0].payload) is None):
        return None
    return next((one for one in reversed(deliveries) if one.destination == route), None)


async def detail(gateway: Gateway, record: Record, service: Service | None) -> ActDetail:
    """An act whole; the record has its body, and the payloads and logs of its deliveries."""
    name = record.event.route.removeprefix(PREFIX)
    settings = gateway.settings.callbacks.get(name)
    given = alive(settings, service).given if settings is not None and service is not None else Given()
    made = await asyncio.to_thread(_made, record, service, given)
    if made.is_answer:
        return made
    return replace(made, later=await _later(gateway, record), audit=await _audit(gateway, record, name))


def _made(record: Record, service: Service | None, given: Given) -> ActDetail:
    event = record.event
    found = next((act for one in record.deliveries if (act := act_of(one.payload)) is not None), None)
    act = found or _of_request(record)
    shape = callbacks(service).get(event.name) if service is not None else None
    last = performance(record.deliveries, event.route) if found is not None else None
    known = last.log[-1] if last is not None and last.log else None
    is_answer = event.reason.startswith(ANSWER)
    reason = last.reason if last is not None else ""
    made = ActDetail(
        table=event.route.removeprefix(PREFIX),
        callback=event.name,
        title=shape.title if shape is not None else "",
        occasion=act.occasion.value,
        said=title(act),
        user=_named(act.input, "user"),
        channel=_named(act.input, "channel"),
        ended=ended(record),
        is_answer=is_answer,
        answer_to=event.reason.removeprefix(ANSWER).removeprefix(ANSWER_TO) if is_answer else "",
        problem=secret.redact(reason.removeprefix(TOLD) if not reason.startswith(REPLIED) else ""),
        status=known.status if known is not None else 0,
        answer=secret.redact(known.answer) if known is not None else "",
        reply=secret.redact(reason.removeprefix(REPLIED)) if reason.startswith(REPLIED) else "",
    )
    if is_answer:
        return made
    if shape is None:
        return replace(
            made, problem=made.problem or f"the catalog has no callback {event.service}/{event.name} any more"
        )
    return _rendered(made, shape, act, given, event.received)


def _rendered(made: ActDetail, shape: CallbackShape, kept: StoredAct, given: Given, now: float) -> ActDetail:
    """With the request, dialog or messages of an act, as today's document makes them."""
    url = Secret("https://gateway.example/reply") if shape.later is not None else None
    given = replace(given, now=now, conversation=CONVERSATION, reply_url=url)
    act = shape.act(Said(kept.occasion, dict(kept.input)), given)
    problem = made.problem or secret.redact(act.problem)
    if act.dialog is not None:
        return replace(made, dialog=secret.redact(str(act.dialog.get("title", ""))))
    if act.request is not None:
        return replace(made, asks=True, request=wire_view(act.request.shown), problem=problem)
    return replace(made, asks=shape.asks, replies=_replies(shape, act), problem=problem)


def wire_view(wire: Wire) -> RequestView:
    """A request without secrets, for people."""
    headers = {name: secret.redact(text) for name, text in wire.headers.items()}
    body = secret.redact(wire.body.decode("utf-8", "replace")).encode()
    return RequestView(wire.method, secret.redact(wire.url), headers, {}, masked.body_view(body))


def _replies(shape: CallbackShape, act: Act) -> Sequence[JSON]:
    """What is said without a request."""
    if shape.asks:
        return ()
    return [without_secrets(msgspec.json.decode(one.payload)) for one in shape.reply(act).messages]


async def _later(gateway: Gateway, record: Record) -> Sequence[str]:
    """The events of later answers to an act, the first one first."""
    event = record.event
    asked = Query(route=event.route, text=event.id, since=event.received, bodies=False, limit=LATER)
    found = (await gateway.journal.find(asked)).records
    return [one.event.id for one in reversed(found) if one.event.reason == f"{ANSWER}{ANSWER_TO}{event.id}"]


async def _audit(gateway: Gateway, record: Record, table: str) -> Sequence[AuditLine]:
    """The lines of the audit about an act, the oldest first."""
    event = record.event
    last = max((attempt.at for one in record.deliveries for attempt in one.log), default=event.received)
    asked = AuditQuery(callback=f"{table}/{event.name}", since=event.received - 1, until=last + _AROUND, limit=LINES)
    return [one for one in reversed((await gateway.journal.audit(asked)).lines) if one.event == event.id]


def _of_request(record: Record) -> StoredAct:
    """An act of which only its event is stored."""
    request = record.event.request
    try:
        said = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = {}
    occasion = request.query.get(OCCASION, "")
    known = Occasion(occasion) if occasion in set(Occasion) else Occasion.MESSAGE
    return StoredAct(record.event.name, known, said if isinstance(said, dict) else {})


def _named(said: Mapping[str, JSON], key: str) -> str:
    found = said.get(key)
    found = found if isinstance(found, Mapping) else {}
    return secret.redact(str(found.get("name") or found.get("id") or ""))


def _line(text: str) -> str:
    return secret.redact(" ".join(text.split()))[:200]
