"""The clocks by which the journal forgets, through jumps of the wall clock in both directions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.clock import CONFIRM, JUMP, PAUSE, SteadyClock, WindowClock, uptime

MONTH = 30 * 86_400.0
START = 1_800_000_000.0


class Clocks:
    """A wall clock that can be set, and a monotonic clock that cannot."""

    def __init__(self) -> None:
        self.wall = START
        self.monotonic = 5.0

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.monotonic += seconds


@pytest.fixture
def clocks() -> Clocks:
    """Both clocks."""
    return Clocks()


def steady(clocks: Clocks) -> SteadyClock:
    """A steady clock over both."""
    return SteadyClock(lambda: clocks.wall, lambda: clocks.monotonic)


def test_it_tells_the_time_of_the_wall_clock(clocks: Clocks) -> None:
    """Small steps and a drift of any length are followed at once."""
    clock = steady(clocks)
    for step in (0.0, 1.0, -3.0, JUMP - 1, 0.5):
        clocks.pass_by(3600)
        clocks.wall += step
        assert (clock.now(), clock.ahead()) == (clocks.wall, 0.0)


def test_a_jump_ahead_is_believed_when_it_is_confirmed(clocks: Clocks) -> None:
    """Until then time goes on at its pace."""
    clock = steady(clocks)
    clocks.wall += MONTH
    for _ in range(9):
        assert (clock.now(), clock.ahead()) == (clocks.wall - MONTH, MONTH)
        clocks.pass_by(CONFIRM / 10)
    assert clock.now() == clocks.wall - MONTH
    clocks.pass_by(CONFIRM / 5)
    assert (clock.now(), clock.ahead()) == (clocks.wall, 0.0)


def test_a_jump_back_is_followed_at_once(clocks: Clocks) -> None:
    """A clock that was set right forgets that it was doubted, and one that is behind keeps things longer."""
    clock = steady(clocks)
    clocks.wall += MONTH
    clock.now()
    clocks.pass_by(CONFIRM - 10)
    clocks.wall -= MONTH
    assert (clock.now(), clock.ahead()) == (clocks.wall, 0.0)
    clocks.wall -= MONTH
    assert (clock.now(), clock.ahead()) == (clocks.wall, 0.0)
    clocks.wall += MONTH
    clocks.pass_by(20)
    assert clock.now() == clocks.wall - MONTH


def test_a_jump_that_goes_on_jumping_is_not_confirmed(clocks: Clocks) -> None:
    """Only a clock that runs evenly is believed."""
    clock = steady(clocks)
    clocks.wall += MONTH
    for _ in range(30):
        told = clock.now()
        clocks.pass_by(CONFIRM / 10)
        clocks.wall += 2 * JUMP
        assert clock.now() == pytest.approx(told + CONFIRM / 10)


def test_a_start_long_after_the_last_event_is_a_jump(clocks: Clocks) -> None:
    """It may be the clock that is wrong: a pause costs a day in which nothing is deleted by age."""
    clock = steady(clocks)
    clock.begin(START - MONTH)
    assert clock.now() == START - MONTH
    clocks.pass_by(CONFIRM)
    assert clock.now() == clocks.wall


@pytest.mark.parametrize("known", [START - JUMP / 2, START - PAUSE, START + MONTH])
def test_a_start_soon_after_the_last_event_is_none(clocks: Clocks, known: float) -> None:
    """Nor is one with an event of the future: the clock was ahead once, and is set right."""
    clock = steady(clocks)
    clock.begin(known)
    assert clock.now() == START


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e9, 1e9)), max_size=40))
def test_it_never_runs_ahead(steps: list[tuple[float, float]]) -> None:
    """It is never later than the wall clock, and gains at most JUMP on the monotonic one before a confirmation."""
    clocks = Clocks()
    clock = steady(clocks)
    told, at, passed = clock.now(), clocks.monotonic, 0.0
    for seconds, jump in steps:
        clocks.pass_by(seconds)
        clocks.wall += jump
        now = clock.now()
        assert now <= clocks.wall
        passed = passed + seconds
        if passed < CONFIRM:
            assert now <= told + clocks.monotonic - at + JUMP + 1e-3
        told, at = now, clocks.monotonic


@pytest.mark.parametrize("jump", [MONTH, -MONTH, JUMP + 1, -JUMP - 1])
def test_no_jump_reaches_the_windows(clocks: Clocks, jump: float) -> None:
    """However long ago it was; the skew makes a time of the wall clock one of theirs."""
    clock = WindowClock(lambda: clocks.wall, lambda: clocks.monotonic)
    clocks.wall += jump
    for _ in range(5):
        assert (clock.now(), clock.skew()) == (clocks.wall - jump, -jump)
        clocks.pass_by(CONFIRM)
    clocks.wall -= jump
    assert (clock.now(), clock.skew()) == (clocks.wall, 0.0)


def test_windows_follow_small_steps(clocks: Clocks) -> None:
    """They add up to any difference between the two clocks."""
    clock = WindowClock(lambda: clocks.wall, lambda: clocks.monotonic)
    for step in (JUMP - 1, JUMP - 1, -JUMP + 1, -1.0):
        clocks.pass_by(10)
        clocks.wall += step
        assert (clock.skew(), clock.now()) == (0.0, clocks.wall)


def test_the_uptime_only_grows() -> None:
    """Whatever the system calls it."""
    first = uptime()
    assert 0 < first <= uptime()
