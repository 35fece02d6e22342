"""Third-party Markdown: its formatting stays; mentions, embedded images and layout HTML do not."""

import re
from typing import Final

from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.markdown import link_to
from gateway.language.functions.markup import Markup
from gateway.language.functions.plain import unmark
from gateway.language.functions.registry import MAX_INPUT, Example, function
from gateway.language.functions.text import shorten
from gateway.mattermost.mentions import silent
from gateway.model import JSON

_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})(.*)$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_IMAGE = re.compile(r"!\[(?P<alt>[^\[\]\n]{0,500})\]\((?P<url>[^()\s]{1,2000})(?:\s+[\"'][^\"'\n]{0,500}[\"'])?\)")
_HTML_IMAGE = re.compile(r"<img\b[^<>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(src|alt)\s*=\s*[\"']([^\"'<>]{0,2000})[\"']", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:p|div|span|details|summary|center|sub|sup|a|picture|source|br|hr|h[1-6]|kbd)\b[^<>]{0,2000}>", re.I
)
_LINE_END = re.compile(r"<br\s{0,9}/?>|</(?:p|div|summary|h[1-6])>", re.IGNORECASE)
_BLANKS = re.compile(r"\n{3,}")
_HEADING_LEVELS: Final = 6
_CUT_BELOW: Final = 4
"""Room for the closing fence behind a cut: a line break and three marks."""


def tidy(markdown: str, limit: int) -> str:
    """Third-party Markdown fit for a message, at most about `limit` characters.

    Images become links, headings bold lines, comments and layout tags go, mentions are made inert. Code is left alone.
    A cut never leaves a code fence open.
    """
    sections = _sections(markdown.replace("\r\n", "\n").replace("\r", "\n"))
    parts = [text if is_code else _prose(text) for is_code, text in sections]
    joined = _BLANKS.sub("\n\n", "\n".join(parts)).strip("\n")
    return silent(_cut(joined, limit))


def _sections(markdown: str) -> list[tuple[bool, str]]:
    """The text as alternating prose and fenced code; True marks code."""
    sections: list[tuple[bool, str]] = []
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        found = _FENCE.match(line)
        opens = not fence and found is not None and not ("`" in found[1] and "`" in found[2])
        closes = bool(fence) and found is not None and found[1].startswith(fence) and not found[2].strip()
        if opens and lines:
            sections.append((False, "\n".join(lines)))
            lines = []
        lines.append(line)
        if opens and found is not None:
            fence = found[1]
        elif closes:
            sections.append((True, "\n".join(lines)))
            lines, fence = [], ""
    if lines:
        sections.append((bool(fence), "\n".join(lines) + (f"\n{fence}" if fence else "")))
    return sections


def _prose(markdown: str) -> str:
    text = _HTML_IMAGE.sub(_html_image, _LINE_END.sub("\n", _COMMENT.sub("", markdown)))
    text = _IMAGE.sub(lambda image: link_to(image["alt"] or "image", image["url"]), _TAG.sub("", text))
    return "\n".join(_heading(line) for line in text.split("\n"))


def _html_image(match: re.Match[str]) -> str:
    attributes = {name.lower(): value for name, value in _ATTRIBUTE.findall(match[0])}
    return link_to(attributes.get("alt") or "image", attributes.get("src", ""))


def _heading(line: str) -> str:
    """A heading as a bold line; every other line as it is."""
    bare = line.strip()
    marks = len(bare) - len(bare.lstrip("#"))
    if not 0 < marks <= _HEADING_LEVELS or not bare[marks:][:1].isspace():
        return line
    title = bare[marks:].rstrip("#").replace("**", "").strip()
    return f"**{title}**" if title else ""


def _cut(markdown: str, limit: int) -> str:
    """At most `limit` characters, and the closing fence of a code block that was cut."""
    if len(markdown) <= limit:
        return markdown
    kept = shorten(markdown, max(1, limit - _CUT_BELOW))
    above, _, last = kept.rpartition("\n")
    if _FENCE.match(last):  # the ellipsis behind a fence would make it another one
        kept = f"{above}\n…" if above else "…"
    open_fence = ""
    for line in kept.split("\n"):
        found = _FENCE.match(line)
        if found is not None:
            closes = open_fence and found[1].startswith(open_fence) and not found[2].strip()
            open_fence = "" if closes else open_fence or found[1]
    return f"{kept}\n{open_fence}" if open_fence else kept


def _plain(value: JSON, n: JSON = 4000) -> JSON:
    """Third-party Markdown in plain-text keys."""
    return shorten(unmark(tidy(text_of(value), MAX_INPUT)), count_of(n, 4000))


@function(
    plain=_plain,
    doc="Markdown that somebody wrote, kept as formatting: images become links, headings bold, comments go, mentions "
    "notify nobody; at most `n` characters, never with an open code fence.",
    examples=[
        Example(
            "{{ body | markdown }}",
            {"body": "# Why\n*fast* ![logo](https://x.example/l.png)<!-- x -->"},
            "**Why**\n*fast* [logo](https://x.example/l.png)",
        ),
        Example("{{ body | markdown(22) }}", {"body": "```\none two three four five\n```"}, "```\none two three…\n```"),
    ],
)
def markdown(value: JSON, n: JSON = 4000) -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    return Markup(tidy(text_of(value), count_of(n, 4000)))
