"""Templates with `{% if %}`, evaluated without the engine where their conditions are simple ones.

A simple condition joins paths, and comparisons of a path with a text, a number, another path or a list of texts, by
`and`, `or`, `not` and brackets: `forced and not deleted`, `action in ['opened', 'reopened']`; of the engine's tests it
knows `startingwith`. All other templates are left to the engine; both give the same text for what both support.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from gateway import jsonpath
from gateway.jsonpath import MISSING
from gateway.language.fast.expressions import PATH, Words, expression, follower, joined, output, path_of
from gateway.language.fast.source import Emit, Path, Source

_TAG = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.S)
_OTHER = ("{{", "}}", "{%", "%}", "{#", "\r")
_BEFORE_BLOCK = re.compile(r"(?:(?<=\n)|\A)[ \t]+\Z")
_TOKEN = re.compile(
    rf"\s*(startingwith(?=\()|{PATH}(?![\w.(])|\d{{1,9}}(?![\w.])|'[^'\\]*'|\"[^\"\\]*\"|==|!=|[()\[\],])\s*", re.ASCII
)
_WORDS: Final = frozenset("and or not in is if else".split())
_DEEPEST: Final = 40
"""How deep branches nest, and how many brackets and negations a condition has, before Python would not compile them."""


class _NotSimple(Exception):  # noqa: N818 - a way out, not a fault
    """The template or condition is left to the engine."""


def text(template: str, words: Words) -> Emit | None:
    """The text, or None when the template branches nowhere, or holds more than text, simple expressions and branches.

    The template is one that the engine accepts.
    """
    if "{%" not in template:
        return None
    open_branches = [_Branches()]
    parts = _TAG.split(template)  # text, output or None, block or None, text, ...
    try:
        for index in range(0, len(parts), 3):
            open_branches[-1].pieces.append(_constant(parts, index))
            if index + 1 == len(parts):
                break
            if parts[index + 1] is None:
                _block(parts[index + 2].strip(), open_branches, words.taken)
                continue
            value = expression(parts[index + 1], words)
            if value is None:
                return None
            open_branches[-1].pieces.append(output(value, words))
    except _NotSimple:
        return None
    return open_branches[0].content()


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
    """Handle `if`, `elif`, `else` and `endif`."""
    word, _, rest = code.partition(" ")
    if word == "if":
        if len(open_branches) > _DEEPEST:
            raise _NotSimple
        open_branches.append(_Branches(_condition(rest, taken)))
    elif word == "elif":
        open_branches[-1].turn(_condition(rest, taken))
    elif code == "else":
        open_branches[-1].turn(_always)
    elif code == "endif":
        ended = open_branches.pop()
        open_branches[-1].pieces.append(ended.emit())
    else:
        raise _NotSimple


class _Branches:
    """The branches of an `if` so far; `pieces` are those of the last one. The whole template is one, too."""

    def __init__(self, holds: Emit | None = None) -> None:
        self._ways: list[tuple[Emit, Emit]] = []
        self._holds = holds
        self.pieces: list[str | Emit] = []

    def turn(self, holds: Emit) -> None:
        """Begin the branch that is taken when no earlier one is and `holds` is true."""
        self._close()
        self._holds = holds

    def content(self) -> Emit:
        """The text of the last branch."""
        return joined([piece for piece in self.pieces if piece != ""])

    def emit(self) -> Emit:
        """The text of the first branch that holds."""
        self._close()
        ways = tuple(self._ways)

        def emit(source: Source) -> str:
            text, word = source.name(), "if"
            for condition, content in [(holds(source), content) for holds, content in ways]:
                with source.block(f"{word} {condition}"):
                    source.line(f"{text} = {content(source)}")
                word = "elif"
            with source.block("else"):
                source.line(f"{text} = ''")
            return text

        return emit

    def _close(self) -> None:
        if self._holds is None:
            raise _NotSimple
        self._ways.append((self._holds, self.content()))
        self.pieces = []


def _always(_: Source) -> str:
    return "True"


def condition(code: str, words: Words) -> Emit | None:
    """An expression with the truth value of the condition; None when it is not a simple one."""
    try:
        return None if any(sign in code for sign in _OTHER) else _condition(code, words.taken)
    except _NotSimple:
        return None


def _condition(source: str, taken: Collection[str]) -> Emit:
    """An expression with the truth value of the condition. Raises _NotSimple."""
    tokens, at = [], 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        if token is None:
            raise _NotSimple
        tokens.append(token[1])
        at = token.end()
    if tokens.count("(") + tokens.count("not") > _DEEPEST:
        raise _NotSimple
    parser = _ConditionParser(tokens, taken)
    holds = parser.disjunction()
    if parser.tokens:
        raise _NotSimple
    return holds


class _ConditionParser:
    """Parses a condition from its tokens by recursive descent, beginning with `or`, which binds least."""

    def __init__(self, tokens: list[str], taken: Collection[str]) -> None:
        self.tokens = tokens[::-1]
        self._taken = taken

    def disjunction(self) -> Emit:
        """Operands joined by `or`."""
        return self._operands("or", self._conjunction)

    def _conjunction(self) -> Emit:
        return self._operands("and", self._negation)

    def _operands(self, word: str, side: Callable[[], Emit]) -> Emit:
        sides = [side()]
        while self._skip(word):
            sides.append(side())
        if len(sides) == 1:
            return sides[0]
        return lambda source: "(" + f" {word} ".join([emit(source) for emit in sides]) + ")"

    def _negation(self) -> Emit:
        if self._skip("not"):
            return _not(self._negation())
        if self._skip("("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Emit:
        path = self._path(self._next())
        value = follower(path)
        if self._skip("=="):
            return self._equal(path)
        if self._skip("!="):
            return _not(self._equal(path))
        if self._skip("in"):
            among = self._list()
            return lambda source: f"({value(source)} in {source.bind(among)})"
        if self._skip("not"):
            self._expect("in")
            beside = self._list()
            return lambda source: f"({value(source)} not in {source.bind(beside)})"
        return self._test(value) if self._skip("is") else value

    def _test(self, value: Emit) -> Emit:
        wanted = not self._skip("not")
        self._expect("startingwith")
        self._expect("(")
        start = _literal(self._next())
        self._expect(")")
        if not isinstance(start, str) or not start:
            raise _NotSimple

        def emit(source: Source) -> str:
            text = value(source)
            return f"(isinstance({text}, str) and {text}.startswith({source.bind(start)}))"

        return emit if wanted else _not(emit)

    def _equal(self, path: Path) -> Emit:
        value, token = follower(path), self._next()
        if token[0] in "'\"" or token.isdigit():
            constant = _literal(token)
            return lambda source: f"({value(source)} == {source.bind(constant)})"
        other_path = self._path(token)
        other = follower(other_path)

        def emit(source: Source) -> str:
            left, right = value(source), other(source)
            alike = f"{source.bind(_both_null_or_missing)}(context, {source.bind(path)}, {source.bind(other_path)})"
            return f"({left} == {right} and ({left} is not None or {alike}))"

        return emit

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


def _not(inner: Emit) -> Emit:
    return lambda source: f"(not {inner(source)})"


def _both_null_or_missing(context: Mapping[str, Any], *paths: Path) -> bool:
    """Whether two paths without a value are both null or both missing: these two differ."""
    left, right = (jsonpath.lookup(context, path) is MISSING for path in paths)
    return left == right
