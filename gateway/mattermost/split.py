"""The cutting of a long Markdown text into pieces that each read well on their own.

The server cuts blindly (contract 1.5), so the gateway cuts first: between paragraphs, else between lines, else between
words. A cut inside a code fence closes it and opens it again, language included, in the next piece. Links and code
spans stay whole where they can. Lengths are code points, which is what Go calls runes.
"""

import re
import unicodedata
from typing import NamedTuple

from gateway.mattermost.clean import ELLIPSIS
from gateway.mattermost.code import CodeRanges

# Separators in order of preference, each with the earliest place of a cut as a share of the room.
_PLACES = (("\n\n", 0.5), ("\n", 0.3), (" ", 0.1))
_REACH = 3000  # longest link or code span that is kept whole
_CLUSTER = 32  # longest run of combining characters that is kept whole

_FENCE = re.compile(r"^(?P<lead>(?:[ \t]{0,8}>){0,8}[ \t]{0,16})(?P<mark>`{3,64}|~{3,64})(?P<info>.*)$", re.M)
_WHOLE = re.compile(
    r"!?\[[^\]\n]{0,999}\]\([^()\s]{0,1999}\)|`[^`\n]{1,999}`|<[^<>\s]{1,1999}>|https?://[^\s<>]{1,1999}|&\#?[A-Za-z0-9]{1,30};"
)
_JOINERS = frozenset("\u200b\u200d\ufe0e\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")


class _Fence(NamedTuple):
    """An open code fence: its opening line, its closing line, its start in the current text (-1: before the text)."""

    opener: str
    closer: str
    start: int


class _Span(NamedTuple):
    """A code span that a cut falls into: where it starts, and its marks."""

    start: int
    marks: str


def split(text: str, limit: int) -> list[str]:
    """Cut the text into pieces of at most `limit` code points; a text that fits is the only piece.

    Only whitespace at the cuts is dropped; only the lines that close and reopen fences are added.
    """
    pieces: list[str] = []
    fence: _Fence | None = None
    while True:
        opener = f"{fence.opener}\n" if fence else ""
        if len(opener) + len(text) <= limit:
            return [*pieces, opener + text] if not pieces or text.strip() else pieces
        room = limit - len(opener)
        end, following, fence = _cut(text, room, fence)
        marks = ""
        if fence is None and (span := _open_span(opener + text, len(opener) + end)) is not None:
            end, following, marks = _cut_span(span._replace(start=span.start - len(opener)), end, following, room)
        closer = f"\n{fence.closer}" if fence else marks
        if text[:end].strip():
            pieces.append(opener + text[:end] + closer)
        text = marks + text[following:]


def _open_span(text: str, end: int) -> _Span | None:
    """The code span that a cut at `end` falls into. Half of one would be text, in which links and images act."""
    if "`" not in text[:end]:
        return None
    for start, stop in CodeRanges(text).ranges:
        if start < end < stop and text[start] == "`":
            return _Span(start, text[start : len(text) - len(text[start:].lstrip("`"))])
    return None


def _cut_span(span: _Span, end: int, following: int, room: int) -> tuple[int, int, str]:
    """Where to cut a span, and the marks that close it there and open it again; before it, if there is no room for it.

    Marks that take most of the room make it text.
    """
    last = min(end, room - len(span.marks))
    if last > span.start + len(span.marks):
        return last, following if last == end else last, span.marks
    return (span.start, span.start, "") if span.start > 0 else (end, following, "")


def excerpt(text: str, limit: int, closing: int = 0) -> str:
    """The beginning of a Markdown text, at most `limit` code points with the "…" that stands for the rest.

    The cut falls between words if that costs no more than a third, and a fence that it leaves open is closed. Links,
    URLs, code spans and entities are kept whole or left out; of one that is all there is room for the words are shown.
    With room for `closing` the cut falls at the same place whether or not the usual fence is open there.
    """
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    kept, fence = _beginning(text, max(limit - 1 - closing, 0))
    if fence is not None and len(fence.closer) >= closing:
        kept, fence = _beginning(text, limit - 2 - len(fence.closer))
    return f"{kept}\n{fence.closer}" if fence else kept


def _beginning(text: str, room: int) -> tuple[str, _Fence | None]:
    """At most `room` code points and an ellipsis, and the fence that is open then; no half of a fence's line."""
    end = _end_of_words(text, max(0, room))
    kept = (text[:end] if _fence_at(text[:end], None) else _without_half(text, end)).rstrip()
    span = None if _fence_at(kept, None) else _open_span(text, len(kept))
    if span is not None:
        inside = kept[: room - len(span.marks)]
        is_long = len(inside) > span.start + len(span.marks)
        return (f"{inside}{ELLIPSIS}{span.marks}" if is_long else text[: span.start].rstrip() + ELLIPSIS), None
    last = kept.rpartition("\n")[2]
    while kept and (_FENCE.match(last) or not last.strip(" >`~")):
        kept = kept[: len(kept) - len(last)].rstrip()
        last = kept.rpartition("\n")[2]
    return kept + ELLIPSIS, _fence_at(kept + ELLIPSIS, None)


