"""The event name of a request, and the index that finds the translators of an event by its name."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Generic, Protocol, TypeVar

from gateway import jsonpath
from gateway.jsonpath import MISSING
from gateway.model import JSON, Request

_WILD = "*?["
_CLASS = re.compile(r"\[[^\]]+\]")
_LONGEST = 200
"""The most characters of a value that a pattern of a `map` may cover: what is longer is no name of an event."""
_WORD_END = re.compile(r"[^\w.:]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CACHED_NAMES = 1024


def _snake(text: str) -> str:
    """Words in lower case, joined by `_`: "Page Opened" and "PageOpened" are page_opened.

    Dots and colons stay, since they part a name: "jira:issue_updated".
    """
    return _WORD_END.sub("_", text).strip("_").lower()


_CASES: Final[Mapping[str, Callable[[str], str]]] = {"lower": str.lower, "snake": _snake}


def _covers(pattern: str, text: str) -> bool:
    return any(sign in pattern for sign in _WILD) and len(text) <= _LONGEST and fnmatchcase(text, pattern)


class Selector:
    """One value of a request: `{header: X-GitHub-Event}`, `{json: action}`, `{query: event}`, `{const: push}`.

    `{present: {data.issue: issue}}` is the name of the first path that is there, `{any: [...]}` the first selector that
    has a value, `{all: [...]}` the values of all of them, joined by dots. `case: lower` writes the value in lower case,
    `case: snake` words as event names are written. `map` then translates values ("" makes one absent): the key that is
    the value itself, else the first that is it without regard to case or covers it (`*` and `?`). `default` stands for
    absence. Raises ValueError for a path that is not one.

    `path` is that of its value in a body, None for another place. `headers` are those, in lower case, that the value
    may come from; `only_headers` says that it comes from nowhere else.
    """

    def __init__(self, raw: Mapping[str, JSON]) -> None:
        self._header = str(raw.get("header", "")).lower()
        self._query = raw.get("query")
        self._const = raw.get("const")
        self.path = jsonpath.parse(raw["json"]) if "json" in raw else None
        self._present = [(jsonpath.parse(path), name) for path, name in raw.get("present", {}).items()]
        self._any = [Selector(one) for one in raw.get("any", ())]
        self._all = [Selector(one) for one in raw.get("all", ())]
        self._case = _CASES[raw["case"]] if "case" in raw else None
        self._map: Mapping[str, str] = {str(key): value for key, value in raw.get("map", {}).items()}
        self._patterns = [(key.lower(), value) for key, value in self._map.items()]
        self._as_it_is = not self._map and self._case is None
        self._default = raw.get("default")
        self.headers: list[str] = [self._header] if self._header else []
        self.headers += [header for one in (*self._any, *self._all) for header in one.headers]
        parts = self._any or self._all
        self.only_headers: bool = bool(self._header) or (bool(parts) and all(one.only_headers for one in parts))

    def value(self, request: Request, value: JSON) -> str | None:
        """The part, or None when it is absent and has no default. Objects and arrays count as absent."""
        found = request.headers.get(self._header) if self._header else self._find(request, value)
        if type(found) is str and self._as_it_is:
            return found or self._default
        if found is None or found is MISSING or isinstance(found, dict | list):
            return self._default
        text = str(found).lower() if isinstance(found, bool) else str(found)
        if self._case is not None:
            text = self._case(text)
        return (self._mapped(text) if self._map else text) or self._default

    def _mapped(self, text: str) -> str:
        """The name that `map` gives a value; the value itself where no key is meant."""
        exact = self._map.get(text)
        if exact is not None:
            return exact
        lower = text.lower()
        return next((value for key, value in self._patterns if key == lower or _covers(key, lower)), text)

    def tells(self, request: Request, value: JSON) -> bool:
        """Whether the request itself has the part; constants and defaults do not count."""
        if self._any:
            return any(one.tells(request, value) for one in self._any)
        if self._all:
            return all(one.tells(request, value) for one in self._all)
        found = None if self._const is not None else self._find(request, value)
        return found is not None and found is not MISSING and not isinstance(found, dict | list)

    def states(self, request: Request, value: JSON) -> bool:
        """Whether the request says the part by a value of its own; that a key is there does not count."""
        if parts := self._any or self._all:
            return (any if self._any else all)(one.states(request, value) for one in parts)
        return not self._present and self.tells(request, value)

    def _find(self, request: Request, value: JSON) -> JSON:
        if self.path is not None:
            return jsonpath.lookup(value, self.path)
        if self._header:
            return request.headers.get(self._header)
        if self._query is not None:
            return request.query.get(self._query)
        if self._const is not None:
            return self._const
        if self._any:
            return next((found for one in self._any if (found := one.value(request, value))), None)
        if self._all:
            parts = [one.value(request, value) for one in self._all]
            return ".".join([part for part in parts if part]) if all(parts) else None
        return next((name for path, name in self._present if jsonpath.lookup(value, path) not in (MISSING, None)), None)


def headers_of(selectors: Sequence[Selector]) -> AbstractSet[str] | None:
    """The headers, in lower case, that the values of all selectors come from; None when one may come from elsewhere."""
    if not all(selector.only_headers for selector in selectors):
        return None
    return {header for selector in selectors for header in selector.headers}


@lru_cache(_CACHED_NAMES)
def matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether an event name is one of the patterns; `*` and `?` as in file names, and `push` covers `push.anything`."""
    return any(fnmatchcase(name, pattern) or name.startswith(pattern + ".") for pattern in patterns)


