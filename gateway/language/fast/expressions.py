"""Templates of text and simple expressions, evaluated without the engine: most of a catalog's are no more than that.

A simple expression consists of paths, texts, whole numbers, lists and objects, functions of these, comparisons, `and`,
`or`, `not` and `if`: `coalesce(commit.id, after) | short(7)`, `'good' if state == 'fixed' else color`. Other templates
are left to the engine; both give the same text for what both support. Each becomes a function of its own (`source`),
since they run for every line of every message.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from gateway import jsonpath
from gateway.jsonpath import MISSING
from gateway.language.fast.source import Emit, Path, Source
from gateway.language.functions.registry import Bare, bare

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


class NotSimple(Exception):  # noqa: N818 - a way out, not a fault
    """The template is left to the engine."""


class Words(NamedTuple):
    """The vocabulary of templates: the functions of a value by name, and those of arguments alone, as `coalesce`.

    The names of the latter are `taken`: no keys. `output` writes the text of a value.
    """

    functions: Mapping[str, Callable[..., Any]]
    taken: Mapping[str, Callable[..., Any]]
    output: Callable[[Source, str], str]


class Part(NamedTuple):
    """An expression, or a part of one: what writes it, and what is known of its value.

    It `calls` functions, or only looks up and compares; it is `defined` where the engine knows no difference of null
    and missing in it; its `path` or `constant`, if it is one.
    """

    emit: Emit
    calls: bool = False
    defined: bool = True
    path: Path = ()
    constant: str | int | None = None


def text(template: str, words: Words) -> Emit | None:
    """The text of the template, or None when it holds more than text and simple expressions."""
    pieces: list[str | Emit] = []
    parts = _OUTPUT.split(template)
    alone = len(parts) == 3 and not parts[0] and not parts[2]
    for index, part in enumerate(parts):
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
        parts = [source.bind(piece) if isinstance(piece, str) else piece(source) for piece in pieces]
        return parts[0] if len(parts) == 1 else f"''.join(({', '.join(parts)}))"

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
            return _chosen(holds, value, None)
        with self._deeper():
            return _chosen(holds, value, self.choice())

    def disjunction(self) -> Part:
        """Operands joined by `or`."""
        return self._operands("or", self._conjunction)

    def _conjunction(self) -> Part:
        return self._operands("and", self._negation)

    def _operands(self, word: str, side: Callable[[], Part]) -> Part:
        sides = [side()]
        while self._skip(word):
            sides.append(side())
        return sides[0] if len(sides) == 1 else _connected(word, sides)

    def _negation(self) -> Part:
        if not self._skip("not"):
            return self._comparison()
        with self._deeper():
            return _not(self._negation())

    def _comparison(self) -> Part:
        value = self._filtered()
        if self._skip("=="):
            return _equal(value, self._filtered())
        if self._skip("!="):
            return _not(_equal(value, self._filtered()))
        if self._skip("in"):
            return _among(value, self._constants())
        if self._skip("not"):
            self._expect("in")
            return _not(_among(value, self._constants()))
        return self._test(value) if self._skip("is") else value

    def _test(self, value: Part) -> Part:
        wanted = not self._skip("not")
        self._expect("startingwith")
        self._expect("(")
        start = _literal(self._next())
        self._expect(")")
        if not isinstance(start, str) or not start:
            raise NotSimple

        def emit(source: Source) -> str:
            text = source.named(value.emit(source))
            return f"(isinstance({text}, str) and {text}.startswith({source.bind(start)}))"

        found = Part(emit, value.calls)
        return found if wanted else _not(found)

    def _filtered(self) -> Part:
        value = self._value()
        while self._skip("|"):
            name = self._next()
            if name not in self._words.functions:
                raise NotSimple
            arguments, named = self._arguments() if self._skip("(") else ([], {})
            value = _called(bare(self._words.functions[name]), [value, *arguments], named)
        return value

    def _value(self) -> Part:
        word = self._next()
        if word == "(":
            with self._deeper():
                value = self.choice()
            self._expect(")")
            return value
        if word == "[":
            return _list(self._series(self.choice, "]"))
        if word == "{":
            return _object(self._series(self._pair, "}"))
        if word in self._words.taken:
            self._expect("(")
            return _called(bare(self._words.taken[word]), *self._arguments())
        if word in _CONSTANTS:
            return _constant(_CONSTANTS[word])
        return _constant(_literal(word)) if word[0] in "'\"" or word.isdigit() else self._path(word)

    def _path(self, token: str) -> Part:
        path = tuple(token.split("."))
        if path[0] in _RESERVED or path[0] in self._words.taken or not path[0].isidentifier():
            raise NotSimple
        return Part(lambda source: source.path(path), defined=False, path=path)

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


def _constant(value: str | int | None) -> Part:
    return Part(lambda source: source.bind(value), constant=value)


def _list(items: Sequence[Part]) -> Part:
    return Part(
        lambda source: source.let(f"[{', '.join([one.emit(source) for one in items])}]"),
        any(one.calls for one in items),
    )


def _object(pairs: Sequence[tuple[str, Part]]) -> Part:
    def emit(source: Source) -> str:
        return source.let("{" + ", ".join([f"{source.bind(key)}: {one.emit(source)}" for key, one in pairs]) + "}")

    return Part(emit, any(one.calls for _, one in pairs))


def _called(function: Bare, arguments: Sequence[Part], named: Mapping[str, Part]) -> Part:
    """The result of a function."""

    def emit(source: Source) -> str:
        given = [source.named(one.emit(source)) for one in arguments]
        if function.missing == "replaces" and len(given) == 2 and not named:
            result = source.let(f"{given[1]} if {given[0]} is None else {given[0]}")
        else:
            by_name = [f"{source.bind(name)}: {one.emit(source)}" for name, one in named.items()]
            all_given = ", ".join([*given, f"**{{{', '.join(by_name)}}}"] if named else given)
            call = f"{source.bind(function.call)}({all_given})"
            passes = function.missing == "passes" and given
            result = source.let(f"None if {given[0]} is None else {call}" if passes else call)
        source.line(f"if isinstance({result}, str) and len({result}) > MAX_OUTPUT: {result} = bounded({result})")
        return result

    return Part(emit, calls=True)


def _chosen(holds: Part, value: Part, other: Part | None) -> Part:
    """`value` where the condition holds, else `other`; without one it is missing."""

    def emit(source: Source) -> str:
        condition, name = holds.emit(source), source.name()
        with source.block(f"if {condition}"):
            source.line(f"{name} = {value.emit(source)}")
        with source.block("else"):
            source.line(f"{name} = {other.emit(source) if other else None}")
        return name

    defined = value.defined and other is not None and other.defined
    return Part(emit, any(one.calls for one in (holds, value, other) if one), defined)


def _connected(word: str, sides: Sequence[Part]) -> Part:
    """Operands of `and` or `or`; functions are called only where their value is needed."""

    def at_once(source: Source) -> str:
        return "(" + f" {word} ".join([side.emit(source) for side in sides]) + ")"

    def in_turn(source: Source) -> str:
        name = source.let(sides[0].emit(source))
        for side in sides[1:]:
            with source.block(f"if {name}" if word == "and" else f"if not {name}"):
                source.line(f"{name} = {side.emit(source)}")
        return name

    calls = any(side.calls for side in sides[1:])
    return Part(in_turn if calls else at_once, calls or sides[0].calls, all(side.defined for side in sides))


def _not(inner: Part) -> Part:
    return Part(lambda source: f"(not {inner.emit(source)})", inner.calls)


def _equal(left: Part, right: Part) -> Part:
    """Whether two values are equal; null and missing differ."""
    calls = left.calls or right.calls
    if (left.defined and right.defined) or left.constant is not None or right.constant is not None:
        return Part(lambda source: f"({left.emit(source)} == {right.emit(source)})", calls)
    if not all(one.defined or one.path for one in (left, right)):
        raise NotSimple

    def emit(source: Source) -> str:
        one, other = left.emit(source), right.emit(source)
        alike = f"{source.bind(_both_null_or_missing)}(context, {source.bind(left.path)}, {source.bind(right.path)})"
        return f"({one} == {other} and ({one} is not None or {alike}))"

    return Part(emit, calls)


def _among(value: Part, constants: Collection[str | int]) -> Part:
    return Part(lambda source: f"({value.emit(source)} in {source.bind(constants)})", value.calls)


def _both_null_or_missing(context: Mapping[str, Any], *paths: Path) -> bool:
    """Whether two paths without a value are both null or both missing: these two differ. () stands for null."""
    left, right = (bool(path) and jsonpath.lookup(context, path) is MISSING for path in paths)
    return left == right
