"""Where code stands in Markdown: fenced blocks, and spans within a paragraph (CommonMark 4.5 and 6.1)."""

import re
from bisect import bisect_right
from collections.abc import Iterator

_FENCE = re.compile(r"^(?:[ \t]{0,8}>){0,8}[ \t]{0,16}(`{3,}|~{3,})([^\n]*)$", re.M)
_PARAGRAPH_END = re.compile(r"\n[ \t]*(?=\n)")
_TICKS = re.compile(r"`+")
_GAP = re.compile(r"\n{3,}")


class CodeRanges:
    """The ranges of a text that are code, in order; each is (start, end), marks included. Takes linear time."""

    def __init__(self, text: str) -> None:
        self.ranges = list(_ranges(text)) if "`" in text or "~~~" in text else []
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


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in _blocks(text):
        yield from _spans(text, at, start)
        yield start, end
        at = end
    yield from _spans(text, at, len(text))


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Fenced blocks; one that nothing closes ends with the text."""
    opened, mark = 0, ""
    for fence in _FENCE.finditer(text):
        if not mark:
            if not (fence[1][0] == "`" and "`" in fence[2]):
                opened, mark = fence.start(), fence[1]
        elif fence[1].startswith(mark) and not fence[2].strip():
            yield opened, fence.end()
            mark = ""
    if mark:
        yield opened, len(text)


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
