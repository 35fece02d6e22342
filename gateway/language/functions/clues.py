"""Which leaf of a payload of unknown shape answers which question: the words of keys, and how much each of them says.

A clue weighs a leaf: the least weight is the likeliest answer, None is no answer. None of them knows another's answer.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from gateway.language.functions.coerce import text_of
from gateway.language.functions.credentials import KNOWN_WORDS, words_of
from gateway.language.functions.facts import is_link
from gateway.language.functions.states import tone_of
from gateway.language.functions.tree import Leaf, Words


def _in_order(*words: str) -> dict[str, int]:
    """Words, the likeliest first, with their places."""
    return {word: place for place, word in enumerate(words)}


TITLES: Final = _in_order(
    "title", "subject", "headline", "event_title", "alert_name", "alertname", "rule_name", "check_name", "monitor_name",
)  # fmt: skip
"""Keys whose value alone tells what the message is about."""
MESSAGES: Final = _in_order("summary", "message", "msg", "short_description")
"""Keys of a line that tells it where nothing is called a title."""
TEXTS: Final = _in_order(
    "detailed_message", "description", "message", "msg", "text", "body", "details", "detail", "content", "comment",
    "note", "error", "error_message", "reason", "output", "raw", "summary", "blurb", "memo", "data",
)  # fmt: skip
INNER_TEXTS: Final = _in_order(
    "html", "text", "plain", "content", "body", "value", "raw", "data", "title", "summary", "markdown",
)  # fmt: skip
"""Keys of the text in an object under one of `TEXTS`, the likeliest first."""
THINGS: Final = (
    "number", "key", "identifier", "slug", "reference", "job", "service", "model", "resource", "target", "device",
    "host", "project", "plan", "product", "email",
)  # fmt: skip
"""Keys that tell which thing it is where nothing names it."""
NAMES: Final = _in_order(
    "display_name", "full_name", "name", "summary", "login", "username", "user_name", "pseudonym", "email", "title",
)  # fmt: skip
"""Keys of the name of a thing or person, the better ones first."""
PERSONAL: Final = ("login", "username", "user_name", "email", "full_name")
"""Names that only people have."""
EVENTS: Final = _in_order(
    "event", "event_type", "event_name", "webhook_event", "event_key", "eventtype", "detail_type", "topic", "trigger",
    "hook",
)  # fmt: skip
NOUNS: Final = _in_order("object_type", "object_kind", "resource_type", "entity_type", "type", "kind", "object")
VERBS: Final = _in_order("action", "operation", "activity")
LINKS: Final = _in_order(
    "html_url", "web_url", "permalink", "permalinks", "external_url", "page_url", "target_url", "dashboard_url",
    "details_url", "app_url", "short_url", "url", "link", "links", "href", "html", "uri", "web",
)  # fmt: skip
IMAGES: Final = ("image_url", "image", "screenshot_url", "screenshot", "snapshot_url", "chart_url")
STATES: Final = _in_order("status", "state", "conclusion", "result", "outcome", "phase")
SEVERITIES: Final = _in_order("severity", "level")
LEVELS: Final = _in_order(*SEVERITIES, "success", "ok", "passed", "priority", "urgency")
ROLES: Final = (
    ("sender", "actor", "performed_by", "triggered_by", "initiated_by", "initiator", "changed_by", "by"),
    ("user", "username", "agent", "member_creator"),
    ("author", "created_by", "creator", "commenter", "pusher", "committer", "from"),
)
"""Keys of the person who acted, the surest first. Whose thing it is (owner, organization) says nothing of who acted."""
ACTORS: Final = tuple(name for names in ROLES for name in names)
_NO_ROLES: Final = ("group_by", "sort_by", "order_by", "sorted_by", "powered_by", "followed_by")
CONTEXT: Final = frozenset(
    "repository repo project organization organisation org account team workspace company tenant integration app"
    " installation enterprise owner board bucket model last_message mailbox recipient assignee customer category"
    " group commit head_commit".split()
)
"""Objects beside the one that the message is about."""
_PLACES: Final = ("_repo", "_repository", "_project", "_organization", "_account", "_team")

_NAMING: Final = {
    "id": 7.0,
    **dict.fromkeys(("filename", "file"), 6.5),
    **dict.fromkeys(TEXTS, 6.0),
    **dict.fromkeys(THINGS, 5.5),
    **dict.fromkeys(("error", "error_message"), 5.6),
    **dict.fromkeys(THINGS[:5], 5.0),
    **dict.fromkeys(("description", "text"), 4.0),
    "pseudonym": 3.0,
    **dict.fromkeys(MESSAGES, 1.5),
    **dict.fromkeys(("name", "full_name", "display_name"), 1.0),
    **dict.fromkeys(TITLES, 0.0),
    "subject": 0.1,
}
"""How little a key names what the message is about; a level of depth weighs 2."""
_NAMING_SUFFIXES: Final = {"title": 0.5, "name": 2.0}
_ENVELOPE = re.compile(
    r"(?:(?:notification|webhook|app|api)_)?(?:event|notification)(?:_data|_callback)?"
    r"|webhook|message|default|other|unknown|note|object|json|list|none"
)
"""Names of events that name none: an envelope, or what a service is called where it says nothing."""
_EVENT = re.compile(r"[A-Za-z][\w.:#/ +-]{1,79}")
_PICTURE = re.compile(r"image|photo|screenshot|snapshot|chart|banner")
_ACTION_URL = re.compile(
    r"(?:^|_)(?:ack|acknowledge|close|resolve|delete|edit|cancel|approve|sign|signing|subscribe|logout)_"
)
_NAMES_OF_STATES: Final = frozenset("name value label title text slug description display_name".split())
_NOT_NOW = re.compile(r"(?:previous|prev|old|last|delivery|merge|from)_")


def is_envelope(name: str) -> bool:
    """Whether the name of an event says only that there is one."""
    return _ENVELOPE.fullmatch(words_of(name)) is not None


@lru_cache(KNOWN_WORDS)
def role_of(word: str) -> int | None:
    """How surely a key means the person who acted, 0 the surest; None for other keys."""
    found = next((rank for rank, names in enumerate(ROLES) if word in names), None)
    return 1 if found is None and word.endswith("_by") and word not in _NO_ROLES else found


def is_of_person(leaf: Leaf) -> bool:
    """Whether it stands in an object that is a person."""
    return _is_person(leaf.home)


@lru_cache(KNOWN_WORDS)
def _is_person(home: Words) -> bool:
    return any(role_of(word) is not None for word in home)


def is_beside(leaf: Leaf, about: Words = ()) -> bool:
    """Whether it stands in an object that is only the surroundings of what the message is `about`."""
    return _is_beside(leaf.home, about)


@lru_cache(KNOWN_WORDS)
def _is_beside(home: Words, about: Words) -> bool:
    inner = home[len(about) :] if home[: len(about)] == about else home
    return any(word in CONTEXT or word.endswith(_PLACES) for word in inner)


def event(leaf: Leaf, names: Mapping[str, int]) -> float | None:
    """What happened: one word or a few, near the top, and no envelope."""
    text = leaf.value
    if leaf.word not in names or leaf.depth > 2 or not isinstance(text, str) or _EVENT.fullmatch(text.strip()) is None:
        return None
    inner = leaf.depth > 1 and leaf.parent not in (*EVENTS, *VERBS)
    if is_link(text) or is_envelope(text) or leaf.parent in CONTEXT or is_of_person(leaf) or (inner and names is NOUNS):
        return None
    return 10 * leaf.depth + names[leaf.word]


def is_inner_text(leaf: Leaf) -> bool:
    """Whether it is the text in an object under a word for a text."""
    return leaf.parent in TEXTS and leaf.word in INNER_TEXTS


def name(leaf: Leaf) -> float | None:
    """What it happened to."""
    value = leaf.value
    weight = 1.5 if is_inner_text(leaf) else _naming_of(leaf.word)
    if weight is None or isinstance(value, bool | float) or is_of_person(leaf):
        return None
    if (isinstance(value, int) and leaf.word not in ("id", *THINGS)) or not _is_text(text_of(value)):
        return None
    return 2 * leaf.depth + weight + 3 * is_beside(leaf) + len(leaf.words) / 5


@lru_cache(KNOWN_WORDS)
def _naming_of(word: str) -> float | None:
    """How little a key, or its last word, names what the message is about; a person's name does not."""
    front, _, last = word.rpartition("_")
    weight = _NAMING.get(word)
    if weight is None and front and last in _NAMING_SUFFIXES and role_of(front) is None:
        return _NAMING_SUFFIXES[last] + 3 * (front in CONTEXT)
    return weight


