"""Functions on numbers: readable, never a unit too small, and text that is no number stays."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.language.functions.pieces import call


@pytest.mark.parametrize("name", ["number", "bytes", "percent", "money"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [("n/a", "n/a"), ("1,5", "1,5"), ("", ""), ("0x10", "0x10"), (True, None), ([1], None), ({}, None)],
)
def test_what_is_no_number_stays(name: str, value: Any, shown: Any) -> None:
    """Text stays as it is, since it may say more than a number would; values that are neither are missing."""
    assert call(name, value) == shown


@pytest.mark.parametrize("name", ["number", "bytes", "percent", "money"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1e999"])
def test_what_is_not_finite_is_no_number(name: str, value: Any) -> None:
    """A calculation of the sender that failed is not shown as a size or an amount."""
    assert call(name, value) == (value if isinstance(value, str) else None)


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (1234.5678, 2, "1,234.57"), (" -12.50 ", 2, "-12.5"), (-0.001, 2, "0"), (0.5, 0, "0"), (1.5, 0, "2"),
        (10**30, 2, "1,000,000,000,000,000,000,000,000,000,000"), (7, 2, "7"), (1.23456, "3", "1.235"),
        (1.5, None, "1.5"), (1.5, -3, "2"), (0.1, 99, "0.10000000000000000555"), (10**400, 2, "(a very large number)"),
    ],
)  # fmt: skip
def test_numbers(value: Any, digits: Any, shown: str) -> None:
    """Thousands are separated, decimals rounded, zeros at the end left out, and nothing is minus nothing."""
    assert call("number", value, digits) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (999.4, "999 B"), (999.6, "1 kB"), (1000, "1 kB"), (1499, "1.5 kB"),
        (999_949, "999.9 kB"), (999_999, "1 MB"), (-1_500_000, "-1.5 MB"), ("2e9", "2 GB"), (1e18, "1 EB"),
        (1e22, "10,000 EB"),
    ],
)  # fmt: skip
def test_bytes(value: Any, shown: str) -> None:
    """A size is in the largest unit that it has at least once when it is rounded."""
    assert call("bytes", value) == shown


@given(st.floats(-1e20, 1e20) | st.integers(-(10**20), 10**20))
def test_bytes_round_up_a_unit(size: float) -> None:
    """No size reads as 1,000 of a unit, and one of less than a thousand needs no thousands."""
    assert re.fullmatch(r"-?\d{1,3}(\.[1-9])? ([kMGTPE]?B)", call("bytes", size))


@pytest.mark.parametrize(
    ("value", "arguments", "shown"),
    [
        (0.5, {}, "50%"), ("0.125", {}, "12.5%"), (1, {"of": 3}, "33.3%"), (1, {"of": 3, "digits": 3}, "33.333%"),
        (5, {"of": 0}, None), (5, {"of": "x"}, None), (5, {"of": None}, None), (-1, {"of": 4}, "-25%"),
        (1e308, {"of": 1e-10}, None), (10**300, {"of": 1e-300}, None), (10**300, {"of": 10**299}, "1,000%"),
    ],
)  # fmt: skip
def test_percentages(value: Any, arguments: dict[str, Any], shown: str | None) -> None:
    """A share of nothing, or beyond every number, is missing."""
    assert call("percent", value, **arguments) == shown


@pytest.mark.parametrize(
    ("value", "arguments", "shown"),
    [
        (123450, {"currency": "eur"}, "1,234.50 EUR"), (-5, {"currency": "usd"}, "-0.05 USD"),
        (-0.4, {"currency": "usd"}, "0.00 USD"), (1234, {"currency": " kwd "}, "1.234 KWD"),
        (1234, {"currency": "Jpy"}, "1,234 JPY"), (12, {"currency": "jpy", "major": True}, "12 JPY"),
        (1.5, {"currency": "bhd", "major": True}, "1.500 BHD"), (100, {}, "1.00"), (100, {"currency": None}, "1.00"),
        (100, {"currency": "x" * 30}, "1.00 " + "X" * 20),
    ],
)  # fmt: skip
def test_amounts(value: Any, arguments: dict[str, Any], shown: str) -> None:
    """Minor units are hundredths, but for the currencies that have none or thousandths (ISO 4217)."""
    assert call("money", value, **arguments) == shown
