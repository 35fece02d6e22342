"""HTML as Markdown, by the library markdownify with this package's escaping, links and code."""

import re
import warnings
from collections.abc import Collection
from typing import Any, Final

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from markdownify import MarkdownConverter

from gateway.language.functions.coerce import count_of, text_of
from gateway.language.functions.markdown import code_block, code_span, escape, link_to
from gateway.language.functions.markup import Markup
from gateway.language.functions.registry import Example, function
from gateway.language.functions.text import shorten
from gateway.language.functions.thirdparty import tidy
from gateway.model import JSON

_MAX_HTML: Final = 20_000
"""Characters of HTML that are parsed; the parser's time grows faster than its input."""

_MAX_NESTING: Final = 100
_DEFAULT_LENGTH: Final = 4000
_NO_TAG: Final = re.compile(r"<[!?][^<>]*>")
"""Declarations, which browsers skip, and for which the parser has errors that nobody catches."""
_UNCLOSED: Final = re.compile(r"<(?=[^<>]*+(?:<|\Z))")
_BLANKS: Final = re.compile(r"(\s{60})\s+")
"""What takes parser and converter a time that grows with its square: signs that open no tag, and runs of blanks."""
_DROPPED: Final = ("script", "style", "head", "template", "noscript", "iframe", "object", "svg")

# Warnings about odd HTML are useless in a log: its reader cannot change what senders write.
for _guess in (MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning):
    warnings.filterwarnings("ignore", category=_guess)


class _Converter(MarkdownConverter):
    """The library's conversion where Mattermost differs from its defaults; the method names are the library's."""

    def escape(self, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        return escape(text)

    def convert_a(self, el: Any, text: str, parent_tags: Collection[str]) -> str:
        if "_noformat" in parent_tags or not text.strip():
            return text
        return link_to(text, str(el.get("href") or ""))

    def convert_img(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        alt = escape(str(el.get("alt") or "").strip())
        inside_link = el.find_parent("a") is not None
        return alt if inside_link else link_to(alt or "image", str(el.get("src") or ""))

    def convert_code(self, el: Any, text: str, parent_tags: Collection[str]) -> str:
        return text if "_noformat" in parent_tags else code_span(el.get_text())

    convert_kbd = convert_samp = convert_code

    def convert_pre(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        block = code_block(el.get_text())
        return f"\n\n{block}\n\n" if block else ""

    def convert_hN(self, n: int, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002, N802
        title = " ".join(text.replace("**", "").split())
        return title if "_inline" in parent_tags else f"\n\n**{title}**\n\n" if title else ""

    def convert_br(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        return " " if "_inline" in parent_tags else "\n"

    def convert_li(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        lines = text.strip().split("\n")
        ordered = el.parent is not None and el.parent.name == "ol"
        bullet, indent = ("1. ", "   ") if ordered else ("- ", "  ")
        return "\n".join([bullet + lines[0], *(indent + line if line else "" for line in lines[1:])]) + "\n"

    def convert_td(self, el: Any, text: str, parent_tags: Collection[str]) -> str:  # noqa: ARG002
        return " " + " ".join(text.split()).replace("|", "\\|") + " |"

    convert_th = convert_td


def to_markdown(html: str) -> str:
    """HTML as Markdown; HTML that is nested too deep to convert becomes plain text."""
    soup = _parse(html)
    if _is_deep(soup):
        return escape(_words(soup))
    return tidy(_Converter().convert_soup(soup), _MAX_HTML)


def _parse(html: str) -> BeautifulSoup:
    soup = BeautifulSoup(_cleaned(html[:_MAX_HTML]), "html.parser")
    for tag in soup.find_all(_DROPPED):
        tag.extract()
    return soup


def _cleaned(html: str) -> str:
    """The HTML without comments and declarations, and without what the parser takes too long for."""
    pieces = []
    while (start := html.find("<!--")) >= 0 and (end := html.find("-->", start)) >= 0:
        pieces.append(html[:start])
        html = html[end + 3 :]
    html = _BLANKS.sub(r"\1", _NO_TAG.sub("", "".join([*pieces, html])))
    return _UNCLOSED.sub("&lt;", html)


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


def _plain(value: JSON, n: JSON = _DEFAULT_LENGTH) -> JSON:
    """HTML in plain-text keys: its words on one line."""
    return shorten(" ".join(_parse(text_of(value)).get_text(" ").split()), count_of(n, _DEFAULT_LENGTH))


@function(
    plain=_plain,
    doc="HTML as Markdown: emphasis, links, lists, tables, code and quotes; scripts and styles go, images become "
    "links. At most `n` characters.",
    examples=[
        Example(
            "{{ body | html }}",
            {"body": '<p>See <a href="https://x.example/a">the <b>page</b></a>.</p><script>x</script>'},
            "See [the **page**](https://x.example/a).",
        ),
        Example("{{ body | html }}", {"body": "<ul><li>1*2</li><li><code>a_b</code></li></ul>"}, "- 1\\*2\n- `a_b`"),
    ],
)
def html(value: JSON, n: JSON = _DEFAULT_LENGTH) -> JSON:
    """See the registration."""
    if isinstance(value, Markup):
        return value
    limit = count_of(n, _DEFAULT_LENGTH)
    return Markup(tidy(to_markdown(text_of(value)), limit))
