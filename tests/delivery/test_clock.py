"""Jumps of the wall clock."""

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.delivery.clock import LEAST, Jumps

HOUR = 3600.0


class Clocks:
    """A wall clock that can be set, and a steady one."""

    def __init__(self):
        self.steady = 50.0
        self.offset = 1_000_000.0

    @property
    def wall(self):
        """The time of day."""
        return self.steady + self.offset

    def jumps(self):
        """What notices that the first was set."""
        return Jumps(lambda: self.wall, lambda: self.steady)


def test_a_steady_clock_is_left_alone():
    """Time that passes, and the drift of a clock, are no jumps."""
    clocks = Clocks()
    jumps = clocks.jumps()
    for _ in range(100):
        clocks.steady += HOUR
        clocks.offset += LEAST / 3
        assert jumps.check(9) == 0.0
    assert jumps.healed(1_000_000.0, 1) == 1_000_000.0


def test_after_a_jump_ahead_nothing_looks_older():
    """What was received before is moved along; what comes later has the new time already."""
    clocks = Clocks()
    jumps, received = clocks.jumps(), clocks.wall
    clocks.steady += 10.0
    clocks.offset += 24 * HOUR
    assert jumps.check(7) == 24 * HOUR
    assert clocks.wall - jumps.healed(received, 7) == 10.0
    assert jumps.healed(clocks.wall, 8) == clocks.wall


def test_an_event_between_the_jump_and_its_discovery_keeps_its_time():
    """Its number is an earlier one, but its time is by the new clock."""
    clocks = Clocks()
    jumps = clocks.jumps()
    clocks.offset += HOUR
    received = clocks.wall
    jumps.check(7)
    assert jumps.healed(received, 7) == received


def test_after_a_jump_back_nothing_lies_in_the_future():
    """What lies in the past still only looks younger, and is left alone."""
    clocks = Clocks()
    jumps, received = clocks.jumps(), clocks.wall
    clocks.offset -= HOUR
    assert jumps.check(7) == -HOUR
    assert jumps.healed(received, 7) == clocks.wall
    assert jumps.healed(received - 2 * HOUR, 7) == received - 2 * HOUR


@given(st.floats(LEAST * 2, 1e8), st.floats(0, HOUR))
@example(4.0, 2.0)  # less than LEAST ahead is no future
@example(66108864.867272444, 0.0)  # the sum of both jumps is a rounding error below 0
def test_a_wrong_clock_that_is_put_right_makes_nothing_older(by, waited):
    """Ahead and back again, however far; what looks younger then, by LEAST at most, waits longer: nothing is lost."""
    clocks = Clocks()
    jumps, received = clocks.jumps(), clocks.wall
    clocks.offset += by
    jumps.check(7)
    clocks.steady += waited
    clocks.offset -= by
    jumps.check(7)
    assert -LEAST - 0.01 <= clocks.wall - jumps.healed(received, 7) <= waited + 0.01
