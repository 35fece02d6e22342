"""Events that are told alike: they become one document, whose message says which of them happened.

Senders have an event for each step in the life of a thing, with the same payload: incident.triggered and
incident.resolved.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.catalog.draft_shape import Path
from gateway.language.functions.credentials import words_of
from gateway.language.functions.tree import tree_of
from gateway.model import JSON

_LEAST: Final = 0.8
"""The share of the keys of both payloads that has to be in each."""


def alike(groups: Mapping[str, Sequence[JSON]]) -> list[list[str]]:
    """The names of events (with their payloads) that one document tells, in the order in which they come."""
    keys = {name: _keys(payloads) for name, payloads in groups.items()}
    found: list[list[str]] = []
    for name in groups:
        home = next(
            (those for those in found if _share(keys[those[0]], keys[name]) and called([*those, name], groups)), None
        )
        if home is None:
            found.append([name])
        else:
            home.append(name)
    return found


def called(names: Sequence[str], groups: Mapping[str, Sequence[JSON]]) -> str:
    """What events are called together: by what their names have in common, or by the one object that they all are."""
    return common(names) or _root([one for name in names for one in groups[name]])


def _root(payloads: Sequence[JSON]) -> str:
    """The key of the one object that each payload is, as the root of XML; "" for none."""
    roots = {next(iter(one)) if isinstance(one, dict) and len(one) == 1 else "" for one in payloads}
    root = roots.pop() if len(roots) == 1 else ""
    return words_of(root).replace("_", " ") if root and all(isinstance(one[root], dict) for one in payloads) else ""


def common(names: Sequence[str]) -> str:
    """What several names of events begin with, or end with where they begin with a verb, in words; "" for nothing."""
    words = [words_of(name).split("_") for name in names]
    front = _front(words)
    if front and all(len(one) > len(front) for one in words):
        return " ".join(front)
    back = _front([one[::-1] for one in words])[::-1]
    is_thing = bool(back) and all(len(one) > len(back) for one in words) and not back[-1].endswith(("ed", "ing"))
    return " ".join(back) if is_thing else ""


def _front(words: Sequence[Sequence[str]]) -> list[str]:
    """The words with which all begin."""
    same = []
    for those in zip(*words, strict=False):
        if len(set(those)) > 1:
            break
        same.append(those[0])
    return same


def _keys(payloads: Sequence[JSON]) -> set[Path]:
    return {leaf.words for one in payloads if isinstance(one, dict) for leaf in tree_of(one).leaves}


def _share(one: set[Path], other: set[Path]) -> bool:
    """Whether two payloads have nearly the same keys."""
    return len(one & other) >= _LEAST * len(one | other) > 0
