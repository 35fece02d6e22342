"""The positions of listeners are part of every journal."""

from gateway.journal import Journal
from gateway.journal.positions import Positions


def test_a_journal_keeps_positions() -> None:
    """Who needs no more of a journal depends on these two calls alone."""
    assert Positions in Journal.__mro__
    assert {name for name in vars(Positions) if not name.startswith("_")} == {"position", "advance"}
