"""What the functions, filters and tests of templates take: calls are held against it when a document is compiled.

The engine finds a wrong argument when it runs the call, and then every message of the document is broken.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from gateway.language.functions.registry import Function, Rule, rule_of

NESTING: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
"""By how much a bracket changes the depth of what follows."""


class Signature(NamedTuple):
    """What one function takes besides its value.

    `names` are the arguments in their order, of which so many are `needed`; with `more`, others may follow. `rules` are
    those of the texts that a template may write for one, `named_only` the names of those given by name alone.
    """

    names: tuple[str, ...] = ()
    needed: int = 0
    more: bool = False
    rules: Mapping[str, Rule] = {}
    named_only: tuple[str, ...] = ()

    def written(self, name: str) -> str:
        """How a call is written: `cut(limit)`."""
        more = ("...",) if self.more else ()
        return f"{name}({', '.join((*self.names, *more, *(f'{one}=...' for one in self.named_only)))})"


class Argument(NamedTuple):
    """An argument as it is written: its name ("" for a positional one), and the texts and kinds of its tokens."""

    name: str
    tokens: Sequence[tuple[str, str]]


@cache
def signature_of(call: Callable[..., Any], kind: str) -> Signature:
    """The signature of a registered function; the first argument of a filter is its value."""
    parameters = list(inspect.signature(call).parameters.values())[1 if kind == "filter" else 0 :]
    named = [one for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    return Signature(
        tuple(one.name for one in named),
        sum(one.default is one.empty for one in named),
        any(one.kind is one.VAR_POSITIONAL for one in parameters),
        {one.name: rule for one in named if (rule := rule_of(one)) is not None},
    )


def signatures(table: Mapping[str, Function]) -> Mapping[str, Signature]:
    """The signatures of all functions of a table, and those of the engine's own filters that templates may use."""
    return {**BUILTIN, **{name: signature_of(one.call, one.kind) for name, one in table.items()}}


BUILTIN: Final[Mapping[str, Signature]] = {
    "abs": Signature(),
    "list": Signature(),
    "reverse": Signature(),
    "dictsort": Signature(named_only=("by", "case_sensitive", "reverse")),
    "sort": Signature(("reverse",), named_only=("attribute", "case_sensitive")),
    "unique": Signature(named_only=("attribute", "case_sensitive")),
    "select": Signature(("test",), more=True),
    "reject": Signature(("test",), more=True),
    "selectattr": Signature(("attribute", "test"), 1, more=True),
    "rejectattr": Signature(("attribute", "test"), 1, more=True),
    "map": Signature(("filter",), more=True, named_only=("attribute", "default")),
}
"""The engine's own filters that templates may use; the others would undo the escaping or duplicate the table."""

CHOOSING: Final[Mapping[str, int]] = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
"""Filters of which an argument is the name of a test, and the position of that."""

TESTS: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        "boolean defined escaped even false filter float integer iterable lower mapping none number odd safe sequence "
        "string test true undefined upper".split(),
        0,
    ),
    **dict.fromkeys(
        "divisibleby endingwith eq equalto ge greaterthan gt in le lessthan lt ne sameas startingwith".split(), 1
    ),
    **dict.fromkeys("== != > < >= <=".split(), 1),
}
"""The engine's tests (`is ...`), and how many arguments each takes."""


def problem(name: str, signature: Signature, given: Sequence[Argument]) -> str:
    """What is wrong with the arguments of a call; "" when nothing is."""
    positional = [one for one in given if not one.name]
    named = [one.name for one in given if one.name]
    usage = f": {signature.written(name)}"
    if len(positional) > len(signature.names) and not signature.more:
        return f"`{name}` takes {_count(len(signature.names))}{usage}, and here are {len(positional)}"
    for one in named:
        if one not in (*signature.names, *signature.named_only):
            return f"`{name}` takes no argument called `{one}`{usage}"
        if one in signature.names[: len(positional)] or named.count(one) > 1:
            return f"`{name}` is given `{one}` twice{usage}"
    missing = [one for one in signature.names[len(positional) : signature.needed] if one not in named]
    if missing:
        return f"`{name}` needs {_count(signature.needed)}{usage}"
    for key, value in [*zip(signature.names, positional, strict=False), *((one.name, one) for one in given)]:
        if key in signature.rules and len(value.tokens) == 1 and value.tokens[0][0] == "string":
            text = value.tokens[0][1]
            if wrong := signature.rules[key](text[1:-1]):
                return f"`{name}` cannot take {text} as `{key}`: {wrong}{usage}"
    return ""


def _count(number: int) -> str:
    return "no argument" if not number else f"{number} argument" + ("s" if number > 1 else "")


def arguments(tokens: Iterator[tuple[str, str]]) -> list[Argument]:
    """The arguments of a call, from the tokens (kind and text) behind its opening bracket."""
    found: list[list[tuple[str, str]]] = [[]]
    depth = 0
    for kind, text in tokens:
        depth += NESTING.get(text, 0) if kind == "sign" else 0
        if depth < 0:
            break
        if text == "," and kind == "sign" and depth == 0:
            found.append([])
        else:
            found[-1].append((kind, text))
    return [_argument(one) for one in found if one]


def _argument(tokens: list[tuple[str, str]]) -> Argument:
    is_named = len(tokens) > 2 and tokens[0][0] == "name" and tokens[1][1] == "=" and tokens[2][1] != "="
    return Argument(tokens[0][1], tokens[2:]) if is_named else Argument("", tokens)
