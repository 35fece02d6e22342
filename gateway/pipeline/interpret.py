"""From an authentic request to finished messages: decode, unwrap, select, validate, translate, fit. Pure.

The steps stand in `interpret` and `_piece` in their order; each is one module's one function.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.catalog.actions import Offered
from gateway.catalog.generic import GENERIC, generic
from gateway.catalog.schema import Mismatch
from gateway.catalog.select import matches
from gateway.catalog.service import Service
from gateway.catalog.translator import Draft, Translator, context
from gateway.catalog.xmlshape import shaped
from gateway.decode.bounds import EVENTS
from gateway.decode.content import Content
from gateway.decode.decode import Decoded
from gateway.decode.unwrap import Idle, unwrap
from gateway.errors import Refused, TranslationError
from gateway.language.functions.gist import event_of
from gateway.mattermost.fit import Fitted, Limits, fitted
from gateway.mattermost.payload import Message, Priority
from gateway.model import JSON, CardMode, Note, Outcome, Phase, Request
from gateway.pipeline.attached import with_room
from gateway.pipeline.brevity import Verbosity, shortened
from gateway.pipeline.reasons import dropped, emptied_card, mismatched, muted, unreadable, without_translator
from gateway.pipeline.rules import Rules

_STRICT: Final = "`strict = true` of the route refuses what no translator understands"

_EXPLAINED_PLACES: Final = 3
"""The places of a payload that are told."""

# What every event asks for, by a name: Python 3.11 takes 45 ns to find a member of an enumeration.
_FULL: Final = Verbosity.FULL
_MESSAGE: Final = Outcome.MESSAGE

EXPLAINED: Final = 5
"""The events of one request of which it is told where they do not match a schema: to find that out takes longest."""


class Wishes(Struct, frozen=True, dict=True):
    """The settings of a route for its messages: event filters, strictness, and overrides of the message's own keys.

    `route` is its name, by which reasons call it; "" for a request without one. `channel` is the one of every message,
    `channel_template` chooses one of `channels` for each event. `muted_until` is in seconds since the epoch. With
    `buttons`, messages may offer some, for which the phase of each event is asked for also where there are no cards.
    """

    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    when: str = ""
    muted_until: float = 0.0
    verbosity: Verbosity = Verbosity.FULL
    strict: bool = False
    mentions: bool = False
    channel: str | None = None
    channel_template: str = ""
    channels: tuple[str, ...] = ()
    username: str | None = None
    icon_url: str | None = None
    icon_emoji: str | None = None
    priority: str | None = None
    requested_ack: bool | None = None
    persistent_notifications: bool | None = None
    silent: bool | None = None
    card: CardMode | None = None
    buttons: bool = True
    depth: int = 64
    route: str = ""

    @cached_property
    def rules(self) -> Rules | None:
        """The rules that read the payload, compiled; None without any."""
        if not (self.when or self.channel_template):
            return None
        return Rules(self.route, self.when, self.channel_template, self.channels)


class Piece(Struct, frozen=True):
    """The result of one event of a request. `mismatch` names the translator whose schema the payload did not match.

    `mismatches` are the first places where it did not.

    `note` is a Note where something but the generic translator should have spoken, or of other words, else "".

    `phase` is where the event stands in the life of its subject (None: it has none), `card` the message that shows the
    subject as it is now (None: the first of its messages does); with `reply` nothing shows it anew: the messages reply
    to the card that is there. These count only where a route wants cards (`phase` also with its `buttons`). `emptied`
    names the translator whose message came out empty, so that the generic one speaks. `channel` is the channel that a
    rule of the route chose for the event, "" for none. `actions` are the buttons and menus of the post that shows the
    subject.
    """

    outcome: Outcome
    name: str
    translator: str
    subject: str = ""
    reason: str = ""
    mismatch: str = ""
    emptied: str = ""
    fitted: tuple[Fitted, ...] = ()
    phase: Phase | None = None
    card: Message | None = None
    reply: bool = False
    note: str = ""
    channel: str = ""
    mismatches: tuple[Mismatch, ...] = ()
    actions: tuple[Offered, ...] = ()

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages to be posted, in order."""
        return tuple([one.message for one in self.fitted])