def _is_text(value: str) -> bool:
    """Whether people read it: no URL, and nothing that is only long."""
    return bool(value.strip()) and not is_link(value) and (len(value) <= 80 or any(map(str.isspace, value[:80])))


@lru_cache(KNOWN_WORDS)
def _without_name(word: str) -> str:
    return re.sub(r"_(?:name|login|email)$", "", word)


def actor(leaf: Leaf) -> float | None:
    """Who did it."""
    if not isinstance(leaf.value, str) or is_link(leaf.value) or "\n" in leaf.value or not leaf.value.strip():
        return None
    last = len(leaf.words) - 1
    for at, word in enumerate(leaf.words):
        role = role_of(_without_name(word) if at == last else word)
        if role is None:
            continue
        if at == last:
            return 2 * leaf.depth + role
        if at >= last - 2 and leaf.word in NAMES:
            return 2 * (leaf.depth - last + at) + role + NAMES[leaf.word] / 10
    return None


def state(leaf: Leaf) -> float | None:
    """How it stands: a word or a few, by its key, the key's last word, or the object whose name or value it is."""
    inner = leaf.word in _NAMES_OF_STATES and leaf.parent != ""
    weight = _state_of(leaf.parent if inner else leaf.word)
    if weight is None or not isinstance(leaf.value, str) or not _is_state(leaf.value) or actor(leaf) is not None:
        return None
    return weight + (leaf.word == "slug") + 3 * (not tone_of(leaf.value))


