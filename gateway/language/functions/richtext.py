"""Slack's rich text (what its message box produces) as Markdown, by docs.slack.dev, "Rich text block"."""

import re
from collections.abc import Mapping
from typing import Final

from gateway.language.functions.coerce import count_of, list_of, text_of
from gateway.language.functions.emoji import NAMES
from gateway.language.functions.markdown import (
    INVISIBLE,
    code_block,
    code_span,
    escape,
    link_to,
    quoted,
    without_images,
)
from gateway.language.functions.time import moment_of
from gateway.language.functions.weave import weave
from gateway.model import JSON

_MAX_ELEMENTS: Final = 1000
_MAX_INDENT: Final = 6
_MARKS: Final = {"bold": "**", "italic": "_", "strike": "~~"}
_TOUCHY: Final = frozenset("*_~")
_EMOJI = re.compile(NAMES)
_EMOJI_NAME = re.compile(r"[a-z0-9_+\-]{1,60}")

Element = Mapping[str, JSON]


def literal(words: str) -> str:
    """Plain text as Slack shows it: literal, but for the names of emoji."""
    return weave(words, _EMOJI, lambda found: found[0])


def rich_text(block: Element) -> str:
    """The sections, lists, code and quotes of a rich text block, each a paragraph; inner lists are indented."""
    shown, before = "", ""
    for element in _elements(block):
        kind = text_of(element.get("type"))
        part = _part(kind, element)
        if part.strip():
            shown += ("\n" if kind == before == "rich_text_list" else "\n\n") + part.strip("\n")
            before = kind
    return without_images(shown.strip("\n"))


def _elements(value: Element) -> list[Element]:
    return [element for element in list_of(value.get("elements"))[:_MAX_ELEMENTS] if isinstance(element, dict)]


def _part(kind: str, element: Element) -> str:
    if kind == "rich_text_list":
        return _list(element)
    if kind == "rich_text_preformatted":
        code = "".join(text_of(inner.get("text") or inner.get("url")) for inner in _elements(element))
        return code_block(code, text_of(element.get("language")))
    words = _line(element)
    return quoted(words) if kind == "rich_text_quote" else words.strip(" ")


def _list(element: Element) -> str:
    indent = "    " * count_of(element.get("indent"), 0, _MAX_INDENT)
    start = count_of(element.get("offset"), 0) + 1
    ordered = element.get("style") == "ordered"
    items = [" ".join(_line(item).split()) for item in _elements(element)]
    return "\n".join(
        f"{indent}{f'{number}.' if ordered else '-'} {item}" for number, item in enumerate(items, start) if item
    )


def _line(element: Element) -> str:
    """The elements of a line. Marks that touch words or other marks are none: what has no width parts them."""
    shown = ""
    for part in map(_inline, _elements(element)):
        ends = shown[-1:] + part[:1]
        touching = ends == "``" or (len(ends) == 2 and not _TOUCHY.isdisjoint(ends))
        shown += INVISIBLE + part if touching and not any(map(str.isspace, ends)) else part
    return shown


def _inline(element: Element) -> str:
    """One element of a line; references to people and channels keep their ids, which is all that they have."""
    match element.get("type"):
        case "link":
            url = text_of(element.get("url"))
            label = _with_marks(text_of(element.get("text")), element.get("style"))
            return link_to(label, url) if label.strip() else escape(url)
        case "emoji":
            name = text_of(element.get("name"))
            return f":{name}:" if _EMOJI_NAME.fullmatch(name) else escape(name)
        case "user" | "usergroup" | "team" as kind:
            return escape("@" + text_of(element.get(f"{kind}_id")))
        case "broadcast":
            return escape("@" + text_of(element.get("range")))
        case "channel":
            return escape("#" + text_of(element.get("channel_id")))
        case "date":
            moment = moment_of(element.get("timestamp"))
            shown = moment.strftime("%Y-%m-%d %H:%M UTC") if moment else ""
            date = escape(text_of(element.get("fallback")) or shown)
            return link_to(date, text_of(element.get("url"))) if element.get("url") else date
        case "color":
            return code_span(text_of(element.get("value")))
    return _with_marks(text_of(element.get("text")), element.get("style"))


def _with_marks(words: str, style: JSON) -> str:
    """Words with their marks, those of each paragraph by itself; white space stays outside, where Markdown wants it."""
    core = words.strip()
    styles = style if isinstance(style, dict) else {}
    if not core or not any(styles.get(name) is True for name in (*_MARKS, "code")):
        return escape(words)
    if "\n\n" in core:
        return "\n\n".join(_with_marks(paragraph, style) for paragraph in words.split("\n\n"))
    shown = code_span(core) if styles.get("code") is True else escape(core)
    for name, mark in _MARKS.items():
        shown = f"{mark}{shown}{mark}" if styles.get(name) is True else shown
    start = len(words) - len(words.lstrip())
    return words[:start] + shown + words[start + len(core) :]
