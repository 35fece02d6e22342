"""One translator: a compiled document that turns a payload into a message."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.catalog import schema_cost
from gateway.catalog.actions import ActionsShape, Offered, Offers
from gateway.catalog.card import CardShape
from gateway.catalog.kinds import Kind, Text, register
from gateway.catalog.message_shape import MessageShape
from gateway.catalog.schema import InvalidSchema, Mismatch, Schema
from gateway.catalog.scope import ALONE, Scope
from gateway.catalog.shapes import compiled, steps_of
from gateway.catalog.states import STATE, StateShape
from gateway.catalog.tolerance import tolerant, without
from gateway.catalog.unknown import swallows
from gateway.catalog.yamlfile import placed, where
from gateway.errors import TranslationError
from gateway.language.document import DocumentPlace, Note, add_values
from gateway.language.functions.text import shorten
from gateway.language.output import Mode
from gateway.language.template import Context, Engine
from gateway.mattermost.payload import Message
from gateway.model import JSON, Phase, Request

_ODD: Final = 100
"""The most values of a payload that are left out of it."""
_CONDITION: Final = 200
"""The most characters of a condition that the reason of an ignored event repeats."""

STAYS: Final = "the card stays as it is: "
"""How the reason of an event begins whose card is not edited."""

UNTITLED: Final = "came out without its title"
"""What the reason says of a document whose message or card has lost its title."""

_NO_PHASE: Final = "its phase {!r} is none of open, change and close, and counts as change"

_PHASES: Mapping[str | None, Phase] = {phase.value: phase for phase in Phase}


class Draft(Struct, frozen=True):
    """The result of a translator: a message about a subject, or the reason why it ignores the event.

    `phase` is None when the document has neither phase nor card. `card` shows the subject as it is after the event;
    None when the message does that itself. With `reply` nothing shows it anew: the message replies to the card that is
    there is, and `why` says for which reason if not because the document says so; `broken`: its card document failed.
    `untitled`: the message has lost its title. `actions` are the buttons and menus of what shows the subject.
    """

    subject: str = ""
    message: Message | None = None
    ignored: str = ""
    phase: Phase | None = None
    card: Message | None = None
    reply: bool = False
    why: str = ""
    broken: bool = False
    untitled: bool = False
    actions: tuple[Offered, ...] = ()

    def offering(self, offers: Offers) -> "Draft":
        """The draft with these actions; what cannot be computed of them is told."""
        if not offers.why:
            return replace(self, actions=offers.actions)
        return replace(self, why="; ".join(filter(None, (self.why, offers.why))), broken=True)


def _always(_: Context) -> bool:
    return True


def context(value: JSON, request: Request, event: str) -> Context:
    """The context of templates: the payload's keys, `payload` (all of it) and `request` (headers, query, event name).

    Header names are in lower case. These two names hide equal keys of the payload, which stay reachable by `payload`.
    """
    keys = value if isinstance(value, dict) else {}
    about = {"headers": request.headers, "query": request.query, "event": event}
    return {**keys, "payload": value, "request": about}


class Translator:
    """A compiled document; `name` is "service/document", `card` the name of the card that shows its subject ("": none).

    With `replies` its messages reply to that card, and leave it so. `actions` are its own; None: those of its card.

    `events_at` says where the events are written: "github/push.yaml:3". `speaks` tells whether the `when` of the
    document holds for a context, and raises TranslationError; `conditional` says that there is a `when`. `input` is the
    schema as it is written, `schema` the one that decides, which takes what is only shown as it comes. Every fault is
    noted in `faults` instead of raised.
    """

    def __init__(self, source: Text, raw: Mapping[str, JSON], engine: Engine, scope: Scope = ALONE) -> None:
        self.name = source.name
        self.file = source.file
        self.title: str = raw["title"]
        self.events: Sequence[str] = tuple(map(str, raw["events"]))
        self.events_at = where(source.file, source.text, ("events",))
        noted: list[Note] = []
        place, compiler = DocumentPlace(source.name, (), noted), scope.compiler(engine)
        self._written: JSON = raw.get("input", True)
        self.input: JSON = compiled(self._written, scope.shapes, place / "input")
        try:
            self.schema = Schema(tolerant(self.input))
        except InvalidSchema as error:
            DocumentPlace(source.name, self.input_steps(error.steps), noted).fault(str(error))
        for cost in schema_cost.unbearable(self.input):
            DocumentPlace(source.name, self.input_steps(cost.steps), noted).fault(cost.problem)
        self.conditional = "when" in raw
        self.speaks = compiler.condition(raw["when"], place / "when").holds if self.conditional else _always
        with compiler.names_used() as names:
            let = compiler.let(raw.get("let", {}), place / "let")
            self._ignore = compiler.condition(raw["ignore"], place / "ignore") if "ignore" in raw else None
            self._subject = compiler.template(raw.get("subject", ""), Mode.RAW, place / "subject")
            self._state = StateShape(raw["state"], scope.states, compiler, place / "state") if "state" in raw else None
            phase = raw.get("phase", f"{{{{ {STATE}.phase }}}}" if self._state else "")
            self._phase = compiler.template(phase, Mode.RAW, place / "phase")
            stated = self._state is not None
            self._message = MessageShape(raw["message"], compiler, place / "message", scope, stated=stated)
            self.actions = ActionsShape(raw["actions"], compiler, place / "actions") if "actions" in raw else None
        self._let = [*compiler.shared_among(names), *let]
        self._ignored = _rule(source, raw["ignore"]) if "ignore" in raw else ""
        self._living = "phase" in raw or "card" in raw or "state" in raw
        card = raw.get("card", "")
        self.replies = isinstance(card, Mapping)
        self.card: str = card["reply"] if self.replies else card
        if self._ignore is not None and not noted and (why := swallows(self.input, self.events, self._ignores)):
            (place / "ignore").fault(why)
        self.faults = placed(noted, source.text, source.file)

    def mismatches(self, value: JSON, limit: int) -> list[Mismatch]:
        """The mismatches with the schema that decides; where there is none, those with the schema as it is written.

        A template may compute with a value of which the payload has another type than the document says.
        """
        return self.schema.mismatches(value, limit) or self.as_written.mismatches(value, limit)

    def input_steps(self, rule: Sequence[str | int]) -> tuple[str | int, ...]:
        """The steps into the document to a rule of the schema of its input."""
        return ("input", *steps_of(self._written, rule))

    def without_odd(self, value: JSON) -> JSON | None:
        """The payload without the values that are of another type than the document says; None when there are none."""
        odd = [one.steps for one in self.as_written.mismatches(value, _ODD) if one.steps]
        return without(value, sorted(odd, key=len, reverse=True)) if odd else None

    @cached_property
    def as_written(self) -> Schema:
        """The schema as it is written, compiled when a payload is held against it."""
        return Schema(self.input)

    def _ignores(self, value: JSON, event: str) -> bool | None:
        """Whether it ignores a payload; None for one that it does not speak for."""
        seen = context(value, Request(), event)
        try:
            if self._ignore is None or not self.schema.matches(value) or not self.speaks(seen):
                return None
            add_values(seen, self._let)
            if self._state is not None:
                seen[STATE] = self._state.render(seen)
            return self._ignore.holds(seen)
        except TranslationError:
            return False

    def draft(
        self,
        context: Context,
        cards: Mapping[str, CardShape] | None = None,
        *,
        explained: bool = True,
        offered: bool = True,
    ) -> Draft:
        """The draft for a payload that matches the schema; with the `cards` of the service, also its phase and card.

        With `offered` it has its actions, and its phase also without cards, unless that fails.
        With `explained` it says where a payload has not what the card shows. Raises TranslationError, but for a card
        that fails: the message is good, and is told.
        """
        add_values(context, self._let)
        if self._state is not None:
            context[STATE] = self._state.render(context)
        if self._ignore is not None and self._ignore.holds(context):
            return Draft(ignored=self._ignored)
        subject, message = self._subject.render(context) or "", self._message.render(context)
        draft = Draft(subject, message)
        own = self.actions if offered else None
        offers = own.offers(context) if own is not None else None  # before the card sets its names
        if cards is not None and self._living:
            draft = self._living_draft(draft, context, cards, explained=explained, offered=offered)
        elif offered and self._living:
            draft = replace(draft, phase=self._told_phase(context))
        if offers is not None:
            draft = draft.offering(offers)
        if self._message.untitled(message):
            return replace(draft, why="; ".join(filter(None, (f"{self.name} {UNTITLED}", draft.why))), untitled=True)
        return draft

    def _told_phase(self, context: Context) -> Phase | None:
        """The phase, where nothing else needs it; None where it fails."""
        try:
            return _PHASES.get(self._phase.render(context), Phase.CHANGE)
        except TranslationError:
            return None

    def _living_draft(
        self, draft: Draft, context: Context, cards: Mapping[str, CardShape], *, explained: bool, offered: bool
    ) -> Draft:
        """The draft with what it means for the card of its subject."""
        word = self._phase.render(context)  # before the card, which sets names of its own
        phase = _PHASES.get(word, Phase.CHANGE)
        odd = _NO_PHASE.format(shorten(word, _CONDITION)) if word and word not in _PHASES else ""
        if not self.card or self.replies:
            return replace(draft, phase=phase, reply=self.replies, why=odd)
        card = cards[self.card]
        if why := card.lacks(context["payload"], explained=explained):
            return replace(draft, phase=phase, reply=True, why=_left_alone(why, odd))
        try:
            shown = card.render(context)
        except TranslationError as error:
            return replace(draft, phase=phase, reply=True, why=_left_alone(str(error), odd), broken=True)
        if card.untitled(shown):
            return replace(draft, phase=phase, reply=True, why=_left_alone(f"{card.name} {UNTITLED}", odd))
        draft = replace(draft, phase=phase, card=shown, why=odd)
        if offered and card.actions is not None and self.actions is None:
            return draft.offering(card.actions.offers(context))
        return draft


def _left_alone(why: str, odd: str) -> str:
    """The reason of a message that replies although its document has a card, before one about its phase."""
    return "; ".join(filter(None, (STAYS + why, odd)))


def _rule(source: Text, condition: JSON) -> str:
    """The reason why a document ignores an event: where that is written, and the condition itself."""
    written = " ".join(str(condition).split())
    return f"{where(source.file, source.text, ('ignore',))} ignores it: {shorten(written, _CONDITION)}"


TRANSLATOR: Final = register(Kind("translator", "", Translator, "translator"))
