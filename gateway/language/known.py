"""What a document knows of a value before any payload comes: its keys, and those of its elements, from a JSON Schema.

A schema whose value may be an object without named properties knows every key; so does a value that nobody describes.
A schema that names properties knows these alone, unless it says something about others (`additionalProperties`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

from gateway.model import JSON

_DEPTH: Final = 20
"""How many references and choices lead from one value to its properties."""

_CHOICES: Final = ("allOf", "anyOf", "oneOf")
_BRANCHES: Final = ("then", "else")


class Known:
    """What is known of a value.

    `keys` are those that it may have, `rest` is what any other key holds (None: there are no others), `element` what an
    element of it is, where it may be a list (None: it is none). Each is made when it is asked for, since schemas refer
    to themselves. `kind` says what it is where it is a number or a flag and nothing else, "" of any other value.
    """

    __slots__ = ("_element", "_keys", "_rest", "kind")

    def __init__(
        self,
        keys: Mapping[str, Callable[[], "Known"]] = {},
        rest: "Callable[[], Known] | None" = None,
        element: "Callable[[], Known] | None" = None,
        kind: str = "",
    ) -> None:
        self._keys = keys
        self._rest = rest
        self._element = element
        self.kind = kind

    @classmethod
    def of(cls, **keys: "Known") -> "Known":
        """An object of these keys and no others."""
        return cls.object(keys)

    @classmethod
    def object(cls, keys: Mapping[str, "Known"], *, others: bool = False) -> "Known":
        """An object of these keys; with `others`, it may have any other, too."""
        return cls({name: _always(one) for name, one in keys.items()}, _always(ANY) if others else None)

    @classmethod
    def list(cls, element: "Known") -> "Known":
        """A list of such elements."""
        return cls({}, None, _always(element))

    @property
    def keys(self) -> Iterable[str]:
        """The names of the keys that it may have, as far as they are known."""
        return self._keys.keys()

    @property
    def is_open(self) -> bool:
        """Whether it may have keys that are not known."""
        return self._rest is not None

    @property
    def is_scalar(self) -> bool:
        """Whether it is neither an object nor a list."""
        return not self._keys and self._rest is None and self._element is None

    def key(self, name: str) -> "Known | None":
        """What the key of this name holds; None when there is no such key."""
        found = self._keys.get(name, self._rest)
        return found() if found is not None else None

    def any_key(self) -> "Known":
        """What a key holds of which the name is a value itself."""
        found = [make() for make in self._keys.values()] + ([self._rest()] if self._rest else [])
        return union(found) if found else ANY

    def element(self) -> "Known":
        """What an element of it is; anything where it is no list."""
        return self._element() if self._element is not None else ANY

    def repeated(self) -> "Known":
        """What `each` repeats for: elements, the pairs of an object, or a scalar itself."""
        if self.is_scalar:
            return self
        found = [self._element()] if self._element is not None else []
        if self._keys or self._rest is not None:
            found.append(Known.of(key=SCALAR, value=self.any_key()))
        return union(found)

    def looped(self) -> "Known":
        """What `{% for %}` goes through: elements, or the names of an object's keys."""
        return self._element() if self._element is not None else SCALAR if self._keys and self._rest is None else ANY

    def extended(self, names: Mapping[str, "Known"]) -> "Known":
        """The same with these keys, which hide others of their names."""
        return Known({**self._keys, **{name: _always(one) for name, one in names.items()}}, self._rest, self._element)

    def extended_later(self, name: str, make: Callable[[], "Known"]) -> "Known":
        """The same with one more key, whose value is made when it is asked for."""
        return Known({**self._keys, name: cache(make)}, self._rest, self._element)

    def opened(self) -> "Known":
        """The same, and any other key."""
        return Known(self._keys, _always(ANY), self._element)


def _always(known: Known) -> Callable[[], Known]:
    return lambda: known


SCALAR: Final = Known()
"""A text, a number, true or false, or null: it has no keys and no elements."""

NUMBER: Final = Known(kind="a number")
FLAG: Final = Known(kind="true or false")

ANY: Final[Known] = Known({}, lambda: ANY, lambda: ANY)
"""A value of which nothing is known: it may have any key."""


def union(choices: Iterable[Known]) -> Known:
    """What is known of a value that is one of several."""
    every = list(dict.fromkeys(choices))
    several = [one for one in every if not one.is_scalar]
    if ANY in several:
        return ANY
    if not several:
        return _of_kind({one.kind for one in every})
    if len(several) < 2:
        return several[0]
    names = dict.fromkeys(name for one in several for name in one.keys)
    return Known(
        {name: _union_of([one._keys[name] for one in several if name in one._keys]) for name in names},
        _union_of([one._rest for one in several if one._rest is not None]),
        _union_of([one._element for one in several if one._element is not None]),
    )


