"""Snoozes are part of every journal."""

from gateway.journal import Journal
from gateway.journal.snoozes import Snoozes


def test_a_journal_keeps_snoozes() -> None:
    """Who needs no more of a journal depends on these three calls alone."""
    assert Snoozes in Journal.__mro__
    assert {name for name in vars(Snoozes) if not name.startswith("_")} == {"snoozes", "snooze", "wake"}
