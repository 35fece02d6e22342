"""Decisions of who stays connected."""

from types import SimpleNamespace

from gateway.model import Later, Never
from gateway.outbound.exchange import Unsent
from gateway.sources.connection import Ended, Gap, Place
from gateway.sources.keeper import PAUSE_FIRST, PAUSE_MOST, Keeper, pause


def keeper_at(place):
    """A keeper whose connection was cut at a place."""
    made = Keeper("ask", SimpleNamespace(), None, SimpleNamespace())
    made._place = place
    return made


def test_pauses_grow_to_a_bound():
    """And are drawn, so that the bots of one server do not come together."""
    assert len({pause(9) for _ in range(5)}) == 5
    for failures, most in ((1, PAUSE_FIRST), (2, 2 * PAUSE_FIRST), (5000, PAUSE_MOST)):
        assert max(pause(failures) for _ in range(200)) <= most
    assert pause(1, Unsent(Later("429", 90.0))) == 90.0
    assert pause(1, Unsent(Never("403"))) <= PAUSE_FIRST


def test_a_place_is_kept_as_long_as_it_makes_sense():
    """A cut, a first gap; not the same gap again, nor what cannot be taken up."""
    keeper = keeper_at(Place("a", 5, "t"))
    for ended in (Ended("cut"), Gap("gap")):
        keeper._lose(ended)
        assert keeper._place.id == "a"
    keeper._place.next = 6
    keeper._lose(Gap("another"))
    assert keeper._place.id == "a"
    keeper._lose(Gap("the same"))
    assert keeper._place == Place()
    keeper = keeper_at(Place("a", 5, "t"))
    keeper._lose(Ended("too large", resumable=False))
    assert keeper._place == Place()
