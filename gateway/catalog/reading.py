"""A close reading of the documents of a service, for `check`: what compiles, but cannot be meant.

It takes about as long as compiling them; the running gateway does without it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from gateway.catalog import yamlfile
from gateway.catalog.card import CARD
from gateway.catalog.kinds import ITSELF, SHARED, Kind, Text, kind_of
from gateway.catalog.paths import REQUEST, DocumentReader, names_of
from gateway.catalog.service import Service
from gateway.catalog.translator import TRANSLATOR
from gateway.errors import Fault
from gateway.language.known import ANY, Known, SchemaReader, union
from gateway.model import JSON

_OF_TEXTS: Final = "write `item`: the persons that documents name are texts"
_OF_PERSONS: Final = "say it in the `input` of a document, where it names the keys of a person"


def faults(service: Service, texts: Mapping[str, Text]) -> list[Fault]:
    """What a close reading finds in the documents `texts` of a service that compiles, each once."""
    return list(dict.fromkeys(_ServiceReader(service, texts).faults()))


def fragment_faults(source: Text, inputs: JSON) -> list[Fault]:
    """What a close reading finds in a fragment that compiles; `inputs` is the JSON Schema of what it sees."""
    reader = DocumentReader(source)
    reader.read(yamlfile.load(source.text, source.file), SchemaReader(inputs).known())
    return reader.faults


class _ServiceReader:
    """Reads the documents of one service; what they share is read as each of them sees it."""

    def __init__(self, service: Service, texts: Mapping[str, Text]) -> None:
        self._service = service
        self._texts = texts
        self._raws = {name: yamlfile.load(source.text, source.file) for name, source in texts.items()}
        self._shared = DocumentReader(texts.get(SHARED, Text("", "", "")))
        self._authors: list[Known] = []
        self._around: list[Known] = []

    def faults(self) -> Iterator[Fault]:
        """The faults of translators, cards (which see what those see that name them), other kinds and shared.yaml."""
        seen_by_cards: dict[str, list[Known]] = {}
        for name in self._documents(TRANSLATOR):
            reader = DocumentReader(self._texts[name])
            names = reader.read(self._raws[name], names_of(self._service.documents[name].part.input), self._with_shared)
            if (card := _card_of(self._raws[name])) is not None:
                seen_by_cards.setdefault(CARD.document(card), []).append(names)
            self._note_authors(reader, names)
            yield from reader.faults
        for name in self._documents(CARD):
            reader = DocumentReader(self._texts[name])
            if name in seen_by_cards:
                self._note_authors(reader, reader.read(self._raws[name], union(self._seen(name, seen_by_cards[name]))))
            yield from reader.faults
        for name, source in self._texts.items():
            if name not in ITSELF:
                yield from kind_of(name).read(source, self._raws[name], self._service.documents[name].part)
        self._read_author()
        yield from self._shared.faults

    def _seen(self, card: str, by_translators: Sequence[Known]) -> Sequence[Known]:
        """What a card sees: what its translators see, and what its own input asks of a payload."""
        shape = self._service.documents[card].part.input
        return by_translators if shape is True else [*by_translators, names_of(shape)]

    def _documents(self, kind: Kind) -> list[str]:
        return [name for name in self._raws if name not in ITSELF and kind_of(name) == kind]

    def _with_shared(self, names: Known) -> Known:
        """The names of a document with those of shared.yaml, each of which is read when the document uses it."""
        sources = self._raws.get(SHARED, {}).get("let", {})
        later = [one.name for one in self._service.scope.names]
        for name in tuple(later):
            later.remove(name)
            names = names.extended_later(name, self._value(name, sources.get(name), names, tuple(later)))
        return names

    def _value(self, name: str, source: JSON, names: Known, later: Sequence[str]) -> Callable[[], Known]:
        """What is known of a shared value in a document; anything where its text is not at hand."""
        return lambda: ANY if source is None else self._shared.text("let", source, names, ("let", name), later=later)

    def _note_authors(self, reader: DocumentReader, names: Known) -> None:
        """Keep what a document says of its authors, and what it sees itself, if it has any."""
        self._authors += reader.authors
        self._around += [names] if reader.authors else []

    def _read_author(self) -> None:
        """Read what shared.yaml says of authors: it sees what any document says of one, and the shared values there."""
        templates = self._raws.get(SHARED, {}).get("author", {})
        if templates and self._authors:
            person = union(self._authors)
            names = person.extended({"item": person, "payload": ANY, "request": REQUEST})
            for one in self._service.scope.names:
                names = names.extended_later(one.name, partial(self._shared_around, one.name))
            for key, source in templates.items():
                unnamed = _OF_TEXTS if person.is_scalar else _OF_PERSONS
                self._shared.text(f"author_{key}", source, names, ("author", key), unnamed)

    def _shared_around(self, name: str) -> Known:
        """What is known of a shared value in the documents that name authors."""
        return union(self._around).key(name) or ANY


def _card_of(raw: Mapping[str, JSON]) -> str | None:
    """The name of the card that a translator changes."""
    card = raw.get("card")
    return card if isinstance(card, str) else None
