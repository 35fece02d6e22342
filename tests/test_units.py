"""Durations and sizes as people write them, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.units import amount, moment, seconds, size, written


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (172800, "2 d"),
        (86400, "1 d"),
        (5400, "1.5 h"),
        (300, "5 min"),
        (95, "1.6 min"),
        (30, "30 s"),
        (0.5, "0.5 s"),
        (0, "0 s"),
    ],
)
def test_a_length_of_time_is_written_in_the_unit_that_fits(length, text):
    """The largest unit that the length has at least once, with two digits."""
    assert written(length) == text


@pytest.mark.parametrize(
    ("text", "length"), [("10s", 10), ("1.5h", 5400), ("250ms", 0.25), (" 2 d ", 172800), ("1w", 604800)]
)
def test_a_duration_is_read(text, length):
    """A number and a unit, with or without room around them."""
    assert seconds(text) == length


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2h", 1_800_000_000 - 7200),
        ("2027-01-15T08:00", 1_800_000_000),
        (" 2027-01-15 ", 1_799_971_200),
        ("2027-01-15T10:00+02:00", 1_800_000_000),
        ("1799990000", 1_799_990_000),
        ("1799990000.5", 1_799_990_000.5),
    ],
)
def test_a_time_is_read(text, at):
    """How long ago, a time of the clock in UTC or with an offset, or seconds since the epoch."""
    assert moment(text, 1_800_000_000) == at


@pytest.mark.parametrize("text", ["soon", "", "12", "2027-13-01", "9" * 5000])
def test_a_time_that_is_none_is_told(text):
    """With what may be written, and no more of it than people read."""
    with pytest.raises(ValueError, match="neither how long ago") as caught:
        moment(text, 0.0)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(("text", "count"), [("5MB", 5_000_000), ("300kB", 300_000), ("1GiB", 1 << 30), ("7 b", 7)])
def test_a_size_is_read(text, count):
    """Decimal and binary units, in any case."""
    assert size(text) == count


@pytest.mark.parametrize("read", [seconds, size])
@pytest.mark.parametrize("text", ["", "5", "s", "5 parsecs", "-5s", "5,0s"])
def test_what_is_no_quantity_is_refused_with_the_units(read, text):
    """The error names the text and the units."""
    with pytest.raises(ValueError, match=r"write a number and one of"):
        read(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (1_234_567, "1.2 MB"),
     (999_999_999, "1.0 GB"), (5e12, "5000.0 GB")],
)  # fmt: skip
def test_sizes(number, text):
    """In the unit in which fewer than a thousand of them are."""
    assert amount(number) == text


@given(st.floats(0, 1e12))
def test_a_larger_size_is_never_written_smaller(number):
    """The text is within a twentieth of the number."""
    told, unit = amount(number).split()
    assert float(told) * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit] == pytest.approx(number, rel=0.06, abs=0.51)
