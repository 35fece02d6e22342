"""Markdown as Mattermost reads it: text made inert, and the spans, fences, links and quotes that hold it.

Rules are those of CommonMark and of the web client's parser (github.com/mattermost/marked), which knows fewer backslash
escapes: none for `<`, `&`, `=`, `:`. There, an invisible character replaces the backslash.
"""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import quote as percent_encode
from urllib.parse import urljoin, urlsplit

from gateway.language.functions.bareurl import whole_urls
from gateway.mattermost.code import CodeRanges
from gateway.mattermost.mentions import harmless, silent
from gateway.mattermost.terminal import without_controls

INVISIBLE: Final = "\u200b"
"""Zero width space: no parser takes it for white space, so it takes a construct apart without being seen."""

_IN_URL = r"[^\s<>\"'`*|\\^{}\[\]\u200b\ufeff]"
_URL = rf"(?:https?://(?:\[[0-9A-Fa-f:.]{{2,45}}\]|{_IN_URL})|www\.){_IN_URL}*"
_LINE_START = r"""
    [ \t\u00a0]*
    (?: > | ~ | [-+](?=\s|\Z) | \d+[.)](?=\s|\Z) | \#{1,6}(?=\s|\Z)
      | (?:[|:][|:\ \t\u00a0]*)?[-=][-=|:\ \t\u00a0]*(?=[\r\n\u2424]|\Z) )
  | [ \u00a0]{4} | [ \u00a0]{0,3}\t
"""
_ACTING = re.compile(r"[\\`*_~<&@\]\r\n\u2424\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_OPENING = re.compile(_LINE_START, re.VERBOSE)
_INLINE = r"""
    [\\`*_~<&\]]
    (?: (?P<mark>  (?<=[`*])
                 | (?<=_)(?:(?<![A-Za-z0-9]_)|(?![A-Za-z0-9]))
                 | (?<=~)(?:(?=~)|(?<=~~))
                 | (?<=\\)(?=[!-/:-@\[-`{-~\r\n]|\Z))
      | (?P<angle> (?<=<)(?=[^\ >]{0,80}(?:@|:/|www|\Z)))
      | (?P<apart> (?<=<)(?=[A-Za-z/!?]) | (?<=&)(?=\#?[A-Za-z0-9]+;) | (?<=\])(?=[(:]|\Z) | (?<=~)(?=\Z)))
"""
_IN_LINE = re.compile(_INLINE, re.VERBOSE)
"""Markup inside a line. One set of first characters, with lookbehinds after it, lets `re` skip other text fast."""
_TOKEN = re.compile(
    rf"(?P<url>{_URL}) | (?P<line>(?:^|(?<=[\r\u2424]))(?={_LINE_START})) | {_INLINE}", re.MULTILINE | re.VERBOSE
)
_NEEDS_TOKENS = re.compile(r"[\r\n\u2424]|://|www\.")
_BACKTICKS = re.compile(r"`+")
_FENCES = re.compile(r"^[ ]{0,3}(`{3,})", re.MULTILINE)
_LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,30}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SAFE_START = re.compile(r"https?://", re.IGNORECASE)
_SAFE_IN_URL: Final = "%/:?#@!$&+,;=~-._[]"
_SAFE_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?(?:[/?#][A-Za-z0-9%/:?#@!$&+,;=~._-]{0,2000})?")
"""The usual URL, of which `safe_url` would change nothing."""
_PHONE = re.compile(r"tel:\+?[0-9().-]{1,30}", re.IGNORECASE)
"""A telephone number as an address (RFC 3966), without parameters."""
LINE_BREAK: Final = re.compile(r"\r\n|[\r\n\u2424]")
"""What the web client's parser takes for the end of a line; no other separator is one."""
_IMAGE = re.compile(r"!(?=\[)")
_WORD = re.compile(r"[A-Za-z0-9._/+-]+")
"""The usual code: commit ids, names, versions and paths, in which nothing acts."""


def _disarm(match: re.Match[str]) -> str:
    match match.lastgroup:
        case "mark":
            return "\\" + match[0]
        case "angle":
            return "&lt;"
        case "apart":
            return match[0] + INVISIBLE
        case "line":
            return INVISIBLE
    return match[0]


def escape(text: str, tame: Callable[[str], str] = harmless) -> str:
    """The text as Mattermost shows it literally: no formatting, mention, emoji or channel link; URLs stay clickable.

    With `silent` as `tame`, only mentions and formatting do nothing.

    Backslashes stand only where a character would act, so that push notifications stay readable; what acts at the
    start of a line, brackets and HTML are taken apart by `INVISIBLE`. The result is inert also in the middle of a line,
    and between marks: no tilde at its edge lengthens a mark of tildes, which would then mark nothing.
    """
    if _ACTING.search(text) is None and (text[:1].isalpha() or _OPENING.match(text) is None):
        return tame(whole_urls(text)) if ":" in text or "www." in text else text
    bare = tame(whole_urls(without_controls(text)))
    if _NEEDS_TOKENS.search(bare):
        return _TOKEN.sub(_disarm, bare)
    start = INVISIBLE if _OPENING.match(bare) else ""
    return start + _IN_LINE.sub(_disarm, bare)


def _code_text(text: str) -> str:
    """Code that mentions nobody; emoji names and the like stay as they are, to be copied."""
    return silent(without_controls(text))


def code_span(text: str) -> str:
    """The text on one line as a code span; "" for blank text. Backtick runs inside are out-run (CommonMark 6.1)."""
    if _WORD.fullmatch(text):
        return f"`{text}`"
    content = _code_text(" ".join(LINE_BREAK.sub(" ", text).split()))
    if not content:
        return ""
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(content)), default=0))
    pad = " " if "`" in (content[0], content[-1]) else ""
    return f"{fence}{pad}{content}{pad}{fence}"


