"""How often a value may stand in another: a list that holds itself twice, forty times over, has 2**40 elements.

The fuel of the engine bounds instructions and texts. Lists and objects share their parts there and cost nothing, until
a function, a comparison or the output walks all of them, which no fuel bounds. So their parts are counted when a
template is compiled: an upper bound, for what a template builds does not grow with its loops (each round of a loop
begins with the names as they are outside of it).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.language.lint import Code, Token, Unusable

MOST: Final = 100
"""How many times, at most, an expression holds values of its context."""

_WORDS: Final = frozenset("if else for in is not and or set true false none recursive".split())
_BUILDING: Final = frozenset("[{+")


def largest(code: Code, known: Mapping[str, int]) -> int:
    """The parts of the largest value that the template of this `code` makes; `known` has those of names made before it.

    Raises Unusable above MOST.
    """
    if _BUILDING.isdisjoint([token.text for token in code]) and all(parts == 1 for parts in known.values()):
        return 1  # nearly all templates
    copies, most = dict(known), 1
    for statement in _statements(code):
        names, expression = _assigned(statement)
        parts = _parts(expression, copies)
        if parts > MOST:
            problem = f"this holds its values {parts:,} times, at most {MOST} are allowed; build less of the same"
            raise Unusable(problem, statement[0].at)
        copies |= dict.fromkeys(names, parts)
        most = max(most, parts)
    return most


def _statements(code: Code) -> Iterable[list[Token]]:
    """The tokens of each `{{` and `{%`, the opening first."""
    found: list[list[Token]] = []
    for token in code:
        if token.kind == "opening":
            found.append([])
        found[-1].append(token)
    return found


def _assigned(statement: list[Token]) -> tuple[list[str], list[Token]]:
    """The names that a statement sets, and the expression that it sets them to; no names for other statements."""
    texts = [token.text for token in statement]
    sign = {"set": "=", "for": "in"}.get(texts[1] if len(texts) > 1 and texts[0] == "{%" else "")
    if sign is None or sign not in texts:
        return [], statement[1:]
    at = texts.index(sign)
    return [token.text for token in statement[2:at] if token.kind == "name"], statement[at + 1 :]


def _parts(expression: list[Token], copies: Mapping[str, int]) -> int:
    """The parts of the value of an expression: of all its names where it builds something, else of one of them."""
    before = ["", *(token.text for token in expression)]
    names = [
        copies.get(token.text, 1)
        for token, last in zip(expression, before, strict=False)
        if token.kind == "name" and last not in {".", "|"} and token.text not in _WORDS
    ]
    builds = not _BUILDING.isdisjoint(token.text for token in expression if token.kind == "sign")
    return max(1, (sum if builds else max)(names or [1]))
