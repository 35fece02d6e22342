"""JSON values as text, numbers and lists: any value, without raising, as a person would write it."""

from typing import Any

import pytest

from gateway.language.functions.coerce import number_of, text_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (1e6, "1000000"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        ({"a": [1]}, '{"a": [1]}'),
        ("a\x00", "a"),
    ],
)
def test_values_as_text(value: Any, expected: str) -> None:
    """Values read as a person writes them."""
    assert text_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("1e6", 1e6), (" 12 ", 12), (True, None), ("1_000", None), ("²", None), ("x", None)]
)
def test_numbers_in_values(value: Any, expected: float | None) -> None:
    """Numbers are found in numbers and in plain ASCII text, not in booleans."""
    assert number_of(value) == expected
