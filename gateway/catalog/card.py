"""One card: a document that shows the current state of a subject, whatever its last event was."""

from collections.abc import Mapping
from typing import Final

from gateway.catalog.kinds import Kind, Text, register
from gateway.catalog.message_shape import MessageShape
from gateway.catalog.scope import ALONE, Scope
from gateway.catalog.states import STATE, StateShape
from gateway.catalog.yamlfile import placed
from gateway.language.document import DocumentPlace, Note
from gateway.language.template import Context, Engine
from gateway.mattermost.payload import Message
from gateway.model import JSON


class CardShape:
    """A compiled card document. Every fault is noted in `faults` instead of raised."""

    def __init__(self, source: Text, raw: Mapping[str, JSON], engine: Engine, scope: Scope = ALONE) -> None:
        noted: list[Note] = []
        place, compiler = DocumentPlace(source.name, (), noted), scope.compiler(engine)
        with compiler.names_used() as names:
            let = compiler.let(raw.get("let", {}), place / "let")
            self._state = StateShape(raw["state"], scope.states, compiler, place / "state") if "state" in raw else None
            stated = self._state is not None
            self._message = MessageShape(raw["message"], compiler, place / "message", scope, stated=stated)
        self._let = [*compiler.shared_among(names), *let]
        self.faults = placed(noted, source.text, source.file)

    def render(self, context: Context) -> Message:
        """The message. Raises TranslationError."""
        for name, value in self._let:
            context[name] = value.get(context)
        if self._state is not None:
            context[STATE] = self._state.render(context)
        return self._message.render(context)


CARD: Final = register(Kind("card", "cards", CardShape, "translator", definition="card"))
