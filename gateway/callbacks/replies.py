"""The replies of a document: of several, the first whose `when` holds."""

from collections.abc import Sequence
from typing import Any

from gateway.callbacks.reply import Reply, ReplyShape, misplaced
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.scope import Scope
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Context
from gateway.mattermost.limits import Limits


class Replies:
    """One reply or a list of them, compiled, and checked for whether each can appear where it says."""

    def __init__(
        self, raw: Any, answers: Sequence[Occasion], compiler: Compiler, place: DocumentPlace, scope: Scope
    ) -> None:
        single = not isinstance(raw, list)
        self._shapes = []
        with compiler.names_used() as names:
            for index, one in enumerate([raw] if single else raw):
                here = place if single else place / index
                shape = ReplyShape(one, compiler, here, scope)
                if why := misplaced(shape, answers):
                    (here / "to").fault(why)
                if "errors" in one and Occasion.DIALOG not in answers:
                    (here / "errors").fault("only a dialog has fields that errors stand at")
                self._shapes.append(shape)
        self.shows_answer = "answer" in names
        """Whether something of what the service answered may be shown."""

    @property
    def gives_options(self) -> bool:
        """Whether one gives the options of a field of a dialog."""
        return any(one.gives_options for one in self._shapes)

    def render(self, context: Context, occasion: Occasion, limits: Limits, *, mentions: bool) -> Reply:
        """The reply; a silent one where none holds. Raises TranslationError."""
        for one in self._shapes:
            if one.holds(context):
                return one.render(context, occasion, limits, mentions=mentions)
        return Reply()
