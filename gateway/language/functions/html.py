"""HTML as Markdown, by the library markdownify with this package's escaping, links and code.

The parser under it takes time that grows with the square of what is left open (`<a <a <a`), and raises on
declarations; the library does so on long runs of blanks. So the source is first made well-formed by nh3, which reads as
browsers do and in linear time; its tags and blanks are bounded.
"""

import re
import warnings
from collections.abc import Callable, Collection
from typing import Any, Final

import nh3
from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from markdownify import MarkdownConverter

from gateway.language.functions.bareurl import END, ends_in_url
from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.haste import take
from gateway.language.functions.markdown import (
    absolute_url,
    code_block,
    code_span,
    escape,
    link_to,
    without_images,
)
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, Number, function
from gateway.language.functions.text import shorten
from gateway.mattermost.code import without_gaps
from gateway.mattermost.mentions import silent
from gateway.mattermost.split import excerpt
from gateway.model import JSON

MAX_HTML: Final = 20_000
"""Characters of HTML that are parsed."""

_MAX_TAGS: Final = 500
"""Tags that are parsed, opening and closing ones: each costs a hundred times what a character does."""

_OF_TAG: Final = 20
"""Microseconds that a tag takes until it is Markdown."""

_MAX_BLANKS: Final = 60
"""Blanks in a row that are kept."""

_BLANKS: Final = re.compile(r"(?<!\s)\s{61,}")
CLOSING: Final = 4
"""Room for the closing fence behind a cut: a line break and three marks."""

_MAX_NESTING: Final = 100
_DEFAULT_LENGTH: Final = 16_000
_DROPPED: Final = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg"})
"""Elements that go with their content."""

_TAGS: Final = nh3.ALLOWED_TAGS - _DROPPED
SHOWN: Final = _TAGS | _DROPPED | {"font", "picture", "source", "input", "video", "br"}
"""Elements that are read as HTML where it stands among other text; anything else in angle brackets is text."""
_ATTRIBUTES: Final = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "td": {"colspan"},
    "th": {"colspan"},
    "pre": {"lang", "class"},
    "code": {"class"},
    "div": {"class"},
}
_LANGUAGE: Final = re.compile(r"(?:lang|language|highlight-source)-([A-Za-z0-9+#.-]+)")

# Warnings about odd HTML are useless in a log: its reader cannot change what senders write.
for _guess in (MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning):
    warnings.filterwarnings("ignore", category=_guess)


def _in_line(convert: Callable[..., str]) -> Callable[..., str]:
    """A conversion to text between two marks, which mark nothing around blocks."""

    def converted(self: Any, el: Any, text: str, parent_tags: Collection[str]) -> str:
        return text if "\n\n" in text or "```" in text else convert(self, el, text, parent_tags)

    return converted


