"""The `snooze` of a callback: a subject of which nothing is told for a while, because a person says so.

snooze: {route: "{{ context.route }}", subject: "{{ context.subject }}", for: "{{ option }}"}
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from gateway import units
from gateway.errors import TranslationError
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.template import Context

END: Final = "end"
"""What stands for a duration where the snooze ends."""

LONGEST: Final = 31 * 86_400.0
"""Seconds of the longest snooze: what is to be silent for good does not belong on the route."""


class SnoozeWish(Struct, frozen=True):
    """A subject of a route that is to be snoozed for some seconds, or with 0 no more."""

    route: str
    subject: str
    seconds: float


class SnoozeShape:
    """A compiled `snooze`."""

    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> None:
        self._place = place
        self._route, self._subject, self._for = (
            compiler.template(raw[key], Mode.RAW, place / key) for key in ("route", "subject", "for")
        )

    def render(self, context: Context) -> SnoozeWish:
        """What is to be snoozed. Raises TranslationError where it is not known, or not for how long."""
        route, subject, lasting = (one.render(context) for one in (self._route, self._subject, self._for))
        if not route or not subject:
            raise self._error("route" if subject else "subject", "nothing says what is to be snoozed")
        return SnoozeWish(route, subject, self._seconds((lasting or "").strip()))

    def _seconds(self, text: str) -> float:
        if text == END:
            return 0.0
        try:
            seconds = units.seconds(text)
        except ValueError as error:
            raise self._error("for", str(error)) from None
        if not 0 < seconds <= LONGEST:
            raise self._error("for", f"a snooze takes at most {units.written(LONGEST)}, and {text} is none")
        return seconds

    def _error(self, key: str, problem: str) -> TranslationError:
        return TranslationError(self._place.document, f"/snooze/{key}", problem)
