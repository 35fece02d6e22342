"""Conversations: the same for one person in one channel, and nobody else can name one."""

import pytest

from gateway.callbacks.conversation import conversation, place_of
from gateway.callbacks.ticket import Place
from gateway.journal.keyrings import RingKey

HERE = Place(channel="c1", user="u1")


def key(name: str, *, until: float = 100.0) -> RingKey:
    """A key of the ring."""
    return RingKey(id=name, key=name.encode() * 8, made=0.0, valid_until=until)


def test_a_conversation_leads_back_to_where_it_was_made():
    """It stays the same, and is taken by an older key, too."""
    name = conversation("kore", HERE, key("old"))
    assert name == conversation("kore", Place("c1", "another post", "u1"), key("old"))
    assert place_of(name, "kore", [key("new"), key("old")], 50.0) == HERE


@pytest.mark.parametrize(
    ("callback", "change", "now"),
    [
        ("other", str, 50.0),
        ("kore", lambda name: name.replace("c1", "c2"), 50.0),
        ("kore", lambda name: name[:-2], 50.0),
        ("kore", lambda _: "", 50.0),
        ("kore", lambda name: name + "é" * 1_000, 50.0),
        ("kore", str, 101.0),
    ],
)
def test_no_other_place_can_be_named(callback, change, now):
    """Not another callback's, another channel, none at all, or one of a key that is not valid any more."""
    assert place_of(change(conversation("kore", HERE, key("old"))), callback, [key("old")], now) is None
