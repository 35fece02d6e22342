"""The events that documents name and no sample reaches: nobody has seen what becomes of them."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct

from gateway.catalog.translator import Translator

Reached = Mapping[str, set[str]]
"""Translator ("github/push") -> the names of the events of samples for which it spoke, or was silent on purpose."""


class Unsampled(Struct, frozen=True):
    """The event at `index` of a translator's `events`, which no sample reaches."""

    translator: Translator
    index: int

    @property
    def problem(self) -> str:
        """What is missing, in words."""
        event = self.translator.events[self.index]
        return f"no sample shows what becomes of {event}: none comes to {self.translator.name} by such a name"

    @property
    def remedy(self) -> str:
        """What to do about it."""
        service, _, name = self.translator.name.partition("/")
        return f"write a request with it into {service}/samples/{name}.NAME.yaml, then run `mattergate test --write`"


def unsampled(translators: Iterable[Translator], reached: Reached) -> list[Unsampled]:
    """The events that no sample reaches: a name by itself, a pattern by one name that it covers."""
    return [
        Unsampled(one, index)
        for one in translators
        for index, event in enumerate(one.events)
        if not any(fnmatchcase(name, event) for name in reached.get(one.name, ()))
    ]
