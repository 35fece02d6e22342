"""The short facts of a value of unknown shape, and the remainder; credentials are never shown.

A fact is a number, word or line at the end of a path; shallow ones come first. Credentials are masked everywhere: by
the name of their key, and by their pattern inside of texts and URLs.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby, islice
from typing import Final

from gateway.language.functions.coerce import count_of, list_of, text_of
from gateway.language.functions.registry import MAX_INPUT, Example, function
from gateway.language.functions.text import shorten
from gateway.language.functions.time import moment_of
from gateway.model import JSON

MASK: Final = "***"
VALUE_LENGTH: Final = 200
"""Characters of a fact; longer texts are no facts."""
_LEAVES: Final = 500
_NODES: Final = 500
_SEEN: Final = 5000
_DEPTH: Final = 4
_DEEPEST: Final = 30
"""The deepest level of a value that its remainder shows."""
_WRAPPERS: Final = frozenset(
    {"data", "payload", "event", "body", "object", "attributes", "detail", "details", "resource"}
)
"""Keys that only wrap: they say nothing in the name of a fact."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^A-Za-z0-9]+")
_CREDENTIAL = re.compile(
    r"(?:^|_)(?:tokens?|secrets?|password|passwd|passphrase|passcode|pwd|authorization|signatures?|cookies?|credentials?|jwt|otp|csrf"
    r"|(?:api|access|private|secret|signing|shared|master|encryption)_?keys?)(?P<last>$|_)"
)
_CREDENTIAL_TEXT = re.compile(
    r"""
      (?P<before> \b(?:[a-z0-9]{1,20}[_-])?(?:token|secret|password|passwd|pwd|api[_-]?key|access[_-]?key|signature|sig)
                  ["']?\s?[=:]\s?["']? )[^\s&"',;]{3,}
    | (?P<scheme> \b(?:bearer|basic)\s )[A-Za-z0-9+/=._~-]{8,}
    | (?P<user> ://[^\s/:@]{0,100}: )[^\s/@]{1,200}(?=@)
    | \b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk_live_|sk-|whsec_)[A-Za-z0-9_-]{10,}
    | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----[\s\S]*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HINT = re.compile(
    r"token|secret|passw|pwd|key|sig|bearer|basic|://|gh[pousr]_|github_pat|glpat|xox|sk[-_]|eyJ|BEGIN", re.I
)
_TIMES = re.compile(r"(?:^|_)(?:at|on|time|date|timestamp|ts|since|until|created|updated|started|finished)$")

Path = tuple[str, ...]
Leaf = tuple[Path, JSON]


def words_of(key: str) -> str:
    """A key as lower-case words joined by `_`: `checkName`, `check-name` and `Check name` are one."""
    return _NOT_WORD.sub("_", _CAMEL.sub("_", key[:200])).strip("_").lower()


def is_credential(key: str, value: JSON) -> bool:
    """Whether a key names a credential. A number is one only if the key's last word says so: `token_count` is none."""
    found = _CREDENTIAL.search(words_of(key))
    if found is None or value is None or isinstance(value, bool):
        return False
    return not isinstance(value, int | float) or not found["last"]


def hide(text: str) -> str:
    """The first 5,000 characters without credentials: `token=...`, `Bearer ...`, the password in a URL, known keys."""
    seen = text[:_SEEN]
    return (
        _CREDENTIAL_TEXT.sub(lambda m: (m["before"] or m["scheme"] or m["user"] or "") + MASK, seen)
        if _HINT.search(seen)
        else seen
    )


def leaves(value: Mapping[str, JSON]) -> list[Leaf]:
    """(path, scalar) of everything above a depth, shallow before deep, at most 500; a short array counts as one."""
    return list(islice(_leaves(value, (), _DEPTH), _LEAVES))


def _leaves(value: Mapping[str, JSON], above: Path, depth: int) -> Iterator[Leaf]:
    deeper: list[tuple[Path, Mapping[str, JSON]]] = []
    for key, inner in value.items():
        path = (*above, str(key))
        if is_credential(str(key), inner):
            continue
        if isinstance(inner, dict):
            deeper.append((path, inner))
        elif isinstance(inner, list):
            if inner and len(inner) <= 10 and all(isinstance(item, str | int | float) for item in inner):
                yield path, ", ".join(map(text_of, inner))
        elif inner is not None and inner != "":
            yield path, inner
    if depth > 1:
        for path, inner in deeper:
            yield from _leaves(inner, path, depth - 1)


def label(path: Path) -> str:
    """`("data", "checkName")` as "Check name": the last words, which tell most, without keys that only wrap."""
    kept = [step for index, step in enumerate(path) if step.lower() not in _WRAPPERS or index == len(path) - 1]
    words = [word for word, _ in groupby("_".join(map(words_of, kept)).split("_"))][-4:]
    return shorten(" ".join(words).strip().capitalize(), 60) or "Value"


def shown(path: Path, value: JSON) -> str:
    """A fact as a person reads it: yes and no, times as times; "" for a value that is too long or blank for a fact."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = text_of(value).strip()
    if len(text) > VALUE_LENGTH or "\n" in text:
        return ""
    if _TIMES.search(words_of(path[-1])) and (moment := moment_of(value)) is not None:
        zone = " UTC" if moment.tzinfo else ""
        return moment.strftime("%Y-%m-%d %H:%M") + zone if moment.hour or moment.minute else moment.strftime("%Y-%m-%d")
    return hide(text)


def without(value: JSON, used: Collection[Path]) -> JSON:
    """The value without the leaves at `used` and empty parts, credentials masked; None when only masks are left.

    It looks at 500 nodes and 40,000 characters of their texts at most: a message shows fewer.
    """
    left = _Remainder(used).of(value, ())
    return left if _says_something(left) else None


def _says_something(value: JSON) -> bool:
    if isinstance(value, dict | list):
        return any(map(_says_something, value.values() if isinstance(value, dict) else value))
    return value is not None and value != MASK


class _Remainder:
    """One walk over a value; it stops after so many nodes and characters."""

    def __init__(self, used: Collection[Path]) -> None:
        self._used = used
        self._left = _NODES
        self._room = MAX_INPUT

    def of(self, value: JSON, path: Path) -> JSON:
        self._left -= 1
        if self._left < 0 or path in self._used or len(path) > _DEEPEST:
            return None
        if isinstance(value, dict):
            return self._of_object(value, path)
        if isinstance(value, list):
            items = (self.of(item, (*path, str(index))) for index, item in enumerate(value[: self._left]))
            return [item for item in items if item is not None] or None
        return self._of_text(value) if isinstance(value, str) else value

    def _of_text(self, value: str) -> str:
        seen = value[: self._room]
        self._room -= min(len(seen), _SEEN)
        return hide(seen)

    def _of_object(self, value: Mapping[str, JSON], path: Path) -> JSON:
        kept = {}
        for key, inner in islice(value.items(), _NODES):
            left = MASK if is_credential(str(key), inner) else self.of(inner, (*path, str(key)))
            if left not in (None, "", {}, []):
                kept[str(key)[:200]] = left
        return kept or None


def as_json(value: JSON) -> str:
    """The value as indented JSON for a reader; "" for what cannot be written."""
    try:
        return json.dumps(value, indent=1, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return ""


def _fact_texts(value: JSON, n: JSON, hidden: Collection[Path]) -> list[tuple[Path, str]]:
    found = leaves(value) if isinstance(value, dict) else []
    texts = ((path, shown(path, leaf)) for path, leaf in found if path not in hidden)
    return list(islice(((path, text) for path, text in texts if text), count_of(n, 10, 50)))


def _paths(names: JSON) -> set[Path]:
    """Names of top-level keys as paths."""
    return {(text_of(name),) for name in list_of(names)}


@function(
    doc="The short facts in an object, at most `n`, as an array of `{title, value}` for fields: for payloads of "
    "unknown shape. Credentials are left out, and the keys that a second argument names.",
    examples=[
        Example(
            "{% for f in data | facts %}{{ f.title }}: {{ f.value }}; {% endfor %}",
            {"data": {"order": {"orderId": 7, "paid": True}, "api_key": "k"}},
            "Order id: 7; Order paid: yes; ",
        )
    ],
)
def facts(value: JSON, n: JSON = 10, hidden: JSON = None) -> JSON:
    """See the registration."""
    return [{"title": label(path), "value": text} for path, text in _fact_texts(value, n, _paths(hidden))]


@function(
    doc="What `facts` with the same arguments leaves out, as indented JSON for `codeblock`; credentials are masked. "
    "Missing when nothing is left.",
    examples=[
        Example(
            "{{ data | beyond_facts(1) }}",
            {"data": {"name": "disk", "tags": [{"a": 1}], "token": "t"}},
            '{\n "tags": [\n  {\n   "a": 1\n  }\n ],\n "token": "\\*\\*\\*"\n}',
        )
    ],
)
def beyond_facts(value: JSON, n: JSON = 10, hidden: JSON = None) -> JSON:
    """See the registration; a value that is no object is the whole remainder."""
    names = _paths(hidden)
    left = without(value, names | {path for path, _ in _fact_texts(value, n, names)})
    return (left if isinstance(left, str) else as_json(left)) if left is not None else None
