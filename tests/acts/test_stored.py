"""Acts as the journal keeps them."""

import msgspec
import pytest

from gateway.acts.stored import StoredAct, StoredResponse, decode, encode, text_of
from gateway.callbacks.smoothing import Occasion
from gateway.callbacks.ticket import Place, Ticket, TicketKind

INPUT = {"user": {"id": "u"}, "text": "x", "mentions": [{"name": "ben", "id": "b"}], "at": 1.5, "post": None}


@pytest.mark.parametrize(
    "one",
    [
        StoredAct("ask", Occasion.MESSAGE, INPUT),
        StoredAct("ask", Occasion.ACTION, INPUT, "https://x/y",
                  Ticket(TicketKind.BUTTON, "1", "s/c", place=Place("c"), options=("1h",)), "Done"),
        StoredResponse("https://x/y", msgspec.Raw(b'{"text":"x"}')),
    ],
)  # fmt: skip
def test_what_is_stored_comes_back(one):
    """Acts and answers alike, also those that an earlier release stored with fewer keys."""
    assert decode(encode(one)) == one


def test_who_waits():
    """A person who commands, clicks or submits; nobody for what is said in a channel."""
    waited = {one for one in Occasion if StoredAct("ask", one, {}).interactive}
    assert waited == {Occasion.COMMAND, Occasion.ACTION, Occasion.DIALOG}


def test_texts_of_the_input():
    """What is not there, or none, is empty."""
    act = StoredAct("ask", Occasion.ACTION, INPUT)
    found = [
        text_of(act, *path) for path in (("user", "id"), ("user", "name"), ("text", "id"), ("post", "id"), ("x", "y"))
    ]
    assert found == ["u", "", "", "", ""]
