"""Functions on text: lines, lengths, names. They take any value as text and give plain text, which is escaped later."""

import re
from urllib.parse import quote

from gateway.language.functions.coerce import count_of, number_of, number_text, text_of
from gateway.language.functions.registry import MAX_INPUT, Example, Number, function
from gateway.model import JSON

_NULL_ID = re.compile(r"0{7,}")
_REF = re.compile(r"refs/(?:heads/|tags/|remotes/)?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\s_.\-/]+")
_NOT_SLUG = re.compile(r"[^\w]+|_+")
_ELLIPSIS = "…"


@function(
    doc="The first line that is not blank; with `limit`, at most so many characters of it, as `cut` cuts them.",
    examples=[
        Example("{{ message | first_line }}", {"message": "Fix login\n\nIt was broken."}, "Fix login"),
        Example("{{ message | first_line(12) }}", {"message": "A rather long title\nand more"}, "A rather…"),
    ],
)
def first_line(value: JSON, limit: Number = None) -> JSON:
    """See the registration."""
    line = value.partition("\n")[0].strip() if type(value) is str else ""
    if not line or len(line) > MAX_INPUT or not line.isprintable():  # seldom
        line = text_of(value).strip().partition("\n")[0].rstrip()
    if limit is None or (type(limit) is int and len(line) <= limit):
        return line
    return shorten(line, count_of(limit, MAX_INPUT))


@function(
    doc="Everything after the first line; missing when there is nothing.",
    examples=[Example("{{ message | rest }}", {"message": "Fix login\n\nIt was broken."}, "It was broken.")],
)
def rest(value: JSON) -> JSON:
    """See the registration."""
    return text_of(value).strip().partition("\n")[2].strip() or None


@function(
    doc="At most `limit` characters, cut between words where possible, with … in place of the rest.",
    examples=[
        Example("{{ title | cut(12) }}", {"title": "A rather long title"}, "A rather…"),
        Example("{{ title | cut(80) }}", {"title": "Short"}, "Short"),
    ],
)
def cut(value: JSON, limit: Number = 100) -> JSON:
    """See the registration."""
    return shorten(text_of(value), count_of(limit, 100))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters; a cut falls between words if that costs no more than a third, and shows as "…"."""
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    kept = text[: limit - 1]
    if not text[limit - 1].isspace():
        space = max(kept.rfind(" "), kept.rfind("\n"))
        kept = kept[:space] if space >= limit * 2 // 3 - 1 else kept
    return kept.rstrip() + _ELLIPSIS


@function(
    doc="The first `limit` lines; a last line with … says that there was more.",
    examples=[Example("{{ log | lines(2) }}", {"log": "one\ntwo\nthree"}, "one\ntwo\n…")],
)
def lines(value: JSON, limit: Number = 10) -> JSON:
    """See the registration."""
    most = count_of(limit, 10)
    every = text_of(value).strip("\r\n").splitlines()
    return "\n".join(every if len(every) <= most else [*every[:most], _ELLIPSIS])


@function(
    doc="All white space, line breaks too, as single spaces.",
    examples=[Example("{{ text | oneline }}", {"text": "one\n  two"}, "one two")],
)
def oneline(value: JSON) -> JSON:
    """See the registration."""
    return " ".join(text_of(value).split())


@function(
    doc="The text without white space around it.",
    examples=[Example("{{ text | trim }}", {"text": "  one "}, "one")],
)
def trim(value: JSON) -> JSON:
    """See the registration."""
    return text_of(value).strip()


@function(
    doc="The text in lower case.",
    examples=[Example("{{ state | lower }}", {"state": "FAILED"}, "failed")],
)
def lower(value: JSON) -> JSON:
    """See the registration; unlike the engine's own it takes any value."""
    return text_of(value).lower()


@function(
    doc="The text in upper case.",
    examples=[Example("{{ state | upper }}", {"state": "failed"}, "FAILED")],
)
def upper(value: JSON) -> JSON:
    """See the registration; unlike the engine's own it takes any value."""
    return text_of(value).upper()


@function(
    doc="The text with its first letter in upper case, the others as they are.",
    examples=[Example("{{ state | capitalize }}", {"state": "in GitHub"}, "In GitHub")],
)
def capitalize(value: JSON) -> JSON:
    """See the registration; unlike the engine's own it leaves names alone."""
    text = text_of(value)
    return text[:1].upper() + text[1:]


