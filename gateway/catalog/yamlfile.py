"""YAML as documents use it: plain data, `yes` and `2026-01-31` are strings, no duplicate keys, faults with lines."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol

import yaml

from gateway.catalog.yamlremedy import CORRECT, remedy
from gateway.errors import CatalogError, Fault
from gateway.language.document import Note
from gateway.model import JSON

DEPTH = 100
"""How deep a document may nest; the C loader recurses, and a stack overflow would end the process."""

VALUES = 20_000
"""How many values a document may have, aliases expanded: a few lines of aliases could expand to billions."""

_TAG = "tag:yaml.org,2002:"
_BOOL, _INT, _FLOAT, _STR = _TAG + "bool", _TAG + "int", _TAG + "float", _TAG + "str"
_PLAIN = frozenset(_TAG + kind for kind in ("map", "seq", "str", "int", "float", "bool", "null", "merge"))
"""The YAML types that JSON has, too; sets, pairs, bytes and dates are not among them."""


class _Loader(yaml.CSafeLoader):
    """The C loader without the surprises of YAML 1.1: booleans and numbers are those of YAML 1.2.

    Dates and times of day stay strings, `yes` and `017` too.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag in _PLAIN - {_BOOL, _INT, _FLOAT}]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if node.tag.startswith(_TAG) and node.tag not in _PLAIN:
            problem = f"!!{node.tag[len(_TAG) :]} is a type that JSON does not have"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        try:
            return super().construct_object(node, deep)
        except (ValueError, LookupError) as error:  # of Python's types, for a tag that does not fit its value
            problem = f"this is no {node.tag.removeprefix(_TAG)}"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if isinstance(node, yaml.MappingNode):  # else it is tagged as one, which super refuses
            _check_keys(node)
            self.flatten_mapping(node)
            for key, _ in node.value:
                key.tag = _STR  # as in JSON: `200:` is the key "200"
        return super().construct_mapping(node, deep)


def _check_keys(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            problem = "a template must be quoted"
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        if key.value in seen:
            problem = f"the key {key.value!r} is there twice"
            raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        seen.add(key.value)


_BOOLS = re.compile("^(?:true|True|TRUE|false|False|FALSE)$")
_INTS = re.compile("^[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)$")
_FLOATS = re.compile(r"^[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)$")
_Loader.add_implicit_resolver(_BOOL, _BOOLS, list("tTfF"))
_Loader.add_implicit_resolver(_INT, _INTS, list("-+0123456789"))
_Loader.add_implicit_resolver(_FLOAT, _FLOATS, list("-+.0123456789"))


def load(text: str, file: str) -> JSON:
    """The value of a YAML text; raises CatalogError naming `file` and the line."""
    try:
        _check_size(text, file)
        return yaml.load(text, _Loader)  # noqa: S506 - a safe loader, see above
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        todo = remedy(text, mark.line + 1 if mark else 0)
        raise _unusable(file, error.problem or error.context or "not YAML", mark, todo) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _unusable(file, f"not YAML: {error}") from error


class _Dumper(yaml.CSafeDumper):
    """Writes multi-line strings as literal blocks, in which messages are readable.

    Strings that YAML 1.1 or 1.2 would read as another type are quoted.
    """


_Dumper.add_implicit_resolver(_FLOAT, _FLOATS, list("-+.0123456789"))
_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def dump(document: JSON) -> str:
    """The YAML text of plain data, its keys in the order given."""
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120))


class _Mark(Protocol):
    line: int
    column: int


def _unusable(file: str, problem: str, mark: _Mark | None = None, todo: str = CORRECT) -> CatalogError:
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    return CatalogError([Fault(file, line, "", problem, todo, column)])


