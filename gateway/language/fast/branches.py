"""Templates with `{% if %}`, evaluated without the engine where their conditions and outputs are simple expressions.

Loops, `set` and all other templates are left to the engine; both give the same text for what both support.
"""

import re
from typing import Any, Final

from gateway.language.fast import expressions
from gateway.language.fast.expressions import DEEPEST, Words, joined, output
from gateway.language.fast.parts import NotSimple, Part
from gateway.language.fast.source import Emit, Source

_TAG = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.S)
_OTHER = ("{{", "}}", "{%", "%}", "{#", "\r")
_SIGNS = ("{%", "{{-", "-}}")
"""What makes a template more than text and expressions: blocks, and braces that take the white space beside them."""
_BEFORE_BLOCK = re.compile(r"(?:(?<=\n)|\A)[ \t]+\Z")
_BLANK: Final = " \t\n"
_ALWAYS: Final = Part(lambda _: "True")


def text(template: str, words: Words) -> Emit | None:
    """The text, or None when the template has none of these signs, or holds more than text, expressions and branches.

    The template is one that the engine accepts.
    """
    if not any(sign in template for sign in _SIGNS):
        return None
    open_branches = [_Branches()]
    parts = _TAG.split(template)  # text, output or None, block or None, text, ...
    try:
        for index in range(0, len(parts), 3):
            open_branches[-1].pieces.append(_constant(parts, index))
            if index + 1 == len(parts):
                break
            if parts[index + 1] is None:
                _block(_inside(parts[index + 2]), open_branches, words)
                continue
            value = expressions.expression(_inside(parts[index + 1]), words)
            if value is None:
                return None
            open_branches[-1].pieces.append(output(value, words))
    except NotSimple:
        return None
    return open_branches[0].content()


def _inside(code: str) -> str:
    """The code of a tag without the signs that take white space."""
    return code.removeprefix("-").removesuffix("-").strip()


def _constant(parts: list[Any], index: int) -> str:
    """The text between two tags without the white space that they take, as `trim_blocks` and `lstrip_blocks` say."""
    constant: str = parts[index]
    if any(sign in constant for sign in _OTHER):
        raise NotSimple
    first, last = index == 0, index + 1 == len(parts)
    behind = "" if first else parts[index - 2] or parts[index - 1]
    before = "" if last else parts[index + 1] or parts[index + 2]
    if before.startswith("-"):
        constant = _stripped(constant.rstrip(_BLANK), -1)
    elif not last and parts[index + 2] is not None:
        blank = _BEFORE_BLOCK.search(constant)
        if blank and (blank.start() or first):
            constant = constant[: blank.start()]
    if behind.endswith("-"):
        constant = _stripped(constant.lstrip(_BLANK), 0)
    elif not first and parts[index - 1] is not None:
        constant = constant.removeprefix("\n")
    return constant


def _stripped(constant: str, end: int) -> str:
    """The text, unless other white space stands at its end, for Python and the engine may differ in that."""
    if constant and constant[end].isspace():
        raise NotSimple
    return constant


def _block(code: str, open_branches: list["_Branches"], words: Words) -> None:
    """Handle `if`, `elif`, `else` and `endif`."""
    word, _, rest = code.partition(" ")
    if word == "if":
        if len(open_branches) > DEEPEST:
            raise NotSimple
        open_branches.append(_Branches(expressions.condition(rest, words)))
    elif word == "elif":
        holds = expressions.condition(rest, words)
        if holds.calls:  # all conditions are evaluated first, so that what they look up is looked up once
            raise NotSimple
        open_branches[-1].turn(holds)
    elif code == "else":
        open_branches[-1].turn(_ALWAYS)
    elif code == "endif":
        ended = open_branches.pop()
        open_branches[-1].pieces.append(ended.emit())
    else:
        raise NotSimple


class _Branches:
    """The branches of an `if` so far; `pieces` are those of the last one. The whole template is one, too."""

    def __init__(self, holds: Part | None = None) -> None:
        self._ways: list[tuple[Part, Emit]] = []
        self._holds = holds
        self.pieces: list[str | Emit] = []

    def turn(self, holds: Part) -> None:
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
            for condition, content in [(holds.emit(source), content) for holds, content in ways]:
                with source.block(f"{word} {condition}"):
                    source.line(f"{text} = {content(source)}")
                word = "elif"
            with source.block("else"):
                source.line(f"{text} = ''")
            return text

        return emit

    def _close(self) -> None:
        if self._holds is None:
            raise NotSimple
        self._ways.append((self._holds, self.content()))
        self.pieces = []


def condition(code: str, words: Words) -> Emit | None:
    """An expression with the truth value of the condition; None when it is not a simple one."""
    try:
        return None if any(sign in code for sign in _OTHER) else expressions.condition(code, words).emit
    except NotSimple:
        return None