def _without_half(text: str, end: int) -> str:
    """The text up to `end`, or up to the link, URL, code span or entity that `end` would cut."""
    start = max(text.rfind("\n", 0, end) + 1, end - _REACH)
    for found in _WHOLE.finditer(text, start, end + _REACH):
        if found.start() >= end:
            break
        if found.end() > end:
            before = text[: found.start()]
            return before if before.strip() else _words_of(found[0])[:end]
    return text[:end]


def _words_of(whole: str) -> str:
    """The label of a link, or the URL or code as text that is no link and no code."""
    if whole[0] in "![":
        return whole[whole.index("[") + 1 : whole.rindex("](")]
    return whole.strip("`<>&").replace("://", ":\u200b//", 1)


def _end_of_words(text: str, room: int) -> int:
    """The end of the last whole word within `room` characters, or `room` where that would cost more than a third."""
    if room >= len(text) or text[room].isspace():
        return room
    space = max(text.rfind(" ", 0, room), text.rfind("\n", 0, room))
    return space if space >= room * 2 // 3 else _between_clusters(text, room)


def _cut(text: str, room: int, fence: _Fence | None) -> tuple[int, int, _Fence | None]:
    """The end of a piece, the start of the next one, and the fence that is open between them.

    A cut inside a fence leaves less room, by the closing line. A fence whose own lines would take half of the room is
    cut like text.
    """
    end, following = _place(text, room)
    open_fence = _fence_at(text[:end], fence)
    if open_fence is None:
        return (*_keep_whole(text, end, following), None)
    if open_fence.start > room * _PLACES[0][1]:
        return _before(text, open_fence.start)
    closing = len(open_fence.closer) + 1
    if len(open_fence.opener) + closing > room // 2:
        return end, following, None
    end, following = _place(text, room - closing)
    open_fence = _fence_at(text[:end], fence)
    if open_fence is not None and open_fence.start > room * _PLACES[1][1]:
        return _before(text, open_fence.start)
    return end, following, open_fence


def _before(text: str, start: int) -> tuple[int, int, None]:
    """Cut before the line at `start`, where a fence opens."""
    return len(text[:start].rstrip("\n")), start, None


def _place(text: str, room: int) -> tuple[int, int]:
    """Find the best place to end a piece of at most `room` characters, and where the next piece begins."""
    for separator, share in _PLACES:
        at = text.rfind(separator, int(room * share), room + len(separator))
        if at > 0:
            following = at + len(separator)
            while separator != " " and text.startswith("\n", following):
                following += 1
            return (at - 1 if text[at - 1] == "\n" else at), following
    end = _between_clusters(text, room)
    return end, end


def _between_clusters(text: str, end: int) -> int:
    """Move a cut inside a word back, so that it separates neither a character from its marks nor an address at its `@`.

    A cut before the `@` would make a mention of `@name`, at the start of the next piece.
    """
    for at in range(end, max(end - _CLUSTER, 0), -1):
        first = text[at]
        if (
            first not in _JOINERS
            and first not in "_@&"
            and not unicodedata.combining(first)
            and text[at - 1] != "\u200d"
        ):
            return at
    return end


def _keep_whole(text: str, end: int, following: int) -> tuple[int, int]:
    """Move a cut inside a link or code span before it, unless that would make the piece much shorter."""
    start = max(text.rfind("\n", 0, end) + 1, end - _REACH)
    for match in _WHOLE.finditer(text, start, end + _REACH):
        if match.start() >= end:
            break
        if match.end() > end and match.start() > end * _PLACES[-1][1]:
            return match.start(), match.start()
    return end, following


def _fence_at(text: str, fence: _Fence | None) -> _Fence | None:
    """Find the fence that is open at the end of the text, when `fence` is open at its start."""
    current = fence._replace(start=-1) if fence else None
    if "```" not in text and "~~~" not in text:
        return current
    for match in _FENCE.finditer(text):
        lead, mark, info = match["lead"], match["mark"], match["info"].strip()
        if current is None:
            if not (mark[0] == "`" and "`" in info):
                language = info.split(maxsplit=1)[0][:40] if info else ""
                current = _Fence(f"{lead}{mark}{language}", f"{lead}{mark}", match.start())
        elif not info and mark.startswith(current.closer.lstrip("> \t")):
            current = None
    return current