class Reading(Struct, frozen=True):
    """The result of a whole request: that of its most telling piece, and every piece. `key` recognises repeats.

    `idle` are the steps of `unwrap` that did nothing, as an optional one may. The decoded values stay with the
    content: a reading is kept while the journal writes.
    """

    outcome: Outcome
    name: str
    translator: str
    subject: str
    reason: str
    key: str
    pieces: tuple[Piece, ...]
    note: str = ""
    idle: tuple[Idle, ...] = ()


def interpret(service: Service, content: Content, wishes: Wishes, limits: Limits, now: float | None = None) -> Reading:
    """Read one request. Raises Refused (422) only where the route is strict.

    `now`, in seconds since the epoch, tells whether the route is muted; without it, it is not.
    """
    request, decoded = content.request, content.decoded
    if decoded.fault and wishes.strict:
        raise Refused(422, "Unprocessable Content", unreadable(request, decoded), hint=_STRICT)
    mute = muted(wishes.route, wishes.muted_until) if now is not None and now < wishes.muted_until else ""
    reader = _EventReader(service, request, decoded, wishes, limits, wishes.rules, mute)
    unwrapped = unwrap(decoded.value, service.unwrap)
    values = unwrapped.values
    pieces = [reader.piece(value, explained=index < EXPLAINED) for index, value in enumerate(values[:EVENTS])]
    if len(values) > EVENTS and not mute:
        more = Message(text=f"and {len(values) - EVENTS} more events of {service.name} in the same request")
        pieces.append(Piece(Outcome.MESSAGE, "", GENERIC, fitted=reader.finished(more)))
    if not pieces:
        pieces.append(Piece(Outcome.IGNORED, "", "", reason="the request holds no event"))
    first = pieces[0] if len(pieces) == 1 else most_telling(pieces)
    key = service.delivery_key(request, decoded.value)
    idle = unwrapped.idle if first.note else ()  # else the step had nothing to do, as an optional one
    reason = first.reason
    if decoded.note or idle:
        reason = "; ".join(filter(None, (reason, *map(str, idle), decoded.note)))
    return Reading(
        first.outcome,
        first.name,
        first.translator,
        first.subject,
        reason,
        key,
        tuple(pieces),
        first.note,
        unwrapped.idle,
    )


def most_telling(pieces: Sequence[Piece]) -> Piece:
    """The first broken piece, else the first message with a note, else the first message."""
    ranks = {Outcome.BROKEN: 0, Outcome.MESSAGE: 2}
    return min(pieces, key=lambda piece: ranks.get(piece.outcome, 3) - bool(piece.note))


class Verdict(Struct, frozen=True):
    """The translator of one event of a request ("": none), and where the payload does not match its schema."""

    name: str
    translator: str
    faults: tuple[str, ...] = ()


def verdicts(service: Service, content: Content, *, events: int, faults: int) -> list[Verdict]:
    """Match each event of a request with the schema of its translator: at most `events`, and `faults` of each."""
    request, values = content.request, unwrap(content.value, service.unwrap).values
    found = []
    for value in values[:events]:
        name = service.event_name(request, value)
        try:
            translator = service.speaker(name, context(value, request, name))
        except TranslationError as error:
            found.append(Verdict(name, error.document, (str(error),)))
            continue
        held = _held(content.decoded, translator, value)
        wrong = map(str, translator.schema.mismatches(held, faults)) if translator else ()
        found.append(Verdict(name, translator.name if translator else "", tuple(wrong)))
    return found


def payloads(service: Service, content: Content) -> Iterator[JSON]:
    """Each event of a request as the templates of its document see it; as it is unwrapped where none speaks for it."""
    request = content.request
    for value in unwrap(content.value, service.unwrap).values:
        name = service.event_name(request, value)
        try:
            translator = service.speaker(name, context(value, request, name))
        except TranslationError:
            translator = None
        yield _held(content.decoded, translator, value)


def _held(decoded: Decoded, translator: Translator | None, value: JSON) -> JSON:
    """A value as its translator sees it: of XML, with lists and objects where its input has them."""
    return shaped(value, translator.input) if translator is not None and decoded.kind == "xml" else value


