"""Templates of text and simple expressions, evaluated without the engine: most of a catalog's are no more than that.

A simple expression is a path, and perhaps functions whose arguments are texts, whole numbers or paths:
`commit.id | short(7) | code | link(commit.url)`. What says more is the engine's; what both understand they write alike.
Each becomes a function of its own (`source`), since they run for every line of every message.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from gateway.translate.functions.registry import Bare, bare
from gateway.translate.source import Evaluate, Path, Source

PATH: Final = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_ARGUMENT = rf"(?:{PATH}|\d{{1,9}}|'[^'\\]*'|\"[^\"\\]*\")"
_START = re.compile(rf"\s*({PATH})\s*", re.ASCII)
_CALL = re.compile(rf"\|\s*([A-Za-z_]\w*)\s*(?:\(\s*((?:{_ARGUMENT}\s*(?:,\s*{_ARGUMENT}\s*)*)?)\)\s*)?", re.ASCII)
_ARGUMENTS = re.compile(_ARGUMENT, re.ASCII)
_OUTPUT = re.compile(r"\{\{(.*?)\}\}", re.S)
_OTHER = ("{{", "}}", "{%", "{#")
_CONSTANTS: Final = frozenset("true false none True False None loop self".split())

Functions = Mapping[str, Callable[..., Any]]
Write = Callable[[Mapping[str, Any]], str]
"""What writes a text about a context."""
Emit = Callable[[Source], str]
"""What writes into a source how a value is found, and gives the Python expression that then is the value."""


def expression(source: str, functions: Functions, taken: Collection[str] = ()) -> Evaluate | None:
    """What gives the value of an expression without its braces in a context, None when it is missing.

    None when the expression is not a simple one. `taken` are names that are no keys. What it gives raises what a
    function raises.
    """
    value = simple(source, functions, taken)
    return value and made(value)


def text(
    source: str, functions: Functions, finalize: Callable[[Any], str], taken: Collection[str] = ()
) -> Write | None:
    """What writes the text of the template in a context, every value by the finalizer; it raises as `expression`.

    None when the template holds more than text and simple expressions.
    """
    pieces: list[str | Emit] = []
    for index, part in enumerate(_OUTPUT.split(source)):
        if index % 2:
            value = simple(part, functions, taken)
            if value is None:
                return None
            pieces.append(output(value, finalize))
        elif any(sign in part for sign in _OTHER):
            return None
        elif part:
            pieces.append(part)
    return made(written(pieces))


def made(emit: Emit) -> Evaluate:
    """The function that gives the value."""
    source = Source()
    return source.function(emit(source))


def simple(source: str, functions: Functions, taken: Collection[str]) -> Emit | None:
    """A simple expression, or None for any other."""
    start = _START.match(source)
    path = path_of(start[1], taken) if start else None
    if start is None or path is None:
        return None
    value, at = follower(path), start.end()
    while at < len(source):
        call = _CALL.match(source, at)
        if call is None or call[1] not in functions:
            return None
        arguments = [_argument(written, taken) for written in _ARGUMENTS.findall(call[2] or "")]
        if None in arguments:
            return None
        value = _applied(bare(functions[call[1]]), value, arguments)
        at = call.end()
    return value


def _argument(written: str, taken: Collection[str]) -> Any:
    if written[0] in "'\"":
        return written[1:-1]
    return int(written) if written[0].isdigit() else path_of(written, taken)


def path_of(written: str, taken: Collection[str]) -> Path | None:
    """The path that is written so, or None for a constant or one of the names `taken`."""
    path = tuple(written.split("."))
    return None if path[0] in _CONSTANTS or path[0] in taken else path


def follower(path: Path) -> Emit:
    """What a path leads to."""
    return lambda source: source.path(path)


def _applied(function: Bare, inner: Emit, arguments: Sequence[Any]) -> Emit:
    """The value of `inner` gone through a function."""

    def emit(source: Source) -> str:
        value = inner(source)
        others = [source.path(one) if type(one) is tuple else source.bind(one) for one in arguments]
        call = f"{source.bind(function.call)}({', '.join((value, *others))})"
        result = source.let(f"None if {value} is None else {call}" if function.passes else call)
        source.line(f"if isinstance({result}, str) and len({result}) > MAX_OUTPUT: {result} = bounded({result})")
        return result

    return emit


def output(value: Emit, finalize: Callable[[Any], str]) -> Emit:
    """The text of a value."""
    return lambda source: source.let(f"{source.bind(finalize)}({value(source)})")


def written(pieces: Sequence[str | Emit]) -> Emit:
    """A text of constant pieces and others."""

    def emit(source: Source) -> str:
        parts = [source.bind(piece) if isinstance(piece, str) else piece(source) for piece in pieces]
        return parts[0] if len(parts) == 1 else f"''.join(({', '.join(parts)}))"

    return emit