@function(
    doc="An identifier as words: `in_progress`, `inProgress` and `IN_PROGRESS` become `in progress`.",
    examples=[
        Example("{{ state | humanize }}", {"state": "IN_PROGRESS"}, "in progress"),
        Example("{{ action | humanize | capitalize }}", {"action": "reviewRequested"}, "Review requested"),
    ],
)
def humanize(value: JSON) -> JSON:
    """See the registration."""
    return _SEPARATORS.sub(" ", _CAMEL.sub(" ", text_of(value))).strip().lower()


@function(
    doc="Lower-case words joined by hyphens, as in channel names.",
    examples=[Example("{{ name | slug }}", {"name": "Team Blue: Alerts!"}, "team-blue-alerts")],
)
def slug(value: JSON) -> JSON:
    """See the registration."""
    return _NOT_SLUG.sub("-", text_of(value).lower()).strip("-")


@function(
    doc="The branch or tag in a Git reference: `refs/heads/x` becomes `x`.",
    examples=[
        Example("{{ ref | ref_name }}", {"ref": "refs/heads/feature/login"}, "feature/login"),
        Example("{{ ref | ref_name }}", {"ref": "main"}, "main"),
    ],
)
def ref_name(value: JSON) -> JSON:
    """See the registration."""
    text = text_of(value).strip()
    found = _REF.match(text)
    return text[found.end() :] if found else text


@function(
    doc="The first `length` characters of a commit id or digest; missing for Git's id of zeros, which means none.",
    examples=[Example("{{ id | short }}", {"id": "9fceb02d0ae598e95dc970b74767f19372d61af8"}, "9fceb02d")],
)
def short(value: JSON, length: Number = 8) -> JSON:
    """See the registration."""
    if type(value) is str and type(length) is int and 0 < length <= MAX_INPUT:
        start = value[:length]
        if start.isalnum() and start[0] not in "0s":  # nearly always: whatever follows, it is neither zeros nor sha256:
            return start
    text = text_of(value).strip()
    if text.startswith("0000000") and _NULL_ID.fullmatch(text):
        return None
    return text.removeprefix("sha256:")[: count_of(length, 8)]


@function(
    doc="The text without the given prefix, if it has it.",
    examples=[Example('{{ version | strip_prefix("v") }}', {"version": "v1.2"}, "1.2")],
)
def strip_prefix(value: JSON, prefix: JSON = "") -> JSON:
    """See the registration."""
    return text_of(value).removeprefix(text_of(prefix))


@function(
    doc="The text without the given suffix, if it has it.",
    examples=[Example('{{ name | strip_suffix(".git") }}', {"name": "api.git"}, "api")],
)
def strip_suffix(value: JSON, suffix: JSON = "") -> JSON:
    """See the registration."""
    return text_of(value).removesuffix(text_of(suffix))


@function(
    doc="The text as one segment of a URL: everything but letters, digits and `-._~` percent-encoded.",
    examples=[Example("{{ branch | urlencode }}", {"branch": "fix/#42"}, "fix%2F%2342")],
)
def urlencode(value: JSON) -> JSON:
    """See the registration."""
    return quote(text_of(value), safe="", errors="replace")


@function(
    doc="The last part of a path or URL.",
    examples=[Example("{{ file | basename }}", {"file": "src/app/main.py"}, "main.py")],
)
def basename(value: JSON) -> JSON:
    """See the registration."""
    return text_of(value).partition("?")[0].rstrip("/").rpartition("/")[2]


@function(
    doc="A count with its noun: `1 commit`, `3 commits`. An array is counted; `many` is for irregular plurals.",
    examples=[
        Example('{{ commits | plural("commit") }}', {"commits": [1, 2, 3]}, "3 commits"),
        Example('{{ n | plural("reply") }}', {"n": 2}, "2 replies"),
        Example('{{ n | plural("person", "people") }}', {"n": 1}, "1 person"),
    ],
)
def plural(value: JSON, one: JSON = "", many: JSON = None) -> JSON:
    """See the registration."""
    number = len(value) if isinstance(value, (list, tuple, dict)) else number_of(value)
    if number is None:
        return None
    noun = text_of(one)
    if number != 1:
        noun = (many is not None and text_of(many)) or _plural(noun)
    shown = f"{number:,}" if isinstance(number, int) else number_text(number)
    return f"{shown} {noun}".rstrip()


def _plural(noun: str) -> str:
    """The regular English plural."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s" if noun else ""