class _Converter(MarkdownConverter):
    """The library's conversion where Mattermost differs from its defaults; the method names are the library's."""

    def __init__(self, base: str, literal: Callable[[str], str]) -> None:
        super().__init__()
        self._base = base
        self._literal = literal

    def escape(self, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        return self._literal(text)

    def process_text(self, el: Any, parent_tags: Collection[str] | None = None) -> str:
        shown: str = super().process_text(el, parent_tags)  # type: ignore[misc]
        return shown + END if el.next_sibling is not None and ends_in_url(shown) else shown

    convert_b = convert_strong = _in_line(MarkdownConverter.convert_b)  # type: ignore[attr-defined]
    convert_i = convert_em = _in_line(MarkdownConverter.convert_em)  # type: ignore[attr-defined]
    convert_s = convert_del = _in_line(MarkdownConverter.convert_del)  # type: ignore[attr-defined]

    def convert_a(self, el: Any, text: str, parent_tags: Collection[str]) -> str:
        if "_noformat" in parent_tags or not text.strip():
            return text
        return link_to(text, absolute_url(str(el.get("href") or ""), self._base))

    def convert_img(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        alt = self._literal(" ".join(str(el.get("alt") or "").split())) or "image"
        inside_link = el.find_parent("a") is not None
        return alt if inside_link else link_to(alt, absolute_url(str(el.get("src") or ""), self._base))

    def convert_code(self, el: Any, text: str, parent_tags: Collection[str]) -> str:
        return text if "_noformat" in parent_tags else code_span(el.get_text())

    convert_kbd = convert_samp = convert_code

    def convert_pre(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        block = code_block(el.get_text(), _language(el))
        return f"\n\n{block}\n\n" if block else ""

    def convert_hN(self, n: int, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002, N802
        title = " ".join(text.replace("**", "").split())
        return title if "_inline" in parent_tags else f"\n\n**{title}**\n\n" if title else ""

    def convert_summary(self, el: Any, text: str, parent_tags: Collection[str]) -> str:
        return self.convert_hN(1, el, text, parent_tags)

    def convert_br(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        return " " if "_inline" in parent_tags else "\n"

    def convert_li(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        lines = text.strip().split("\n")
        bullet = _bullet(el)
        indent = " " * len(bullet)
        return "\n".join([bullet + lines[0], *(indent + line if line else "" for line in lines[1:])]) + "\n"

    def convert_td(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        return " " + " ".join(text.split()).replace("|", "\\|") + " |"

    convert_th = convert_td


def to_markdown(html: str, base: str = "", literal: Callable[[str], str] = escape) -> str:
    """HTML as Markdown; HTML that is nested too deep to convert becomes plain text.

    Relative addresses are resolved against `base`; `literal` makes a text inert.
    """
    soup = _parse(html)
    if _is_deep(soup):
        return literal(_words(soup))
    shown = without_images(without_gaps(_Converter(base, literal).convert_soup(soup)).strip("\n"))
    return shown if len(html) <= MAX_HTML and html.count("<") <= _MAX_TAGS else f"{shown}\n…"


def _bullet(item: Any) -> str:
    """The mark of an item of a list: its number in an ordered one."""
    if item.parent is None or item.parent.name != "ol":
        return "- "
    start = str(item.parent.get("start") or "1")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1
    return f"{first + len(item.find_previous_siblings('li'))}. "


def _language(pre: Any) -> str:
    """The language of a block of code, where its element or one around or within it tells."""
    if pre.get("lang"):
        return str(pre["lang"])
    classes = [
        name for one in (pre, pre.find("code"), pre.parent) if one is not None for name in one.get("class") or ()
    ]
    found = (_LANGUAGE.fullmatch(name) for name in classes)
    return next((match[1] for match in found if match), "")


def _parse(html: str) -> BeautifulSoup:
    source = _shortened(_BLANKS.sub(lambda run: run[0][:_MAX_BLANKS], _well_formed(_shortened(html))))
    take(_OF_TAG * source.count("<"))
    return BeautifulSoup(source, "html.parser")


def _well_formed(html: str) -> str:
    """The HTML with every element closed, without what is not shown."""
    text = html.encode("utf-8", "replace").decode()  # half a surrogate is no text
    return nh3.clean(text, tags=_TAGS, clean_content_tags=_DROPPED, attributes=_ATTRIBUTES, link_rel=None)


def _shortened(html: str) -> str:
    """The beginning of the HTML, with at most so many characters and tags."""
    pieces = html[:MAX_HTML].split("<", _MAX_TAGS + 1)
    return "<".join(pieces[: _MAX_TAGS + 1])


def _is_deep(soup: BeautifulSoup) -> bool:
    """Whether the tags nest beyond what recursion can follow."""
    level: list[Any] = [soup]
    for _ in range(_MAX_NESTING):
        level = [child for tag in level for child in getattr(tag, "children", ())]
        if not level:
            return False
    return True


def _words(soup: BeautifulSoup) -> str:
    return "\n".join(line for line in (" ".join(part.split()) for part in soup.get_text("\n").split("\n")) if line)


def _plain(value: JSON, limit: Number = _DEFAULT_LENGTH, base: JSON = "") -> JSON:  # noqa: ARG001 - called as html is
    """HTML in plain-text keys: its words on one line."""
    return shorten(" ".join(_parse(text_of(value)).get_text(" ").split()), count_of(limit, _DEFAULT_LENGTH))


@function(
    plain=_plain,
    doc="HTML as Markdown: emphasis, links, lists, tables, code and quotes; scripts and styles go, images become "
    "links. Relative addresses are resolved against the address `base`, or leave just their label. At most `limit` "
    "characters.",
    examples=[
        Example(
            "{{ body | html }}",
            {"body": '<p>See <a href="https://x.example/a">the <b>page</b></a>.</p><script>x</script>'},
            "See [the **page**](https://x.example/a).",
        ),
        Example(
            "{{ body | html(500, url) }}",
            {"body": '<a href="b.md">b</a> <a href="#c">c</a>', "url": "https://x.example/docs/"},
            "[b](https://x.example/docs/b.md) c",
        ),
        Example("{{ body | html }}", {"body": "<ul><li>1*2</li><li><code>a_b</code></li></ul>"}, "- 1\\*2\n- `a_b`"),
    ],
)
def html(value: JSON, limit: Number = _DEFAULT_LENGTH, base: JSON = "") -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    shown = to_markdown(text_of(value), base if isinstance(base, str) else "")
    return Markup(silent(excerpt(shown, count_of(limit, _DEFAULT_LENGTH), CLOSING)))
