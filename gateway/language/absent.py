"""What is absent, where the engine takes it otherwise than templates do: they are rewritten before it compiles them.

`{{ x if a }}` gives nothing where `a` does not hold, as a missing value does, and its line goes. A remark beside other
text does not: `{{ ' (draft)' if draft }}`, in which the text stands in the template itself, gives the empty text there.
So a title does not vanish because the remark at its end does not apply.

`'x' in labels` is false where there are no labels; the engine fails.
"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.language.arguments import NESTING
from gateway.language.lint import Code, Token, tokens

_WORDS: Final = frozenset("true false none not and or if else in is".split())
_GOING_ON: Final = frozenset("([|.")
"""Signs that make a path a part of something else."""
_REWRITTEN: Final = re.compile(r"\(([\w.]+) or \[\]\)")
_ELSE: Final = " else ''"


def completed(source: str) -> str:
    """The template with an `else` for each remark that stands beside other text. Raises Unusable."""
    if " if " not in source:
        return source
    for start, end in reversed(list(_remarks(tokens(source)))):
        if not _alone(source, start, end):
            source = source[:end] + _ELSE + source[end:]
    return source


def contained(source: str) -> str:
    """The template in which what is missing or null contains nothing. Raises Unusable."""
    if " in " not in source:
        return source
    for start, end in reversed(list(_containers(tokens(source)))):
        source = f"{source[:start]}({source[start:end]} or [])" + source[end:]
    return source


def as_written(code: str) -> str:
    """A part of a rewritten template as its author wrote it."""
    return _REWRITTEN.sub(r"\1", code)


def _containers(code: Code) -> Iterator[tuple[int, int]]:
    """Where each path begins and ends that an `in` asks: that of a loop is asked for its elements."""
    for index, token in enumerate(code):
        if token.text != "in" or token.kind != "name" or code[index - 2].text == "for":
            continue
        end = index + 1
        while end < len(code) and code[end].kind == "name" and code[end].text not in _WORDS:
            end += 2 if end + 1 < len(code) and code[end + 1].text == "." else 1
            if code[end - 1].text != ".":
                break
        last = code[end - 1]
        if end > index + 1 and (end == len(code) or code[end].text not in _GOING_ON):
            yield code[index + 1].at, last.at + len(last.text)


def _remarks(code: Code) -> Iterator[tuple[int, int]]:
    """Where each `{{` begins that holds a text and an `if` without `else`, and where its expression ends."""
    openings = [index for index, token in enumerate(code) if token.kind == "opening"]
    for first, after in zip(openings, [*openings[1:], len(code)], strict=True):
        expression = code[first + 1 : after]
        if code[first].text == "{{" and _words(expression) == ["if"] and _is_text(expression):
            yield code[first].at, expression[-1].at + len(expression[-1].text)


def _is_text(expression: tuple[Token, ...]) -> bool:
    """Whether an expression begins with a text, or joins one to something."""
    return expression[0].kind == "string" or [one.text for one in expression[:2]] == ["concat", "("]


def _words(expression: tuple[Token, ...]) -> list[str]:
    """The `if` and `else` that stand in no bracket."""
    depth, found = 0, []
    for token in expression:
        depth += NESTING.get(token.text, 0) if token.kind == "sign" else 0
        if depth == 0 and token.kind == "name" and token.text in {"if", "else"}:
            found.append(token.text)
    return found


def _alone(source: str, start: int, end: int) -> bool:
    """Whether the braces around an expression are all that their line has."""
    before = source[source.rfind("\n", 0, start) + 1 : start]
    behind = source[source.index("}}", end) + 2 :].partition("\n")[0]
    return not before.strip() and not behind.strip()
