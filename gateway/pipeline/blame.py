"""Which document is to blame for what became of an event: its file, line and key, and what is wrong there.

For whoever wrote the document: the reason of an event names a document and a place in it, a person looks for a line.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from gateway.catalog import yamlfile
from gateway.catalog.kinds import FRAGMENTS, SERVICE, Text
from gateway.catalog.service import Service
from gateway.catalog.translator import STAYS, UNTITLED
from gateway.decode.unwrap import Idle
from gateway.errors import CatalogError, Fault
from gateway.model import JSON, Note, Outcome
from gateway.pipeline.interpret import Piece

_PLACE: Final = re.compile(r"(?P<document>[^\s#]+)#/(?P<pointer>[^:]*): (?P<problem>.*)", re.S)
"""What a TranslationError says."""
_OF_CARD: Final = re.compile(r"(?P<name>[^\s/]+/cards/[^\s:,;]+)")
_HELD: Final = re.compile(r""" "[^"]*" | '[^']*' | \b\d+\b """, re.X)
"""What a problem repeats of a payload: texts, numbers and positions in lists."""
_SHOWN: Final = 100
"""Characters of the longest template that a fault repeats."""

NAMELESS: Final = "none of these has a value in the request, so the event has no name"
"""What is wrong with the selectors of a name that is empty."""

Steps = tuple[str | int, ...]


class Failure(Struct, frozen=True):
    """Where a template failed: the full name of its document, the steps into it, and why."""

    document: str
    steps: Steps
    problem: str


def failure(piece: Piece) -> Failure | None:
    """The template at which a piece broke; None for one that did not."""
    found = _PLACE.match(piece.reason.removeprefix(STAYS)) if piece.outcome is Outcome.BROKEN else None
    if found is None:
        return None
    steps = tuple(int(step) if step.isdecimal() else step for step in found["pointer"].split("/"))
    return Failure(found["document"], steps, found["problem"])


def blame(
    service: Service, pieces: Sequence[Piece], read: Callable[[str], str], idle: Sequence[Idle] = ()
) -> list[Fault]:
    """The faults that the documents of a service showed in these pieces of one request, each reason of a place once.

    `idle` are the steps of `unwrap` that did nothing, which explain what followed from that. `read` gives the
    text of a file; a document of which it raises OSError or UnicodeDecodeError is not told.
    """
    reader = _Blame(service, read)
    found = [fault for one in idle for fault in reader.idle(one)]
    found += [fault for piece in pieces for fault in reader.faults(piece)]
    first: dict[tuple[str, int, str, str], Fault] = {}
    for one in found:
        first.setdefault(alike(one), one)
    return list(first.values())


def alike(fault: Fault) -> tuple[str, int, str, str]:
    """What faults of one reason have in common: the place in a document, and the problem without what a payload holds.

    One place may have several: that of a shared shape has those of all its keys.
    """
    return fault.file, fault.line, fault.where, _HELD.sub("", fault.problem)


class _Blame(Struct, frozen=True):
    service: Service
    read: Callable[[str], str]

    def idle(self, step: Idle) -> Iterator[Fault]:
        """That a step of `unwrap` did nothing."""
        yield from self._at(
            f"{self.service.key}/{SERVICE}", ("unwrap", step.number), f"`{step.step}` did nothing: {step.why}"
        )

    def faults(self, piece: Piece) -> Iterator[Fault]:
        """The faults that a piece shows."""
        if (broken := failure(piece)) is not None:
            yield from self._at(broken.document, broken.steps, broken.problem)
        elif piece.mismatches:
            translator = next(one for one in self.service.translators if one.name == piece.mismatch)
            for one in piece.mismatches:
                yield from self._at(piece.mismatch, translator.input_steps(one.rule), str(one))
        elif piece.note == Note.UNKNOWN and self.service.event and not piece.name:
            yield from self._at(f"{self.service.key}/{SERVICE}", ("event",), NAMELESS)
        elif piece.emptied:
            yield from self._at(piece.emptied, ("message",), "nothing of the message is left for this payload")
        elif piece.note == Note.UNTITLED:
            yield from self._untitled(piece.translator)
        elif piece.reason.startswith(STAYS) and (card := _OF_CARD.search(piece.reason)):
            yield from self._of_card(card["name"], piece.reason.removeprefix(STAYS))

    def _of_card(self, name: str, why: str) -> Iterator[Fault]:
        """What kept a card as it was, although its document did not fail."""
        if UNTITLED in why:
            yield from self._untitled(name)
        else:
            yield from self._at(name, ("input",) if "does not match" in why else ("message",), why)

    def _untitled(self, name: str) -> Iterator[Fault]:
        """That nothing came of the first title of a message, by which readers know what it is about."""
        source = self._source(name)
        steps = next(_titles(_loaded(source)), ("message",)) if source else ()
        yield from self._at(name, steps, "nothing is left of the title for this payload")

    def _at(self, name: str, steps: Steps, problem: str) -> Iterator[Fault]:
        """The fault at a place of a document, with the template that stands there; none where it went away just now."""
        source = self._source(name)
        if source is None:
            return
        template = _value_at(_loaded(source), steps)
        if isinstance(template, str) and "{{" in template and len(template) <= _SHOWN and "in `" not in problem:
            problem = f"{problem}, in `{' '.join(template.split())}`"
        yield yamlfile.fault(source.file, source.text, steps, problem)

    def _source(self, name: str) -> Text | None:
        """The text of a document of the service, or of a fragment that it uses."""
        home, _, rest = name.partition("/")
        document = self.service.documents.get(rest)
        if home == FRAGMENTS:
            return self.service.fragments.text(rest)
        try:
            return Text(name, self.read(document.file), document.file) if document else None
        except (OSError, UnicodeDecodeError):
            return None


def _titles(raw: Any) -> Iterator[Steps]:
    """The steps to the titles of attachments, repeated ones too."""
    message = raw.get("message") if isinstance(raw, dict) else None
    for index, one in enumerate(message.get("attachments", ()) if isinstance(message, dict) else ()):
        for steps, attachment in (((), one), (("item",), one.get("item", {}))):
            if "title" in attachment:
                yield ("message", "attachments", index, *steps, "title")


def _loaded(source: Text) -> JSON:
    try:
        return yamlfile.load(source.text, source.file)
    except CatalogError:  # edited a moment ago
        return None


def _value_at(value: JSON, steps: Steps) -> JSON:
    for step in steps:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return None
    return value
