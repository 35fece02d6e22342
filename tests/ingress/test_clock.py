"""The time by which timestamps are judged survives a jump of the clock in either direction."""

import pytest

from gateway.ingress.clock import REMEMBERED, Clock

T = 1_760_000_000.0


class Hands:
    """A clock and a steady one, moved by hand."""

    def __init__(self) -> None:
        self.wall = T
        self.steady = 50.0

    def clock(self) -> Clock:
        """The clock that reads them."""
        return Clock(lambda: self.wall, lambda: self.steady)

    def go_on(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.steady += seconds


def test_usually_there_is_one_time():
    """Also when the clock is corrected little by little."""
    hands = Hands()
    clock = hands.clock()
    for _ in range(20):
        hands.go_on(60)
        hands.wall += 1
        assert clock.moments() == (hands.wall,)


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_after_a_jump_there_are_two_for_an_hour(jump):
    """That of the machine, and that of the clock as it went before."""
    hands = Hands()
    clock = hands.clock()
    hands.go_on(10)
    hands.wall += jump
    assert clock.moments() == (T + 10 + jump, T + 10)
    hands.go_on(REMEMBERED - 1)
    assert clock.moments() == (T + 9 + jump + REMEMBERED, T + 9 + REMEMBERED)
    hands.go_on(2)
    assert clock.moments() == (hands.wall,)


def test_a_jump_back_to_the_right_time_is_one_as_well():
    """Who set the clock wrong and mended it: what was true in between counts, too."""
    hands = Hands()
    clock = hands.clock()
    hands.wall += 500
    clock.moments()
    hands.wall -= 500
    assert clock.moments() == (T, T + 500)
