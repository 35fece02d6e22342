"""Links and images in Markdown that somebody wrote, each made a link that leads where it was meant to, or its label.

One pass over the brackets: what stands open is kept on a stack, as CommonMark's own algorithm does. Links do not nest,
so one that holds another, as a badge holds its image, takes the place of both.
"""

import re
from html import unescape
from typing import Final

from gateway.language.functions.bareurl import END, ends_in_url, has_odd_url, whole_urls
from gateway.language.functions.markdown import INVISIBLE, absolute_url, safe_url
from gateway.mattermost.code import CodeRanges

_MARKS = re.compile(
    r"""
      (?P<escaped>\\.)
    | (?P<paragraph>\n[ \t]*\n)
    | (?P<open>!?\[)
    | \]\((?P<to>(?:[^()\\\n]|\n(?![ \t]*\n)|\\.|\((?:[^()\n]|\([^()\n]*\))*\)){0,2000})\)
    | (?P<close>\])
    | <(?P<auto>https?://[^\s<>]{1,2000})>
    """,
    re.VERBOSE | re.IGNORECASE,
)
_TITLE = re.compile(r"(?<!\s)\s++(?:\"[^\"]*\"|'[^']*'|=[0-9x]+)$")
"""What may stand behind an address: a title, or Mattermost's size of an image."""
_USUAL = re.compile(r"\]\(https?://[A-Za-z0-9][A-Za-z0-9%/:?#@$&+,=~._-]*\)")
_BACKSLASH = re.compile(r"\\([!-/:-@\[-`{-~])")
_DEEPEST: Final = 20
"""Brackets that may be open within brackets; deeper ones are text."""


class _Open:
    """An open bracket: where it stands among the parts, and whether anything that is seen follows it."""

    def __init__(self, part: int) -> None:
        self.part = part
        self.inner: list[int] = []
        """The parts that belong to links between this bracket and its end."""


class _Reader:
    """Reads one text; `parts` is what has been written."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._open: list[_Open] = []
        self._links: set[int] = set()
        self.parts: list[str] = []

    def code(self, text: str) -> None:
        """Code, which is a label's content like any other. It is no part of a URL before it."""
        if self.parts and ends_in_url(self.parts[-1]):
            self.parts.append(END)
        self.parts.append(text)

    def prose(self, text: str) -> None:
        """Text between code."""
        at = 0
        while (mark := _MARKS.search(text, at)) is not None:
            self._text(text[at : mark.start()])
            at = mark.end()
            if mark["to"] is not None and not self._open:  # no link: what stands in its brackets may be one
                at = mark.start() + 2
                self.parts.append("](")
            else:
                self._mark(mark)
        self._text(text[at:])

    def _text(self, text: str) -> None:
        if text:
            self.parts.append(whole_urls(text))

    def _mark(self, mark: re.Match[str]) -> None:
        kind = mark.lastgroup
        if kind == "open" and len(self._open) < _DEEPEST:
            self._open.append(_Open(len(self.parts)))
        elif kind == "open":
            self.parts.append(mark[0].replace("[", "&#91;"))  # a client would look deeper
            return
        elif kind == "paragraph":
            self._open.clear()
        elif kind == "to":
            self._close(self._open.pop(), mark["to"])
            return
        elif kind == "close" and self._open:
            self._keep_inner(self._open.pop(), [])
        elif kind == "auto":
            self._text(mark["auto"] + " ")  # what follows is no part of it
            self.parts[-1] = self.parts[-1][:-1]
            return
        self.parts.append(mark[0])

    def _close(self, opened: _Open, to: str) -> None:
        """Make a link of what stands between two marks, or leave just that."""
        bare = unescape(_BACKSLASH.sub(r"\1", _TITLE.sub("", to.strip()).strip().strip("<>")))
        target = safe_url(absolute_url(bare, self._base))
        own = [opened.part, len(self.parts)]
        if target:
            for part in opened.inner:
                self.parts[part] = ""
        label = "" if len(self.parts) - opened.part > 1 else "image" if self.parts[opened.part] == "![" else target
        self.parts[opened.part] = f"[{label}" if target else label
        if target:
            self._links.add(opened.part)
        self.parts.append(f"]({target})" if target else "")
        self._keep_inner(opened, own if target else [])

    def written(self) -> str:
        """What has been written. A `!` right before a link would make an image of it."""
        before = ""
        for part, text in enumerate(self.parts):
            if before == "!" and text and part in self._links:
                self.parts[part] = INVISIBLE + text
            before = text[-1:] or before
        return "".join(self.parts)

    def _keep_inner(self, closed: _Open, own: list[int]) -> None:
        """Tell the bracket around a closed one which parts are those of links."""
        if self._open:
            self._open[-1].inner += own or closed.inner


def linked(markdown: str, base: str) -> str:
    """Markdown without fenced code whose links, images and URLs are links to absolute addresses, all linked as a whole.

    Relative ones are resolved against `base` (`absolute_url`); where that is not possible, or the scheme is not one of
    `safe_url`, the label stays.
    """
    if _is_usual(markdown):
        return markdown
    reader = _Reader(base)
    at = 0
    for start, end in CodeRanges(markdown, strict=True).ranges:
        reader.prose(markdown[at:start])
        reader.code(markdown[start:end])
        at = end
    reader.prose(markdown[at:])
    return reader.written()


def _is_usual(markdown: str) -> bool:
    """Whether nothing is to be changed, as nearly always."""
    if "![" in markdown or "<http" in markdown or has_odd_url(markdown):
        return False
    links = markdown.count("](")
    return not links or links == len(_USUAL.findall(markdown))
