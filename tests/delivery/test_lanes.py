"""Lanes, room and parking."""

from math import inf

from gateway.delivery.lanes import Lanes
from gateway.model import Delivery


def delivery(seq, lane="a", destination="ops", size=1, not_before=0.0):
    """Make a delivery of `size` bytes."""
    return Delivery(seq, "e", float(seq), destination, lane, b"x" * size, not_before=not_before)


def drain(lanes):
    """Claim and settle everything that is ready; returns the numbers in order."""
    got = []
    while lanes.ready:
        lane, first = lanes.claim()
        got.append(first.seq)
        lanes.advance(lane, 0.0)
    return got


def test_lanes_take_turns():
    """Three lanes of different length are served round robin, each in order."""
    lanes = Lanes(100, 1000)
    for seq, name in enumerate("aaabbc", 1):
        lanes.accept(delivery(seq, name), 0.0)
    assert drain(lanes) == [1, 4, 6, 2, 5, 3]
    assert (len(lanes), lanes.depth, lanes.oldest()) == (0, 0, 0.0)


def test_a_claimed_lane_is_not_claimed_again():
    """While the first delivery of a lane is out, its successors stay."""
    lanes = Lanes(100, 1000)
    lanes.accept(delivery(1), 0.0)
    lane, _ = lanes.claim()
    lanes.accept(delivery(2), 0.0)
    assert not lanes.ready
    lanes.advance(lane, 0.0)
    assert drain(lanes) == [2]


def test_a_repeat_does_nothing():
    """A number that is not above the last one does not enter again."""
    lanes = Lanes(100, 1000)
    for seq in (1, 2, 2, 1):
        lanes.accept(delivery(seq), 0.0)
    assert drain(lanes) == [1, 2]


def test_waiting_lanes_become_ready_in_time():
    """What must not leave yet is promoted when its time has come, and blocks only its lane."""
    lanes = Lanes(100, 1000)
    lanes.accept(delivery(1, "a", not_before=50.0), 10.0)
    lanes.accept(delivery(2, "a"), 10.0)
    lanes.accept(delivery(3, "b"), 10.0)
    assert drain(lanes) == [3]
    assert lanes.due() == 50.0
    lanes.promote(49.9)
    assert not lanes.ready
    lanes.promote(50.0)
    assert lanes.due() == inf
    assert drain(lanes) == [1, 2]


def test_put_off_keeps_the_order():
    """A delivery that is put off stays the first of its lane."""
    lanes = Lanes(100, 1000)
    lanes.accept(delivery(1), 0.0)
    lanes.accept(delivery(2), 0.0)
    lane, first = lanes.claim()
    lanes.put_off(lane, first, 5.0)
    lanes.promote(5.0)
    assert drain(lanes) == [1, 2]


def test_without_room_everything_behind_is_parked_and_comes_back_in_order():
    """Once one is parked the later ones are too, until all of them were read from the journal."""
    lanes = Lanes(2, 1000)
    journal = [delivery(seq) for seq in range(1, 6)]
    for row in journal:
        lanes.accept(row, 0.0)
    assert (len(lanes), lanes.depth, lanes.read_to, lanes.hungry) == (2, 5, 2, False)
    assert drain(lanes) == [1, 2]
    assert lanes.hungry
    assert not lanes.unpark("ops", journal[2:], True, lanes.parked_up_to(), 0.0)
    assert drain(lanes) == [3, 4]
    lanes.accept(delivery(6), 0.0)
    assert not lanes.ready
    assert lanes.unpark("ops", [journal[4], delivery(6)], True, lanes.parked_up_to(), 0.0)
    assert drain(lanes) == [5, 6]
    lanes.accept(delivery(7), 0.0)
    assert drain(lanes) == [7]


def test_what_was_parked_during_the_read_stays_parked():
    """A read that ended before the newest parked number does not end the parking."""
    lanes = Lanes(1, 1000)
    for seq in (1, 2):
        lanes.accept(delivery(seq), 0.0)
    assert drain(lanes) == [1]
    parked = lanes.parked_up_to()
    lanes.accept(delivery(3), 0.0)
    lanes.unpark("ops", [delivery(2)], True, parked, 0.0)
    assert drain(lanes) == [2]
    assert lanes.hungry
    lanes.unpark("ops", [delivery(3)], True, lanes.parked_up_to(), 0.0)
    assert drain(lanes) == [3]
    assert not lanes.hungry


def test_rows_of_other_destinations_and_unseen_numbers_are_passed_over():
    """A read brings rows that are not for these lanes, or that come through `accept` later: neither enters."""
    lanes = Lanes(1, 1000)
    for seq in (1, 2):
        lanes.accept(delivery(seq), 0.0)
    drain(lanes)
    rows = [delivery(2), delivery(3, destination="dev"), delivery(4)]
    assert lanes.unpark("ops", rows, True, lanes.parked_up_to(), 0.0)
    assert drain(lanes) == [2]
    lanes.accept(delivery(4), 0.0)
    assert drain(lanes) == [4]


def test_parked_rows_that_vanished_do_not_hold_up():
    """When another process settled what was parked, the depth is corrected and new ones pass."""
    lanes = Lanes(1, 1000)
    for seq in (1, 2, 3):
        lanes.accept(delivery(seq), 0.0)
    drain(lanes)
    assert lanes.unpark("ops", [], True, lanes.parked_up_to(), 0.0)
    assert (lanes.depth, lanes.hungry) == (0, False)
    lanes.accept(delivery(4), 0.0)
    assert drain(lanes) == [4]


def test_bytes_limit_the_room_but_one_always_fits():
    """A payload larger than all the room enters empty lanes; with company it is parked."""
    lanes = Lanes(100, 10)
    lanes.accept(delivery(1, size=50), 0.0)
    lanes.accept(delivery(2, size=1), 0.0)
    assert (len(lanes), lanes.depth) == (1, 2)
