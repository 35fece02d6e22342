"""The marks that an author puts around values: link, code, quote and so on. They give Markup, ready for Mattermost.

What is inside is escaped unless it is Markup already, so marks nest: `id | short | code | link(url)`.
"""

import re

from gateway.language.functions.coerce import count_of, list_of, markdown_of, text_of
from gateway.language.functions.markdown import code_block, code_span, escape, is_usual_url, link_to, quoted
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import MAX_INPUT, Example, Number, function
from gateway.language.functions.text import short, shorten
from gateway.model import JSON

_ROWS = 50
_INERT = re.compile(r"`[A-Za-z0-9._/+-]{1,1000}`")
"""A label that is code and needs nothing done to it."""


def _text(value: JSON, *_: JSON, **__: JSON) -> JSON:
    """Every mark in plain-text keys: the bare value."""
    return text_of(value)


def _around(value: JSON, mark: str) -> JSON:
    """The value on one line between two marks; blank stays blank, since `****` would show."""
    inner = " ".join(markdown_of(value).split())
    return Markup(f"{mark}{inner}{mark}") if inner else ""


@function(
    plain=_text,
    doc="A link with the value as its label. A URL that is not http, https or mailto leaves just the label.",
    examples=[
        Example(
            "{{ title | link(url) }}", {"title": "a*b", "url": "https://x.example/1"}, r"[a\*b](https://x.example/1)"
        ),
        Example("{{ title | link(url) }}", {"title": "Here", "url": "javascript:alert(1)"}, "Here"),
        Example(
            "{{ id | code | link(url) }}",
            {"id": "9fce", "url": "https://x.example/a b"},
            "[`9fce`](https://x.example/a%20b)",
        ),
    ],
)
def link(value: JSON, url: JSON = None) -> JSON:
    """See the registration."""
    if type(value) is Markup and is_usual_url(url) and _INERT.fullmatch(value):  # code or a plain word, nearly always
        return Markup(f"[{value}]({url})")
    return Markup(link_to(markdown_of(value), text_of(url) if isinstance(url, str) else ""))


@function(
    plain=_text,
    doc="The value as code within a line.",
    examples=[Example("{{ name | code }}", {"name": "a_b*c"}, "`a_b*c`")],
)
def code(value: JSON) -> JSON:
    """See the registration."""
    return Markup(code_span(text_of(value)))


def _commit_plain(value: JSON, url: JSON = None, length: Number = 7) -> JSON:  # noqa: ARG001 - called as commit is
    """A commit id in plain-text keys: short."""
    return short(value, length)


@function(
    plain=_commit_plain,
    doc="A commit id: its first `length` characters as code, linked; missing for Git's id of zeros, which means none.",
    examples=[
        Example(
            "{{ id | commit(url) }}",
            {"id": "9fceb02d0ae598e95dc970b74767f19372d61af8", "url": "https://x.example/9fceb02d"},
            "[`9fceb02`](https://x.example/9fceb02d)",
        ),
        Example("{{ id | commit }}", {"id": "9fceb02d0ae598e95dc970b74767f19372d61af8"}, "`9fceb02`"),
    ],
)
def commit(value: JSON, url: JSON = None, length: Number = 7) -> JSON:
    """See the registration; the same as `short(n) | code | link(url)`."""
    shown = short(value, length)
    if shown is None:
        return None
    if is_usual_url(url) and shown.isalnum():  # nearly always
        return Markup(f"[`{shown}`]({url})")
    return link(code(shown), url)


def _aside_plain(value: JSON = None, *unless: JSON) -> JSON:
    """The aside in plain-text keys."""
    text = "" if value is None or value in unless else " ".join(text_of(value).split())
    return f" ({text})" if text else ""


@function(
    missing="handles",
    plain=_aside_plain,
    doc="The value in brackets behind a space; nothing when it is missing, blank or one of the values in `unless`.",
    examples=[
        Example(
            "{{ title }}{{ author | aside(sender) }}", {"title": "Fix", "author": "ann", "sender": "bob"}, "Fix (ann)"
        ),
        Example("{{ title }}{{ author | aside(sender) }}", {"title": "Fix", "author": "ann", "sender": "ann"}, "Fix"),
    ],
)
def aside(value: JSON = None, *unless: JSON) -> JSON:
    """See the registration."""
    if value is None or value in unless:
        return ""
    if type(value) is str and value.isalnum() and len(value) <= MAX_INPUT:  # a word, in which nothing acts
        return Markup(f" ({value})")
    text = " ".join(markdown_of(value).split())
    return Markup(f" ({text})") if text else ""


