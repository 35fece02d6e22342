"""Templates of text and simple expressions, evaluated without the engine: most of a catalog's are no more than that.

A simple expression consists of paths, texts, whole numbers, lists and objects, functions of these, comparisons, `and`,
`or`, `not` and `if`: `coalesce(commit.id, after) | short(7)`, `'good' if state == 'fixed' else color`. Other templates
are left to the engine; both give the same text for what both support. Each becomes a function of its own (`source`),
since they run for every line of every message.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from gateway.language.fast import parts
from gateway.language.fast.parts import NotSimple, Part
from gateway.language.fast.source import Emit, Source
from gateway.language.functions.registry import bare

_TOKEN = re.compile(
    r"\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?![\w.])|\d{1,9}(?![\w.])|'[^'\\]*'|\"[^\"\\]*\"|==|!=|[()\[\]{},:|=])\s*",
    re.ASCII,
)
_OUTPUT = re.compile(r"\{\{(.*?)\}\}", re.S)
_OTHER = ("{{", "}}", "{%", "{#")
_MOST_CALLS: Final = 100
"""The limit of functions in one expression: they nest in the generators, and Python limits recursion."""
DEEPEST: Final = 40
"""How deep branches nest, and how deep brackets, negations and choices do, before Python would not compile them."""
_CONSTANTS: Final[Mapping[str, bool | None]] = {
    "true": True, "True": True, "false": False, "False": False, "none": None, "None": None,
}  # fmt: skip
_RESERVED: Final = frozenset(("loop", "self", "and", "or", "not", "in", "is", "if", "else", *_CONSTANTS))


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
    split = _OUTPUT.split(template)
    alone = len(split) == 3 and not split[0] and not split[2]
    for index, part in enumerate(split):
        if index % 2:
            value = expression(part, words)
            if value is None:
                return None
            pieces.append(output(value, words, alone=alone))
        elif any(sign in part for sign in _OTHER):
            return None
        elif part:
            pieces.append(part)
    return joined(pieces)


def expression(code: str, words: Words) -> Emit | None:
    """The value of the expression without its braces, or None when it is not a simple one."""
    try:
        return whole(code, words, _Parser.choice).emit
    except NotSimple:
        return None


def condition(code: str, words: Words) -> Part:
    """The truth of an expression without `if`. Raises NotSimple."""
    return whole(code, words, _Parser.disjunction)


def whole(code: str, words: Words, rule: Callable[["_Parser"], Part]) -> Part:
    """What the rule makes of all of the code. Raises NotSimple."""
    parser = _Parser(_tokens(code), words)
    found = rule(parser)
    if parser.tokens:
        raise NotSimple
    return found


def output(value: Emit, words: Words, *, alone: bool = False) -> Emit:
    """The text of a value; where it is all that the template has, a missing one ends the function."""

    def emit(source: Source) -> str:
        name = source.named(value(source))
        if alone:
            source.line(f"if {name} is None: return None")
        return words.output(source, name)

    return emit


def joined(pieces: Sequence[str | Emit]) -> Emit:
    """The concatenation of constant texts and generated ones."""

    def emit(source: Source) -> str:
        texts = [source.bind(piece) if isinstance(piece, str) else piece(source) for piece in pieces]
        return texts[0] if len(texts) == 1 else f"''.join(({', '.join(texts)}))"

    return emit


def _tokens(code: str) -> list[str]:
    """The tokens of the code, the last one first. Raises NotSimple."""
    found, at = [], 0
    while at < len(code):
        token = _TOKEN.match(code, at)
        if token is None:
            raise NotSimple
        found.append(token[1])
        at = token.end()
    if found.count("|") > _MOST_CALLS:
        raise NotSimple
    return found[::-1]


class _Parser:
    """Parses an expression from its tokens by recursive descent; what binds least comes first."""

    def __init__(self, tokens: list[str], words: Words) -> None:
        self.tokens = tokens
        self._words = words
        self._depth = 0

    def choice(self) -> Part:
        """`A if B else C`."""
        value = self.disjunction()
        if not self._skip("if"):
            return value
        holds = self.disjunction()
        if not self._skip("else"):
            return parts.chosen(holds, value, None)
        with self._deeper():
            return parts.chosen(holds, value, self.choice())

    def disjunction(self) -> Part:
        """Operands joined by `or`."""
        return self._operands("or", self._conjunction)

    def _conjunction(self) -> Part:
        return self._operands("and", self._negation)

    def _operands(self, word: str, side: Callable[[], Part]) -> Part:
        sides = [side()]
        while self._skip(word):
            sides.append(side())
        return sides[0] if len(sides) == 1 else parts.connected(word, sides)

    def _negation(self) -> Part:
        if not self._skip("not"):
            return self._comparison()
        with self._deeper():
            return parts.negated(self._negation())

    def _comparison(self) -> Part:
        value = self._filtered()
        if self._skip("=="):
            return parts.equal(value, self._filtered())
        if self._skip("!="):
            return parts.negated(parts.equal(value, self._filtered()))
        if self._skip("in"):
            return parts.among(value, self._constants())
        if self._skip("not"):
            self._expect("in")
            return parts.negated(parts.among(value, self._constants()))
        return self._test(value) if self._skip("is") else value

    def _test(self, value: Part) -> Part:
        wanted = not self._skip("not")
        self._expect("startingwith")
        self._expect("(")
        start = _literal(self._next())
        self._expect(")")
        if not isinstance(start, str) or not start:
            raise NotSimple
        found = parts.starting(value, start)
        return found if wanted else parts.negated(found)

    def _filtered(self) -> Part:
        value = self._value()
        while self._skip("|"):
            name = self._next()
            if name not in self._words.functions:
                raise NotSimple
            arguments, named = self._arguments() if self._skip("(") else ([], {})
            value = parts.called(bare(self._words.functions[name]), [value, *arguments], named)
        return value

    def _value(self) -> Part:
        word = self._next()
        if word == "(":
            with self._deeper():
                value = self.choice()
            self._expect(")")
            return value
        if word == "[":
            return parts.listed(self._series(self.choice, "]"))
        if word == "{":
            return parts.mapped(self._series(self._pair, "}"))
        if word in self._words.taken:
            self._expect("(")
            return parts.called(bare(self._words.taken[word]), *self._arguments())
        if word in _CONSTANTS:
            return parts.constant(_CONSTANTS[word])
        return parts.constant(_literal(word)) if word[0] in "'\"" or word.isdigit() else self._path(word)

    def _path(self, token: str) -> Part:
        path = tuple(token.split("."))
        if path[0] in _RESERVED or path[0] in self._words.taken or not path[0].isidentifier():
            raise NotSimple
        return parts.followed(path)

    def _arguments(self) -> tuple[list[Part], dict[str, Part]]:
        """The arguments of a call behind its bracket, those by position and those by name."""
        named: dict[str, Part] = {}
        given: list[Part] = []
        for name, value in self._series(self._argument, ")"):
            if name:
                named[name] = value
            elif named:
                raise NotSimple
            else:
                given.append(value)
        return given, named

    def _argument(self) -> tuple[str, Part]:
        by_name = len(self.tokens) > 1 and self.tokens[-2] == "="
        name = self._next() if by_name else ""
        if by_name:
            self._expect("=")
        return name, self.choice()

    def _pair(self) -> tuple[str, Part]:
        key = _literal(self._next())
        self._expect(":")
        if not isinstance(key, str):
            raise NotSimple
        return key, self.choice()

    def _series(self, one: Callable[[], Any], end: str) -> list[Any]:
        """What stands between commas up to the closing bracket."""
        found: list[Any] = []
        with self._deeper():
            while not self._skip(end):
                if found:
                    self._expect(",")
                found.append(one())
        return found

    def _constants(self) -> tuple[str | int, ...]:
        self._expect("[")
        found = self._series(lambda: _literal(self._next()), "]")
        if not found:
            raise NotSimple
        return tuple(found)

    def _next(self) -> str:
        if not self.tokens:
            raise NotSimple
        return self.tokens.pop()

    def _skip(self, token: str) -> bool:
        found = bool(self.tokens) and self.tokens[-1] == token
        if found:
            self.tokens.pop()
        return found

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise NotSimple

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotSimple
        yield
        self._depth -= 1


def _literal(token: str) -> str | int:
    if token[0] in "'\"":
        return token[1:-1]
    if token.isdigit():
        return int(token)
    raise NotSimple
