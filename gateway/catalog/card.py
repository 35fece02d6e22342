"""One card: a document that shows the current state of a subject, whatever its last event was."""

from collections.abc import Mapping
from typing import Final

from gateway.catalog import schema_cost
from gateway.catalog.actions import ActionsShape, Offers
from gateway.catalog.kinds import Kind, Text, misnamed, register
from gateway.catalog.message_shape import MessageShape
from gateway.catalog.schema import Schema
from gateway.catalog.scope import ALONE, Scope
from gateway.catalog.shapes import compiled, steps_of
from gateway.catalog.states import STATE, StateShape
from gateway.catalog.tolerance import tolerant
from gateway.catalog.yamlfile import placed
from gateway.errors import TranslationError
from gateway.language.document import DocumentPlace, Note, add_values
from gateway.language.template import Context, Engine
from gateway.mattermost.payload import Message
from gateway.model import JSON


class CardShape:
    """A compiled card document; `name` is "service/cards/document". Every fault is noted in `faults`, none is raised.

    `input` is the schema of the payloads that have what the card shows (True: all have), as it is written. `actions`
    are those of the translators that name the card and have none of their own (None: it has none).
    """

    def __init__(self, source: Text, raw: Mapping[str, JSON], engine: Engine, scope: Scope = ALONE) -> None:
        self.name = source.name
        noted: list[Note] = []
        place, compiler = DocumentPlace(source.name, (), noted), scope.compiler(engine)
        if why := misnamed(source):
            place.fault(why)
        self.input: JSON = compiled(raw.get("input", True), scope.shapes, place / "input")
        try:
            self._schema = Schema(tolerant(self.input)) if self.input is not True else None
        except ValueError as error:
            (place / "input").fault(str(error))
        for cost in schema_cost.unbearable(self.input):
            steps = steps_of(raw.get("input", True), cost.steps)
            DocumentPlace(source.name, ("input", *steps), noted).fault(cost.problem)
        with compiler.names_used() as names:
            let = compiler.let(raw.get("let", {}), place / "let")
            self._state = StateShape(raw["state"], scope.states, compiler, place / "state") if "state" in raw else None
            stated = self._state is not None
            self._message = MessageShape(raw["message"], compiler, place / "message", scope, stated=stated)
            self.actions = ActionsShape(raw["actions"], compiler, place / "actions") if "actions" in raw else None
        self._let = [*compiler.shared_among(names), *let]
        self.faults = placed(noted, source.text, source.file)

    def lacks(self, value: JSON, *, explained: bool = True) -> str:
        """Why a payload has not what the card shows, and if that is to be `explained`, where; "" when it has."""
        if self._schema is None or self._schema.matches(value):
            return ""
        where = ": " + "; ".join(map(str, self._schema.mismatches(value, 3))) if explained else ""
        return f"the payload does not match the input of {self.name}{where}"

    def render(self, context: Context) -> Message:
        """The message. Raises TranslationError."""
        self._add(context)
        return self._message.render(context)

    def offers(self, context: Context) -> Offers:
        """Its actions, for a payload of which the card is not rendered."""
        if self.actions is None or self.lacks(context["payload"], explained=False):
            return Offers()
        try:
            self._add(context)
        except TranslationError as error:
            return Offers(why=f"no buttons: {error}")
        return self.actions.offers(context)

    def _add(self, context: Context) -> None:
        """Add the names that only the card has."""
        add_values(context, self._let)
        if self._state is not None:
            context[STATE] = self._state.render(context)

    def untitled(self, message: Message) -> bool:
        """Whether a message of this card has lost the title, by which readers know what the card is about."""
        return self._message.untitled(message)


CARD: Final = register(Kind("card", "cards", CardShape, "translator", definition="card"))
