"""Keys of settings tables: what they accept, what they say otherwise, how their defaults are written."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct

from gateway.secret import Secret
from gateway.settings import keys
from gateway.settings.keys import ADDRESS, BASE_URL, DURATION, LINK, SIZE, Address, doc


class Table(Struct, frozen=True, kw_only=True):
    """One key of each sort."""

    name: str = "no key"
    address: Annotated[Address, doc("a.", ADDRESS)] = Address("::1", 80)
    url: Annotated[str, doc("a.", BASE_URL)] = ""
    link: Annotated[str | None, doc("a.", LINK)] = None
    wait: Annotated[float, Meta(gt=0), doc("a.", DURATION)] = 90.0
    room: Annotated[int | None, Meta(ge=1), doc("a.", SIZE, "other")] = None
    count: Annotated[int, Meta(ge=1), doc("a.")] = 8
    share: Annotated[float, doc("a.")] = 0.5
    on: Annotated[bool, doc("a.")] = True
    form: Annotated[Literal["json", "text"], doc("a.")] = "json"
    words: Annotated[tuple[str, ...], Meta(min_length=1), doc("a.")] = ()
    key: Annotated[Secret, doc("a.")]
    needed: Annotated[str, doc("a.")]


KEYS = keys.keys(Table)


def test_only_documented_fields_are_keys() -> None:
    """A field without a text is the program's own."""
    assert set(KEYS) == set(Table.__struct_fields__) - {"name"}


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("address", "0.0.0.0:8080", Address("0.0.0.0", 8080)),
        ("address", "[::1]:0", Address("::1", 0)),
        ("address", "gate.example.com:65535", Address("gate.example.com", 65535)),
        ("url", "https://a.example/b/", "https://a.example/b"),
        ("link", "https://a.example/icon?size=1", "https://a.example/icon?size=1"),
        ("wait", "1.5h", 5400.0),
        ("room", "1kB", 1000),
        ("count", 3, 3),
        ("share", 1, 1.0),
        ("form", "text", "text"),
    ],
)
def test_values_are_read(name: str, written: Any, value: Any) -> None:
    """Text with a unit becomes a number, an integer serves where a number is wanted."""
    found = keys.read(KEYS[name], written)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "written", "problem"),
    [
        ("address", ":8080", 'expected host:port, such as "0.0.0.0:8080" or "[::1]:8080"'),
        ("address", "::1:8080", 'expected host:port, such as "0.0.0.0:8080" or "[::1]:8080"'),
        ("address", 8080, "expected an address as text, got 8080"),
        ("wait", "0s", 'expected a duration, above 0, got "0s"'),
        ("count", True, "expected a whole number, at least 1, got true"),
        ("count", "s3cr3t", "expected a whole number, at least 1, got text"),
        ("share", float("inf"), "expected a number, got inf"),
        ("form", "xml", 'expected "json" or "text", got "xml"'),
        ("on", [], "expected true or false, got a list"),
        ("needed", {}, "expected text, got a table"),
    ],
)
def test_wrong_values_are_told(name: str, written: Any, problem: str) -> None:
    """What was expected and what is there; texts appear only where they cannot be a secret."""
    with pytest.raises(ValueError) as caught:
        keys.read(KEYS[name], written)
    assert str(caught.value) == problem


def test_texts_of_the_environment_are_read() -> None:
    """Numbers and switches are written as text in a variable, and checked as in the file."""
    assert keys.read_text(KEYS["count"], "3") == 3
    assert keys.read_text(KEYS["on"], "false") is False
    assert keys.read_text(KEYS["wait"], "2m") == 120.0
    with pytest.raises(ValueError, match='expected a whole number, at least 1, got "three"'):
        keys.read_text(KEYS["count"], "three")
    with pytest.raises(ValueError, match="expected a whole number, at least 1, got 0"):
        keys.read_text(KEYS["count"], "0")


def test_items_of_lists_are_read_one_by_one() -> None:
    """The bounds of a list key are those of its items."""
    assert keys.read_item(KEYS["words"], "push") == "push"
    with pytest.raises(ValueError, match="expected text, not empty, got an empty text"):
        keys.read_item(KEYS["words"], "")


def test_defaults_are_written_as_toml() -> None:
    """Quantities get their largest whole unit; what is inherited, absent or required is said in words."""
    assert {name: keys.default_text(key, "this") for name, key in KEYS.items()} == {
        "address": '"[::1]:80"',
        "url": '""',
        "link": "",
        "wait": '"90s"',
        "room": "that of [other]",
        "count": "8",
        "share": "0.5",
        "on": "true",
        "form": '"json"',
        "words": "[]",
        "key": "",
        "needed": "(required)",
    }


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("https://a.example", True),
        ("http://[::1]:80/x", True),
        ("https://a.example:0", False),
        ("https://[::1", False),
        ("ftp://a.example", False),
        ("https://", False),
        ("https://a.example/\n", False),
        ("https://a.example\\@b.example", False),
        ("https://u@a.example", False),
    ],
)
def test_only_plain_absolute_urls_count(text: str, right: bool) -> None:
    """User names, odd ports, other schemes and characters that parsers disagree about are out."""
    assert keys.is_http_url(text) is right
