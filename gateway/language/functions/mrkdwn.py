"""Slack's mrkdwn as Markdown, by docs.slack.dev, "Formatting message text"."""

import re

from gateway.language.functions.markdown import code_block, code_span, escape, link_to
from gateway.language.functions.registry import Example, function
from gateway.language.functions.weave import MAX_DEPTH, around, converter, weave
from gateway.model import JSON

_BLOCK = re.compile(r"```(?P<code>.*?)```", re.DOTALL)
_LINE = re.compile(
    r"(?P<quote>(?:&gt;|>)[ ]?)?(?P<indent>[ ]{0,8})(?P<bullet>[•◦▪‣*-][ \t]+|\d{1,4}\.[ \t]+)?(?P<text>.*)"
)
_INLINE = re.compile(
    r"""
      `(?P<code>[^`\n]+)`
    | <(?P<angle>[^<>\n]{1,4000})>
    | (?<![\w*])\*(?=\S)(?P<bold>[^*\n]{1,4000})(?<=\S)\*(?![\w*])
    | (?<![\w_])_(?=\S)(?P<italic>[^_\n]{1,4000})(?<=\S)_(?![\w_])
    | (?<![\w~])~(?=\S)(?P<strike>[^~\n]{1,4000})(?<=\S)~(?![\w~])
    | (?<![\w:])(?P<emoji>:[a-z0-9_+\-]{1,60}:)(?![\w:])
    """,
    re.VERBOSE,
)


def to_markdown(text: str) -> str:
    """Slack's mrkdwn as Markdown; mentions keep their names and do nothing."""
    parts: list[str] = []
    at = 0
    for block in _BLOCK.finditer(text):
        parts += (_lines(text[at : block.start()]), code_block(_decode(block["code"])))
        at = block.end()
    return "\n".join(part for part in [*parts, _lines(text[at:])] if part.strip())


def _lines(text: str) -> str:
    return "\n".join(_line(line) for line in text.strip("\n").split("\n"))


def _line(line: str) -> str:
    found = _LINE.match(line)
    if found is None:
        return _literal(line)
    mark = found["bullet"] or ""
    bullet = f"{mark.strip()} " if mark[:1].isdigit() else "- " if mark else ""
    quote = "> " if found["quote"] else ""
    indent = found["indent"] if bullet else ""
    return quote + indent + bullet + _inline(found["text"], 0)


def _inline(text: str, depth: int) -> str:
    def render(match: re.Match[str]) -> str:
        kind, content = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "code":
            return code_span(_decode(content))
        if kind == "angle":
            return _angle(content)
        if kind == "emoji":
            return content
        inner = _inline(content, depth + 1) if depth < MAX_DEPTH else _literal(content)
        return around({"bold": "**", "italic": "_", "strike": "~~"}[kind], inner)

    return weave(text, _INLINE, render, _literal)


def _decode(text: str) -> str:
    """The text with the three characters decoded that Slack encodes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if "&" in text else text


def _literal(text: str) -> str:
    return escape(_decode(text))


def _angle(content: str) -> str:
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
                return escape(name or argument.partition("^")[0])
            return escape("@" + (name or argument or word).removeprefix("@"))
    url = _decode(target)
    shown = name or url.removeprefix("mailto:")
    return link_to(escape(shown), url) if name or not url.startswith("http") else escape(url)


_markdown, _plain = converter(to_markdown)


@function(
    plain=_plain,
    doc="Slack's mrkdwn as Markdown: bold, italic, strike, code, links, quotes, bullets; mentions and dates as their "
    "text. `n` limits the source.",
    examples=[
        Example(
            "{{ text | mrkdwn }}",
            {"text": "*Down*: <https://x.example/1|api> &amp; _web_"},
            "**Down**: [api](https://x.example/1) & _web_",
        ),
        Example("{{ text | mrkdwn }}", {"text": "<!date^1769868300^{date}|31 Jan>\n• one"}, "31 Jan\n- one"),
    ],
)
def mrkdwn(value: JSON, n: JSON = 4000) -> JSON:
    """See the registration."""
    return _markdown(value, n)
