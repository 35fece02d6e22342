"""Templates of text and simple expressions, evaluated without the engine: most of a catalog's are no more than that.

A simple expression is a path, or a function of paths, texts and whole numbers, and perhaps functions of that:
`coalesce(commit.id, after) | short(7) | code | link(commit.url)`. Other templates are left to the engine; both give the
same text for what both support. Each becomes a function of its own (`source`), since they run for every line of every
message.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gateway.language.fast.source import Emit, Path, Source
from gateway.language.functions.registry import Bare, bare

PATH: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_ARGUMENT = rf"(?:{PATH}|\d{{1,9}}|'[^'\\]*'|\"[^\"\\]*\")"
_START = re.compile(rf"\s*({PATH})\s*", re.ASCII)
_CALL = re.compile(rf"\|\s*([A-Za-z_]\w*)\s*(?:\(\s*((?:{_ARGUMENT}\s*(?:,\s*{_ARGUMENT}\s*)*)?)\)\s*)?", re.ASCII)
_OF_ARGUMENTS = re.compile(rf"\s*([A-Za-z_]\w*)\(\s*({_ARGUMENT}\s*(?:,\s*{_ARGUMENT}\s*)*)\)\s*", re.ASCII)
_ARGUMENTS = re.compile(_ARGUMENT, re.ASCII)
_OUTPUT = re.compile(r"\{\{(.*?)\}\}", re.S)
_OTHER = ("{{", "}}", "{%", "{#")
_MOST_CALLS: Final = 100
"""The limit of functions in one expression: they nest in the generators, and Python limits recursion."""
_CONSTANTS: Final = frozenset("true false none True False None loop self".split())


class Words(NamedTuple):
    """The vocabulary of templates: the functions of a value by name, and those of arguments alone, as `coalesce`.

    The names of the latter are `taken`: no keys. `output` writes the text of a value.
    """

    functions: Mapping[str, Callable[..., Any]]
    taken: Mapping[str, Callable[..., Any]]
    output: Callable[[Source, str], str]


def text(template: str, words: Words) -> Emit | None:
    """The text of the template, or None when it holds more than text and simple expressions."""
    pieces: list[str | Emit] = []
    for index, part in enumerate(_OUTPUT.split(template)):
        if index % 2:
            value = expression(part, words)
            if value is None:
                return None
            pieces.append(output(value, words))
        elif any(sign in part for sign in _OTHER):
            return None
        elif part:
            pieces.append(part)
    return joined(pieces)


def expression(code: str, words: Words) -> Emit | None:
    """The value of the expression without its braces, or None when it is not a simple one."""
    value, at = _beginning(code, words)
    if value is None or code.count("|") > _MOST_CALLS:
        return None
    while at < len(code):
        call = _CALL.match(code, at)
        if call is None or call[1] not in words.functions:
            return None
        arguments = [_argument(token, words.taken) for token in _ARGUMENTS.findall(call[2] or "")]
        if None in arguments:
            return None
        value = _apply(bare(words.functions[call[1]]), value, arguments)
        at = call.end()
    return value


def _beginning(code: str, words: Words) -> tuple[Emit | None, int]:
    """The value of the path or call that an expression begins with, and where that ends."""
    if call := _OF_ARGUMENTS.match(code):
        arguments = [_argument(token, words.taken) for token in _ARGUMENTS.findall(call[2])]
        if call[1] not in words.taken or None in arguments:
            return None, 0
        return _call(bare(words.taken[call[1]]), arguments), call.end()
    start = _START.match(code)
    path = path_of(start[1], words.taken) if start else None
    return (follower(path), start.end()) if start and path is not None else (None, 0)


def _call(function: Bare, arguments: Sequence[Any]) -> Emit:
    """The result of a function of nothing but arguments."""

    def emit(source: Source) -> str:
        given = [source.path(one) if type(one) is tuple else source.bind(one) for one in arguments]
        return source.let(f"{source.bind(function.call)}({', '.join(given)})")

    return emit


def _argument(token: str, taken: Collection[str]) -> Any:
    if token[0] in "'\"":
        return token[1:-1]
    return int(token) if token[0].isdigit() else path_of(token, taken)


def path_of(token: str, taken: Collection[str]) -> Path | None:
    """The path of an expression such as "commit.id"; None for a constant or one of the names `taken`."""
    path = tuple(token.split("."))
    return None if path[0] in _CONSTANTS or path[0] in taken else path


def follower(path: Path) -> Emit:
    """The value at a path."""
    return lambda source: source.path(path)


def _apply(function: Bare, inner: Emit, arguments: Sequence[Any]) -> Emit:
    """The result of a function applied to the value of `inner`."""

    def emit(source: Source) -> str:
        value = inner(source)
        others = [source.path(one) if type(one) is tuple else source.bind(one) for one in arguments]
        if function.missing == "replaces" and len(others) == 1:
            result = source.let(f"{others[0]} if {value} is None else {value}")
        else:
            call = f"{source.bind(function.call)}({', '.join((value, *others))})"
            result = source.let(f"None if {value} is None else {call}" if function.missing == "passes" else call)
        source.line(f"if isinstance({result}, str) and len({result}) > MAX_OUTPUT: {result} = bounded({result})")
        return result

    return emit


def output(value: Emit, words: Words) -> Emit:
    """The text of a value."""
    return lambda source: words.output(source, value(source))


def joined(pieces: Sequence[str | Emit]) -> Emit:
    """The concatenation of constant texts and generated ones."""

    def emit(source: Source) -> str:
        parts = [source.bind(piece) if isinstance(piece, str) else piece(source) for piece in pieces]
        return parts[0] if len(parts) == 1 else f"''.join(({', '.join(parts)}))"

    return emit
