"""Tables of states: a vendor's words become those of the product."""

import pytest

from gateway.catalog.catalog import load


@pytest.mark.parametrize(
    ("state", "word", "phase", "color"),
    [
        ("shipped", "resolved", "close", "good"),
        ("Lost", "gone astray", "change", "warning"),
        ("in_transit", "in transit", "change", None),
        ("paid", "succeeded", "close", "good"),
        ("FAILED", "failed", "change", "danger"),
        (None, None, "change", None),
    ],
)
def test_states_have_words_phases_and_colours(shop, draft, state, word, phase, color):
    """A row may give a state another phase. A word without a row is the vendor's, in the colour of the product."""
    made = draft(load(shop).services["a"], {"state": state, "by": {"name": "Ada"}})
    (shown,) = made.message.attachments
    assert (shown.title, made.phase, shown.color) == (word and f"order {word}", phase, color)
