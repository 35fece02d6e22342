"""A payload taken apart: leaves level by level, arrays of objects, and little else."""

import time
from typing import Any

import pytest

from gateway.language.functions.tree import MOST, distance, joined, label, tree_of
from tests.cost import pace


def leaves(value: Any, **options: Any) -> dict[str, Any]:
    """The leaves by their keys in words."""
    return {".".join(leaf.words): leaf.value for leaf in tree_of(value, **options).leaves}


def test_leaves_come_level_by_level_and_wrappers_are_no_level() -> None:
    """What is shallow is first; blanks are no leaves; an array of scalars is one."""
    tree = tree_of({"data": {"a": {"deepOne": 1}, "tags": ["x", 2, None]}, "b": "", "c": None, "d": False})
    assert [(leaf.words, leaf.value, leaf.depth) for leaf in tree.leaves] == [
        (("d",), False, 1),
        (("data", "tags"), "x, 2", 1),
        (("data", "a", "deep_one"), 1, 2),
    ]
    assert (tree.leaves[2].word, tree.leaves[2].parent, tree.leaves[2].home) == ("deep_one", "a", ("data", "a"))


def test_an_array_is_rows_but_of_one_event() -> None:
    """Objects and rows of scalars are for lines; `events` of one is that event; what is nested deeper is neither."""
    tree = tree_of({"items": [{"a": 1}], "events": [{"b": 2}], "grid": [[1, 2], [3]], "odd": [[[1]]], "none": []})
    assert [leaf.words for leaf in tree.leaves] == [("events", "b")]
    assert [rows.words for rows in tree.rows] == [("items",), ("grid",)]
    assert [path for path, _ in tree.others] == [("odd",)]


def test_credentials_are_no_leaves() -> None:
    """Neither by their own name, nor inside of what is named so, nor as the value of a pair."""
    value = {
        "token": "x",
        "secrets": {"a": "x", "expires_at": "2026-01-31"},
        "tokens": ["x"],
        "pair": {"name": "API_KEY", "value": "x"},
        "token_request": {"count": 2},
    }
    assert leaves(value) == {"secrets.expires_at": "2026-01-31", "pair.name": "API_KEY", "token_request.count": 2}
    assert leaves({"value": "x", "status": "signed"}, secret=True) == {"status": "signed"}


def test_parts_of_one_thing_are_joined() -> None:
    """First and last name are one name; the name in a pair is the key of its value."""
    value = {"who": {"first_name": "Ada", "last_name": "L"}, "field": {"name": "Shade", "value": "dark", "type": "t"}}
    assert {leaf.words: leaf.value for leaf in joined(tree_of(value).leaves)} == {
        ("who", "full_name"): "Ada L",
        ("shade",): "dark",
        ("field", "type"): "t",
    }


@pytest.mark.parametrize(
    ("words", "under", "name"),
    [
        (("payload", "check_name"), (), "Check name"),
        (("a", "b", "c", "d", "e"), (), "B c d e"),
        (("issue", "issue_key"), (), "Issue key"),
        (("issue", "key"), ("issue",), "Key"),
        (("data",), (), "Data"),
        (("",), (), "Value"),
    ],
)
def test_labels_say_what_their_path_says(words: Any, under: Any, name: str) -> None:
    """Wrappers and repetitions go, the last words stay; what is below the thing itself is named from there."""
    assert label(words, under) == name


def test_distances_between_objects() -> None:
    """Steps up and down count, wrappers do not."""
    assert distance(("a", "b"), ("a", "b")) == 0
    assert distance(("a", "b"), ("a", "c")) == 2
    assert distance(("data", "a"), ("a",)) == 2
    assert distance(("data",), ()) == 0


@pytest.mark.parametrize(
    "value",
    [
        {f"k{number}": {"a": number} for number in range(100_000)},
        {f"k{number}": {f"a{at}": {} for at in range(300)} for number in range(300)},
        {"k" * 10_000 + str(number): number for number in range(1000)},
    ],
)
def test_a_look_is_bounded(value: Any) -> None:
    """However wide or empty a payload is, only so much of it is looked at."""
    started = time.thread_time()
    assert len(tree_of(value).leaves) <= MOST
    assert (time.thread_time() - started) / pace() < 0.2
