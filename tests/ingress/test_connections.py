"""How many connections may be open, and which one makes room for another."""

from gateway.ingress.connections import RESTED, Connections


class Client:
    """A connection that notes whether it was closed."""

    def __init__(self, *, proven=False):
        self.proven = proven
        self.closed = False

    def force_close(self):
        """Be closed."""
        self.closed = True


class Bound:
    """Connections with a clock that is set, and bodies that can be shed."""

    def __init__(self, limit, bodies=0):
        self.now = 0.0
        self.bodies = bodies
        self.connections = Connections(limit, self.shed, lambda: self.now)

    def shed(self):
        """Give up a body."""
        self.bodies -= 1
        return self.bodies >= 0

    def opened(self, peer, *, proven=False, busy=False):
        """A connection that was admitted."""
        client = Client(proven=proven)
        assert self.connections.admit(client, peer)
        if busy:
            self.connections.busy(client)
        return client


def test_the_oldest_idle_stranger_makes_room():
    """Not one whose request is being worked on, nor one that had a request accepted."""
    bound = Bound(4)
    proven = bound.opened("a", proven=True)
    busy = bound.opened("b", busy=True)
    first, second = bound.opened("c"), bound.opened("d")
    bound.opened("e")
    assert [one.closed for one in (proven, busy, first, second)] == [False, False, True, False]


def test_then_a_body_that_still_arrives():
    """It is given up, and its connection with it."""
    bound = Bound(2, bodies=1)
    bound.opened("a", busy=True)
    bound.opened("b", busy=True)
    bound.opened("c", busy=True)
    assert bound.bodies == 0
    assert not bound.connections.admit(Client(), "d")


def test_then_one_that_has_rested():
    """A sender between two requests keeps its connection for a moment."""
    bound = Bound(2)
    first, _ = bound.opened("a", proven=True), bound.opened("b", proven=True)
    assert not bound.connections.admit(Client(), "c")
    bound.now += RESTED + 0.1
    assert bound.connections.admit(Client(), "c")
    assert first.closed


def test_one_address_has_half():
    """Its own make room for its own; proxies, which have no address here, are bounded with all."""
    bound = Bound(4, bodies=9)
    first, other = bound.opened("a"), bound.opened("b")
    bound.opened("a", busy=True)
    bound.opened("a", busy=True)
    assert (first.closed, other.closed) == (True, False)
    assert not bound.connections.admit(Client(), "a")
    assert bound.bodies == 9
    bound.opened("", busy=True)
    bound.opened("", busy=True)
    assert other.closed


def test_what_has_left_counts_no_more():
    """Also when it leaves twice, or was never admitted; a connection that was closed becomes idle no more."""
    bound = Bound(2)
    client = bound.opened("a")
    bound.connections.leave(client)
    bound.connections.leave(client)
    bound.connections.leave(Client())
    bound.connections.idle(client)
    assert (bound.connections._peers, bound.connections._counts, bound.connections._waiting) == ({}, {}, {})


def test_idle_again():
    """After its request a connection is the newest of those that wait."""
    bound = Bound(4)
    first, second = bound.opened("a"), bound.opened("b")
    bound.connections.busy(first)
    bound.connections.idle(first)
    bound.opened("c"), bound.opened("d")
    bound.opened("e")
    assert (first.closed, second.closed) == (False, True)
