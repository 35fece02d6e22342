"""Why a template failed, in the words of its author: the engine speaks of its own types and of Python's forms."""

import re
from collections.abc import Callable
from typing import Final

_WORDS: Final = {
    "string": "a text", "number": "a number", "bool": "true or false", "map": "an object", "sequence": "a list",
    "iterator": "a list", "undefined": "nothing", "none": "nothing", "bytes": "bytes", "plain object": "an object",
}  # fmt: skip
"""The engine's types."""


def _operator(found: re.Match[str]) -> str:
    left, right = (_WORDS.get(found[side], found[side]) for side in ("left", "right"))
    return f"`{found['sign']}` cannot be computed of {left} and {right}"


def _calculation(found: re.Match[str]) -> str:
    by_zero = found["sign"] in ("/", "//", "%") and not float(found["right"])
    return f"{found['left']} {found['sign']} {found['right']} " + ("divides by zero" if by_zero else "has no result")


_OPERATOR = (
    r"tried to use (?P<sign>\S+) operator on unsupported types (?P<left>[\w ]+) and (?P<right>[\w ]+?)(?: \(.*)?"
)
_NUMBERS = r"unable to calculate (?P<left>-?[\d.e+]+) (?P<sign>\S+) (?P<right>-?[\d.]+(?:e\+?\d+)?)"

_TOLD: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), told)
    for pattern, told in (
        (_OPERATOR, _operator),
        (_NUMBERS, _calculation),
        ("cannot perform a containment check on this value", lambda _: "`in` asks for a text, a list or an object"),
        (
            r"(?P<type>\w+) is not iterable",
            lambda one: f"this has to be a list, and is {_WORDS.get(one[1], 'none')}",
        ),
        ("sequence of wrong length .*", lambda _: "a list has more or fewer elements than there are names for them"),
    )
)
"""What the engine says, and what is said instead."""


_NOTHING: Final = frozenset(("undefined", "none"))


def is_of_nothing(detail: str | None) -> bool:
    """Whether an error of the engine is that something was computed of a value that is missing or null."""
    found = re.fullmatch(_OPERATOR, detail or "")
    return found is not None and not _NOTHING.isdisjoint((found["left"], found["right"]))


def trouble(kind: str, detail: str | None) -> str:
    """What went wrong by an error of the engine: its kind ("InvalidOperation"), and what it says of it."""
    for pattern, told in _TOLD:
        if found := pattern.fullmatch(detail or ""):
            return told(found)
    usual = {"InvalidOperation": "this cannot be computed of such a value", "OutOfFuel": "this takes too long"}
    said = detail or usual.get(kind, kind)
    return re.sub(r"\b(True|False|None)\b", lambda word: {"None": "null"}.get(word[0], word[0].lower()), said)
