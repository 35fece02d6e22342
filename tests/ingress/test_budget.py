"""The memory of unproven bodies: whoever holds most pays for what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.ingress.budget import Budget


class Body:
    """A body that arrives, of `peer`; `given_up` counts how often it was told to end."""

    def __init__(self, budget, peer, buffered=0):
        self.given_up = 0
        self.held = budget.hold(peer)
        self.held.arriving(buffered, self.give_up)

    def give_up(self):
        """End."""
        self.given_up += 1

    def fits(self, size):
        """Whether so many bytes more are held."""
        try:
            self.held.charge(size)
        except Refused:
            return False
        return True


def test_what_is_held_is_given_back():
    """At the end of the context, or before, and only once; a peer that holds nothing is forgotten."""
    budget = Budget(100, 50)
    with budget.hold("a") as held:
        held.charge(30)
        held.charge(10)
        assert (budget.size, held.size) == (40, 40)
        held.release()
        assert (budget.size, budget._accounts) == (0, {})
        held.charge(1000)
    assert (budget.size, budget._accounts) == (0, {})
    with pytest.raises(Refused) as caught, budget.hold("a") as held:
        held.charge(51)
    assert (caught.value.status, caught.value.cause, caught.value.retry > 0) == (503, "memory", True)
    assert (budget.size, budget._accounts) == (0, {})


def test_one_peer_has_its_share():
    """Its own largest body is given up for another of its, and never one of others."""
    budget = Budget(100, 50)
    other = Body(budget, "b")
    assert other.fits(45)
    large, small = Body(budget, "a"), Body(budget, "a")
    assert large.fits(40)
    assert small.fits(20)
    assert (large.held.lost, large.given_up, small.held.lost, other.held.lost) == (True, 1, False, False)
    assert budget.size == 65
    assert not large.fits(1)
    assert not small.fits(31)
    assert (small.given_up, budget.size) == (1, 45)


def test_the_peer_that_holds_most_pays():
    """A small body is never refused because of large ones, whoever sends them."""
    budget = Budget(100, 100)
    heavy = [Body(budget, "a") for _ in range(3)]
    assert all(one.fits(30) for one in heavy)
    light = Body(budget, "b")
    assert light.fits(8)
    assert light.fits(8)
    assert [one.held.lost for one in heavy] == [True, False, False]
    assert budget.size == 76
    assert not Body(budget, "c").fits(70)


def test_a_body_that_is_complete_is_safe():
    """What is being verified is not given up: then the newest has to go."""
    budget = Budget(100, 100)
    whole = Body(budget, "a")
    assert whole.fits(80)
    whole.held.arrived()
    newest = Body(budget, "b")
    assert not newest.fits(30)
    assert not whole.held.lost
    assert budget.size == 80


def test_buffers_count_while_a_body_arrives():
    """What its connection may hold unread is charged for as long."""
    budget = Budget(100, 100)
    body = Body(budget, "a", buffered=30)
    assert budget.size == 30
    assert body.fits(10)
    body.held.arrived()
    assert budget.size == 10
    Body(budget, "a", buffered=80)
    with pytest.raises(Refused):
        Body(budget, "b", buffered=95)


def test_a_body_may_be_shed_for_its_connection():
    """The oldest one of the peer with most of them that arrive."""
    budget = Budget(1000, 1000)
    assert not budget.shed()
    Body(budget, "b").fits(500)
    first, second = Body(budget, "a"), Body(budget, "a")
    assert budget.shed()
    assert (first.given_up, second.given_up) == (1, 0)


def test_limits_change_while_bodies_are_held():
    """A share is never more than the whole."""
    budget = Budget(100, 200)
    assert budget.share == 100
    body = Body(budget, "a")
    assert body.fits(90)
    budget.resize(50, 20)
    assert not body.fits(1)
    assert Body(budget, "b").fits(20)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abc"), st.integers(1, 60), st.booleans()), max_size=60))
def test_it_never_holds_more_than_its_limits(steps):
    """Whatever arrives, ends or is given up, in any order; and nothing is left at the end."""
    budget = Budget(100, 40)
    bodies = {}
    for index, peer, size, ends in steps:
        body = bodies.get(index) or bodies.setdefault(index, Body(budget, peer))
        fits = body.fits(size)
        assert fits is not body.held.lost
        assert budget.size == sum(one.held.size for one in bodies.values() if not one.held.lost) <= 100
        assert all(account.size <= 40 for account in budget._accounts.values())
        if ends or not fits:
            bodies.pop(index).held.release()
    for body in bodies.values():
        body.held.release()
    assert (budget.size, budget._accounts) == (0, {})
