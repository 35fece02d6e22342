"""How long to wait before a server is asked again, from its own header."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outbound.retry_after import AFTER_LIMIT, retry_after, seconds

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("value", "after"),
    [("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("9" * 400, AFTER_LIMIT), ("-5", None), ("1.5", None), ("\u0663", None)],
)
def test_a_number_of_seconds(value, after):
    """Whole numbers of ASCII digits count, up to the limit; nothing else is a number of seconds."""
    assert seconds(value) == after
    assert retry_after({"Retry-After": value}, NOW) == after


@pytest.mark.parametrize(
    "value",
    ["", "soon", "Wed, 99 Foo", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "Wed, 31 Feb 2024 07:28:00 GMT"],
)
def test_nothing_to_wait_for(value):
    """A header that is absent or unreadable asks for nothing."""
    assert retry_after({"Retry-After": value}, NOW) is None
    assert retry_after({}, NOW) is None


@pytest.mark.parametrize(("offset", "after"), [(90, 90.0), (-90, 0.0), (10**7, AFTER_LIMIT)])
def test_a_date_to_wait_for(offset, after):
    """An HTTP date is taken relative to now, never negative, never beyond the limit."""
    date = format_datetime(datetime.fromtimestamp(NOW + offset, UTC), usegmt=True)
    assert retry_after({"Retry-After": date}, NOW) == after


def test_a_date_without_a_zone_is_utc():
    """The form `-0000`, which has no zone, is taken as UTC."""
    assert retry_after({"Retry-After": "Tue, 14 Nov 2023 22:14:20 -0000"}, NOW) == 60.0


@given(
    st.lists(st.sampled_from(["Fri", ",", " ", "31", "Dec", "2026", ":", "GMT", "+", "9" * 20, "-", "(", "pm"])).map(
        "".join
    )
)
def test_any_time_to_wait_is_bounded(value):
    """Whatever stands in the header, the wait is none or between zero and an hour."""
    after = retry_after({"Retry-After": value}, NOW)
    assert after is None or 0 <= after <= AFTER_LIMIT
