"""What the events of a drafted service are about: the id of a thing, by which its events are one subject.

The same thing has the same id in several events, perhaps in another place: a note on an incident names the incident.
So ids that documents have in common decide; where there are none, that of the object which the message is about, or
the only one that came again.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from gateway.catalog.draft_message import insert, usable
from gateway.catalog.draft_shape import Path
from gateway.language.functions import clues
from gateway.language.functions.coerce import text_of
from gateway.language.functions.credentials import words_of
from gateway.language.functions.tree import WRAPPERS, Leaf, Words, tree_of
from gateway.model import JSON

_IDS: Final = ("number", "key", "identifier", "id", "uuid", "reference", "slug", "fingerprint")
"""The last words of the ids of things, those that people say first."""
_TELLING: Final = 4
"""Characters from which on an id is the same one in whatever place."""

_MANY: Final = 4
"""Documents that have the same id, from which on it may be that of a container."""

_ARN: Final = "_arn"
"""The end of the key of Amazon's name of a thing, which is its id: AlarmArn, beside AlarmName."""

_Key = str | tuple[str, str]


class Told(Struct, frozen=True):
    """The payloads of a document, the name of its event, and the objects that its message is about."""

    event: str
    payloads: Sequence[JSON]
    about: Collection[Words]


class Subject(Struct, frozen=True):
    """The template of a subject, and the path in it; "" and () for an event without one."""

    template: str = ""
    path: Path = ()


class _Id(Struct, frozen=True):
    """An id at one path: whether it is that of what the message is about, what it was, and whether that came again."""

    leaf: Leaf
    own: bool
    keys: frozenset[_Key]
    again: bool


def subjects(told: Sequence[Told], deliveries: Collection[Path]) -> list[Subject]:
    """The subject of each document. `deliveries` are the paths of delivery ids, which are no things."""
    ids = [list(_ids(one, deliveries)) for one in told]
    own, every = _spread(ids, own=True), _spread(ids, own=False)
    nouns: dict[_Key, str] = {}
    return [_subject(one, found, own, every, nouns) for one, found in zip(told, ids, strict=True)]


def _subject(
    told: Told, ids: Sequence[_Id], own: Mapping[_Key, int], every: Mapping[_Key, int], nouns: dict[_Key, str]
) -> Subject:
    """The subject by the best of the ids; things with the same id are called the same."""

    def score(one: _Id) -> tuple[int, bool, int, int, int]:
        others = max((own.get(key, 0) - one.own for key in one.keys), default=0)
        shared = max((every[key] for key in one.keys), default=0)
        return others, one.own, shared, -_order(one.leaf.word), -one.leaf.depth

    fitting = [one for one in ids if _is_named(one, told.event) or (one.own and not _is_container(one, own, every))]
    best = max((one for one in fitting if any(score(one)[:2])), key=score, default=None)
    if best is None:
        things = (one for one in ids if one.leaf.home and not _is_container(one, own, every))
        again = [one for one in things if one.again or any(every[key] > 1 for key in one.keys)]
        best = again[0] if len(again) == 1 else None
    if best is None:
        return Subject()
    noun = next((nouns[key] for key in best.keys if key in nouns), _noun(best.leaf, told.event))
    nouns |= dict.fromkeys(best.keys, noun)
    path = best.leaf.path
    return Subject(f"{noun.replace('_', ' ')} {insert(path)}".strip(), path)


def _is_named(one: _Id, event: str) -> bool:
    """Whether the name of the event begins with the thing: incident.annotated is about an incident."""
    return bool(one.leaf.home) and words_of(event).startswith(one.leaf.home[-1])


def _is_container(one: _Id, own: Mapping[_Key, int], every: Mapping[_Key, int]) -> bool:
    """Whether it is that in which most things are, as a repository: what is about it is about something in it."""
    return any(every[key] >= _MANY and 2 * own.get(key, 0) < every[key] for key in one.keys)


def _ids(told: Told, deliveries: Collection[Path]) -> Iterator[_Id]:
    """The ids of things, no people, in the payloads of a document."""
    found: dict[Path, list[Leaf]] = {}
    for payload in told.payloads:
        leaves = tree_of(payload).leaves if isinstance(payload, dict) else ()
        words = {leaf.words for leaf in leaves}
        for leaf in leaves:
            if leaf.path in deliveries or not usable(leaf.path):
                continue
            if _is_id(leaf, told.event) or _is_arn(leaf, words):
                found.setdefault(leaf.path, []).append(leaf)
    for leaves in found.values():
        first = leaves[0]
        own = first.home in told.about or first.word not in _IDS
        keys = frozenset(map(_key, leaves))
        yield _Id(first, own, keys, len(keys) < len(leaves))


def _is_id(leaf: Leaf, event: str) -> bool:
    value = leaf.value
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        return False
    return not clues.is_of_person(leaf) and (leaf.word in _IDS or leaf.word == f"{_first_word(event)}_id")


def _is_arn(leaf: Leaf, words: Collection[Words]) -> bool:
    """Whether it is Amazon's name of a thing that has a plain one beside it; `words` are those of all leaves."""
    named = (*leaf.home, f"{leaf.word.removesuffix(_ARN)}_name")
    return leaf.word.endswith(_ARN) and named in words and text_of(leaf.value).startswith("arn:")


def _key(leaf: Leaf) -> _Key:
    """What is the same for the same thing: an id by itself, a short one with the name of its place."""
    text = text_of(leaf.value)
    return text if len(text) >= _TELLING else ("_".join((*leaf.home[-1:], leaf.word)), text)


def _spread(ids: Sequence[Sequence[_Id]], *, own: bool) -> dict[_Key, int]:
    """In how many documents each id stands; with `own`, as that of the thing that the message is about."""
    found: dict[_Key, int] = {}
    for those in ids:
        for key in {key for one in those if one.own or not own for key in one.keys}:
            found[key] = found.get(key, 0) + 1
    return found


def _order(word: str) -> int:
    return _IDS.index(word) if word in _IDS else 0


def _noun(leaf: Leaf, event: str) -> str:
    """What the thing is: the key of its object, or the beginning of the event's name or of the id's key."""
    if leaf.home and leaf.home[-1] not in WRAPPERS:
        return leaf.home[-1]
    return leaf.word.removesuffix("_id").removesuffix(_ARN) if leaf.word not in _IDS else _first_word(event)


def _first_word(event: str) -> str:
    """The first of several words of an event's name: what it is about, in most."""
    words = words_of(event.replace(".", "_")).split("_")
    return words[0] if len(words) > 1 else ""
