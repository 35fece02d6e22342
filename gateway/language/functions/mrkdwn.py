"""Slack's mrkdwn as Markdown, by docs.slack.dev, "Formatting message text"."""

import re
from collections.abc import Sequence
from typing import Final

from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.emoji import NAMES, drawn
from gateway.language.functions.haste import take
from gateway.language.functions.markdown import code_block, code_span, escape, link_to, safe_url, without_images
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, Number, function
from gateway.language.functions.text import shorten
from gateway.language.functions.time import moment_of
from gateway.language.functions.weave import MAX_DEPTH, around, weave
from gateway.mattermost.plain import unmark
from gateway.mattermost.terminal import without_controls
from gateway.model import JSON

LONGEST: Final = 80_000
"""Characters of a text that are converted: five posts of Mattermost; Slack itself shows 40,000."""

_DEFAULT_LENGTH: Final = 4000
_LANGUAGES: Final = frozenset(
    "bash c cpp css csharp c++ diff dockerfile elixir erlang go groovy haskell hcl html http ini java javascript js "
    "json jsx kotlin log lua makefile markdown md nginx patch perl php plaintext powershell promql py python rb ruby "
    "rust scala sh shell sql swift terraform text toml ts tsx txt typescript xml yaml yml".split()
)
"""First words of a code block that name its language: Slack shows them, tools write them all the same."""

_BLOCK = re.compile(r"```(?P<code>.*?)```|^```(?P<open>.*)\Z", re.DOTALL | re.MULTILINE)
"""A block of code; one that a sender cut, or we, has no end."""
_LANGUAGE = re.compile(r"(?P<name>[A-Za-z+]{1,12})[ \t]*\n(?=.*\S)", re.DOTALL)
_LABEL = re.compile(r"<[^<>|\s]{1,4000}\|[^<>]{1,4000}>")
"""A link or reference with a label, which may have line breaks in it."""
_LINE = re.compile(
    r"(?P<quote>(?:&gt;|>)[ ]?)?(?P<indent>[ ]{0,8})(?P<bullet>[•◦▪‣*-][ \t]+|\d{1,4}\.[ \t]+)?(?P<text>.*)"
)
_QUOTE_ALL = re.compile(r"^(?:&gt;|>){3}[ ]?", re.MULTILINE)
"""What quotes all that follows."""
_ANGLE = r"<[^<>\n]{1,4000}>"
_INLINE = re.compile(
    rf"""
      `(?P<code>[^`\n]+)`
    | <(?P<angle>[^<>\n]{{1,4000}})>
    | (?P<url>(?<![\w/])https?://[^\s<>|`]{{1,4000}})
    | (?<![\w*])\*(?=\S)(?P<bold>(?:{_ANGLE}|[^*\n]){{1,4000}}+)(?<=\S)\*(?![\w*])
    | (?<![\w_])_(?=\S)(?P<italic>(?:{_ANGLE}|[^_\n]){{1,4000}}+)(?<=\S)_(?![\w_])
    | (?<![\w~])~(?=\S)(?P<strike>(?:{_ANGLE}|[^~\n]){{1,4000}}+)(?<=\S)~(?![\w~])
    | (?P<emoji>{NAMES})
    """,
    re.VERBOSE,
)
_MARKS: Final = {"bold": "**", "italic": "_", "strike": "~~"}
_WHOLE = re.compile(
    r"\*(?P<bold>[^*\n]+)\*|_(?P<italic>[^_\n]+)_|~(?P<strike>[^~\n]+)~",
)
"""A label of which all is in one mark, which then stands around the link."""
_DATE = re.compile(r"\{(?P<form>[a-z_]{1,30})\}")
_DATE_FORMS: Final = {
    "date": "%Y-%m-%d", "time": "%H:%M UTC", "time_secs": "%H:%M:%S UTC", "ago": "%Y-%m-%d %H:%M UTC"
}  # fmt: skip
"""How the forms of a date are written; those that have another name are dates."""
_SCHEME = re.compile(r"(?:mailto|tel):")
_TARGET = re.compile(r"<(?P<target>https?://[^<>|\s]{1,4000})(?:\|[^<>]{0,4000})?>")
"""A link with an address that a browser opens."""