def own_message(
    service: Service, content: Content, wishes: Wishes, limits: Limits, message: Message
) -> tuple[Fitted, ...]:
    """A message that the gateway itself has about a request, in the posts that a message of the service would be."""
    return _EventReader(service, content.request, content.decoded, wishes, limits).finished(message)


class _EventReader(Struct, frozen=True):
    """Reads the events of one request."""

    service: Service
    request: Request
    decoded: Decoded
    wishes: Wishes
    limits: Limits
    rules: Rules | None = None
    mute: str = ""

    def piece(self, value: JSON, *, explained: bool) -> Piece:
        """Select, validate, translate, fit; the generic translator speaks for what no document can translate.

        A payload that its document cannot compute with is read again without its odd values (`tolerance`). With
        `explained`, the reason of a mismatch says where it is.
        """
        name = self.service.event_name(self.request, value)
        if why := dropped(self.service, name, self.wishes.route, self.wishes.only, self.wishes.ignore):
            return Piece(Outcome.IGNORED, name, "", reason=why)
        if self.mute:
            return Piece(Outcome.IGNORED, name, "", reason=self.mute)
        if self.rules is not None:
            return self._ruled_piece(self.rules, value, name, explained=explained)
        translator = None
        try:
            seen = context(value, self.request, name)
            translator = self.service.speaker(name, seen)
            if translator is None:
                return self._generic(value, name, without_translator(self.service, name))
            if self.decoded.kind == "xml":
                value = shaped(value, translator.input)
                seen = context(value, self.request, name)
            if not translator.schema.matches(value):
                return self._mismatched_piece(translator, value, name, explained=explained)
            cards = self.service.cards if self.wishes.card is not None else None
            wishes = self.wishes
            draft = translator.draft(seen, cards, explained=explained, offered=wishes.buttons)
            offering = self.service.offering if wishes.buttons and cards is None else ()
            if translator.name in offering and draft.message is not None:
                draft = draft.offering(self.service.offering[translator.name].offers(seen))
            if draft.broken and (plain := self._plain_piece(translator, value, explained=explained)):
                return plain
            return self._translated_piece(translator, draft, value, name)
        except TranslationError as error:
            return self._failed_piece(error, translator, value, name, explained=explained)

    def _failed_piece(
        self, error: TranslationError, translator: Translator | None, value: JSON, name: str, *, explained: bool
    ) -> Piece:
        """The piece of an event at which the templates of a document failed, or of all that were asked for it."""
        if self.decoded.fault:
            return self._generic(value, name, str(error))
        if translator and (plain := self._plain_piece(translator, value, explained=explained)):
            return plain
        if translator and not translator.as_written.matches(value):
            return self._mismatched_piece(translator, value, name, explained=explained)
        broken, shown_by = self._message(value, name), translator.name if translator else GENERIC
        return Piece(Outcome.BROKEN, name, shown_by, reason=str(error), fitted=broken, note=Note.BROKEN)

    def _mismatched_piece(self, translator: Translator, value: JSON, name: str, *, explained: bool) -> Piece:
        """The piece of a payload that does not match the input of its document."""
        found = tuple(translator.mismatches(value, _EXPLAINED_PLACES)) if explained else ()
        piece = self._generic(value, name, mismatched(translator, found), translator.name)
        return replace(piece, mismatches=found)

    def _plain_piece(self, translator: Translator, value: JSON, *, explained: bool) -> Piece | None:
        """The piece of a payload without the odd values that a document cannot compute with; None if none is told."""
        rest = translator.without_odd(value)
        piece = None if rest is None else self.piece(rest, explained=explained)
        return None if piece is None or piece.outcome is Outcome.BROKEN or piece.emptied else piece

    def _ruled_piece(self, rules: Rules, value: JSON, name: str, *, explained: bool) -> Piece:
        """The piece of an event as the rules of the route want it. What a body that is not readable says is unknown."""
        passes = bool(self.decoded.fault) or matches(name, self.service.test_events)
        ruling = rules.ruling(context(value, self.request, name), asks_when=not passes)
        if ruling.dropped:
            return Piece(Outcome.IGNORED, name, "", reason=ruling.dropped)
        wishes = replace(self.wishes, channel=ruling.channel) if ruling.channel else self.wishes
        piece = replace(self, wishes=wishes, rules=None).piece(value, explained=explained)
        reason = "; ".join(filter(None, (piece.reason, ruling.note)))
        return replace(piece, reason=reason, channel=ruling.channel)

    def finished(self, message: Message, actions: Sequence[Offered] = ()) -> tuple[Fitted, ...]:
        """The message, with the route's overrides and the service's name and icon, in as many posts as it needs.

        The first of them has room for the actions.
        """
        wishes, limits = self.wishes, self.limits
        if wishes.verbosity is not _FULL:
            message = shortened(message, wishes.verbosity)
        message.username = wishes.username or message.username or self.service.name
        message.icon_url = wishes.icon_url or message.icon_url or self.service.icon_url
        message.icon_emoji = wishes.icon_emoji or message.icon_emoji
        message.channel = wishes.channel or message.channel
        message.priority = _priority(wishes, message.priority)
        if wishes.silent is not None:
            message.silent = wishes.silent
        if actions:
            limits = with_room(limits, actions)
        return tuple(fitted(message, limits, mentions=wishes.mentions))

    def _translated_piece(self, translator: Translator, draft: Draft, value: JSON, name: str) -> Piece:
        if draft.message is None:
            return Piece(Outcome.IGNORED, name, translator.name, reason=draft.ignored)
        shown = self.finished(draft.message, draft.actions)
        if not shown:
            return self._generic(
                value, name, f"the message of {translator.name} came out empty", emptied=translator.name
            )
        unread = unreadable(self.request, self.decoded) if self.decoded.fault else ""
        card, reply, reason = None, draft.reply, unread or draft.why
        if draft.card is not None:
            card = next((one.message for one in self.finished(draft.card, draft.actions)), None)
            if card is None:
                reply, reason = True, unread or emptied_card(translator)
        broken = draft.broken and not unread
        return Piece(
            Outcome.BROKEN if broken else _MESSAGE,
            name,
            translator.name,
            draft.subject,
            reason,
            note=Note.UNREADABLE if unread else Note.BROKEN if broken else Note.UNTITLED if draft.untitled else "",
            fitted=shown,
            phase=draft.phase,
            card=card,
            reply=reply,
            actions=draft.actions,
        )

    def _generic(self, value: JSON, name: str, reason: str, mismatch: str = "", emptied: str = "") -> Piece:
        """The piece that the generic translator makes, for a reason, "" where it is the only one of the service.

        Where the body could not be read, that is the reason: what is missing in it follows from that, and the event is
        not called what is only supposed where nothing is said.
        """
        note = (Note.MISMATCH if mismatch else Note.EMPTY if emptied else Note.UNKNOWN) if reason else ""
        if (self.decoded.fault or (reason and not emptied)) and (unread := unreadable(self.request, self.decoded)):
            reason, note = unread, Note.UNREADABLE
            name = self.service.told_name(self.request, value)
        if self.wishes.strict and reason:
            raise Refused(422, "Unprocessable Content", reason, hint=_STRICT)
        shown = self._message(value, name)
        return Piece(
            Outcome.MESSAGE, name, GENERIC, reason=reason, mismatch=mismatch, emptied=emptied, fitted=shown, note=note
        )

    def _message(self, value: JSON, name: str) -> tuple[Fitted, ...]:
        name = name or event_of(self.request.headers)
        return self.finished(generic(value, self.service.name, name, text_only=self.decoded.kind == "text"))


def _priority(wishes: Wishes, own: Priority | None) -> Priority | None:
    """The priority of a message: each part is the route's if set there, else the message's own."""
    ack, nags = wishes.requested_ack, wishes.persistent_notifications
    if wishes.priority is None and ack is None and nags is None:
        return own
    own = own or Priority("")
    return Priority(
        wishes.priority or own.priority,
        own.requested_ack if ack is None else ack,
        own.persistent_notifications if nags is None else nags,
    )
