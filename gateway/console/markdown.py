"""Markdown as Mattermost shows it, as HTML that holds nothing but what is listed here.

Two layers protect the page from payloads: the parser passes no HTML on, and nh3 lets only listed tags, attributes and
URL schemes through. Images are shown as links, because nothing is loaded from other servers.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

TAGS: Final = frozenset(
    "a blockquote br code del em h4 h5 h6 hr li ol p pre s span strong table tbody td th thead tr ul".split()
)
ATTRIBUTES: Final = {"a": {"href"}, "ol": {"start"}}
CLASSES: Final = {
    "a": {"image"},
    "span": {"mention", "hashtag", "channel"},
    "td": {"left", "center", "right"},
    "th": {"left", "center", "right"},
}
"""The classes that may stand in the HTML, by tag; the style sheet knows them."""
SCHEMES: Final = frozenset({"http", "https", "mailto"})
REL: Final = "noopener noreferrer nofollow"

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_BEFORE_URL = re.compile(r"(?:^|[^A-Za-z0-9])(https?)$", re.I)
_LONGEST_BEFORE: Final = len("?https")
_URL = re.compile(r"://[^\s<>`\ufeff]{1,2048}")
_URL_TAIL = ".,;:!?'\"*_~]"
_MARKS = re.compile(
    r"(?P<www>(?<![\w./@-])www\.[\w-]+\.[^\s<>`\ufeff]{1,2048})"
    r"|(?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w@])(?P<mention>@[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?)"
    r"|(?<![\w~])(?P<channel>~[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?)"
    r"|(?<![\w#])(?P<hashtag>#[^\W\d_](?:[\w.-]*[^\W_]))",
)
"""Links, mentions, channels and hashtags in a text; the name of the group is the kind."""


def render(text: str) -> Markup:
    """The HTML of a Markdown text. Slack's forms (`<url|label>`, `<!here>`) are text, as our messages make them."""
    rough = _parser.render(text.encode("utf-8", "replace").decode())
    return Markup(  # noqa: S704 - what nh3 has cleaned
        nh3.clean(
            rough,
            tags=set(TAGS),
            attributes=ATTRIBUTES,
            tag_attribute_values={tag: {"class": classes} for tag, classes in CLASSES.items()},
            url_schemes=set(SCHEMES),
            link_rel=REL,
        )
    )


def web_link(url: str) -> str:
    """The URL if a link may lead there: http, https or mailto; "" for any other. Without a scheme it is http."""
    url = "".join(url.split())
    scheme = _SCHEME.match(url)
    if scheme is not None and scheme[1].lower() in SCHEMES:
        return url
    if scheme is None or re.match(r"[^/?#]*:\d", url):  # a host with a port is no scheme
        return f"http://{url.lstrip('/')}" if url.strip("/") else ""
    return ""


class _Parser(MarkdownIt):
    """Links lead where a browser may go without danger; others stay text."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the name is that of the library
        return bool(web_link(url))

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return web_link(super().normalizeLink(url))


def _autolink(state: StateInline, silent: bool) -> bool:
    """Make a link of a bare http or https URL before its underscores and asterisks could mean anything."""
    match = _URL.match(state.src, state.pos)
    before = _BEFORE_URL.search(state.pending[-_LONGEST_BEFORE:]) if match is not None else None
    if match is None or before is None or state.linkLevel > 0:
        return False
    rest = _without_tail(match[0])
    url = state.md.normalizeLink(before[1] + rest)
    if len(rest) <= len("://") or not url:
        return False
    if not silent:
        state.pending = state.pending[: -len(before[1])]
        _push_link(state, url, before[1] + rest)
    state.pos += len(rest)
    return True


def _without_tail(url: str) -> str:
    """The URL without the punctuation of the sentence behind it; a closing bracket needs its opening one."""
    while url and (url[-1] in _URL_TAIL or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url


def _push_link(state: StateInline, url: str, text: str) -> None:
    state.push("link_open", "a", 1).attrs = {"href": url}
    state.push("text", "", 0).content = text
    state.push("link_close", "a", -1)


def _finish(state: StateCore) -> None:
    """Mark mentions and the like, make links of images, and adapt headings and alignment to the page."""
    for token in state.tokens:
        if token.children:
            token.children = list(_mark_mentions(state.md, token.children))
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"  # below the headings of the page
        align = str(token.attrs.pop("style", "")).rpartition(":")[2]
        if align:
            token.attrs["class"] = align


def _mark_mentions(md: MarkdownIt, tokens: Sequence[Token]) -> Iterator[Token]:
    links = 0
    for token in tokens:
        links += token.nesting if token.type.startswith("link_") else 0
        if token.type == "image":
            yield from _image(md, token, linked=links > 0)
        elif token.type == "text" and not links:
            yield from _marks(token.content)
        else:
            yield token


def _image(md: MarkdownIt, token: Token, *, linked: bool) -> Iterator[Token]:
    renderer = md.renderer
    alt = renderer.renderInlineAsText(token.children, md.options, {}) if isinstance(renderer, RendererHTML) else ""
    url = str(token.attrs.get("src", ""))
    if linked:
        yield _text(alt or url)
    else:
        yield from _link(url, alt or url, "image")


def _marks(text: str) -> Iterator[Token]:
    at = 0
    for match in _MARKS.finditer(text):
        kind, found = str(match.lastgroup), match[0]
        yield _text(text[at : match.start()])
        at = match.end()
        if kind in {"www", "mail"}:
            shown = _without_tail(found)
            at -= len(found) - len(shown)
            yield from _link(f"mailto:{shown}" if kind == "mail" else f"http://{shown}", shown)
        else:
            yield Token("span_open", "span", 1, {"class": kind})
            yield _text(found)
            yield Token("span_close", "span", -1)
    yield _text(text[at:])


def _link(url: str, text: str, kind: str = "") -> Iterator[Token]:
    attributes: dict[str, str | int | float] = {"href": url, "class": kind} if kind else {"href": url}
    yield Token("link_open", "a", 1, attributes)
    yield _text(text)
    yield Token("link_close", "a", -1)


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _make_parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    parser.inline.ruler.after("text", "bare_url", _autolink)
    parser.core.ruler.push("finish", _finish)
    return parser


_parser = _make_parser()
