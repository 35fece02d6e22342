"""The rules of a route that read the payload: `when`, which drops events, and `channel`, which chooses where they go.

An event is never lost for a rule: where `when` fails the event passes, and where `channel` names none of `channels` it
goes where it would go without it. The reason of the event says so.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, NoReturn

from gateway.errors import TranslationError
from gateway.language.functions.text import shorten
from gateway.language.lint import Unusable
from gateway.language.output import Mode
from gateway.language.template import Condition, Context, Engine, Template

_WRITTEN: Final = 200
"""The most characters of a rule that a reason repeats."""

_NAME: Final = 64
"""The most characters that a reason repeats of a channel that a payload names."""


class Ruling(NamedTuple):
    """What the rules say of one event: why it is `dropped` ("": it passes), its `channel` ("": no rule names one).

    `note` says which rule failed, "" for none.
    """

    dropped: str = ""
    channel: str = ""
    note: str = ""


class Rules:
    """The compiled rules of one route; "" stands for a rule that it does not have.

    `faults` are the keys of rules that cannot be compiled, and what is wrong: such a rule is as one that always fails.
    """

    def __init__(self, route: str, when: str, channel: str, channels: Sequence[str]) -> None:
        self._table = f"[routes.{route}]"
        self._written = shorten(" ".join(when.split()), _WRITTEN)
        self._channels = frozenset(channels)
        self.faults: list[tuple[str, str]] = []
        self._when = self._condition(when) if when else None
        self._channel = self._template(channel) if channel else None

    def ruling(self, seen: Context, *, asks_when: bool = True) -> Ruling:
        """What the rules say of an event of which templates see `seen`; without `asks_when` it passes `when`."""
        note = ""
        if asks_when and self._when is not None:
            try:
                if not self._when.holds(seen):
                    return Ruling(f"{self._table} when = {self._written} does not hold")
            except TranslationError as error:
                note = f"{self._table} when fails, so that the event passes: {error.problem}"
        if self._channel is None:
            return Ruling(note=note)
        channel, problem = self._chosen(self._channel, seen)
        return Ruling("", channel, "; ".join(filter(None, (note, problem))))

    def _chosen(self, template: Template, seen: Context) -> tuple[str, str]:
        """The channel that the template chooses, or "" and the reason why it is none of `channels`."""
        try:
            name = template.render(seen) or ""
        except TranslationError as error:
            return "", f"{self._table} channel fails: {error.problem}"
        if name in self._channels:
            return name, ""
        named = f"gives {shorten(name, _NAME)}, which is none of channels" if name else "gives no channel"
        return "", f"{self._table} channel {named}"

    def _condition(self, source: str) -> Condition:
        try:
            return Engine().condition(source, f"{self._table}#/when")
        except Unusable as error:
            return Condition(self._failing("when", error))

    def _template(self, source: str) -> Template:
        try:
            return Engine().template(source, Mode.RAW, f"{self._table}#/channel")
        except Unusable as error:
            return Template(self._failing("channel", error))

    def _failing(self, key: str, error: Unusable) -> Callable[[Context], NoReturn]:
        """What stands for a rule that cannot be compiled."""
        self.faults.append((key, str(error)))

        def fail(_: Context) -> NoReturn:
            raise TranslationError(self._table, f"/{key}", str(error))

        return fail
