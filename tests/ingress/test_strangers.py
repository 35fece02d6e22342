"""What may wait for hooks that have never delivered: a number of messages, their bytes, and a rate for each peer."""

import pytest

from gateway.delivery.addresses import Addresses
from gateway.errors import Refused
from gateway.ingress import strangers
from gateway.ingress.strangers import Strangers

KNOWN, NEW = "known", "new"


@pytest.fixture
def addresses():
    """One hook has delivered."""
    return Addresses([KNOWN])


@pytest.fixture
def clock():
    """A clock that stands still until it is set."""
    return [1000.0]


@pytest.fixture
def guard(addresses, clock):
    """The bounds."""
    return Strangers(addresses, lambda: clock[0])


def refusal(call, *arguments):
    """The status and cause of the refusal of a call."""
    with pytest.raises(Refused) as caught:
        call(*arguments)
    assert caught.value.retry > 0
    assert NEW not in caught.value.detail
    return caught.value.status, caught.value.cause


def test_known_hooks_and_routes_are_free(guard):
    """They have neither a rate nor a bound."""
    for address in (KNOWN, ""):
        for _ in range(1000):
            guard.knock(address, "192.0.2.1")
            guard.admit(address, 1, 10**9)
    assert guard.waiting == (0, 0)


def test_each_peer_has_a_rate(guard, clock):
    """A burst at once, then some a second; other peers have their own."""
    for _ in range(int(strangers.BURST)):
        guard.knock(NEW, "192.0.2.1")
    assert refusal(guard.knock, NEW, "192.0.2.1") == (429, "rate")
    guard.knock(NEW, "192.0.2.2")
    clock[0] += 1
    for _ in range(int(strangers.RATE)):
        guard.knock(NEW, "192.0.2.1")
    assert refusal(guard.knock, NEW, "192.0.2.1") == (429, "rate")


def test_rates_of_a_bounded_number_of_peers_are_remembered(guard):
    """Whoever has not sent for longest is forgotten."""
    for number in range(strangers.PEERS + 10):
        guard.knock(NEW, f"peer {number}")
    assert len(guard._buckets) == strangers.PEERS


def test_one_hook_has_few_messages_waiting(guard):
    """In number and in bytes; one request is always taken in."""
    for _ in range(strangers.EACH):
        guard.admit(NEW, 1, 10)
    assert refusal(guard.admit, NEW, 1, 10) == (503, "strangers")
    guard.admit("other", 1, strangers.EACH_BYTES * 2)
    assert refusal(guard.admit, "other", 1, 1) == (503, "strangers")


def test_all_of_them_have_a_bound_together(guard):
    """Inventing more hooks does not help."""
    for number in range(strangers.WAITING):
        guard.admit(f"hook {number}", 1, 10)
    assert refusal(guard.admit, NEW, 1, 10) == (503, "strangers")


def test_bytes_have_a_bound_together(guard):
    """A few large requests reach it."""
    size = strangers.WAITING_BYTES // 4
    for number in range(4):
        guard.admit(f"hook {number}", 1, size)
    assert refusal(guard.admit, NEW, 1, size) == (503, "strangers")


def test_what_the_journal_has_from_before_counts(guard):
    """A restart gives nobody a second share."""
    guard.count(NEW, strangers.EACH, 1000)
    assert guard.waiting == (strangers.EACH, 1000)
    assert refusal(guard.admit, NEW, 1, 10) == (503, "strangers")


def test_a_refused_delivery_makes_room_for_one(guard, addresses):
    """The hook stays a stranger's."""
    for _ in range(strangers.EACH):
        guard.admit(NEW, 1, 10)
    addresses.refused(NEW)
    guard.admit(NEW, 1, 10)
    assert refusal(guard.admit, NEW, 1, 10) == (503, "strangers")
    for _ in range(strangers.EACH + 5):
        addresses.refused(NEW)
    assert (guard.waiting, guard._waiting) == ((0, 0), {})


def test_a_hook_that_delivers_is_free_from_then_on(guard, addresses):
    """All that waits for it is a stranger's no more."""
    guard.admit(NEW, 3, 30)
    assert guard.waiting == (3, 30)
    addresses.delivered(NEW)
    assert guard.waiting == (0, 0)
    guard.admit(NEW, 1000, 10**9)
    guard.knock(NEW, "192.0.2.1")
    assert (guard.waiting, guard._buckets) == ((0, 0), {})


def test_what_was_not_stored_does_not_wait(guard):
    """The answer to admit takes it back, whatever it was."""
    take_back = guard.admit(NEW, 2, 21)
    take_back()
    assert guard.waiting == (0, 0)
    guard.admit(NEW, 0, 50)()
    assert guard.waiting == (0, 0)
