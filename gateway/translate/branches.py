"""Templates with `{% if %}`, evaluated without the engine where their conditions are simple ones.

A simple condition joins paths, and comparisons of a path with a text, a number, another path or a list of texts, by
`and`, `or`, `not` and brackets: `forced and not deleted`, `action in ['opened', 'reopened']`; of the engine's tests it
knows `startingwith`. What says more is the engine's; what both understand they write alike.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from gateway import jsonpath
from gateway.jsonpath import MISSING
from gateway.translate.direct import (
    PATH,
    Evaluate,
    Functions,
    Path,
    Text,
    Write,
    expression,
    output,
    path_of,
    reader,
    written,
)

_TAG = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.S)
_OTHER = ("{{", "}}", "{%", "%}", "{#", "\r")
_BEFORE_BLOCK = re.compile(r"(?:(?<=\n)|\A)[ \t]+\Z")
_TOKEN = re.compile(
    rf"\s*(startingwith(?=\()|{PATH}(?![\w.(])|\d{{1,9}}(?![\w.])|'[^'\\]*'|\"[^\"\\]*\"|==|!=|[()\[\],])\s*", re.ASCII
)
_WORDS: Final = frozenset("and or not in is if else".split())


class _NotSimple(Exception):  # noqa: N818 - a way out, not a fault
    """The condition is the engine's."""


def text(source: str, functions: Functions, finalize: Callable[[Any], str], taken: Collection[str] = ()) -> Text | None:
    """The template, or None when it branches nowhere, or holds more than text, simple expressions and branches.

    `taken` are names that are no keys. The source is one that the engine accepts.
    """
    if "{%" not in source:
        return None
    open_branches = [_Branches()]
    parts = _TAG.split(source)  # text, output or None, block or None, text, ...
    try:
        for index in range(0, len(parts), 3):
            open_branches[-1].pieces.append(_constant(parts, index))
            if index + 1 == len(parts):
                break
            if parts[index + 1] is None:
                _block(parts[index + 2].strip(), open_branches, taken)
                continue
            simple = expression(parts[index + 1], functions, taken)
            if simple is None:
                return None
            open_branches[-1].pieces.append(output(simple, finalize))
    except _NotSimple:
        return None
    return Text(written([piece for piece in open_branches[0].pieces if piece != ""]))


def _constant(parts: list[Any], index: int) -> str:
    """The text between two tags without the white space of a block, as `trim_blocks` and `lstrip_blocks` take it."""
    constant: str = parts[index]
    if any(sign in constant for sign in _OTHER):
        raise _NotSimple
    begins = index == 0
    if index + 2 < len(parts) and parts[index + 2] is not None:
        blank = _BEFORE_BLOCK.search(constant)
        if blank and (blank.start() or begins):
            constant = constant[: blank.start()]
    if not begins and parts[index - 1] is not None:
        constant = constant.removeprefix("\n")
    return constant


def _block(code: str, open_branches: list["_Branches"], taken: Collection[str]) -> None:
    """Take in `if`, `elif`, `else` and `endif`."""
    word, _, rest = code.partition(" ")
    if word == "if":
        open_branches.append(_Branches(condition(rest, taken)))
    elif word == "elif":
        open_branches[-1].turn(condition(rest, taken))
    elif code == "else":
        open_branches[-1].turn(lambda _: True)
    elif code == "endif":
        ended = open_branches.pop()
        open_branches[-1].pieces.append(ended.write())
    else:
        raise _NotSimple