def code_block(text: str, language: str = "") -> str:
    """The text as a fenced block, its lines untouched; "" for blank text. `language` is dropped unless it is a name."""
    content = _code_text(LINE_BREAK.sub("\n", text).strip("\n").rstrip())
    if not content.strip():
        return ""
    longest = max((len(run) for run in _FENCES.findall(content)), default=2)
    fence = "`" * (longest + 1)
    label = language if _LANGUAGE.fullmatch(language) else ""
    return f"{fence}{label}\n{content}\n{fence}"


def quoted(markdown: str) -> str:
    """Markdown as a block quote: every line, blank ones too, so that it stays one quote."""
    lines = LINE_BREAK.split(markdown.strip("\r\n"))
    return "\n".join(f"> {line}".rstrip() for line in lines) if any(lines) else ""


def is_usual_url(url: object) -> bool:
    """Whether this is a URL that `safe_url` gives back as it is, as nearly all are."""
    return type(url) is str and _SAFE_URL.fullmatch(url) is not None


def safe_url(url: str) -> str:
    """The URL fit for a Markdown link, or "" if its scheme is not http, https, mailto or tel, or it names no host.

    Characters that end a link or act in Markdown are percent-encoded; what is already encoded stays.
    """
    if _SAFE_URL.fullmatch(url):
        return url
    stripped = "".join(url.split("\u200b")).strip()
    try:
        parts = urlsplit(stripped)
    except ValueError:
        return ""
    scheme = parts.scheme.lower()
    web = scheme in ("http", "https") and parts.netloc
    if not web and not (scheme == "mailto" and "@" in parts.path) and not _PHONE.fullmatch(stripped):
        return ""
    return percent_encode(stripped, safe=_SAFE_IN_URL, errors="replace").replace("[", "%5B").replace("]", "%5D")


def absolute_url(url: str, base: str) -> str:
    """An address as third-party text gives it, resolved against `base` (RFC 3986); "" if it stays relative.

    A lone `#part` needs a page: against a `base` that ends with "/" it stays relative. GitLab's uploads (`/uploads/..`)
    are below their project, whose address is that part of `base` that stands before `/-/`.
    """
    bare = url.strip().replace("\\", "/")
    if _SCHEME.match(bare):
        return bare
    if not bare or _SAFE_START.match(base) is None or (bare[0] == "#" and base.endswith("/")):
        return ""
    if bare.startswith("/uploads/") and "/-/" in base:
        return base.partition("/-/")[0] + bare
    try:
        return urljoin(base, bare)
    except ValueError:
        return ""


def link_to(label: str, url: str) -> str:
    """A link with a label of Markdown; the label alone if the URL is not safe, the URL as label if that is blank."""
    target = safe_url(url)
    shown = " ".join(label.replace("\u2424", " ").split())
    if not target:
        return shown
    if (len(shown) - len(shown.rstrip("\\"))) % 2:  # a backslash before white space acts on what follows instead
        shown += "\\"
    return f"[{_balance_brackets(shown or escape(url.strip()))}]({target})"


def without_images(markdown: str) -> str:
    """Markdown of escaped texts and links in which no text that ends with `!` makes an image of the link behind it."""
    if "![" not in markdown:
        return markdown
    code = CodeRanges(markdown)
    return _IMAGE.sub(lambda mark: mark[0] if code.hold(mark.start()) else mark[0] + INVISIBLE, markdown)


def _balance_brackets(label: str) -> str:
    """The label with unbalanced brackets as entities: the web client's parser knows no backslash there."""
    if "[" not in label and "]" not in label:
        return label
    depth = 0
    for character in label:
        depth += (character == "[") - (character == "]")
        if depth < 0:
            break
    return label if depth == 0 else label.replace("[", "&#91;").replace("]", "&#93;")
