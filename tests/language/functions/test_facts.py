"""The facts of a value that nobody described: names, order, times; credentials by name and by look."""

import time
from typing import Any

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.facts import hide, is_credential, label


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


@pytest.mark.parametrize(
    "key", ["token", "accessToken", "API-Key", "client_secret", "db.password", "Set-Cookie", "privateKey", "otp"]
)
def test_names_of_credentials(key: str) -> None:
    """A key that names a credential is known in every spelling."""
    assert is_credential(key, "x")
    assert is_credential(key, {"a": 1})


@pytest.mark.parametrize(
    ("key", "value"), [("tokenizer", "x"), ("token_count", 3), ("secretary", "x"), ("has_password", True), ("keys", 1)]
)
def test_names_of_other_things(key: str, value: Any) -> None:
    """Words that only begin alike, counts and flags are shown."""
    assert not is_credential(key, value)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("get https://x.example/?token=abc&a=1", "get https://x.example/?token=***&a=1"),
        ("postgres://ada:pw@db/x", "postgres://ada:***@db/x"),
        ("Authorization: Bearer abcdefghij", "Authorization: Bearer ***"),
        ("key glpat-abcdefghijklmno", "key ***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc", "***"),
        ("the token of the day", "the token of the day"),
    ],
)
def test_looks_of_credentials(text: str, hidden: str) -> None:
    """Credentials inside texts are known by what stands before them or by their own look."""
    assert hide(text) == hidden


def test_labels_say_what_their_path_says() -> None:
    """Wrappers and repetitions go, the last words stay."""
    assert label(("payload", "checkName")) == "Check name"
    assert label(("a", "b", "c", "d", "e")) == "B c d e"
    assert label(("data",)) == "Data"
    assert label(("",)) == "Value"


def test_credentials_are_sought_in_what_is_shown() -> None:
    """Of many long texts the first 40,000 characters are searched, and no text behind them is shown unsearched."""
    value = {f"k{number}": ["https://a:" * 400 + f"token=secret{number}"] for number in range(400)}
    started = time.thread_time()
    shown = TABLE["beyond_facts"].call(value)
    assert time.thread_time() - started < 0.1
    assert "secret" not in shown
    assert len(shown) < 60_000
