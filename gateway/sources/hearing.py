"""Who hears a post, and what of it: directly, by mention, by trigger word, in a thread, in a channel. Pure.

A post is heard by one listener at most: by the first way of `WAYS` that holds, and of several listeners by the one that
names channels, else by the first of the settings. Who mentions everybody in a channel does not mean the bot.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from gateway.sources.posts import Post

Way = Literal["trigger", "direct", "mention", "thread", "all"]
WAYS: Final[tuple[Way, ...]] = ("trigger", "direct", "mention", "thread", "all")

EXCHANGES: Final = 10
"""How many posts of programs are heard in one thread, or one channel outside of threads, in MINUTE seconds."""

MINUTE: Final = 60.0
KEPT: Final = 10_000
"""How many threads or channels a memory holds, those that were used last."""

_MENTION: Final = re.compile(r"(?<![A-Za-z0-9_])@([A-Za-z0-9][A-Za-z0-9._-]*)")
_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
EVERYBODY: Final = frozenset({"all", "channel", "here"})
_ENDS: Final = ".-_"
"""What ends a sentence, not a name, behind a mention."""


class Listener(Struct, frozen=True):
    """Which posts a listener of this name hears.

    `triggers` are first words, in any case. `channels` (names or ids; none: all) narrow everything but `direct`; with
    neither `hears` nor `triggers` they are heard whole. Posts of programs are heard only with `bots`.
    """

    name: str
    hears: frozenset[str] = frozenset()
    triggers: tuple[str, ...] = ()
    channels: frozenset[str] = frozenset()
    bots: bool = False


class Heard(Struct, frozen=True):
    """Who hears a post, by which way, and its text without the mention of the bot and without the trigger word."""

    listener: str
    way: Way
    text: str
    trigger: str = ""


def listener_of(
    listeners: Sequence[Listener],
    data: Mapping[str, Any],
    post: Post,
    me: tuple[str, str],
    *,
    takes_part: bool = False,
) -> Heard | None:
    """Who hears the post of a `posted` event; None where nobody does.

    `me` is the bot's id and username, `takes_part` whether it has posted in the thread of the post.
    """
    user_id, username = me
    if not post.said or post.user_id == user_id:
        return None
    text = without_mention(post.message, username)
    first, *rest = text.split(maxsplit=1) or [""]
    direct = data.get("channel_type") == "D"
    mentioned = username.lower() in names_in(post.message)
    if not direct and not mentioned:  # in a direct channel everything is told as a mention
        mentioned = user_id in _mentions(data) and not means_everybody(post.message)
    holds = {
        "direct": direct,
        "mention": mentioned,
        "thread": bool(post.root_id) and takes_part,
        "all": not direct,
    }
    place = {post.channel_id, str(data.get("channel_name", ""))}
    for way in WAYS:
        for listener in sorted(listeners, key=lambda one: not one.channels):
            if (post.automated and not listener.bots) or not _is_in(listener, place, way):
                continue
            if way == "trigger":
                if first.lower() in (word.lower() for word in listener.triggers):
                    return Heard(listener.name, way, "".join(rest), first.lower())
            elif holds[way] and way in _hears(listener):
                return Heard(listener.name, way, text)
    return None


def needs_thread(listeners: Sequence[Listener], post: Post) -> bool:
    """Whether it matters if the bot takes part in the thread of a post."""
    return bool(post.root_id) and any("thread" in listener.hears for listener in listeners)


def names_in(text: str) -> set[str]:
    """The names that a text mentions, in small letters; those in code do not count."""
    return {name.lower().rstrip(_ENDS) for name in _MENTION.findall(_CODE.sub(" ", text))}


def means_everybody(text: str) -> bool:
    """Whether a text mentions the whole channel."""
    return not EVERYBODY.isdisjoint(names_in(text))


def without_mention(text: str, username: str) -> str:
    """The text without the names of a user, in any case, and without blanks around it."""
    name = re.escape(username)
    return re.sub(rf"(?i)(?:(?<=\s)|^)@{name}(?![\w-]|\.\w)[:,.!?]?(?:\s+|$)", "", text).strip()


class Memory:
    """The keys that were used last, `most` of them, each with a value."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._values: OrderedDict[str, Any] = OrderedDict()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def get(self, key: str) -> Any:
        """The value of a key, which is used by that; None for an unknown one."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: str, value: Any = True) -> None:
        """Keep a value; the key that was not used for longest goes if there are too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)


class Exchanges:
    """What programs say to the bot, so that two of them do not talk to each other for ever."""

    def __init__(self, most: int = EXCHANGES) -> None:
        self._most = most
        self._times = Memory()

    def allow(self, post: Post, now: float) -> bool:
        """Note a post of a program, at `now` seconds; False where it is one too many in its thread or channel."""
        key = post.root_id or post.channel_id
        times = {known: time for known, time in (self._times.get(key) or {}).items() if time > now - MINUTE}
        allowed = post.id in times or len(times) < self._most
        self._times.put(key, times | {post.id: now} if allowed else times)
        return allowed


def _hears(listener: Listener) -> frozenset[str]:
    if listener.hears or listener.triggers or not listener.channels:
        return listener.hears
    return frozenset({"all"})


def _is_in(listener: Listener, place: set[str], way: Way) -> bool:
    return way == "direct" or not listener.channels or not listener.channels.isdisjoint(place)


def _mentions(data: Mapping[str, Any]) -> list[str]:
    """The ids that an event says are mentioned: a JSON text."""
    try:
        return msgspec.json.decode(data.get("mentions") or "[]", type=list[str])
    except msgspec.DecodeError:
        return []