@lru_cache(KNOWN_WORDS)
def _state_of(word: str) -> float | None:
    """How little a key means how something stands now."""
    key = re.sub(r"_(?:code|text|name|label|value)$", "", word)
    last = key.rpartition("_")[2]
    return None if last not in STATES or _NOT_NOW.match(key) else STATES[last] / 10 + (key != last) / 2


def _is_state(value: str) -> bool:
    text = value.strip()
    return 0 < len(text) <= 30 and not text.isdigit() and "\n" not in text and not is_link(text)


def level(leaf: Leaf, names: Mapping[str, int]) -> float | None:
    """How bad it is."""
    word = leaf.parent if leaf.word in ("name", "value", "label") and leaf.parent in names else leaf.word
    if word not in names or not isinstance(leaf.value, str | bool) or actor(leaf) is not None:
        return None
    return names[word] / 10


def text(leaf: Leaf) -> float | None:
    """What is said about it at length: also in an object under a word for it."""
    inner = is_inner_text(leaf)
    if not (inner or leaf.word in TEXTS) or not isinstance(leaf.value, str) or not _is_text(leaf.value):
        return None
    if actor(leaf) is not None:
        return None
    key = TEXTS[leaf.parent if inner else leaf.word] / 10
    return INNER_TEXTS[leaf.word] / 100 + key - 3 if inner else key


def link(leaf: Leaf) -> float | None:
    """Where to look: by its key or its object's; one on which a person acts with a click is seldom meant."""
    if not is_link(leaf.value) or _PICTURE.search(leaf.word):
        return None
    pages = [LINKS[word] / 10 for word in (leaf.word, leaf.parent) if word in LINKS]
    if pages:
        return min(pages)
    return 3.0 + 5 * bool(_ACTION_URL.search(leaf.word)) if leaf.word.endswith(("_url", "_link", "_uri")) else None


def image(leaf: Leaf) -> float | None:
    """What it looks like; pictures of people are decoration."""
    return float(leaf.depth) if leaf.word in IMAGES and is_link(leaf.value) and not is_of_person(leaf) else None
