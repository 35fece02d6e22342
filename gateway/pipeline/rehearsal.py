"""Samples taken the whole way: signed, judged, made an entry of the journal, and sent a second time. Pure.

Everything is done by the functions that requests of strangers go through (`judge`, `entry`); this module only stands
for the sender in front of them and for the journal behind.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

import msgspec
from msgspec import Struct

from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.decode.unwrap import Idle
from gateway.errors import Refused
from gateway.journal import DuplicateKey, Entry
from gateway.mattermost.fit import Limits
from gateway.model import JSON, Card, Cause, Note, Outcome, Request
from gateway.pipeline import entry
from gateway.pipeline.attached import told
from gateway.pipeline.confirmation import confirmation
from gateway.pipeline.entry import DestinationTraits
from gateway.pipeline.expectation import Answer, Expectation
from gateway.pipeline.interpret import Piece, Reading
from gateway.pipeline.judge import Judgement, judge
from gateway.pipeline.route import Route
from gateway.pipeline.sample import Sample, as_request
from gateway.secret import Secret
from gateway.settings.tables import RouteSettings
from gateway.verify import hosts, signer
from gateway.verify.handshake import Effect, Reply
from gateway.verify.keys import NO_KEYS

ANSWERED: Final = "answered"
"""The outcome of a handshake: no event, but an answer."""

_NOON: Final = 1_767_268_800.0
"""The time of a sample that says none: 2026-01-01T12:00:00Z."""
_LATER: Final = 1.0
"""Seconds after which the same request comes again."""
_BODY: Final = 5_000_000
_DEPTH: Final = 64
_DESTINATION: Final = "channel"
_TRAITS: Final[Mapping[str, DestinationTraits]] = {_DESTINATION: DestinationTraits(cards=True)}
_REPLY: Final[JSON] = {"reply": True}
_AS_REPLY: Final = "card: {reply: true}"
_ORDINARY_HEADERS: Final = frozenset({"X-Content-Type-Options"})
"""Headers of every answer, which tell the sender nothing."""


class Rehearsal(Struct, frozen=True):
    """What became of a sample, and the pieces that its request was read as (none: it was refused, or a handshake).

    `idle` are the steps of `unwrap` that did nothing.
    """

    found: Expectation
    pieces: Sequence[Piece] = ()
    idle: Sequence[Idle] = ()


def rehearse(sample: Sample, service: Service) -> Rehearsal:
    """Take a sample the whole way. Raises ValueError where its sender cannot sign as it says."""
    route = _route(sample, service)
    try:
        content = Content.of(as_request(sample.request), _BODY, _DEPTH)
    except Refused as refused:
        return Rehearsal(_refused(refused))
    schemes = route.schemes(service)
    sender = signer.chosen(schemes, content, None if isinstance(sample.sign, bool) else sample.sign)
    now = _moment(sample, sender.sent(content))
    secrets = sender.secrets(sample.secret) if sample.secret else ()
    signing = bool(sample.secret) and sample.sign is not False

    def send(moment: float) -> Judgement:
        sent = content
        if signing:
            sent = _content(sender.prove(content, sample.signed_with or sample.secret, moment))
        keys = signer.documents(schemes, sent, sample.secret) if secrets else NO_KEYS
        return judge(route, service, sent, secrets, (moment,), Limits(), lambda: moment, keys=keys)

    judged = send(now)
    if judged.reply is not None:
        why = hosts.forbidden(judged.reply.hosts, judged.reply.value) if judged.reply.effect is Effect.FETCH else ""
        if not why:
            return Rehearsal(_answered(judged.reply))
        judged = _unconfirmed(judged, judged.reply, route, service, why)
    if judged.refusal is not None:
        return Rehearsal(_refused(judged.refusal))
    if judged.reading is None:
        return Rehearsal(Expectation(Outcome.REFUSED.value, cause=Cause.METHOD.value))
    later = send(now + _LATER) if judged.reply is None else judged
    stored, again = (_entry(one, route, service, now) for one in (judged, later))
    known = again is not None and stored is not None and _recognised(stored.keys, again.keys)
    reading = judged.reading
    return Rehearsal(_read(stored, reading, service, duplicate=known), reading.pieces, reading.idle)


def written(sample: Sample, found: Expectation, service: Service) -> Expectation:
    """What a sample is to expect when it is written anew: all that was found and can be otherwise.

    The reason names lines of documents: it is kept where the sample expects a part of it. That there are no buttons is
    said of documents that may have some.
    """
    wanted = sample.expect.reason
    reason = wanted if wanted is None or wanted in (found.reason or "") else found.reason
    delivery_id = found.delivery_id if service.delivery_id else None
    actions = found.actions or ([] if found.translator and service.may_offer(found.translator) else None)
    return msgspec.structs.replace(found, reason=reason, delivery_id=delivery_id, actions=actions)


def doubtful(expected: Expectation, found: Expectation) -> str:
    """Why an outcome is not to be written into a sample that does not expect such a one; "" where it is.

    A sample that is new, or of a document that has become faulty, would else make the fault the expectation; one of a
    stranger would expect that he is let in.
    """
    if expected.outcome == Outcome.REFUSED and found.outcome != Outcome.REFUSED:
        said = f"it expects that the request is refused, and the outcome is {found.outcome}"
        return f"{said}; if that is meant, write `outcome: {found.outcome}` into its `expect`"
    if found.note and found.note != expected.note:
        said = _DOUBTS.get(found.note, "the generic translator speaks for it")
        return f"{said}: {found.reason}; if that is meant, write `note: {found.note}` into its `expect`"
    if found.card == _REPLY and expected.card not in (None, _REPLY):
        return f"it expects a card, and {found.reason or 'the message replies'}; if that is meant, write `{_AS_REPLY}`"
    if found.outcome == Outcome.REFUSED and expected.outcome != Outcome.REFUSED:
        return f"the request is refused: {found.reason}; if that is meant, write `outcome: refused` into its `expect`"
    return ""


_DOUBTS: Final[Mapping[str, str]] = {
    Note.BROKEN: "its translator is broken",
    Note.EMPTY: "its message is empty, and the generic translator speaks for it",
    Note.UNTITLED: "its message has no title",
    Note.UNCONFIRMED: "the subscription that it asks to confirm would not be confirmed",
}


def _route(sample: Sample, service: Service) -> Route:
    """The route that the request is sent to: one with cards, so that all of a document speaks.

    It tries the schemes of the service: in place of the keys of a vendor, those of the sample's own sender prove.
    """
    secrets = (Secret(sample.secret),) if sample.secret else ()
    settings = RouteSettings(
        name="sample",
        service=service.key,
        destinations=(_DESTINATION,),
        secrets=secrets,
        allow_unsigned=not secrets,
        card="both",
    )
    route = Route(settings, _BODY, _DEPTH, buttons=True)
    if sample.secret:
        route.own_schemes = tuple(signer.tried(service.verify, sample.secret))
    return route


def _unconfirmed(judged: Judgement, reply: Reply, route: Route, service: Service, why: str) -> Judgement:
    """What the gateway reads in a request of which the URL that confirms a subscription may not be fetched."""
    reading = confirmation(service, judged.content, route.wishes, Limits(), reply.value, why)
    return msgspec.structs.replace(judged, reading=reading)


def _moment(sample: Sample, sent: float | None) -> float:
    """The runner's clock: what the sample says, else the time that its request was signed at."""
    if sample.at is not None:
        return (sample.at if sample.at.tzinfo else sample.at.replace(tzinfo=UTC)).timestamp()
    return _NOON if sent is None else sent


