"""A payload of unknown shape as its leaves, its arrays of objects, and the few parts that are neither.

Credentials are no leaves. One look takes a bounded number of nodes, shallow ones first, whatever a sender nests.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby, islice
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from gateway.language.functions.coerce import text_of
from gateway.language.functions.credentials import (
    KNOWN_WORDS,
    hidden_keys,
    is_credential,
    names_credential,
    without_named,
    words_of,
)
from gateway.language.functions.text import shorten
from gateway.model import JSON

WRAPPERS: Final = frozenset(
    "data payload event event_data body object attributes detail details resource record entity message"
    " detailed_message object_attributes links".split()
)
"""Keys that only wrap: they say nothing in the name of a fact, and what is in them is not deep."""

_EVENTS: Final = frozenset(
    "messages events alerts records entries entry changes notifications log_entries incidents data".split()
)
"""Keys of arrays of events: one alone is what the message is about."""
MOST: Final = 300
"""The leaves of one look."""
_DEEPEST: Final = 8
_ITEMS: Final = 10
"""How many elements of an array of words are told."""

Path = tuple[str, ...]
Words = tuple[str, ...]
"""The keys of a path in words (`words_of`), without positions in arrays: two spellings of one key are one."""


class Leaf(Struct):
    """A scalar, or an array of them as one text. `depth` is its level, 1 at the top; wrappers count for nothing.

    `word` is its own key in words, `home` the object that it is in, `parent` the key of that object, "" at the top.
    """

    path: Path
    words: Words
    value: JSON
    depth: int
    word: str = ""
    home: Words = ()
    parent: str = ""

    def __post_init__(self) -> None:
        """Derive what every question asks for."""
        self.word, self.home = self.words[-1], self.words[:-1]
        self.parent = self.words[-2] if len(self.words) > 1 else ""


class Rows(NamedTuple):
    """An array of objects, or of rows of scalars; most leaves in it are credentials if its name is one (`secret`)."""

    words: Words
    elements: list[JSON]
    secret: bool
    path: Path = ()


class Tree(NamedTuple):
    """What one look at a payload found; `others` is what is nested in a way that is neither leaf nor row."""

    leaves: list[Leaf]
    rows: list[Rows]
    others: list[tuple[Path, JSON]]


class _Branch(NamedTuple):
    path: Path
    words: Words
    value: Mapping[str, JSON]
    depth: int
    secret: bool


def tree_of(value: Mapping[str, JSON], *, secret: bool = False, most: int = MOST) -> Tree:
    """The parts of an object, level by level, with `most` leaves; an array of a single event counts as that event."""
    tree = Tree([], [], [])
    queue = deque([_Branch((), (), value, 1, secret)])
    left = 4 * most
    while queue and left > 0 and len(tree.leaves) < most:
        branch = queue.popleft()
        left -= 1 + min(len(branch.value), most)
        masked = hidden_keys(branch.value)
        for key, part in islice(branch.value.items(), most):
            inner = None if key in masked else _sort_in(tree, branch, str(key), part)
            if inner is not None:
                queue.append(inner)
    return tree


def _sort_in(tree: Tree, above: _Branch, key: str, part: JSON) -> _Branch | None:
    """Put a part where it belongs; an object that is to be looked into comes back."""
    path, words = (*above.path, key), (*above.words, words_of(key))
    if not isinstance(part, dict | list):
        if part not in (None, "") and not is_credential(key, part, inside=above.secret):
            tree.leaves.append(Leaf(path, words, part, above.depth))
        return None
    if not part:
        return None
    depth, secret = above.depth + (words[-1] not in WRAPPERS), above.secret or names_credential(key)
    if isinstance(part, list) and len(part) == 1 and isinstance(part[0], dict) and words[-1] in _EVENTS:
        path, part, depth = (*path, "0"), part[0], depth + 1
    if isinstance(part, dict) and len(path) < _DEEPEST:
        return _Branch(path, words, part, depth, secret)
    if isinstance(part, list) and _are_scalars(part):
        if not secret:
            tree.leaves.append(Leaf(path, words, items_text(part), above.depth))
    elif isinstance(part, list) and any(isinstance(one, dict) or _are_scalars(one) for one in part[:_ITEMS]):
        tree.rows.append(Rows(words, part, secret, path))
    elif not secret:
        tree.others.append((path, part))
    return None


def _are_scalars(value: JSON) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value[: _ITEMS + 1])


def items_text(part: Sequence[JSON], *, row: bool = False) -> str:
    """An array of scalars, or a `row` of an array, in a line: the first ten, and how many more."""
    items = without_named(part[:_ITEMS], row=row)
    shown = ", ".join(text_of(item)[:200] for item in items if item not in (None, ""))
    return shown + (f" and {len(part) - _ITEMS} more" if len(part) > _ITEMS else "")


def joined(leaves: Sequence[Leaf]) -> list[Leaf]:
    """The leaves with those that only together say something as one.

    The first and the last name of a person are one name; of an object of nothing but a name and a value, such as
    `{"name": "Color", "value": "Blue"}`, the name is the key of the value.
    """
    if not any(leaf.word in ("first_name", "value") for leaf in leaves):
        return list(leaves)
    homes = dict[Words, dict[str, Leaf]]()
    for leaf in leaves:
        homes.setdefault(leaf.home, {})[leaf.word] = leaf
    return [one for leaf in leaves if (one := _joined(leaf, homes[leaf.home])) is not None]


def _joined(leaf: Leaf, home: Mapping[str, Leaf]) -> Leaf | None:
    """The leaf as it is told beside the others of its object, None if another tells it."""
    if leaf.word in ("first_name", "last_name") and {"first_name", "last_name"} <= home.keys():
        both = f"{text_of(home['first_name'].value)} {text_of(home['last_name'].value)}"
        return replace(leaf, words=(*leaf.home, "full_name"), value=both) if leaf.word == "first_name" else None
    naming = next((word for word in ("name", "label") if home.keys() - {"type"} == {word, "value"}), None)
    if naming is None or not leaf.home or leaf.word == "type":
        return leaf
    name = words_of(text_of(home[naming].value)) or leaf.parent
    return replace(leaf, words=(*leaf.home[:-1], name)) if leaf.word == "value" else None


@lru_cache(KNOWN_WORDS)
def label(words: Words, under: Words = ()) -> str:
    """`("payload", "check_name")` as "Check name": the last words, which tell most, without keys that only wrap.

    What is below `under`, the object that the message is about, is named from there.
    """
    inner = words[len(under) :] if words[: len(under)] == under and len(words) > len(under) else words
    kept = [word for index, word in enumerate(inner) if word not in WRAPPERS or index == len(inner) - 1]
    single = [word for word, _ in groupby("_".join(kept).split("_"))][-4:]
    return shorten(" ".join(single).strip().capitalize(), 60) or "Value"


def distance(one: Words, other: Words) -> int:
    """How many steps lie between two objects; those through wrappers are none."""
    common = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        common += 1
    return sum(word not in WRAPPERS for word in (*one[common:], *other[common:]))