def first_match(name: str, patterns: Sequence[str]) -> str:
    """The pattern that covers an event name that `matches`."""
    return next(pattern for pattern in patterns if matches.__wrapped__(name, (pattern,)))


def overlap(one: str, other: str) -> bool:
    """Whether some name is covered by both patterns; a class such as `[ab]` counts as any character."""
    ours, theirs = (_CLASS.sub("?", pattern) for pattern in (one, other))
    reached = [True, *(False for _ in theirs)]  # which beginnings of `theirs` may end where one of `ours` does
    for at, sign in enumerate(theirs):
        reached[at + 1] = reached[at] and sign == "*"
    for sign in ours:
        fresh = [reached[0] and sign == "*"]
        for at, there in enumerate(theirs):
            if sign == "*" or there == "*":
                fresh.append(reached[at + 1] or fresh[at])
            else:
                fresh.append(reached[at] and (sign == there or "?" in (sign, there)))
        reached = fresh
    return reached[-1]


class Named(Protocol):
    """An entry of an index: it has event patterns and perhaps a condition."""

    @property
    def events(self) -> Sequence[str]:
        """The patterns of the event names."""

    @property
    def conditional(self) -> bool:
        """Whether it has a `when` of its own."""


N = TypeVar("N", bound=Named)


class Index(Generic[N]):
    """Event name -> the candidates, in the order in which they are tried.

    Exact names go before patterns, longer patterns before shorter ones, and among equals those with a `when` first.
    """

    def __init__(self, entries: Iterable[N]) -> None:
        self._exact: dict[str, list[N]] = {}
        patterns: list[tuple[str, N]] = []
        for entry in entries:
            for event in entry.events:
                if any(sign in event for sign in _WILD):
                    patterns.append((event, entry))
                else:
                    self._exact.setdefault(event, []).append(entry)
        for candidates in self._exact.values():
            candidates.sort(key=lambda entry: not entry.conditional)
        self._patterns = sorted(patterns, key=lambda pair: (-len(pair[0]), not pair[1].conditional))
        self._cache: dict[str, tuple[N, ...]] = {}

    def candidates(self, name: str) -> tuple[N, ...]:
        """The entries that may speak for an event of this name."""
        found = self._cache.get(name)
        if found is None:
            found = (*self._exact.get(name, ()), *(e for pattern, e in self._patterns if fnmatchcase(name, pattern)))
            if len(self._cache) < _CACHED_NAMES:  # names come from payloads: a sender must not grow this without end
                self._cache[name] = found
        return found

    def overlaps(self) -> list[tuple[str, N, N]]:
        """Equal names or patterns that two entries without a `when` claim: the second would never speak."""
        claims: dict[str, list[N]] = {}
        for event, entry in (*((event, one) for event, all_ in self._exact.items() for one in all_), *self._patterns):
            if not entry.conditional and entry not in claims.setdefault(event, []):
                claims[event].append(entry)
        return [(event, free[0], other) for event, free in claims.items() for other in free[1:]]
