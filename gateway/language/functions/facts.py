"""The short facts of a value of unknown shape, most telling first, and the remainder; credentials are never shown.

A fact is a number, word or line at the end of a path. Names and states come first, then what else is said; times and
links after them; what only machines compare (ids, then checksums) comes last or not at all.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from gateway.language.functions.coerce import count_of, list_of, number_of, text_of
from gateway.language.functions.credentials import (
    KNOWN_WORDS,
    MASK,
    hidden_keys,
    hide,
    is_credential,
    names_credential,
    without_named,
)
from gateway.language.functions.registry import MAX_INPUT, Example, Number, function
from gateway.language.functions.time import moment_of
from gateway.language.functions.tree import Leaf, Path, label, tree_of
from gateway.mattermost.terminal import without_written_controls
from gateway.model import JSON

VALUE_LENGTH: Final = 200
"""Characters of a fact; longer texts are no facts."""
DULL: Final = 30
"""The rank from which on a fact says nothing to most readers: ids and versions."""
NEVER: Final = 100
"""The rank of what only machines compare."""
_OF_OTHERS, _OF_TIME, _OF_LINK, _OF_KIND, _OF_NO, _OF_SETTING = 2, 4, 6, 6, 8, 20
"""The ranks of what is neither name nor state: at first what is not told apart, at last how something is set up."""
_NODES: Final = 500
_SEEN: Final = 5000
_DEEPEST: Final = 30
"""The deepest level of a value that its remainder shows."""

_LINK = re.compile(r"https?://[^\s<>\"]{3,2000}")
_TIMES = re.compile(
    r"(?:^|_)(?:at|on|time|date|datetime|timestamp|ts|since|until|created|updated|started|finished|starts?|ends?|expires|expiry"
    r"|deadline|due)$"
)
_MOMENTS = re.compile(r"(?:^|_)(?:at|date|datetime|timestamp|ts|since|until|created|updated|started|finished)$")
_MACHINE = re.compile(
    r"(?:^|_)(?:e_?tags?|crc\d*c?|md5|sha\d+|hash|digest|checksum|generation|metageneration|nonce|fingerprint|self|self_link"
    r"|signature_version|spec_?version|schema|dataschema|datacontenttype|traceparent|tracestate|cursor|sgid|node_id"
    r"|signing_cert_url|unsubscribe_url|(?:clone|git|svn|ssh|remote|base|callback|webhook|hook|redirect)_ur[il])$"
)
_DECORATION = re.compile(r"avatar|icon|logo|gravatar|picture|thumb|favicon")
_ID = re.compile(
    r"(?:^|_)(?:id|ids|uuid|guid|gid|uid|urn|arn|etag|version|api|nonce|timestamp|ts|locale|tz|timezone|offset|seq|sequence|sort"
    r"|pos|order|initials|short_link|subscription)$|^id_"
)
_COMMIT = re.compile(r"(?:^|_)(?:commit|commit_id|commit_sha|sha|head_sha|revision|vcs_revision|rev|head|head_commit)$")
_HASH = re.compile(r"[0-9a-f]{24,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[A-Za-z0-9+/]{16,}={1,2}")
_TELLING = re.compile(
    r"(?:^|_)(?:name|title|status|state|result|conclusion|outcome|severity|priority|level|reason|number|amount|total|price|currency"
    r"|count|size|branch|environment|host|service|email|from|to|assignee|customer|version_name|message|summary|value|duration)$"
)
_SETTINGS: Final = frozenset(
    "prefs preferences settings permissions config configuration options features capabilities links related urls"
    " context display headers statistics stats entities".split()
)
"""Keys of objects that tell how something is set up, not what happened."""
_FULL_HASH = re.compile(r"[0-9a-f]{40}")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_NOTHING: Final = frozenset("none null undefined n/a nil - nan".split())
_UNSET: Final = "0001-01-01"
_NO: Final = frozenset("false no 0".split())
_API = re.compile(r"https?://api[.\d]|/_?apis?/|/rest/|\.json$|//[\w.-]*api\.")


def is_link(value: JSON) -> bool:
    """Whether a value is a URL and nothing else."""
    return isinstance(value, str) and "://" in value and _LINK.fullmatch(value.strip()) is not None


def is_api(url: str) -> bool:
    """Whether a URL is one that programs call, by the looks of it."""
    return _API.search(url) is not None


def is_machine(leaf: Leaf) -> bool:
    """Whether its key names what only machines compare, or it is decoration."""
    return _rank_of(leaf.word) == NEVER or any(map(_is_decoration, leaf.words[-3:]))


def rank(leaf: Leaf) -> int:
    """How late a fact is told, shallow before deep: the one order for every table of facts."""
    return leaf.depth + _dullness(leaf)


def _dullness(leaf: Leaf) -> int:
    value, usual = leaf.value, _rank_of(leaf.word)
    if is_machine(leaf):
        return NEVER
    if is_link(value):
        return NEVER if is_api(text_of(value)) else _OF_LINK
    if usual >= DULL or (isinstance(value, str) and not _COMMIT.search(leaf.word) and _HASH.fullmatch(value)):
        return max(usual, DULL)
    if not _SETTINGS.isdisjoint(leaf.home) and not _is_linked(leaf):
        return _OF_SETTING
    if value is False or value == 0 or (isinstance(value, str) and value[:6].lower() in _NO):
        return _OF_NO
    return _OF_KIND if leaf.depth > 1 and leaf.word in ("type", "kind", "object") else usual


def _is_linked(leaf: Leaf) -> bool:
    """Whether it is the name of what a link leads to, as `{"_links": {"project": {"href": ..., "title": ...}}}`."""
    return leaf.word in ("title", "name") and leaf.home[-2:-1] == ("links",)


@lru_cache(KNOWN_WORDS)
def _rank_of(word: str) -> int:
    """The rank that a key gives a fact."""
    if _MACHINE.search(word):
        return NEVER
    if _COMMIT.search(word):
        return _OF_OTHERS
    if _ID.search(word):
        return DULL if word == "subscription" else DULL + 5
    if _TIMES.search(word):
        return _OF_TIME
    return 0 if _TELLING.search(word) else _OF_OTHERS


@lru_cache(KNOWN_WORDS)
def is_time(word: str) -> bool:
    """Whether a key names a time."""
    return _TIMES.search(word) is not None


@lru_cache(KNOWN_WORDS)
def _is_decoration(word: str) -> bool:
    return _DECORATION.search(word) is not None


def shown(word: str, value: JSON) -> str:
    """A fact as a person reads it: yes and no, times as times; "" for what is too long or blank, or no time."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = text_of(value).strip()
    if len(text) > VALUE_LENGTH or "\n" in text or text.lower() in _NOTHING or text.startswith(_UNSET):
        return ""
    if _FULL_HASH.fullmatch(text) and _COMMIT.search(word):
        return text[:10]
    if not is_time(word) and not _ISO.match(text):
        return hide(text)
    moment = None if "/" in text else moment_of(value)  # day before month, or the other way round: as it is written
    if moment is None:
        return "" if _MOMENTS.search(word) and number_of(value) is not None else hide(text)
    zone = " UTC" if moment.tzinfo else ""
    return moment.strftime("%Y-%m-%d %H:%M") + zone if moment.hour or moment.minute else moment.strftime("%Y-%m-%d")