@function(
    plain=_text,
    doc="The value as a block of code, at most `limit` characters of it.",
    examples=[Example('{{ log | codeblock("text") }}', {"log": "one\n  *two*"}, "```text\none\n  *two*\n```")],
)
def codeblock(value: JSON, language: JSON = "", limit: Number = 4000) -> JSON:
    """See the registration."""
    return Markup(code_block(shorten(text_of(value), count_of(limit, 4000)), text_of(language)))


@function(
    plain=_text,
    doc="The value as a block quote, at most `limit` characters of it unless it is Markdown already.",
    examples=[Example("{{ text | quote }}", {"text": "one\ntwo"}, "> one\n> two")],
)
def quote(value: JSON, limit: Number = 4000) -> JSON:
    """See the registration."""
    ready = isinstance(value, Markup)
    return Markup(quoted(markdown_of(value) if ready else escape(shorten(text_of(value), count_of(limit, 4000)))))


@function(plain=_text, doc="Bold.", examples=[Example("{{ name | bold }}", {"name": "disk"}, "**disk**")])
def bold(value: JSON) -> JSON:
    """See the registration."""
    return _around(value, "**")


@function(plain=_text, doc="Italic.", examples=[Example("{{ name | italic }}", {"name": "disk"}, "_disk_")])
def italic(value: JSON) -> JSON:
    """See the registration."""
    return _around(value, "_")


@function(plain=_text, doc="Struck through.", examples=[Example("{{ name | strike }}", {"name": "old"}, "~~old~~")])
def strike(value: JSON) -> JSON:
    """See the registration."""
    return _around(value, "~~")


def _lines(value: JSON, limit: JSON) -> tuple[list[JSON], int]:
    """The elements of a list that are shown, and how many more there are."""
    shown = [element for element in list_of(value) if element is not None]
    most = count_of(limit, 10, 1000)
    return shown[:most], max(0, len(shown) - most)


def _bullet_plain(value: JSON, limit: Number = 10) -> JSON:
    """A list in plain-text keys: separated by commas."""
    shown, more = _lines(value, limit)
    return ", ".join([" ".join(text_of(element).split()) for element in shown] + ([f"{more} more"] if more else []))


@function(
    plain=_bullet_plain,
    doc="A list with a bullet for each element, at most `limit`.",
    examples=[Example("{{ names | bullet(2) }}", {"names": ["a", "b", "c", "d"]}, "- a\n- b\n- … and 2 more")],
)
def bullet(value: JSON, limit: Number = 10) -> JSON:
    """See the registration."""
    shown, more = _lines(value, limit)
    points = [" ".join(markdown_of(element).split()) for element in shown]
    return Markup("\n".join([f"- {point}" for point in points if point] + ([f"- … and {more} more"] if more else [])))


def _cell(value: JSON) -> str:
    """The value on one line of a table."""
    return " ".join(markdown_of(value).split()).replace("|", "\\|")


def _grid(value: JSON, columns: JSON, limit: JSON) -> tuple[list[str], list[dict[str, JSON]], int]:
    """The columns of a table, the rows that are shown, and how many more there are; no column where there is no row."""
    elements = (
        [{"name": name, "value": of} for name, of in value.items()] if isinstance(value, dict) else list_of(value)
    )
    rows = [row for row in elements if isinstance(row, dict) and row]
    names = [text_of(name) for name in (list_of(columns) or list(rows[0]))][:20] if rows else []
    most = min(_ROWS, count_of(limit, 20))
    return names, rows[:most], max(0, len(rows) - most)


def _table_plain(value: JSON, columns: JSON = None, limit: Number = 20) -> JSON:
    """A table in plain-text keys: the cells of a row side by side, rows separated by commas."""
    names, rows, more = _grid(value, columns, limit)
    shown = [" ".join(" ".join(text_of(row.get(name)).split()) for name in names) for row in rows]
    return ", ".join([*shown, f"{more} more"] if more else shown) if names else None


@function(
    plain=_table_plain,
    doc="An array of objects as a table with the given columns, or all of the first object's; an object as names "
    "and values.",
    examples=[
        Example(
            '{{ rows | table(["name", "state"]) }}',
            {"rows": [{"name": "a|b", "state": "up"}]},
            "| name | state |\n|---|---|\n| a\\|b | up |",
        ),
    ],
)
def table(value: JSON, columns: JSON = None, limit: Number = 20) -> JSON:
    """See the registration."""
    names, rows, more = _grid(value, columns, limit)
    if not names:
        return None
    head = ["| " + " | ".join(_cell(name) for name in names) + " |", "|" + "---|" * len(names)]
    body = ["| " + " | ".join(_cell(row.get(name)) for name in names) + " |" for row in rows]
    return Markup("\n".join([*head, *body, f"\n… and {more} more"] if more else [*head, *body]))
