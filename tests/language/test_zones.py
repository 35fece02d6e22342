"""Zones by name, as templates and payloads write them."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.language.zones import problem_of, zone_named

WINTER = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - the zone is what is asked for


@pytest.mark.parametrize(
    ("name", "hours"),
    [("UTC", 0), ("Europe/Berlin", 1), ("America/Argentina/Buenos_Aires", -3), ("Etc/GMT+5", -5), ("+05:30", 5.5),
     ("-0800", -8)],
)  # fmt: skip
def test_a_zone_has_its_offset(name, hours):
    """In winter, north of the equator."""
    zone = zone_named(name)
    assert zone is not None
    assert zone.utcoffset(WINTER) == timedelta(hours=hours)


@pytest.mark.parametrize("name", ["", "Europe", "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "+24:00", "a\0b"])
def test_what_is_no_zone_is_none(name):
    """Neither a folder of zones nor a path out of it is one."""
    assert zone_named(name) is None


@given(st.text(max_size=100))
def test_any_text_is_a_zone_or_none(name):
    """Nothing raises."""
    zone_named(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Europe/Berlin", ""),
        ("Europe/Berlni", "there is no time zone 'Europe/Berlni'; did you mean Europe/Berlin?"),
        ("?", "there is no time zone '?'; write an IANA name such as 'Europe/Berlin', or an offset: '+02:00'"),
    ],
)
def test_a_zone_that_is_not_one_is_told(name, told):
    """With the one that was likely meant."""
    assert problem_of(name) == told
