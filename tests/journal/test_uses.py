"""The places of tickets as values."""

from gateway.journal.uses import Pin


def test_a_place_is_a_channel_and_a_post() -> None:
    """Both must be the same; a post moved elsewhere is another place."""
    assert Pin("c", "p") == Pin("c", "p")
    assert len({Pin("c", "p"), Pin("c", "q"), Pin("d", "p")}) == 3
