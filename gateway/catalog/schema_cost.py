"""What a schema can cost: places where the work for one payload is bounded neither by its size nor by the schema's.

The validator bounds less than one might think. It tries every branch of `anyOf` and the like: where each branch leads
to the next choice, n choices are 2**n branches. Where a schema refers to itself by two ways for the same part of a
value, every level of the value doubles the work. Patterns are matched in linear time, but for those that look around or
back: these are given up after a million steps, about 20 ms for one text. `uniqueItems` is cheap, it compares hashes.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Final

from msgspec import Struct

from gateway.model import JSON

COSTLY: Final = 10_000
"""Branches that a schema may try for one value, without a warning."""
UNBEARABLE: Final = 1_000_000
"""Branches above which a document cannot be used: about 10 ms for a value, of which a payload may have many."""

_LISTS: Final = {"allOf": "same", "anyOf": "same", "oneOf": "same", "prefixItems": "item"}
_BY_NAME: Final = {"dependentSchemas": "same", "properties": "key", "patternProperties": "key"}
_SINGLE: Final = {
    **dict.fromkeys(("not", "if", "then", "else"), "same"),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties"), "key"),
    **dict.fromkeys(("items", "contains", "unevaluatedItems"), "item"),
}
"""The keywords whose values are schemas, and what these apply to: the same value, or a part of it."""
_NAMED: Final = frozenset({"properties", "prefixItems"})
"""The keywords that say to which part alone a schema applies."""
_COMPARED: Final = 200
"""Ways back to itself that are compared with each other."""

_TRIES = re.compile(r"\(\?<?[=!]|\\[1-9]|\\[bB]|\\k<")
_REPEATED_GROUP = re.compile(r"\)[+*{]")

Steps = tuple[str | int, ...]
_Links = dict[int, set[int]]


class Cost(Struct, frozen=True):
    """A place in a schema, and what is costly there; `unbearable`: the document must not be used."""

    steps: Steps
    problem: str
    unbearable: bool = False


class _Edge(Struct, frozen=True):
    """A schema that applies where another does: to the same value ("same"), or to a part of it ("key", "item").

    `name` is that of the key, None for any. `steps` lead to it.
    """

    kind: str
    name: str | int | None
    steps: Steps
    target: Any

    @property
    def owner(self) -> Steps:
        """The place of the schema that applies it; `contains` looks at what its neighbours look at, too."""
        if self.steps[-1] == "contains":
            return self.steps
        return self.steps[: -2 if self.steps[-2:-1] and self.steps[-2] in {*_LISTS, *_BY_NAME} else -1]


def costs(schema: JSON) -> list[Cost]:
    """The costly places of a schema."""
    return _Schema(schema).costs()


def unbearable(schema: JSON) -> list[Cost]:
    """The costly places for which a document must not be used.

    There are none without references: such a schema has no more branches than a document may have values.
    """
    if '"$ref"' not in json.dumps(schema):
        return []
    return [one for one in _Schema(schema).branches() if one.unbearable]


class _Schema:
    """A schema with its nodes by identity: where each stands, and the edges to those that it applies."""

    def __init__(self, raw: JSON) -> None:
        self._steps: dict[int, Steps] = {}
        self._nodes: list[Mapping[str, JSON]] = []
        self._edges: dict[int, list[_Edge]] = {}
        todo: deque[tuple[Steps, JSON]] = deque([((), raw)])
        while todo:
            steps, node = todo.pop()
            if not isinstance(node, dict) or id(node) in self._steps:
                continue
            self._steps[id(node)] = steps
            self._nodes.append(node)
            self._edges[id(node)] = edges = list(_edges(node, steps, raw))
            for one in (*edges, *_definitions(node, steps)):  # references last: a node stands where it is written
                (todo.appendleft if one.steps[-1] == "$ref" else todo.append)((one.steps, one.target))

    def costs(self) -> list[Cost]:
        """See `costs`."""
        found = [*self.branches(), *self._recursions()]
        for node in self._nodes:
            pattern = node.get("pattern")
            for text in (pattern, *_mapping(node.get("patternProperties"))):
                if isinstance(text, str) and _TRIES.search(text) and _REPEATED_GROUP.search(text):
                    problem = f"the pattern {text[:60]!r} repeats a group and looks around: it takes up to 20 ms a text"
                    found.append(Cost(self._steps[id(node)], problem))
            if "$dynamicRef" in node:
                found.append(Cost(self._steps[id(node)], "where $dynamicRef leads, and what it costs, is unknown"))
        return found

    def branches(self) -> Iterator[Cost]:
        """The node with the most branches for one value, if these are too many."""
        counts: dict[int, int] = {}
        worst = max(self._nodes, key=lambda node: self._count(node, counts), default=None)
        most = counts.get(id(worst), 0)
        if worst is not None and most > COSTLY:
            shown = f"{most:,}" if most < 10**12 else "more than a million million"
            problem = f"this may try {shown} branches for one value; let choices not lead to further choices"
            yield Cost(self._steps[id(worst)], problem, most > UNBEARABLE)

    def _count(self, node: Mapping[str, JSON], counts: dict[int, int]) -> int:
        """How many schemas apply to the value that a node applies to; the validator stops at circles.

        Not by recursion: the chain of references may be long.
        """
        todo = [node]
        while todo:
            last = todo[-1]
            counts.setdefault(id(last), 0)
            inner = [one.target for one in self._edges.get(id(last), ()) if one.kind == "same"]
            inner = [one for one in inner if isinstance(one, dict)]
            if missing := [one for one in inner if id(one) not in counts]:
                todo += missing
                continue
            counts[id(last)] = 1 + sum(counts[id(one)] for one in inner)
            todo.pop()
        return counts[id(node)]

    def _recursions(self) -> Iterator[Cost]:
        """The first node that leads back to itself by two ways for the same part of a value."""
        forth, back = self._circles()
        for start in forth:
            circle = _reached(start, forth) & _reached(start, back)
            for node in self._nodes:
                if id(node) in circle and _meet(self._parts(node, circle, set())):
                    problem = (
                        "this leads back to itself twice for the same part: each level of a value doubles the work"
                    )
                    yield Cost(self._steps[id(node)], problem)
                    return

    def _circles(self) -> tuple[_Links, _Links]:
        """The links forth and back between nodes of circles, and of ways from one circle to another."""
        forth = {key: {id(one.target) for one in edges} & self._edges.keys() for key, edges in self._edges.items()}
        back: _Links = {key: set() for key in forth}
        for key, those in forth.items():
            for other in those:
                back[other].add(key)
        ends = [key for key in forth if not forth[key] or not back[key]]
        while ends:  # what nothing leads to, or what leads nowhere, is in no circle
            key = ends.pop()
            for links, others in ((forth, back.pop(key, ())), (back, forth.pop(key, ()))):
                for other in others:
                    if other in links:
                        links[other].discard(key)
                        ends += [] if links[other] else [other]
        return forth, back

    def _parts(self, node: Any, circle: set[int], above: set[int]) -> list[_Edge]:
        """The edges into the circle for parts of the value that a node applies to, one for each way."""
        found: list[_Edge] = []
        for one in self._edges.get(id(node), ()):
            if id(one.target) not in circle or len(found) > COSTLY:
                continue
            if one.kind != "same":
                found.append(one)
            elif id(one.target) not in above:
                found += self._parts(one.target, circle, above | {id(node)})
        return found


def _meet(parts: list[_Edge]) -> bool:
    """Whether two of the edges apply to the same part of a value."""
    return any(_overlap(one, other) for one, other in combinations(parts[:_COMPARED], 2))


def _overlap(one: _Edge, other: _Edge) -> bool:
    """Whether two edges apply to the same part; what a schema says of all others leaves out those that it names."""
    if one.kind != other.kind or one.steps == other.steps:
        return one.steps == other.steps
    if one.name is None or other.name is None:
        return one.owner != other.owner
    return one.name == other.name


def _reached(start: int, edges: Mapping[int, set[int]]) -> set[int]:
    """What can be reached by at least one edge."""
    found: set[int] = set()
    todo = list(edges.get(start, ()))
    while todo:
        key = todo.pop()
        if key not in found:
            found.add(key)
            todo += edges.get(key, ())
    return found


def _edges(node: Mapping[str, JSON], steps: Steps, raw: JSON) -> Iterator[_Edge]:
    """The schemas that a schema applies."""
    for word, kind in _LISTS.items():
        listed = node.get(word)
        for number, inner in enumerate(listed if isinstance(listed, list) else ()):
            yield _Edge(kind, number if word in _NAMED else None, (*steps, word, number), inner)
    for word, kind in _BY_NAME.items():
        for name, inner in _mapping(node.get(word)).items():
            yield _Edge(kind, name if word in _NAMED else None, (*steps, word, name), inner)
    for word, kind in _SINGLE.items():
        if word in node:
            yield _Edge(kind, None, (*steps, word), node[word])
    if isinstance(reference := node.get("$ref"), str):
        yield _Edge("same", None, (*steps, "$ref"), _resolved(raw, reference))


def _definitions(node: Mapping[str, JSON], steps: Steps) -> Iterator[_Edge]:
    for word in ("$defs", "definitions"):
        for name, inner in _mapping(node.get(word)).items():
            yield _Edge("none", None, (*steps, word, name), inner)


def _mapping(value: JSON) -> Mapping[str, JSON]:
    return value if isinstance(value, dict) else {}


def _resolved(raw: JSON, reference: str) -> JSON:
    """The target of a JSON pointer within the document; None for any other reference, which the validator judges."""
    if not reference.startswith("#"):
        return None
    value = raw
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value