def told(
    leaves: Sequence[Leaf], hidden: Collection[Path] = (), show: Callable[[str, JSON], str] = shown
) -> Iterator[tuple[Leaf, str, int]]:
    """The leaves with what is shown of each and its rank, most telling first; equal ones under one word only once."""
    known = set()
    ranked = [(rank(leaf), at) for at, leaf in enumerate(leaves) if leaf.path not in hidden]
    for score, at in sorted(ranked):
        leaf = leaves[at]
        text = show(leaf.word, leaf.value)
        if text and (leaf.word, text) not in known:
            known.add((leaf.word, text))
            yield leaf, text, score


def without(value: JSON, used: Collection[Path]) -> JSON:
    """The value without the leaves at `used` and empty parts, credentials masked; None when only masks are left.

    It looks at 500 nodes and 40,000 characters of their texts at most: a message shows fewer.
    """
    left = _Remainder(used).of(value, (), inside=False)
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

    def of(self, value: JSON, path: Path, *, inside: bool) -> JSON:
        self._left -= 1
        if self._left < 0 or path in self._used or len(path) > _DEEPEST:
            return None
        if isinstance(value, dict):
            return self._of_object(value, path, inside=inside)
        if isinstance(value, list):
            items = (
                self.of(item, (*path, str(index)), inside=inside)
                for index, item in enumerate(without_named(value[: self._left], row=True))
            )
            return [item for item in items if item is not None] or None
        if inside and value is not None and not isinstance(value, bool) and path[-1].isdigit():
            return MASK
        return self._of_text(value) if isinstance(value, str) else value

    def _of_text(self, value: str) -> str:
        seen = value[: self._room]
        self._room -= min(len(seen), _SEEN)
        return hide(seen)

    def _of_object(self, value: Mapping[str, JSON], path: Path, *, inside: bool) -> JSON:
        kept = {}
        masked = hidden_keys(value)
        for key, inner in islice(value.items(), _NODES):
            name = str(key)
            if key in masked or is_credential(name, inner, inside=inside):
                left: JSON = MASK
            else:
                left = self.of(inner, (*path, name), inside=inside or names_credential(name))
            if left not in (None, "", {}, []):
                kept[name[:200]] = left
        return kept or None


