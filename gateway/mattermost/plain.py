"""Markdown as plain text: the words that a reader sees, with nothing added and nothing lost.

For keys that Mattermost shows as they are, and for notifications, which show no Markdown. A mark goes only where it
marks something: a lone `*` or `_`, a `#` or `|` within a line are words.
"""

import re
from html import unescape
from typing import Final

from gateway.mattermost.clean import cut
from gateway.mattermost.code import CodeRanges

_TOKEN = re.compile(
    r"""
      \\(?P<escaped>[!-/:-@\[-`{-~])
    | (?P<paragraph>\n[ \t]*\n)
    | ^[ ]{0,3}(?P<line>\#{1,6}[ ]+|(?:>[ ]?)+)
    | (?P<rule>^[ ]{0,3}\|(?:[ ]*:?-+:?[ ]*\|)+[ ]*(?:\n|\Z))
    | (?P<open>!?\[)
    | (?P<link>\]\((?:<[^<>\n]{0,4000}>|[^()\s]{0,4000})(?:[ ]"[^"\n]{0,500}")?\))
    | (?P<close>\])
    | (?P<mark>\*{1,9}|_{1,9}|~~)
    | (?P<entity>&\#?[A-Za-z0-9]{1,30};)
    | <(?P<auto>(?:https?://|mailto:)[^\s<>]+)>
    | (?P<invisible>[\u200b\ufeff]+)
    """,
    re.VERBOSE | re.MULTILINE,
)
_FENCED = re.compile(
    r"[ >\t]*[`~]{3,}[^\n]*(?:\n|\Z)(?P<content>.*?)(?:^[ >\t]*[`~]{3,}[ ]*)?\Z", re.MULTILINE | re.DOTALL
)
_INVISIBLE: Final = str.maketrans("", "", "\u200b\ufeff")
_DEEPEST: Final = 20
"""Marks that may be open within marks; deeper ones are text."""


def unmark(markdown: str) -> str:
    """The words of Markdown: links become their labels, and fences, quotes, headings and emphasis that is closed go."""
    if _TOKEN.search(markdown) is None and "`" not in markdown and "~" not in markdown:
        return markdown.strip()
    reader = _Reader(markdown)
    at = 0
    for start, end in CodeRanges(markdown).ranges:
        reader.prose(at, start)
        reader.parts.append(_code(markdown[start:end]))
        at = end + markdown.startswith("\n", end) if markdown[start:end].lstrip(" >\t")[:3] in ("```", "~~~") else end
    reader.prose(at, len(markdown))
    return "".join(reader.parts).strip()


def plain_line(markdown: str, limit: int) -> str:
    """One line with the beginning of a Markdown text, of at most `limit` code points, for notifications."""
    return cut(" ".join(unmark(markdown[: limit * 10]).split()), limit)


def _code(code: str) -> str:
    """The content of a fenced block, line break included, or of a code span."""
    fenced = _FENCED.match(code)
    if fenced is not None:
        content = fenced["content"]
        return (content if content.endswith("\n") or not content else f"{content}\n").translate(_INVISIBLE)
    marks = len(code) - len(code.lstrip("`"))
    return code[marks : len(code) - marks].strip().translate(_INVISIBLE)


class _Reader:
    """Reads the prose of one text; `parts` is what is left of it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._brackets: list[int] = []
        self._marks: list[tuple[str, int]] = []
        self.parts: list[str] = []

    def prose(self, start: int, end: int) -> None:
        """Text between code."""
        at = start
        for token in _TOKEN.finditer(self._text, start, end):
            self.parts.append(self._text[at : token.start()])
            at = token.end()
            self.parts.append(self._read(token, token.lastgroup or ""))
        self.parts.append(self._text[at:end])

    def _read(self, token: re.Match[str], kind: str) -> str:
        """What is left of a token; earlier ones that it ends become nothing."""
        match kind:
            case "escaped" | "auto":
                return token[kind]
            case "entity":
                return unescape(token[0])
            case "line" | "rule" | "invisible":
                return ""
            case "mark":
                return self._mark(token)
            case "paragraph":
                self._brackets.clear()
                self._marks.clear()
            case "open" if len(self._brackets) < _DEEPEST:
                self._brackets.append(len(self.parts))
            case "close" if self._brackets:
                self._brackets.pop()
            case "link" if self._brackets:
                self.parts[self._brackets.pop()] = ""
                return ""
        return token[0]

    def _mark(self, token: re.Match[str]) -> str:
        """What is left of a run of one sign: nothing where it closes or, once it is closed, opens emphasis."""
        sign, left = token[0][0], len(token[0])
        before = self._text[token.start() - 1 : token.start()]
        after = self._text[token.end() : token.end() + 1]
        within = sign == "_" and before.isalnum() and after.isalnum()
        closes, opens = not within and bool(before.strip()), not within and bool(after.strip())
        while closes and left and (at := self._opening(sign)) is not None:
            run, part = self._marks[at]
            both = min(len(run), left)
            left -= both
            self.parts[part] = run[both:]
            self._marks[at:] = [(run[both:], part)] if len(run) > both else []
        if opens and left and len(self._marks) < _DEEPEST:
            self._marks.append((sign * left, len(self.parts)))
        return sign * left

    def _opening(self, sign: str) -> int | None:
        """The index of the last run of this sign that is open."""
        return next((at for at in range(len(self._marks) - 1, -1, -1) if self._marks[at][0][0] == sign), None)
