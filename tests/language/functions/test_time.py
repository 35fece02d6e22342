"""Every form of time that senders use, and what is no time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.functions.time import between, date, duration, moment_of, time


@pytest.mark.parametrize(
    "value",
    [
        1769868300,
        1769868300.5,
        "1769868300",
        1769868300000,
        1769868300123456,
        1769868300123456789,
        "2026-01-31T14:05:00Z",
        "2026-01-31T14:05:00.123456789Z",
        "2026-01-31T15:05:00+01:00",
        "2026-01-31T14:05:00+0000",
        "2026-01-31 14:05:00 UTC",
        "2026-01-31 14:05:00 (UTC)",
        "2026-01-31 14:05:00.5 +0000 UTC",
        "Sat, 31 Jan 2026 15:05:00 +0100",
        "Sat, 31 Jan 2026 14:05:00 GMT",
    ],
)
def test_forms_of_one_moment(value: Any) -> None:
    """Epochs in four units and all the texts of one moment read the same."""
    assert time(value) == "2026-01-31 14:05 UTC"
    assert date(value) == "2026-01-31"


@pytest.mark.parametrize("value", ["2026-01-31T14:05:00", "2026-01-31 14:05:00", "1/31/2026 2:05 PM"])
def test_no_zone_is_made_up(value: str) -> None:
    """A time without a zone is shown without one."""
    assert time(value) == "2026-01-31 14:05"


def test_a_day_stays_a_day() -> None:
    """A date without a time of day gets none."""
    assert time("2026-01-31") == "2026-01-31"


@pytest.mark.parametrize("value", [0, "0", -5, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "", True, [], {}, 1e300])
def test_sentinels_are_missing(value: Any) -> None:
    """What a sender writes for "not set", and what cannot be a time, is missing."""
    assert moment_of(value) is None
    assert time(value) is None


def test_other_text_stays() -> None:
    """Text that is no time is shown as it is."""
    assert time("soon") == "soon"
    assert date("soon") == "soon"


def test_a_bad_format_is_passed_over() -> None:
    """A format that cannot be used gives the usual form."""
    assert time(1769868300, "\ud800") == "2026-01-31 14:05 UTC"
    assert time(1769868300, 5) == "2026-01-31 14:05 UTC"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0 s"),
        (0.35, "350 ms"),
        (45, "45 s"),
        (3600, "1 h"),
        (3905, "1 h 5 min"),
        (90061, "1 d 1 h"),
        (-5, "-5 s"),
        ("PT1H5M", "1 h 5 min"),
        ("P1DT2H", "1 d 2 h"),
        ("1h5m3.5s", "1 h 5 min"),
        ("350ms", "350 ms"),
        ("01:05:03", "1 h 5 min"),
        ("90", "1 min 30 s"),
        ("a while", "a while"),
        (True, None),
        ([], None),
    ],
)
def test_durations(value: Any, expected: str | None) -> None:
    """Seconds, ISO 8601, Go and clock forms read in their two largest units."""
    assert duration(value) == expected


def test_duration_units() -> None:
    """A number in another unit is told by its unit."""
    assert duration(90_000, "ms") == duration(90) == duration(1.5, "min")


def test_between_needs_both_zones_or_none() -> None:
    """Two times compare only if both say their zone or neither does."""
    assert between("2026-01-31T14:00:00Z", "2026-01-31T15:01:00+00:00") == "1 h 1 min"
    assert between("2026-01-31T14:00:00", "2026-01-31 14:00:09") == "9 s"
    assert between("2026-01-31T14:00:00", "2026-01-31T15:00:00Z") is None


@pytest.mark.parametrize(
    ("value", "zone", "told"),
    [
        ("2026-01-31 15:05:00", "Europe/Berlin", "2026-01-31 14:05 UTC"),
        ("2026-07-31 15:05:00", "Europe/Berlin", "2026-07-31 13:05 UTC"),
        ("1/31/2026 9:05 AM", "-05:00", "2026-01-31 14:05 UTC"),
        ("2026-01-31T15:05:00Z", "Europe/Berlin", "2026-01-31 15:05 UTC"),
        (1769868300, "Europe/Berlin", "2026-01-31 14:05 UTC"),
        ("2026-01-31", "Europe/Berlin", "2026-01-31"),
        ("2026-01-31 15:05:00", "Berlin time", "2026-01-31 15:05"),
        ("2026-01-31 15:05:00", None, "2026-01-31 15:05"),
        ("2026-10-25 02:30:00", "Europe/Berlin", "2026-10-25 00:30 UTC"),
        ("9999-12-31 23:59:59", "-05:00", "9999-12-31 23:59"),
        ("soon", "Europe/Berlin", "soon"),
    ],
)
def test_a_time_without_a_zone_takes_that_of_its_sender(value: Any, zone: Any, told: str) -> None:
    """One with a zone keeps its own, a day stays a day, and a name that is no zone says nothing."""
    assert time(value, zone=zone) == told


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just([1]), st.just({"a": 1}),
    st.datetimes().map(str), st.dates().map(str),
)  # fmt: skip


@given(values, values, st.one_of(values, st.sampled_from(["Europe/Berlin", "UTC", "+14:00", "Pacific/Apia"])))
def test_times_are_total(value: Any, other: Any, zone: Any) -> None:
    """Any value, in any zone, gives a text or nothing."""
    for found in (time(value, zone=zone), date(value, zone=zone), between(value, other, zone=zone)):
        assert found is None or isinstance(found, str)
