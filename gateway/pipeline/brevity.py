"""How much of a message a route posts. Pure: the same message always gives the same shorter one.

It works on finished messages, so that every translator has it, the generic one too. A message of which nothing would be
left stays as it is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from gateway.language.functions.markdown import code_span, escape, link_to
from gateway.mattermost.code import CodeRanges
from gateway.mattermost.payload import Attachment, Message
from gateway.mattermost.plain import unmark
from gateway.mattermost.split import excerpt

LINE: Final = 300
"""The most characters of a text that stands in the place of a title."""

_GAP = re.compile(r"\n[ \t]*\n")
_LEADING = re.compile(r"(?:#{1,6}[ \t]+|[-*+][ \t]+|>[ \t]?)+")
"""Marks that make a heading, an item or a quote of a line."""
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})")


class Verbosity(StrEnum):
    """How much of a message is posted: one line for each of its attachments, what it says first, or all of it."""

    TITLE = "title"
    SUMMARY = "summary"
    FULL = "full"


def shortened(message: Message, verbosity: Verbosity) -> Message:
    """The message as it is posted; the argument is not changed."""
    return _WAYS[verbosity](message)


def _titles(message: Message) -> Message:
    """One line for the text and one for each attachment, linked as they are, and nothing else to see."""
    text = _first_line(message.text or "")
    lines = [line for line in (text, *map(_title, message.attachments)) if line]
    return replace(message, text="\n".join(lines), attachments=[]) if lines else message


def _title(attachment: Attachment) -> str:
    """The author and the linked title of an attachment, in Markdown; without a title, the first line that it has."""
    label = escape(attachment.title) if attachment.title else next(_substitutes(attachment), "")
    line = link_to(label, attachment.title_link) if label and attachment.title_link else label
    author = escape(" ".join((attachment.author_name or "").split()))
    author = link_to(author, attachment.author_link) if author and attachment.author_link else author
    return f"{author}: {line}" if author and line else author or line


def _substitutes(attachment: Attachment) -> Iterator[str]:
    """What may stand in the place of a title, the best first."""
    linked = bool(attachment.title_link)
    for text in (attachment.text, attachment.pretext):
        if text and (line := _first_line(text)):
            yield escape(unmark(line)) if linked else line
    for field in attachment.fields:
        yield f"{escape(field.title)}: {_first_line(field.value)}" if field.title else _first_line(field.value)
    if attachment.fallback:
        yield escape(" ".join(attachment.fallback.split()))
    if not attachment.author_name and (image := attachment.image_url or attachment.thumb_url):
        yield link_to("", image)
    if not attachment.author_name and attachment.footer:
        yield _first_line(attachment.footer)


def _first_line(markdown: str) -> str:
    """The first line of Markdown that says something, without the marks of a heading, an item or a quote."""
    lines = iter(markdown.splitlines())
    for line in lines:
        if _FENCE.match(line):
            return code_span(excerpt(next((one for one in lines if one.strip()), ""), LINE))
        if text := line[_end(line) :].strip():
            return excerpt(text, LINE)
    return ""


def _end(line: str) -> int:
    leading = _LEADING.match(line.lstrip())
    return len(line) - len(line.lstrip()) + leading.end() if leading else 0


def _summary(message: Message) -> Message:
    """The first paragraph of each text, and no fields."""
    return replace(
        message,
        text=_first_paragraph(message.text),
        attachments=[_summary_of(attachment) for attachment in message.attachments],
    )


def _summary_of(attachment: Attachment) -> Attachment:
    """An attachment without fields; of one that shows nothing else, the first stays."""
    shown = attachment.title or attachment.text or attachment.pretext or attachment.author_name
    fields = [] if shown or attachment.image_url or attachment.thumb_url else attachment.fields[:1]
    text, pretext = _first_paragraph(attachment.text), _first_paragraph(attachment.pretext)
    return replace(attachment, text=text, pretext=pretext, fields=fields)


def _first_paragraph(markdown: str | None) -> str | None:
    """Markdown up to its first blank line outside of a block of code; such a block is a paragraph, too."""
    if markdown is None or _GAP.search(markdown) is None:
        return markdown
    text = markdown.strip("\n")
    blocks = CodeRanges(text, spans=False)
    gap = next((gap for gap in _GAP.finditer(text) if not blocks.hold(gap.start())), None)
    return text if gap is None else text[: gap.start()]


def _all(message: Message) -> Message:
    return message


_WAYS: Final[Mapping[Verbosity, Callable[[Message], Message]]] = {
    Verbosity.TITLE: _titles,
    Verbosity.SUMMARY: _summary,
    Verbosity.FULL: _all,
}
