"""The facts of a value that nobody described: names, order, times; credentials by name and by look."""

import time
from typing import Any

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.facts import is_api, shown
from tests.cost import pace


def told(value: Any, *arguments: Any) -> dict[str, str]:
    """The facts as names and values."""
    return {fact["title"]: fact["value"] for fact in TABLE["facts"].call(value, *arguments)}


def test_facts_are_short_named_and_shallow_first() -> None:
    """Inner facts come after outer ones, under names that tell where they are from; long texts and blanks are none."""
    value = {"data": {"orderId": 7}, "paid": True, "note": "x" * 300, "lines": "a\nb", "none": None, "tags": ["a", 1]}
    assert told(value) == {"Paid": "yes", "Tags": "a, 1", "Order id": "7"}


def test_times_are_read_by_their_names() -> None:
    """Epochs and ISO times become readable where the name says that they are times."""
    value = {"created_at": 1769868300, "startDate": "2026-01-31", "amount": 1769868300}
    assert told(value) == {"Created at": "2026-01-31 14:05 UTC", "Start date": "2026-01-31", "Amount": "1769868300"}


def test_facts_and_the_rest_are_everything_once() -> None:
    """What the one leaves out, because of its number or of its shape, the other tells."""
    value = {"a": 1, "b": 2, "c": [{"d": 3}], "hidden": 4}
    assert told(value, 1, ["hidden"]) == {"A": "1"}
    assert TABLE["beyond_facts"].call(value, 1, ["hidden"]) == '{\n "b": 2,\n "c": [\n  {\n   "d": 3\n  }\n ]\n}'
    assert TABLE["beyond_facts"].call({"a": 1}) is None
    assert TABLE["beyond_facts"].call({"token": "t"}) is None


def test_names_come_first_and_ids_last() -> None:
    """What tells most is told first, whatever its place; checksums are not told at all."""
    value = {"id": 1, "etag": "x", "at": "2026-01-31", "off": False, "place": "hall", "who": {"name": "Ada"}}
    assert list(told(value)) == ["Who name", "Place", "At", "Off", "Id"]


@pytest.mark.parametrize(
    ("word", "value", "text"),
    [
        ("timestamp", 1, ""),
        ("deleted_at", "0001-01-01T00:00:00Z", ""),
        ("added", "2026-01-31T14:05:00Z", "2026-01-31 14:05 UTC"),
        ("ends", 1769868300, "2026-01-31 14:05 UTC"),
        ("time", 4, "4"),
        ("started", "6/12/2018 7:04 PM", "6/12/2018 7:04 PM"),
        ("commit_id", "9fceb02d0ae598e95dc970b74767f19372d61af8", "9fceb02d0a"),
        ("where", "None", ""),
        ("on", True, "yes"),
    ],
)
def test_values_are_shown_as_a_person_reads_them(word: str, value: Any, text: str) -> None:
    """Times as times, ids of commits short, and nothing where there is no value."""
    assert shown(word, value) == text


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://api.x.example/1", True),
        ("https://x.example/rest/api/2/issue/1", True),
        ("https://x.example/_apis/1", True),
        ("https://x.example/items/1.json", True),
        ("https://x.example/capital/1", False),
    ],
)
def test_urls_for_programs(url: str, *, api: bool) -> None:
    """A page for people is told from what answers with data, by its looks."""
    assert is_api(url) is api


def test_credentials_are_sought_in_what_is_shown() -> None:
    """Of many long texts the first 40,000 characters are searched, and no text behind them is shown unsearched."""
    value = {f"k{number}": ["https://a:" * 400 + f"token=secret{number}"] for number in range(400)}
    started = time.thread_time()
    rest = TABLE["beyond_facts"].call(value)
    assert (time.thread_time() - started) / pace() < 0.1
    assert "secret" not in rest
    assert len(rest) < 60_000
