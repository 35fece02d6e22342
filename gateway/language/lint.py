"""What a template says, word by word, and what it may not say.

MiniJinja reaches into Python where a key is missing: a name after a dot, between brackets or alone would become a
method of the dict. So what could is refused where the document is read, with a way to say it.
"""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Final, NamedTuple

_OPENING = re.compile(r"\{\{|\{%|\{#")
_ENDING = {"{{": re.compile(r"\s*-?\}\}"), "{%": re.compile(r"\s*[-+]?%\}")}
_WORD = re.compile(
    r"\s*(?:(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<name>[^\W\d]\w*)|(?P<number>\d\w*)|(?P<sign>\S))",
    re.S,
)
_DEPTH: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}

METHODS: Final = frozenset(name for kind in (dict, list) for name in dir(kind) if not name.startswith("_"))
"""What a key may be called and a payload's Python value has."""
TAGS: Final = frozenset("if elif else endif for endfor set endset".split())
_LEADING: Final = frozenset("if elif else for in set and or not is".split())
"""Names after which an expression begins: brackets behind one neither call it nor look into it."""


class Unusable(ValueError):  # noqa: N818 - states a condition
    """A template that cannot be compiled; `line` counts from 1 inside the template's text."""

    def __init__(self, problem: str, line: int = 1) -> None:
        super().__init__(problem)
        self.line = line


class Word(NamedTuple):
    """A word of a template's code: `kind` is opening, string, name, number or sign; where it stands in the source."""

    kind: str
    text: str
    at: int


class Code(tuple[Word, ...]):
    """The code of a template in words, each `{{` and `{%` among them."""

    __slots__ = ()

    @property
    def names(self) -> set[str]:
        """All that may be asked of the context: neither attributes nor filters."""
        return {word.text for word, before in self._pairs() if word.kind == "name" and before.text not in {".", "|"}}

    @property
    def filters(self) -> set[str]:
        """The filters."""
        return {word.text for word, before in self._pairs() if word.kind == "name" and before.text == "|"}

    def _pairs(self) -> Iterator[tuple[Word, Word]]:
        return zip(self[1:], self, strict=False)


def words(source: str) -> Code:
    """The words of the code in a template. Raises Unusable for a bracket that closes nothing."""
    found: list[Word] = []
    at = 0
    while opening := _OPENING.search(source, at):
        at = opening.end()
        if opening[0] == "{#":
            end = source.find("#}", at)
            at = len(source) if end < 0 else end + 2
            continue
        found.append(Word("opening", opening[0], opening.start()))
        depth = 0
        while depth or not (ending := _ENDING[opening[0]].match(source, at)):
            word = _WORD.match(source, at)
            if word is None:
                return Code(found)  # it ends nowhere, which the engine tells
            kind = word.lastgroup or ""
            found.append(Word(kind, word[kind], word.start(kind)))
            depth += _DEPTH.get(word[kind], 0)
            if depth < 0:
                raise Unusable(f"`{word[kind]}` closes nothing", _line(source, word.start(kind)))
            at = word.end()
        at = ending.end()
    return Code(found)


def check(source: str, said: Code, filters: Collection[str], functions: Collection[str]) -> None:
    """Raise Unusable, with the way to say it, for what a template may not say."""
    for index in range(1, len(said)):
        if problem := _problem(said, index, filters, functions):
            raise Unusable(problem, _line(source, said[index].at))


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def _problem(said: Code, index: int, filters: Collection[str], functions: Collection[str]) -> str:
    before, word = said[index - 1], said[index]
    if word.text == "~":
        return "`~` would write None for null; write the text around the braces, in `let` if need be"
    if word.kind == "name":
        if before.text == "|":
            return _filter(said, index, filters)
        if before.text == ".":
            return _attribute(said, index)
        if before.text == "{%" and word.text not in TAGS:
            return f"there is no tag `{word.text}`; there are {', '.join(sorted(TAGS))}"
    if word.text == "(" and before.kind != "opening":
        return _call(said, index, functions)
    if word.text == "[" and _ends_value(before):
        return _subscript(said, index)
    return ""


def _ends_value(word: Word) -> bool:
    """Whether a bracket behind the word is about its value. A map that is written out has no methods."""
    if word.kind == "name":
        return word.text not in _LEADING
    return word.kind in {"string", "number"} or word.text in {")", "]"}


def _filter(said: Code, index: int, filters: Collection[str]) -> str:
    name = said[index].text
    if name not in filters:
        near = get_close_matches(name, filters, 1)
        return f"there is no function `{name}`" + (f"; did you mean `{near[0]}`?" if near else "")
    if name != "map":
        return ""
    inside = [word.text.strip("'\"") for word in said[index + 2 : index + 5]]
    if inside[:2] == ["attribute", "="] and len(inside) == 3 and said[index + 4].kind == "string":
        return _method(set(inside[2].split(".")))
    if inside and said[index + 2].kind == "string" and inside[0] in filters:
        return ""
    return "`map` takes attribute='...' or the name of a function, written out"


def _attribute(said: Code, index: int) -> str:
    name = said[index].text
    if index + 1 < len(said) and said[index + 1].text == "(":
        return f"`.{name}(...)` calls a method; use a filter instead"
    return "" if index > 1 and said[index - 2].text == "loop" else _method({name})


def _method(names: set[str]) -> str:
    for name in names & METHODS:
        return f"`.{name}` would be a method where the key is missing; write | path({name!r})"
    return ""


def _call(said: Code, index: int, functions: Collection[str]) -> str:
    called = said[index - 1]
    if not _ends_value(called) and called.text != "}":
        return ""
    if called.kind != "name":
        return f"`{called.text}(...)` would call a value; only functions are called"
    before = [word.text for word in said[max(index - 3, 0) : index - 1]]
    if before[-1] in {"|", "is", "."} or before == ["is", "not"] or called.text in functions:
        return ""  # a filter, a test, or what is told as an attribute
    return f"there is no function `{called.text}`"


def _subscript(said: Code, index: int) -> str:
    inside = []
    for word in said[index + 1 :]:
        if word.text == "]":
            break
        inside.append(word)
    if len(inside) == 1 and inside[0].kind == "string":
        return _method({inside[0].text[1:-1]})
    if all(word.kind == "number" or word.text in {"-", ":"} for word in inside):
        return ""
    return "`[...]` would be a method where the key is missing; write | at(...) for a key that the payload gives"