def _of_kind(kinds: "set[str]") -> Known:
    """A scalar that is of one of these kinds."""
    return {NUMBER.kind: NUMBER, FLAG.kind: FLAG}.get(kinds.pop(), SCALAR) if len(kinds) == 1 else SCALAR


def _union_of(makers: "list[Callable[[], Known]]") -> Any:
    if len(makers) < 2:
        return makers[0] if makers else None
    return lambda: union(make() for make in makers)


class SchemaReader:
    """Reads one schema; what it says of each of its parts is read once."""

    def __init__(self, root: JSON) -> None:
        self._root = root
        self._read: dict[int, Known] = {}

    def known(self) -> Known:
        """What the schema knows of its value."""
        return self._known(self._root)

    def _known(self, schema: JSON) -> Known:
        if id(schema) not in self._read:
            self._read[id(schema)] = self._of_nodes(list(self._nodes(schema, 0)))
        return self._read[id(schema)]

    def _nodes(self, schema: JSON, depth: int) -> Iterator[Mapping[str, Any]]:
        """The schemas that a value may match at once or by choice: those behind references and choices, too."""
        if schema is True:
            yield {}
        if not isinstance(schema, Mapping) or depth > _DEPTH:
            return
        inner = [one for word in _CHOICES for one in _list(schema.get(word))]
        inner += [schema[word] for word in _BRANCHES if word in schema]
        if isinstance(schema.get("$ref"), str):
            inner.append(self._target(schema["$ref"]))
        if not inner or not _NAMELESS.issuperset(schema):
            yield schema
        for one in inner:
            yield from self._nodes(one, depth + 1)

    def _target(self, reference: str) -> JSON:
        """The schema within the document that a reference leads to."""
        node: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, Mapping) else None
        return True if node is None else node

    def _of_nodes(self, nodes: "list[Mapping[str, Any]]") -> Known:
        keys: dict[str, list[JSON]] = {}
        rest: list[JSON] = []
        elements: list[JSON] = []
        is_named = any(_NAMING & one.keys() for one in nodes)
        for node in nodes:
            for name, one in _dict(node.get("properties")).items():
                keys.setdefault(name, []).append(one)
            for name in _list(node.get("required")):
                keys.setdefault(name, [])
            others = [node.get("additionalProperties"), *_dict(node.get("patternProperties")).values()]
            rest += [one for one in others if one is True or isinstance(one, Mapping)]
            if _may_be(node, "object") and (not is_named or _OF_OBJECTS.isdisjoint(node)):
                rest.append(True)
            if _may_be(node, "array"):
                elements += [node.get("items", True), *_list(node.get("prefixItems"))]
        if not (keys or rest or elements):
            return _SCALARS.get(_types(nodes), SCALAR)
        return Known(
            {name: self._any_of(schemas) for name, schemas in keys.items()},
            self._any_of(rest) if rest else None,
            self._any_of(elements) if elements else None,
        )

    def _any_of(self, schemas: "list[JSON]") -> Callable[[], Known]:
        return lambda: union([self._known(one) for one in schemas]) if schemas else ANY


_NAMELESS: Final = frozenset({*_CHOICES, *_BRANCHES, "$ref", "if", "not", "$defs", "title", "description", "$schema"})
"""Keywords of a schema that says nothing about its value beside its choices."""
_OF_OBJECTS: Final = frozenset({"properties", "required", "additionalProperties", "patternProperties", "propertyNames"})
_NAMING: Final = frozenset({"properties", "additionalProperties", "patternProperties"})
"""Keywords that say which keys there are: those that are required may be a few of many."""
_OF_LISTS: Final = frozenset({"items", "prefixItems", "contains", "minItems", "maxItems"})
_OF_SCALARS: Final = frozenset({"enum", "const", "pattern", "format", "minLength", "maxLength", "minimum", "maximum"})


_SCALARS: Final = {
    frozenset({"number"}): NUMBER,
    frozenset({"integer"}): NUMBER,
    frozenset({"number", "integer"}): NUMBER,
    frozenset({"boolean"}): FLAG,
}


def _types(nodes: "list[Mapping[str, Any]]") -> "frozenset[str]":
    """The types that a value may have besides null; none where one of its schemas names no type."""
    named = [_list(one.get("type")) or [one.get("type", "")] for one in nodes]
    types = frozenset(map(str, (word for words in named for word in words)))
    return frozenset() if "" in types else types - {"null"}


def _may_be(node: Mapping[str, Any], kind: str) -> bool:
    """Whether the value of a schema may be an object, or an array; its keywords say so where it names no type."""
    if not _OF_SCALARS.isdisjoint(node):
        return False
    if "type" in node:
        return kind == node["type"] or kind in _list(node["type"])
    return (_OF_LISTS if kind == "object" else _OF_OBJECTS).isdisjoint(node)


def _list(value: Any) -> "list[Any]":
    return value if isinstance(value, list) else []


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
