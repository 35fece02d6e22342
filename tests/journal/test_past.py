"""Counts as they travel: arrays of a few values."""

import msgspec

from gateway.journal.past import DeliveredCount, EventCount
from gateway.model import Outcome


def test_a_count_is_an_array() -> None:
    """A statement makes thousands of them in one row."""
    assert msgspec.json.decode(b'[5, "r", "broken", 2]', type=EventCount) == EventCount(5, "r", Outcome.BROKEN, 2)
    assert msgspec.json.decode(b'[5, "ops", 2]', type=DeliveredCount) == DeliveredCount(5, "ops", 2)
