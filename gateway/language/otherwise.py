"""`{{ 'x' if a }}`: what an `if` without an `else` gives where its condition does not hold.

Alone on its line it gives nothing, as a missing value does, and the line goes. Beside other text it gives the empty
text: a title does not vanish because a remark at its end does not apply.
"""

from collections.abc import Iterator
from typing import Final

from gateway.language.lint import Code, Token, tokens

_DEPTH: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_ELSE: Final = " else ''"


def completed(source: str) -> str:
    """The template with an `else` for each `if` that stands beside other text. Raises Unusable."""
    if " if " not in source:
        return source
    for start, end in reversed(list(_half(tokens(source)))):
        if not _alone(source, start, end):
            source = source[:end] + _ELSE + source[end:]
    return source


def _half(code: Code) -> Iterator[tuple[int, int]]:
    """Where each `{{` begins whose expression is an `if` without `else`, and where that expression ends."""
    openings = [index for index, token in enumerate(code) if token.kind == "opening"]
    for first, after in zip(openings, [*openings[1:], len(code)], strict=True):
        expression = code[first + 1 : after]
        if code[first].text == "{{" and _words(expression) == ["if"]:
            yield code[first].at, expression[-1].at + len(expression[-1].text)


def _words(expression: tuple[Token, ...]) -> list[str]:
    """The `if` and `else` that stand in no bracket."""
    depth, found = 0, []
    for token in expression:
        depth += _DEPTH.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0 and token.kind == "name" and token.text in {"if", "else"}:
            found.append(token.text)
    return found


def _alone(source: str, start: int, end: int) -> bool:
    """Whether the braces around an expression are all that their line has."""
    before = source[source.rfind("\n", 0, start) + 1 : start]
    behind = source[source.index("}}", end) + 2 :].partition("\n")[0]
    return not before.strip() and not behind.strip()
