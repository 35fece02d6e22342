"""Where code stands in Markdown: fenced blocks, and spans within a paragraph (CommonMark 4.5 and 6.1)."""

import re
from bisect import bisect_right
from collections.abc import Iterator

_FENCE = re.compile(r"^(?P<lead>(?:[ \t]{0,8}>){0,8}[ \t]{0,16})(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)$", re.M)
_INDENT = 4  # blanks that make a block of code of a line
_UNQUOTED = re.compile(r"\n(?![ \t]*>)")
_PARAGRAPH_END = re.compile(r"\n[ \t]*(?=\n)")
_TICKS = re.compile(r"`+")
_GAP = re.compile(r"\n{3,}")


class CodeRanges:
    """The ranges of a text that are code, in order; each is (start, end), marks included. Takes linear time.

    With `strict`, what only some parsers take for a fence begins no block: one that is indented by more than three
    blanks. Without `spans`, the ranges are those of blocks.
    """

    def __init__(self, text: str, *, strict: bool = False, spans: bool = True) -> None:
        known = "`" in text or "~~~" in text
        self.ranges = list(_ranges(text, strict=strict, spans=spans)) if known else []
        self._starts = [start for start, _ in self.ranges]

    def hold(self, index: int) -> bool:
        """Whether the character at `index` is code."""
        at = bisect_right(self._starts, index) - 1
        return at >= 0 and index < self.ranges[at][1]


def without_gaps(markdown: str) -> str:
    """The text with no more than one blank line in a row, but in code."""
    if "\n\n\n" not in markdown:
        return markdown
    code = CodeRanges(markdown)
    return _GAP.sub(lambda gap: gap[0] if code.hold(gap.start()) else "\n\n", markdown)


def _ranges(text: str, *, strict: bool, spans: bool) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in _blocks(text, strict=strict):
        if spans:
            yield from _spans(text, at, start)
        yield start, end
        at = end
    if spans:
        yield from _spans(text, at, len(text))


def _blocks(text: str, *, strict: bool) -> Iterator[tuple[int, int]]:
    """Fenced blocks; one that nothing closes ends with the text, and in a quote it is none."""
    opened, mark, quote, quoted = 0, "", -1, 0
    for fence in _FENCE.finditer(text):
        if mark and 0 <= quote <= fence.start():
            mark = ""  # the quote ended before
        if not mark:
            indented = strict and (len(fence["lead"].rpartition(">")[2]) >= _INDENT or "\t" in fence["lead"])
            if not indented and not (fence["mark"][0] == "`" and "`" in fence["info"]):
                opened, mark = fence.start(), fence["mark"]
                in_quote = ">" in fence["lead"]
                if in_quote and quoted <= opened:  # looked for once in each quote
                    quoted = _quote_end(text, opened)
                quote = quoted if in_quote else -1
        elif fence["mark"].startswith(mark) and not fence["info"].strip():
            yield opened, fence.end()
            mark = ""
    if mark and quote < 0:
        yield opened, len(text)


def _quote_end(text: str, start: int) -> int:
    """The end of the lines from `start` on that are quoted."""
    end = _UNQUOTED.search(text, start)
    return len(text) if end is None else end.start()


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Code spans between two blocks; none reaches beyond its paragraph."""
    for gap in _PARAGRAPH_END.finditer(text, start, end):
        yield from _paragraph_spans(text, start, gap.start())
        start = gap.end()
    yield from _paragraph_spans(text, start, end)


def _paragraph_spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A run of backticks and the next one of the same length; a backslash takes the first tick from an opening run."""
    runs = [run.span() for run in _TICKS.finditer(text, start, end)]
    later: dict[int, list[int]] = {}
    for index in range(len(runs) - 1, -1, -1):
        later.setdefault(runs[index][1] - runs[index][0], []).append(index)
    index = 0
    while index < len(runs):
        opening, content = runs[index]
        opening += _is_escaped(text, opening)
        closing = later.get(content - opening, [])
        while closing and closing[-1] <= index:
            closing.pop()
        if closing:
            index = closing[-1]
            yield opening, runs[index][1]
        index += 1


def _is_escaped(text: str, index: int) -> bool:
    before = index
    while before and text[before - 1] == "\\":
        before -= 1
    return (index - before) % 2 == 1
