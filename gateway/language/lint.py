"""The tokens of a template, and the check that refuses what templates must not use.

MiniJinja reaches into Python where a key is missing: a name after a dot, between brackets or alone would become a
method of the dict. Such templates are refused when the document is compiled, with an alternative in the message.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from gateway.language import arguments
from gateway.language.arguments import CHOOSING, TESTS, Signature

_OPENING = re.compile(r"\{\{|\{%|\{#")
_ENDING = {"{{": re.compile(r"\s*-?\}\}"), "{%": re.compile(r"\s*[-+]?%\}")}
_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<name>[^\W\d]\w*)|(?P<number>\d\w*)|(?P<sign>\S))",
    re.S,
)
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}

METHODS: Final = frozenset(name for kind in (dict, list) for name in dir(kind) if not name.startswith("_"))
"""Names of methods that the Python values of payloads have, and that a key may have, too."""
TAGS: Final = frozenset("if elif else endif for endfor set endset".split())
_LEADING: Final = frozenset("if elif else for in set and or not is".split())
"""Names after which an expression begins: a bracket behind one is neither a call nor a subscript."""


class Unusable(ValueError):  # noqa: N818 - states a condition
    """A template that cannot be compiled; `at` is the offset of the fault in the template's text."""

    def __init__(self, problem: str, at: int = 0) -> None:
        super().__init__(problem)
        self.at = at


class Token(NamedTuple):
    """A token of a template's code: `kind` is opening, string, name, number or sign, `at` its offset in the source."""

    kind: str
    text: str
    at: int


class Code(tuple[Token, ...]):
    """The tokens of a template's code, including each `{{` and `{%`."""

    __slots__ = ()

    @property
    def names(self) -> set[str]:
        """The names that may be looked up in the context: all but attributes and filters."""
        return {token.text for token, before in self._pairs() if token.kind == "name" and before.text not in {".", "|"}}

    @property
    def filters(self) -> set[str]:
        """The names of the filters."""
        return {token.text for token, before in self._pairs() if token.kind == "name" and before.text == "|"}

    def _pairs(self) -> Iterator[tuple[Token, Token]]:
        return zip(self[1:], self, strict=False)


def tokens(source: str) -> Code:
    """The tokens of the code in a template. Raises Unusable for a closing bracket without an opening one."""
    found: list[Token] = []
    at = 0
    while opening := _OPENING.search(source, at):
        at = opening.end()
        if opening[0] == "{#":
            end = source.find("#}", at)
            at = len(source) if end < 0 else end + 2
            continue
        found.append(Token("opening", opening[0], opening.start()))
        open_: list[str] = []
        while open_ or not (ending := _ENDING[opening[0]].match(source, at)):
            token = _TOKEN.match(source, at)
            if token is None:
                return Code(found)  # the code has no end, which the engine reports
            kind = token.lastgroup or ""
            found.append(Token(kind, token[kind], token.start(kind)))
            if token[kind] in _CLOSING:
                open_.append(token[kind])
            elif token[kind] in _CLOSING.values():
                bracket = open_.pop() if open_ else ""
                if _CLOSING.get(bracket) != token[kind]:
                    raise Unusable(_unpaired(token[kind], opening[0], bracket), token.start(kind))
            at = token.end()
        at = ending.end()
    return Code(found)


def _unpaired(closing: str, opening: str, bracket: str) -> str:
    """What is wrong with a closing bracket behind an `opening`, where `bracket` is the one that is open, or none is."""
    if bracket:
        return f"`{bracket}` is not closed: `{_CLOSING[bracket]}` is missing before `{closing}`"
    if (closing, opening) == ("}", "{{"):
        return "a `}` is missing: what begins with `{{` ends with `}}`"
    return f"`{closing}` closes nothing"


Signatures = Mapping[str, Signature]


def check(code: Code, filters: Signatures, functions: Signatures) -> None:
    """Raise Unusable, with an alternative, for what a template must not use, and for calls with wrong arguments."""
    for index in range(1, len(code)):
        if problem := _problem(code, index, filters, functions):
            raise Unusable(problem, code[index].at)


def _problem(code: Code, index: int, filters: Signatures, functions: Signatures) -> str:
    before, token = code[index - 1], code[index]
    if token.text == "*" and "*" not in (before.text, code[index + 1].text if index + 1 < len(code) else ""):
        return "`*` would repeat a text or a list that the payload gives; write | times(...), which takes numbers only"
    if token.text == before.text == "|":
        return "`||` is no operator; `or` is the word for it"
    if token.text == "~":
        return "`~` would write None for null; write concat(...)"
    if token.text == "+" and "string" in (before.kind, code[index + 1].kind if index + 1 < len(code) else ""):
        return "`+` fails where a text meets a number or a missing value; write concat(...)"
    if token.kind == "name":
        return _name(code, index, filters)
    if token.text == "(" and before.kind != "opening":
        return _call(code, index, functions)
    if token.text == "[" and _ends_value(before):
        return _subscript(code, index)
    return ""