def as_json(value: JSON) -> str:
    """The value as indented JSON for a reader; "" for what cannot be written."""
    try:
        return without_written_controls(json.dumps(value, indent=1, ensure_ascii=False, default=str))
    except (ValueError, RecursionError):
        return ""


def _facts(value: JSON, n: JSON, hidden: Collection[Path]) -> list[tuple[Leaf, str]]:
    leaves = tree_of(value).leaves if isinstance(value, dict) else []
    usual = ((leaf, text) for leaf, text, score in told(leaves, hidden) if score < NEVER)
    return list(islice(usual, count_of(n, 10, 50)))


def _paths(names: JSON) -> set[Path]:
    """Names of top-level keys as paths."""
    return {(text_of(name),) for name in list_of(names)}


@function(
    doc="The short facts in an object, at most `limit`, most telling first, an array of `{title, value}` for fields, "
    "for payloads of unknown shape. Credentials and checksums are left out, and the keys that a second argument names.",
    examples=[
        Example(
            "{% for f in data | facts %}{{ f.title }}: {{ f.value }}; {% endfor %}",
            {"data": {"orderId": 7, "paid": True, "customer": {"name": "Ada"}, "api_key": "k"}},
            "Customer name: Ada; Paid: yes; Order id: 7; ",
        )
    ],
)
def facts(value: JSON, limit: Number = 10, hidden: JSON = None) -> JSON:
    """See the registration."""
    return [{"title": label(leaf.words), "value": text} for leaf, text in _facts(value, limit, _paths(hidden))]


@function(
    doc="What `facts` with the same arguments leaves out, as indented JSON for `codeblock`; credentials are masked. "
    "Missing when nothing is left.",
    examples=[
        Example(
            "{{ data | beyond_facts(1) }}",
            {"data": {"name": "disk", "tags": [{"a": 1}, {"a": 2}], "token": "t"}},
            '{\n "tags": [\n  {\n   "a": 1\n  },\n  {\n   "a": 2\n  }\n ],\n "token": "\\*\\*\\*"\n}',
        )
    ],
)
def beyond_facts(value: JSON, limit: Number = 10, hidden: JSON = None) -> JSON:
    """See the registration; a value that is no object is the whole remainder."""
    names = _paths(hidden)
    left = without(value, names | {leaf.path for leaf, _ in _facts(value, limit, names)})
    return (left if isinstance(left, str) else as_json(left)) if left is not None else None