def to_markdown(text: str) -> str:
    """Slack's mrkdwn as Markdown; mentions keep their names and do nothing. Raises TakesLong."""
    take(len(text) * 2 // 3)  # what it takes where every line is short, or every word bold
    parts: list[str] = []
    at = 0
    for block in _BLOCK.finditer(text):
        parts += (_lines(text[at : block.start()]), _code(block[block.lastgroup or 0]))
        at = block.end()
    return without_images("\n".join(part for part in [*parts, _lines(text[at:])] if part.strip()))


def _code(content: str) -> str:
    found = _LANGUAGE.match(content)
    if found is None or found["name"].lower() not in _LANGUAGES:
        return code_block(_decode(content))
    return code_block(_decode(content[found.end() :]), found["name"])


def _lines(text: str) -> str:
    if "<" in text and "\n" in text:
        text = _LABEL.sub(lambda label: " ".join(label[0].split()), text)
    if (">>>" in text or "&gt;&gt;&gt;" in text) and (quote := _QUOTE_ALL.search(text)):
        text = text[: quote.start()] + "> " + text[quote.end() :].strip("\n").replace("\n", "\n> ")
    return "\n".join(_line(line) for line in text.strip("\n").split("\n"))


def _line(line: str) -> str:
    found = _LINE.match(line)
    if found is None:
        return _literal(line)
    mark = found["bullet"] or ""
    bullet = f"{mark.strip()} " if mark[:1].isdigit() else "- " if mark else ""
    quote = "> " if found["quote"] else ""
    indent = found["indent"] if bullet else ""
    return quote + indent + bullet + _inline(found["text"])


def _inline(text: str, depth: int = 0, within: Sequence[str] = ()) -> str:
    """A line; `within` are the marks around it, which must not be opened again."""

    def render(match: re.Match[str]) -> str:
        kind, content = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "code":
            return code_span(_decode(content))
        if kind == "angle":
            return _angle(content, depth, within)
        if kind == "url":
            return _literal(content)
        if kind == "emoji":
            return content
        inner = _inline(content, depth + 1, (*within, kind)) if depth < MAX_DEPTH else _literal(content)
        return inner if kind in within else around(_MARKS[kind], inner)

    return weave(text, _INLINE, render, _literal)


def _decode(text: str) -> str:
    """The text with the three characters decoded that Slack encodes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if "&" in text else text


def _literal(text: str) -> str:
    return escape(_decode(text))


def _angle(content: str, depth: int, within: Sequence[str]) -> str:
    """The content of angle brackets: a link, or a reference to a user, channel, group or date."""
    target, _, label = content.partition("|")
    name = _decode(label).strip()
    match target[:1]:
        case "@":
            return escape("@" + (name or target[1:]).removeprefix("@"))
        case "#":
            return escape("#" + (name or target[1:]).removeprefix("#"))
        case "!":
            word, _, argument = target[1:].partition("^")
            if word == "date":
                return _date(argument, name)
            return escape("@" + (name or argument or word).removeprefix("@"))
    url = _decode(target)
    if name:
        return _link(label.strip(), url, depth, within)
    return escape(url) if url.startswith("http") else link_to(escape(_SCHEME.sub("", url)), url)


def _link(label: str, url: str, depth: int, within: Sequence[str]) -> str:
    """A link whose label is mrkdwn itself; a mark around all of the label stands around the link."""
    whole = _WHOLE.fullmatch(label) if depth < MAX_DEPTH else None
    if whole is None:
        return link_to(_inline(label, depth + 1, within) if depth < MAX_DEPTH else _literal(label), url)
    kind = whole.lastgroup or ""
    inner = _link(whole[kind].strip(), url, depth + 1, (*within, kind))
    return inner if kind in within else around(_MARKS[kind], inner)


def _date(argument: str, fallback: str) -> str:
    """The fallback of a date, else the date in UTC in its format; a link if it has a URL."""
    stamp, _, rest = argument.partition("^")
    form, _, url = rest.partition("^")
    moment = moment_of(stamp)
    if not fallback and moment is not None:
        written = {name: moment.strftime(shape) for name, shape in _DATE_FORMS.items()}
        fallback = _DATE.sub(lambda part: written.get(part["form"], written["date"]), _decode(form) or "{ago}")
    shown = escape(fallback or stamp)
    return link_to(shown, _decode(url)) if url else shown


def _source(value: JSON, n: JSON) -> tuple[str, str]:
    """The text of a value as far as it is converted, and what says how much there is beyond."""
    text = without_controls(value) if isinstance(value, str) else text_of(value)
    limit = count_of(n, _DEFAULT_LENGTH, LONGEST)
    left = len(text) - limit
    return shorten(text, limit), f"\n\n_({left:,} more characters are left out)_" if left > 0 and limit > 1000 else ""


def _plain(value: JSON, limit: Number = _DEFAULT_LENGTH) -> JSON:
    """Slack's mrkdwn in plain-text keys: the words, with emoji drawn."""
    if isinstance(value, Markup):
        return unmark(value)
    return drawn(unmark(to_markdown(_source(value, limit)[0])))


@function(
    plain=_plain,
    doc="Slack's mrkdwn as Markdown: bold, italic, strike, code, links, quotes, bullets; mentions and dates as their "
    "text. `limit` limits the source. In plain-text keys the names of emoji become characters.",
    examples=[
        Example(
            "{{ text | mrkdwn }}",
            {"text": "*Down*: <https://x.example/1|api> &amp; _web_"},
            "**Down**: [api](https://x.example/1) & _web_",
        ),
        Example("{{ text | mrkdwn }}", {"text": "<!date^1769868300^{date}|31 Jan>\n• one"}, "31 Jan\n- one"),
        Example(
            "{{ text | mrkdwn }}", {"text": "<https://x.example/1|*api* `v2`>"}, "[**api** `v2`](https://x.example/1)"
        ),
    ],
)
def mrkdwn(value: JSON, limit: Number = _DEFAULT_LENGTH) -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    text, more = _source(value, limit)
    return Markup(to_markdown(text) + more)


@function(
    doc="The address of the first link in Slack's mrkdwn; missing when it has none. For the `title_link` of a title.",
    examples=[
        Example("{{ title | mrkdwn_link }}", {"title": "<https://x.example/1|api> is down"}, "https://x.example/1"),
        Example("{{ title | mrkdwn_link }}", {"title": "api is down"}, ""),
    ],
)
def mrkdwn_link(value: JSON) -> JSON:
    """See the registration."""
    text = text_of(value)
    if "<" not in text:
        return None
    targets = (_decode(found["target"]) for found in _TARGET.finditer(text[:_DEFAULT_LENGTH]))
    return next((target for target in targets if safe_url(target).startswith("http")), None)
