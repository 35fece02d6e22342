"""Templates of text and simple expressions, evaluated without the engine: most of a catalog's are no more than that.

A simple expression is a path, and perhaps functions whose arguments are texts, whole numbers or paths:
`commit.id | short(7) | code | link(commit.url)`. What says more is the engine's; what both understand they write alike.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_ARGUMENT = rf"(?:{_PATH}|\d{{1,9}}|'[^'\\]*'|\"[^\"\\]*\")"
_START = re.compile(rf"\s*({_PATH})\s*", re.ASCII)
_CALL = re.compile(rf"\|\s*([A-Za-z_]\w*)\s*(?:\(\s*((?:{_ARGUMENT}\s*(?:,\s*{_ARGUMENT}\s*)*)?)\)\s*)?", re.ASCII)
_ARGUMENTS = re.compile(_ARGUMENT, re.ASCII)
_OUTPUT = re.compile(r"\{\{(.*?)\}\}", re.S)
_OTHER = ("{{", "}}", "{%", "{#")
_CONSTANTS: Final = frozenset("true false none True False None loop self".split())

Path = tuple[str, ...]
Functions = Mapping[str, Callable[..., Any]]


class Expression:
    """A path and the functions that its value goes through; see `expression`."""

    __slots__ = ("_calls", "_path")

    def __init__(self, path: Path, calls: Sequence[tuple[Callable[..., Any], Sequence[Any]]]) -> None:
        self._path = path
        self._calls = calls

    def value(self, context: Mapping[str, Any]) -> Any:
        """The value; None when it is missing. Raises what a function raises."""
        value = _look_up(context, self._path)
        for call, arguments in self._calls:
            value = call(value, *[_look_up(context, a) if type(a) is tuple else a for a in arguments])
        return value


class Text:
    """A text with values in it; see `text`."""

    __slots__ = ("_finalize", "_pieces")

    def __init__(self, pieces: Sequence[str | Expression], finalize: Callable[[Any], str]) -> None:
        self._pieces = pieces
        self._finalize = finalize

    def run(self, context: Mapping[str, Any]) -> str:
        """The text, every value written by the finalizer. Raises what a function raises."""
        finalize = self._finalize
        return "".join([piece if type(piece) is str else finalize(piece.value(context)) for piece in self._pieces])  # type: ignore[union-attr]


def expression(source: str, functions: Functions, taken: Collection[str] = ()) -> Expression | None:
    """The expression without its braces, or None when it is not a simple one. `taken` are names that are no keys."""
    start = _START.match(source)
    path = _path(start[1], taken) if start else None
    if start is None or path is None:
        return None
    calls, at = [], start.end()
    while at < len(source):
        call = _CALL.match(source, at)
        if call is None or call[1] not in functions:
            return None
        arguments = [_argument(written, taken) for written in _ARGUMENTS.findall(call[2] or "")]
        if None in arguments:
            return None
        calls.append((functions[call[1]], tuple(arguments)))
        at = call.end()
    return Expression(path, tuple(calls))


def text(source: str, functions: Functions, finalize: Callable[[Any], str], taken: Collection[str] = ()) -> Text | None:
    """The template, or None when it holds more than text and simple expressions."""
    pieces: list[str | Expression] = []
    for index, part in enumerate(_OUTPUT.split(source)):
        if index % 2:
            simple = expression(part, functions, taken)
            if simple is None:
                return None
            pieces.append(simple)
        elif any(sign in part for sign in _OTHER):
            return None
        elif part:
            pieces.append(part)
    return Text(tuple(pieces), finalize)


def _argument(written: str, taken: Collection[str]) -> Any:
    if written[0] in "'\"":
        return written[1:-1]
    return int(written) if written[0].isdigit() else _path(written, taken)


def _path(written: str, taken: Collection[str]) -> Path | None:
    path = tuple(written.split("."))
    return None if path[0] in _CONSTANTS or path[0] in taken else path


def _look_up(value: Any, path: Path) -> Any:
    for step in path:
        if type(value) is dict or isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value
