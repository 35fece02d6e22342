"""One service: verification, event names and delivery ids of its requests, its translators and cards."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any, Self, TypeVar

from msgspec import Struct

from gateway import units
from gateway.catalog import yamlfile
from gateway.catalog.card import CARD, CardShape
from gateway.catalog.everywhere import EVERYWHERE, EverywhereShape
from gateway.catalog.fragments import NO_FRAGMENTS
from gateway.catalog.kinds import Text, parts_of
from gateway.catalog.scope import ALONE
from gateway.catalog.select import Index, Selector, headers_of, matches
from gateway.catalog.translator import TRANSLATOR, Translator
from gateway.catalog.unknown import UNKNOWN
from gateway.decode.unwrap import parse_unwrap
from gateway.language.template import Context
from gateway.model import JSON, Request
from gateway.verify import handshake, verify

ID_WINDOW = "24h"
BODY_WINDOW = "5m"

_SWALLOWS = "this ignores events of any name, also of those that nobody knows: name what is not worth a message"

T = TypeVar("T")


class Document(Struct, frozen=True):
    """A document of a service as it was compiled: the hash of its text, its file, and the part that it became."""

    digest: int
    file: str
    part: Any = None


class Service:
    """A compiled service document. The constructor notes every fault in `faults` instead of raising.

    `delivery_headers` are the headers that hold the whole delivery id, None when a part of it stands elsewhere.
    `id_window` and `body_window` are the seconds within which a repeated delivery id or body is the same event.
    `ignored_at` says where each pattern of `ignore` is written: "github/service.yaml:12".
    `scope` is what its documents see besides the payload, `fragments` are those of its catalog.
    `fetches_keys` says whether a scheme of its needs public keys that must be fetched.
    `offering` has, by the name of a translator without actions of its own, the card that has some. `everywhere` are the
    documents of actions that every message may have.
    `documents` are those that the service was made of, by name ("service", "push", "cards/issue"). `described` is
    False for a service whose own document cannot be used: how its requests are verified is unknown.
    """

    def __init__(self, key: str, raw: Mapping[str, JSON], source: Text) -> None:
        self.key = key
        self.described = True
        self.name: str = raw["name"]
        self.docs: str = raw.get("docs", "")
        self.setup: str = raw.get("setup", "")
        self.body: str = raw.get("body", "")
        self.answer: str = raw.get("answer", "")
        self.topic: str = raw.get("topic", "any")
        self.confidence: str = raw.get("confidence", "documented")
        self.icon_url: str | None = raw.get("icon_url")
        self.imitates: Sequence[str] = tuple(raw.get("imitates", ()))
        self.ignore: Sequence[str] = tuple(raw.get("ignore", ()))
        self.test_events: Sequence[str] = tuple(raw.get("test_events", ()))
        self.ignored_at: Mapping[str, str] = {
            pattern: yamlfile.where(source.file, source.text, ("ignore", index))
            for index, pattern in enumerate(self.ignore)
        }
        self._problems: list[tuple[tuple[str | int, ...], str]] = []
        self._problems += [
            (("ignore", index), _SWALLOWS) for index, pattern in enumerate(self.ignore) if matches(UNKNOWN, (pattern,))
        ]
        self.event = self._each(raw, "event", Selector)
        self.delivery_id = self._each(raw, "delivery_id", Selector)
        self.delivery_at = yamlfile.where(source.file, source.text, ("delivery_id",)) if self.delivery_id else ""
        self.delivery_headers = headers_of(self.delivery_id)
        schemes = raw.get("verify", ())
        self.verify, faults = verify.read_schemes(schemes)
        self._problems += [_placed("verify", index, schemes[index], problem) for index, problem in faults]
        self.fetches_keys = verify.fetches(self.verify)
        self.unwrap = self._each(raw, "unwrap", parse_unwrap)
        self.handshake = self._each(raw, "handshake", handshake.parse_handshake)
        windows = raw.get("duplicates", {})
        self.id_window = self._seconds(windows, "id", ID_WINDOW)
        self.body_window = self._seconds(windows, "body", BODY_WINDOW)
        self.scope = ALONE
        self.fragments = NO_FRAGMENTS
        self.documents: Mapping[str, Document] = {}
        self.translators: Sequence[Translator] = ()
        self.cards: Mapping[str, CardShape] = {}
        self.offering: Mapping[str, CardShape] = {}
        self.everywhere: Sequence[EverywhereShape] = ()
        self.index: Index[Translator] = Index(())
        self.faults = [yamlfile.fault(source.file, source.text, steps, problem) for steps, problem in self._problems]

    @classmethod
    def undescribed(cls, key: str) -> Self:
        """The placeholder of a service whose own document cannot be used: the generic translator speaks for it."""
        service = cls(key, {"name": key}, Text(key, "", ""))
        service.described = False
        return service

    def _each(self, raw: Mapping[str, JSON], key: str, parse: Callable[[JSON], T]) -> tuple[T, ...]:
        parsed = []
        for index, item in enumerate(raw.get(key, ())):
            try:
                parsed.append(parse(item))
            except ValueError as error:
                self._problems.append(_placed(key, index, item, str(error)))
        return tuple(parsed)

    def _seconds(self, windows: Mapping[str, str], key: str, default: str) -> float:
        try:
            return units.seconds(windows.get(key, default))
        except ValueError as error:
            self._problems.append((("duplicates", key), str(error)))
            return 0.0

    def with_documents(self, documents: Mapping[str, Document]) -> Self:
        """The service of these documents; this one stays as it is."""
        service = copy(self)
        service.documents = documents
        parts = {name: document.part for name, document in documents.items() if document.part is not None}
        service.translators = tuple(parts_of(TRANSLATOR, parts).values())
        service.cards = parts_of(CARD, parts)
        service.offering = {
            one.name: card
            for one in service.translators
            if one.actions is None and not one.replies and (card := service.cards.get(one.card)) and card.actions
        }
        service.everywhere = tuple(parts_of(EVERYWHERE, parts).values())
        service.index = Index(service.translators)
        return service

    def may_offer(self, translator: str) -> bool:
        """Whether events of the translator of this name may have buttons: its own, or those of its card."""
        own = any(one.name == translator and one.actions is not None for one in self.translators)
        return own or translator in self.offering

    def speaker(self, name: str, seen: Context) -> Translator | None:
        """The translator that speaks for an event of this name. Raises TranslationError."""
        for one in self.index.candidates(name):
            if one.speaks(seen):
                return one
        return None

    def event_name(self, request: Request, value: JSON) -> str:
        """The name of the event: its parts that are there, joined by dots: "pull_request.opened", or ""."""
        return ".".join([part for selector in self.event if (part := selector.value(request, value))])

    def told_name(self, request: Request, value: JSON) -> str:
        """The name of the event without what is only supposed where a request does not say it: see `Selector.tells`."""
        told = [selector.value(request, value) for selector in self.event if selector.tells(request, value)]
        return ".".join(filter(None, told))

    def delivery_key(self, request: Request, value: JSON) -> str:
        """The delivery id, which is the same in repeats of an event; "" when a part of it is absent."""
        parts = []
        for selector in self.delivery_id:
            part = selector.value(request, value)
            if not part:
                return ""
            parts.append(part)
        return "\n".join(parts)


def _placed(key: str, index: int, item: JSON, problem: str) -> tuple[tuple[str | int, ...], str]:
    """The place of a problem in a list, and its words: those that begin with a key of the item lead to its line."""
    steps: list[str | int] = [key, index]
    name, colon, rest = problem.partition(": ")
    if not colon:
        return tuple(steps), problem
    for part in name.split("."):
        if not isinstance(item, Mapping) or part not in item:
            return (key, index), problem
        steps.append(part)
        item = item[part]
    return tuple(steps), rest