def _check_size(text: str, file: str) -> None:
    """Raise CatalogError for a text deeper than DEPTH or with more than VALUES values. Parser events need no recursion.

    An alias counts as the values of its anchor; an alias inside its own anchor is refused, since it is infinite.
    """
    open_: list[tuple[str | None, int]] = [(None, 0)]  # anchor and number of values of each open collection
    known: dict[str, int] = {}
    for event in yaml.parse(text, yaml.CSafeLoader):
        anchor, values = getattr(event, "anchor", None), 1
        if isinstance(event, yaml.CollectionStartEvent):
            if len(open_) > DEPTH:
                raise _unusable(file, f"this is nested deeper than {DEPTH} levels", event.start_mark)
            open_.append((anchor, 1))
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, values = open_.pop()
        elif isinstance(event, yaml.AliasEvent):
            if any(anchor == outer for outer, _ in open_):
                raise _unusable(file, f"the alias *{anchor} is inside of its own anchor", event.start_mark)
            anchor, values = None, known.get(str(anchor), 1)
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if anchor is not None:
            known[anchor] = values
        open_[-1] = (open_[-1][0], open_[-1][1] + values)
        if open_[-1][1] > VALUES:
            raise _unusable(file, f"this holds more than {VALUES:,} values", event.start_mark)


def place_of(text: str, steps: tuple[str | int, ...]) -> tuple[int, int]:
    """Line and column (from 1) where the value at `steps` begins, or those of its nearest parent that exists."""
    return _found(text, steps)[0]


def _found(text: str, steps: tuple[str | int, ...]) -> tuple[tuple[int, int], yaml.Node | None]:
    """The place of the value at `steps` or of its nearest parent, and its node; None where it does not exist."""
    node = _compose(text)
    mark = node.start_mark if node is not None else None
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                node = None
                break
            mark, node = found[0].start_mark, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            mark = node.start_mark
        else:
            node = None
            break
    return ((mark.line + 1, mark.column + 1) if mark else (1, 1)), node


def where(file: str, text: str, steps: tuple[str | int, ...]) -> str:
    """The place of a value in a document of the catalog, in few words: "github/push.yaml:14"."""
    first = re.search(rf"^{re.escape(str(steps[0]))} *:", text, re.MULTILINE) if len(steps) == 1 else None
    line = text.count("\n", 0, first.start()) + 1 if first else place_of(text, steps)[0]  # which reads all of it
    return f"{'/'.join(file.split('/')[-2:])}:{line}"


def fault(
    file: str,
    text: str,
    steps: tuple[str | int, ...],
    problem: str,
    remedy: str = "",
    *,
    at: int = -1,
    word: str = "",
) -> Fault:
    """A fault of the value at `steps` of a document; with `at` or `word`, of a part of its text.

    `at` is an offset in that text, `word` the first part that is written so.
    """
    (line, column), node = _found(text, steps)
    if isinstance(node, yaml.ScalarNode) and (at >= 0 or word):
        inside = _line_inside(text, node, at if at >= 0 else _offset(node.value, word))
        line, column = inside, column if inside == line else 0
    return Fault(file, line, "/".join(map(str, steps)), problem, remedy, column)


def _offset(value: str, word: str) -> int:
    """Where a word is written in a value: as it is, else the last part of a path; 0 where neither is there."""
    for part in (word, re.split(r"[.\[]", word)[-1].strip("'\"]")):
        if found := re.search(rf"(?<!\w){re.escape(part)}(?!\w)", value):
            return found.start()
    return 0


def _line_inside(text: str, node: yaml.ScalarNode, at: int) -> int:
    """The line (from 1) of the character at an offset of a scalar's value, whatever way its lines are folded.

    Blanks change when YAML folds a text, and quotes are doubled; so what is counted are other characters.
    """
    lines = text.splitlines()[node.start_mark.line : node.end_mark.line + 1]
    if not lines:
        return int(node.start_mark.line) + 1
    lines[0] = "" if node.style in ("|", ">") else lines[0][node.start_mark.column + bool(node.style) :]
    left = len(_COUNTED.findall(node.value[:at]))
    for number, line in enumerate(lines, node.start_mark.line + 1):
        written = line.replace("''", "'") if node.style == "'" else line.replace('\\"', '"')
        left -= len(_COUNTED.findall(written))
        if left < 0:
            return int(number)
    return int(node.start_mark.line) + 1


_COUNTED = re.compile(r"\S")


def placed(notes: Iterable[Note], text: str, file: str) -> list[Fault]:
    """The faults that were noted about the document `text` in `file`, with their lines."""
    return [fault(file, text, steps, problem, at=at) for steps, at, problem in notes]


@lru_cache(maxsize=1)
def _compose(text: str) -> yaml.Node | None:
    """The nodes of a text; the last result is cached, because a document often has several faults."""
    return yaml.compose(text, yaml.CSafeLoader)
