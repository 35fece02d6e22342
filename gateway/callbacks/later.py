"""Answers that come later: a service posts them to a URL that the gateway gave it, and they become replies."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.callbacks.answer import OutsideAnswer, answer_shape, problem_of
from gateway.callbacks.conversation import LONGEST
from gateway.callbacks.replies import Replies
from gateway.callbacks.reply import Reply
from gateway.callbacks.smoothing import Occasion
from gateway.catalog.scope import Scope
from gateway.errors import TranslationError
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.template import Context
from gateway.mattermost.limits import DEFAULT, Limits

_SENDER: Final = "it"
"""What problems call the service: it is who reads them."""


class LaterShape:
    """The `later` of a document, compiled. `of_conversation`: the answer itself says where it belongs."""

    def __init__(
        self,
        raw: Mapping[str, Any],
        answers: tuple[Occasion, ...],
        compiler: Compiler,
        place: DocumentPlace,
        scope: Scope,
    ) -> None:
        self._shape = answer_shape(raw, place, scope)
        self.of_conversation = "conversation" in raw
        self._conversation = compiler.outside(raw.get("conversation", ""), place / "conversation")
        self._replies = Replies(raw.get("reply", []), answers, compiler, place / "reply", scope)

    def conversation(self, answer: Context) -> str:
        """The id of the conversation that an answer belongs to, as the request gave it to the service; "" for none.

        `answer` is what templates see of it (`OutsideAnswer.seen`). Nothing proves it yet: what is no short text is not
        looked at.
        """
        try:
            found = self._conversation.get({"answer": answer})
        except TranslationError:
            return ""
        return found if isinstance(found, str) and len(found) <= LONGEST else ""

    def render(
        self,
        context: Context,
        answer: OutsideAnswer,
        occasion: Occasion,
        limits: Limits = DEFAULT,
        *,
        mentions: bool = False,
    ) -> Reply:
        """The reply. Nothing is raised: one with a `problem` says nothing, and the service should be told of it."""
        if problem := problem_of(answer, _SENDER, (), self._shape, shown=True):
            return Reply(problem=problem)
        try:
            return self._replies.render({**context, "answer": answer.seen()}, occasion, limits, mentions=mentions)
        except TranslationError as error:
            return Reply(problem=str(error))