class _Branches:
    """The branches of an `if` so far; `pieces` are those of the last one. The whole template is one, too."""

    def __init__(self, holds: Evaluate | None = None) -> None:
        self._ways: list[tuple[Evaluate, Write]] = []
        self._holds = holds
        self.pieces: list[str | Write] = []

    def turn(self, holds: Evaluate) -> None:
        """Begin the branch that is taken when those before it are not, and this holds."""
        self._close()
        self._holds = holds

    def write(self) -> Write:
        """What writes the first branch that holds."""
        self._close()
        ways = tuple(self._ways)

        def run(context: Mapping[str, Any]) -> str:
            for holds, write in ways:
                if holds(context):
                    return write(context)
            return ""

        return run

    def _close(self) -> None:
        if self._holds is None:
            raise _NotSimple
        self._ways.append((self._holds, written([piece for piece in self.pieces if piece != ""])))
        self.pieces = []


def condition(source: str, taken: Collection[str] = ()) -> Evaluate:
    """What tells whether the condition holds, by a value that is true or false. Raises _NotSimple."""
    tokens, at = [], 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            raise _NotSimple
        tokens.append(token[1])
        at = token.end()
    reading = _Reading(tokens, taken)
    holds = reading.either()
    if reading.tokens:
        raise _NotSimple
    return holds


class _Reading:
    """Reads a condition from its tokens, those that bind least first."""

    def __init__(self, tokens: list[str], taken: Collection[str]) -> None:
        self.tokens = tokens[::-1]
        self._taken = taken

    def either(self) -> Evaluate:
        """One side of `or` holds."""
        left = self._both()
        while self._skip("or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Evaluate:
        left = self._negated()
        while self._skip("and"):
            left = _and(left, self._negated())
        return left

    def _negated(self) -> Evaluate:
        if self._skip("not"):
            inner = self._negated()
            return lambda context: not inner(context)
        if self._skip("("):
            inner = self.either()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Evaluate:
        path = self._path(self._next())
        value = reader(path)
        if self._skip("=="):
            return self._equal(path)
        if self._skip("!="):
            equal = self._equal(path)
            return lambda context: not equal(context)
        if self._skip("in"):
            among = self._list()
            return lambda context: value(context) in among
        if self._skip("not"):
            self._expect("in")
            beside = self._list()
            return lambda context: value(context) not in beside
        return self._tested(value) if self._skip("is") else value

    def _tested(self, value: Evaluate) -> Evaluate:
        wanted = not self._skip("not")
        self._expect("startingwith")
        self._expect("(")
        start = _literal(self._next())
        self._expect(")")
        if not isinstance(start, str):
            raise _NotSimple
        return lambda context: (isinstance(text := value(context), str) and text.startswith(start)) is wanted

    def _equal(self, path: Path) -> Evaluate:
        value, token = reader(path), self._next()
        if token[0] in "'\"" or token.isdigit():
            constant = _literal(token)
            return lambda context: value(context) == constant
        other_path = self._path(token)
        other = reader(other_path)

        def equal(context: Mapping[str, Any]) -> bool:
            left, right = value(context), other(context)
            if left is None and right is None:  # null and what is not there differ
                found = jsonpath.lookup(context, path), jsonpath.lookup(context, other_path)
                return (found[0] is MISSING) == (found[1] is MISSING)
            return bool(left == right)

        return equal

    def _list(self) -> tuple[Any, ...]:
        self._expect("[")
        values = [_literal(self._next())]
        while self._skip(","):
            values.append(_literal(self._next()))
        self._expect("]")
        return tuple(values)

    def _path(self, token: str) -> Path:
        path = path_of(token, self._taken) if token[0].isalpha() or token[0] == "_" else None
        if path is None or token in _WORDS:
            raise _NotSimple
        return path

    def _next(self) -> str:
        if not self.tokens:
            raise _NotSimple
        return self.tokens.pop()

    def _skip(self, token: str) -> bool:
        found = bool(self.tokens) and self.tokens[-1] == token
        if found:
            self.tokens.pop()
        return found

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise _NotSimple


def _literal(token: str) -> str | int:
    if token[0] in "'\"":
        return token[1:-1]
    if token.isdigit():
        return int(token)
    raise _NotSimple


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda context: left(context) or right(context)


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    return lambda context: left(context) and right(context)
