"""Templates of text and simple expressions, evaluated without the engine: most of a catalog's are no more than that.

A simple expression is a path, and perhaps functions whose arguments are texts, whole numbers or paths:
`commit.id | short(7) | code | link(commit.url)`. What says more is the engine's; what both understand they write alike.
Each is compiled into closures made for its shape, since they run for every line of every message.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from gateway.translate.functions.registry import MAX_OUTPUT, Bare, bare, bounded

PATH: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_ARGUMENT = rf"(?:{PATH}|\d{{1,9}}|'[^'\\]*'|\"[^\"\\]*\")"
_START = re.compile(rf"\s*({PATH})\s*", re.ASCII)
_CALL = re.compile(rf"\|\s*([A-Za-z_]\w*)\s*(?:\(\s*((?:{_ARGUMENT}\s*(?:,\s*{_ARGUMENT}\s*)*)?)\)\s*)?", re.ASCII)
_ARGUMENTS = re.compile(_ARGUMENT, re.ASCII)
_OUTPUT = re.compile(r"\{\{(.*?)\}\}", re.S)
_OTHER = ("{{", "}}", "{%", "{#")
_CONSTANTS: Final = frozenset("true false none True False None loop self".split())

Path = tuple[str, ...]
Functions = Mapping[str, Callable[..., Any]]
Evaluate = Callable[[Mapping[str, Any]], Any]
"""What finds a value in a context."""
Write = Callable[[Mapping[str, Any]], str]
"""What writes a text about a context."""


class Expression:
    """A path and the functions that its value goes through; see `expression`.

    `value` gives the value in a context, None when it is missing. It raises what a function raises.
    """

    __slots__ = ("value",)

    def __init__(self, value: Evaluate) -> None:
        self.value = value


class Text:
    """A text with values in it; see `text`.

    `run` gives the text in a context, every value written by the finalizer. It raises what a function raises.
    """

    __slots__ = ("run",)

    def __init__(self, run: Write) -> None:
        self.run = run


def expression(source: str, functions: Functions, taken: Collection[str] = ()) -> Expression | None:
    """The expression without its braces, or None when it is not a simple one. `taken` are names that are no keys."""
    start = _START.match(source)
    path = path_of(start[1], taken) if start else None
    if start is None or path is None:
        return None
    value, at = reader(path), start.end()
    while at < len(source):
        call = _CALL.match(source, at)
        if call is None or call[1] not in functions:
            return None
        arguments = [_argument(written, taken) for written in _ARGUMENTS.findall(call[2] or "")]
        if None in arguments:
            return None
        value = _applied(bare(functions[call[1]]), value, arguments)
        at = call.end()
    return Expression(value)


def text(source: str, functions: Functions, finalize: Callable[[Any], str], taken: Collection[str] = ()) -> Text | None:
    """The template, or None when it holds more than text and simple expressions."""
    pieces: list[str | Write] = []
    for index, part in enumerate(_OUTPUT.split(source)):
        if index % 2:
            simple = expression(part, functions, taken)
            if simple is None:
                return None
            pieces.append(output(simple, finalize))
        elif any(sign in part for sign in _OTHER):
            return None
        elif part:
            pieces.append(part)
    return Text(written(pieces))


def _argument(written: str, taken: Collection[str]) -> Any:
    if written[0] in "'\"":
        return written[1:-1]
    return int(written) if written[0].isdigit() else path_of(written, taken)


def path_of(written: str, taken: Collection[str]) -> Path | None:
    """The path that is written so, or None for a constant or one of the names `taken`."""
    path = tuple(written.split("."))
    return None if path[0] in _CONSTANTS or path[0] in taken else path


def _look_up(value: Any, path: Path) -> Any:
    for step in path:
        if type(value) is dict or isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value


def reader(path: Path) -> Evaluate:
    """What follows a path. Payloads are dicts; whatever else is on the way goes through `_look_up`."""
    first, *further = path
    if not further:
        return lambda context: context.get(first)
    second, *deeper = rest = tuple(further)

    def read(context: Mapping[str, Any]) -> Any:
        outer = context.get(first)
        return outer.get(second) if type(outer) is dict else _look_up(outer, rest)

    if not deeper:
        return read
    depths = tuple(deeper)
    return lambda context: _look_up(read(context), depths)


def _applied(function: Bare, inner: Evaluate, arguments: Sequence[Any]) -> Evaluate:
    """The value of `inner` gone through a function; at most one argument is the usual case."""
    call, passes = function.call, function.passes
    readers = [reader(one) if type(one) is tuple else _constant(one) for one in arguments]

    def several(context: Mapping[str, Any]) -> Any:
        value = inner(context)
        if value is None and passes:
            return None
        value = call(value, *[read(context) for read in readers])
        return bounded(value) if isinstance(value, str) and len(value) > MAX_OUTPUT else value

    def single(context: Mapping[str, Any]) -> Any:
        value = inner(context)
        if value is None and passes:
            return None
        value = call(value, read(context))
        return bounded(value) if isinstance(value, str) and len(value) > MAX_OUTPUT else value

    def alone(context: Mapping[str, Any]) -> Any:
        value = inner(context)
        if value is None and passes:
            return None
        value = call(value)
        return bounded(value) if isinstance(value, str) and len(value) > MAX_OUTPUT else value

    if len(readers) == 1:
        (read,) = readers
        return single
    return several if readers else alone


def _constant(value: Any) -> Evaluate:
    return lambda _: value


def output(simple: Expression, finalize: Callable[[Any], str]) -> Write:
    """What writes the value of an expression."""
    value = simple.value
    return lambda context: finalize(value(context))


def written(pieces: Sequence[str | Write]) -> Write:
    """What writes a text: what is not constant goes into the gaps between its constant pieces."""
    blank = [piece if isinstance(piece, str) else "" for piece in pieces]
    gaps = [(index, piece) for index, piece in enumerate(pieces) if not isinstance(piece, str)]
    if len(gaps) == len(pieces) == 1:
        return gaps[0][1]

    def run(context: Mapping[str, Any]) -> str:
        parts = blank.copy()
        for index, write in gaps:
            parts[index] = write(context)
        return "".join(parts)

    return run
