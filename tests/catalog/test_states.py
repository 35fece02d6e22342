"""Tables of states: a vendor's words become those of the product."""

import pytest

from gateway.catalog.catalog import load


@pytest.mark.parametrize(
    ("state", "word", "phase", "color"),
    [
        ("shipped", "resolved", "close", "good"),
        ("refused", "rejected", "close", "danger"),
        ("Lost", "gone astray", "change", "warning"),
        ("in_transit", "in transit", "change", None),
        ("FAILED", "failed", "change", "danger"),
        (None, None, "change", None),
    ],
)
def test_states_have_words_phases_and_colours(shop, draft, state, word, phase, color):
    """A word that the table lacks is the vendor's own, in the colour that the product knows for it."""
    made = draft(load(shop).services["a"], {"state": state, "by": {"name": "Ada"}})
    (shown,) = made.message.attachments
    assert (shown.title, made.phase, shown.color) == (word and f"order {word}", phase, color)