def _content(request: Request) -> Content:
    return Content.of(request, _BODY, _DEPTH)


def _entry(judged: Judgement, route: Route, service: Service, now: float) -> Entry | None:
    """The entry of the journal; None for a request that is none."""
    if judged.reading is None:
        return None
    return entry.entry(
        "sample", now, route, service, judged.content, judged.reading, judged.proof, _TRAITS, kept=judged.kept
    )


def _recognised(known: Sequence[DuplicateKey], again: Sequence[DuplicateKey]) -> bool:
    """Whether the journal would find one of the keys of the second request among those of the first."""
    windows = {one.key: one.window for one in known}
    return any(windows.get(one.key, 0) > _LATER for one in again)


def _read(stored: Entry | None, reading: Reading, service: Service, *, duplicate: bool) -> Expectation:
    parcels = stored.parcels if stored is not None else ()
    about = f"{service.key}:{reading.subject}"
    card = next((one.card for one in parcels if one.card is not None and one.card.subject.startswith(about)), None)
    living = card if reading.subject else None
    return Expectation(
        outcome=reading.outcome.value,
        note=reading.note or None,
        event=reading.name,
        translator=reading.translator,
        delivery_id=" ".join(reading.key.split("\n")),
        subject=reading.subject,
        phase=living.phase.value if living is not None else None,
        reason=reading.reason,
        messages=[msgspec.json.decode(one.payload) for one in parcels],
        card=_shown(living),
        actions=[told(one) for piece in reading.pieces for one in piece.actions],
        duplicate=duplicate,
    )


def _shown(card: Card | None) -> JSON:
    """What a sample says of a card: the message that it shows, or that it stays while the message replies to it."""
    if card is None:
        return None
    return _REPLY if card.alone is not None else msgspec.json.decode(card.payload) if card.payload else None


def _refused(refused: Refused) -> Expectation:
    return Expectation(Outcome.REFUSED.value, cause=refused.cause or None, reason=refused.why)


def _answered(reply: Reply) -> Expectation:
    headers = {name: text for name, text in reply.headers.items() if name not in _ORDINARY_HEADERS}
    body: JSON = reply.body.decode("utf-8", "replace")
    if "json" in reply.content_type:
        body = msgspec.json.decode(reply.body)
    effect = "" if reply.effect == "none" else reply.effect.value
    return Expectation(ANSWERED, answer=Answer(reply.status, reply.content_type, headers, body, effect))
