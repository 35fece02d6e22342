"""Jira wiki markup as Markdown, by Atlassian's page "Text Formatting Notation Help"."""

import re
from collections.abc import Iterator
from typing import Final

from gateway.language.functions.adf import adf
from gateway.language.functions.markdown import (
    LINE_BREAK,
    code_block,
    code_span,
    escape,
    link_to,
    quoted,
    without_images,
)
from gateway.language.functions.markup import Markup
from gateway.language.functions.names import name_in
from gateway.language.functions.registry import Example, Number, function
from gateway.language.functions.weave import DEFAULT_LENGTH, MAX_DEPTH, around, source_of, weave
from gateway.mattermost.plain import unmark
from gateway.model import JSON

_OPENING = re.compile(
    r"\{(?P<kind>code|noformat)(?::(?P<options>[^{}\n]{0,200}))?\}|\{(?P<quote>quote)\}"
    r"|\{(?P<panel>panel)(?::(?P<title>[^{}\n]{0,200}))?\}"
)
_COLOR = re.compile(r"\{color(?::[^{}\n]{0,50})?\}")
_LINE = re.compile(
    r"(?:h[1-6]\.[ ]*(?P<heading>.+)|bq\.[ ]*(?P<quote>.+)|(?P<bullet>[*#-]{1,8})[ ]+(?P<item>.+)|(?P<rule>-{4,})[ ]*)$"
)
_INLINE = re.compile(
    r"""
      \{\{(?P<mono>[^{}\n]{1,4000})\}\}
    | \[(?P<link>[^\[\]\n]{1,4000})\]
    | (?<![\w!])!(?P<image>[^!|\s]{1,2000}\.\w{1,5}|https?://[^!|\s]{1,2000})(?:\|[^!\n]{0,200})?!(?!\w)
    | (?P<bare>https?://[^\s"<>|\[\]{}]{1,2000})
    | (?<![\w*])\*(?=\S)(?P<bold>[^*\n]{1,4000})(?<=\S)\*(?![\w*])
    | (?<![\w_])_(?=\S)(?P<italic>[^_\n]{1,4000})(?<=\S)_(?![\w_])
    | (?<![\w-])-(?P<strike>[^\s\n-][^\n-]{0,4000})(?<=\S)-(?![\w-])
    | (?<![\w+])\+(?P<under>[^\s\n+][^\n+]{0,4000})(?<=\S)\+(?![\w+])
    | \?\?(?P<cite>[^?\n]{1,4000})\?\?
    | \\(?P<literal>[{}\[\]*_+!?^~|\\-])
    """,
    re.VERBOSE,
)
_CELL = re.compile(
    r"((?:\[[^\[\]\n]{1,4000}\]|\{\{[^{}\n]{1,4000}\}\}|![^!|\s]{1,2000}\|[^!|\n]{0,200}!|\\\||[^|])*)\|"
)
"""A table cell and the bar behind it; bars inside links, code and images do not end a cell."""
_MARKS: Final = {"bold": "**", "italic": "_", "strike": "~~", "under": "", "cite": "_"}
_TITLE = re.compile(r"(?:^|\|)title=([^|]+)")
_MAX_BLOCKS_DEPTH: Final = 3
_ACCOUNT = re.compile(r"\[~accountid:(?P<id>[^\[\]|\s]{1,128})\]")
_NOT_IN_LABEL = re.compile(r"[\[\]|\r\n]")


def to_markdown(text: str) -> str:
    """Jira wiki markup as Markdown."""
    return without_images(_blocks(LINE_BREAK.sub("\n", text), 0))


def _with_names(text: str, payload: JSON) -> str:
    """The text with mentions of accounts, of which it has only ids, by the names that the payload has."""

    def named(mention: re.Match[str]) -> str:
        shown = name_in(payload, mention["id"])
        # The reader of links takes no brackets, bars and line breaks in a label.
        return f"[{_NOT_IN_LABEL.sub(' ', '@' + shown)}|~{mention['id']}]" if shown else mention[0]

    return _ACCOUNT.sub(named, text)


def _blocks(text: str, depth: int) -> str:
    parts: list[str] = []
    at = 0
    for opening, end, after in _found_blocks(text) if depth < _MAX_BLOCKS_DEPTH else ():
        parts += (_lines(text[at : opening.start()]), _block(opening, text[opening.end() : end], depth))
        at = after
    shown = [part for part in [*parts, _lines(text[at:])] if part.strip()]
    # A line right below a quote would belong to it.
    return "".join(part + ("\n\n" if part.startswith(">") else "\n") for part in shown[:-1]) + "".join(shown[-1:])


def _found_blocks(text: str) -> Iterator[tuple[re.Match[str], int, int]]:
    """The opening of each block that is closed, the end of its content, and the end of its closing.

    What is found not to be closed is not looked for again, so that the time grows with the text alone.
    """
    unclosed: set[str] = set()
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        closing = f"{{{opening['kind'] or opening['quote'] or opening['panel']}}}"
        end = -1 if closing in unclosed else text.find(closing, opening.end())
        if end < 0:
            unclosed.add(closing)
            at = opening.end()
        else:
            at = end + len(closing)
            yield opening, end, at