def _name(code: Code, index: int, filters: Signatures) -> str:
    before, token = code[index - 1], code[index]
    if before.text == "|":
        return _filter(code, index, filters)
    if before.text == ".":
        return _attribute(code, index)
    if (before.text == "is" and token.text != "not") or (before.text == "not" and code[index - 2].text == "is"):
        return _test(token.text, len(_arguments(code, index)) if _is_called(code, index) else None)
    if before.text == "{%" and token.text not in TAGS:
        return f"there is no tag `{token.text}`; there are {', '.join(sorted(TAGS))}"
    return ""


def _ends_value(token: Token) -> bool:
    """Whether a bracket behind the token applies to its value. `}` does not count: a literal map has no methods."""
    if token.kind == "name":
        return token.text not in _LEADING
    return token.kind in {"string", "number"} or token.text in {")", "]"}


def _filter(code: Code, index: int, filters: Signatures) -> str:
    name = code[index].text
    if name not in filters:
        near = get_close_matches(name, filters, 1)
        return f"there is no function `{name}`" + (f"; did you mean `{near[0]}`?" if near else "")
    given = _arguments(code, index)
    if problem := arguments.problem(name, filters[name], given):
        return problem
    if name in CHOOSING and len(given) > CHOOSING[name]:
        (kind, text), *rest = given[CHOOSING[name]].tokens
        return _test(text[1:-1], len(given) - CHOOSING[name] - 1) if kind == "string" and not rest else ""
    if name != "map":
        return ""
    inside = [token.text.strip("'\"") for token in code[index + 2 : index + 5]]
    if inside[:2] == ["attribute", "="] and len(inside) == 3 and code[index + 4].kind == "string":
        return _method(set(inside[2].split(".")))
    if inside and code[index + 2].kind == "string" and inside[0] in filters:
        return ""
    return "`map` takes attribute='...' or the name of a function in quotes"


def _test(name: str, given: int | None) -> str:
    """What is wrong with a test and its number of arguments, where that is known."""
    if name not in TESTS:
        near = get_close_matches(name, TESTS, 1)
        known = "there are " + ", ".join(one for one in sorted(TESTS) if one.isalpha())
        return f"there is no test `is {name}`; " + (f"did you mean `{near[0]}`?" if near else known)
    if given is None or given == TESTS[name]:
        return ""
    return f"the test `{name}` takes " + ("one argument" if TESTS[name] else "no argument") + f", and here are {given}"


def _is_called(code: Code, index: int) -> bool:
    return index + 1 < len(code) and code[index + 1].text == "("


def _arguments(code: Code, index: int) -> list[arguments.Argument]:
    """The arguments of the call of the name at `index`; none where it is not followed by a bracket."""
    if not _is_called(code, index):
        return []
    return arguments.arguments((token.kind, token.text) for token in code[index + 2 :])


def _attribute(code: Code, index: int) -> str:
    name = code[index].text
    if index + 1 < len(code) and code[index + 1].text == "(":
        return f"`.{name}(...)` calls a method; use a filter instead"
    return "" if index > 1 and code[index - 2].text == "loop" else _method({name})


def _method(names: set[str]) -> str:
    for name in names & METHODS:
        return f"`.{name}` would be a method where the key is missing; write | path({name!r})"
    return ""


def _call(code: Code, index: int, functions: Signatures) -> str:
    called = code[index - 1]
    if not _ends_value(called) and called.text != "}":
        return ""
    if called.kind != "name":
        return f"`{called.text}(...)` would call a value; only functions are called"
    before = [token.text for token in code[max(index - 3, 0) : index - 1]]
    if before[-1] in {"|", "is", "."} or before == ["is", "not"]:
        return ""  # a filter, a test, or an attribute, which is reported as such
    if called.text in functions:
        return arguments.problem(called.text, functions[called.text], _arguments(code, index - 1))
    return f"there is no function `{called.text}`"


def _subscript(code: Code, index: int) -> str:
    inside = []
    for token in code[index + 1 :]:
        if token.text == "]":
            break
        inside.append(token)
    if len(inside) == 1 and inside[0].kind == "string":
        return _method({inside[0].text[1:-1]})
    if all(token.kind == "number" or token.text in {"-", ":"} for token in inside):
        return ""
    return "`[...]` would be a method where the key is missing; write | at(...) for a key that the payload gives"