def _block(opening: re.Match[str], content: str, depth: int) -> str:
    if opening["kind"]:
        language = (opening["options"] or "").partition("|")[0] if opening["kind"] == "code" else ""
        return code_block(content, "" if "=" in language else language.lower())
    if opening["quote"]:
        return quoted(_blocks(content, depth + 1))
    title = _TITLE.search(opening["title"] or "")
    heading = [f"**{escape(title[1].strip())}**"] if title else []
    return quoted("\n".join([*heading, _blocks(content, depth + 1)]))


def _lines(text: str) -> str:
    lines: list[str] = []
    for line in _COLOR.sub("", text).strip("\n").split("\n"):
        bare = line.strip()
        if bare.startswith("|") and len(bare) > 1:
            lines += _row(bare, first=not (lines and lines[-1].startswith("|")))
        else:
            made = _line(bare)
            # Text right below a table would be one of its rows; a rule right below text would make that a heading.
            if lines and ((lines[-1].startswith("|") and bare) or (made == "---" and lines[-1])):
                lines.append("")
            lines.append(made)
    return "\n".join(lines)


def _row(line: str, *, first: bool) -> list[str]:
    """A table row; the first one gets the delimiter that Markdown needs, below a blank line."""
    content = (cell.strip() for cell in _CELL.findall(line.replace("||", "|").strip("|") + "|"))
    cells = [_inline(cell, 0).replace("|", "\\|") for cell in content]
    row = "| " + " | ".join(cells) + " |"
    return ["", row, "|" + "---|" * len(cells)] if first else [row]


def _line(line: str) -> str:
    found = _LINE.match(line)
    if found is None:
        return _inline(line, 0)
    if found["heading"]:
        return around("**", _inline(found["heading"].strip(), MAX_DEPTH))
    if found["quote"]:
        return "> " + _inline(found["quote"], 0)
    if found["bullet"]:
        indent = "   " * (len(found["bullet"]) - 1)
        return indent + ("1. " if found["bullet"][-1] == "#" else "- ") + _inline(found["item"], 0)
    return "---"


def _inline(text: str, depth: int) -> str:
    def render(match: re.Match[str]) -> str:
        kind, content = match.lastgroup or "", match[match.lastgroup or 0]
        match kind:
            case "mono":
                return code_span(content)
            case "link":
                return _link(content)
            case "image":
                return link_to(escape(content.rpartition("/")[2]), content)
            case "literal" | "bare":
                return escape(content)
        inner = _inline(content, depth + 1) if depth < MAX_DEPTH else escape(content)
        return around(_MARKS[kind], inner)

    return weave(text, _INLINE, render)


def _link(content: str) -> str:
    """The content of brackets: a link, a user, an attachment, or just text in brackets."""
    label, _, target = (
        content.rpartition("|") if content.count("|") < 2 else (*content.split("|")[:1], "", content.split("|")[1])
    )
    if target.startswith("~"):
        return escape(label or "@" + target[1:].removeprefix("accountid:"))
    if target.startswith("^"):
        return escape(label or target[1:])
    linked = link_to(escape(label or target.removeprefix("mailto:")), target)
    return linked if linked.endswith(")") and linked.startswith("[") else escape(label or f"[{content}]")


def _plain(value: JSON, limit: Number = DEFAULT_LENGTH, payload: JSON = None) -> JSON:
    """A text of Jira in plain-text keys."""
    return unmark(jira(value, limit, payload))


@function(
    plain=_plain,
    doc="A text of Jira as Markdown: wiki markup (headings, emphasis, links, users, images, lists, tables, code, "
    "quotes, panels), or a document as `adf` takes it. `limit` limits it; with `payload`, mentions of account ids have "
    "the names that stand in it.",
    examples=[
        Example(
            "{{ text | jira }}",
            {"text": "h2. Steps\n# open [the page|https://x.example/a]\n# see {{a_b}}"},
            "**Steps**\n1. open [the page](https://x.example/a)\n1. see `a_b`",
        ),
        Example(
            "{{ text | jira(400, all) }}",
            {"text": "ask [~accountid:5f00]", "all": {"lead": {"accountId": "5f00", "displayName": "Ada"}}},
            "ask @\u200bAda",
        ),
        Example("{{ text | jira }}", {"text": "{code:java}\nint a;\n{code}"}, "```java\nint a;\n```"),
        Example(
            "{{ text | jira }}",
            {"text": {"type": "paragraph", "content": [{"type": "text", "text": "a*b"}]}},
            r"a\*b",
        ),
    ],
)
def jira(value: JSON, limit: Number = DEFAULT_LENGTH, payload: JSON = None) -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, dict):
        return adf(value, limit, payload)
    source = source_of(value, limit)
    return Markup(to_markdown(_with_names(source, payload) if "[~accountid:" in source else source))
