"""Sums of the last steps of time."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from gateway.console.ring import Ring

A, B = ("a", "x"), ("b", "x")


def test_counts_are_of_their_step_and_go_with_it() -> None:
    """A row has them oldest first; the sums forget what left the row."""
    ring = Ring(5.0, 3, now=100.0)
    ring.add(101.0, A, 2, now=101.0)
    ring.add(106.0, A, 1, now=106.0)
    ring.add(106.0, B, 4, now=106.0)
    assert ring.row("a", 106.0) == (0, 2, 1)
    assert ring.sums(106.0) == {A: 3, B: 4}
    assert ring.row("a", 114.9) == (2, 1, 0)
    assert ring.row("a", 116.0) == (1, 0, 0)
    assert ring.sums(116.0) == {A: 1, B: 4}
    assert ring.ends() == 120.0
    assert ring.sums(10_000.0) == {}


def test_what_is_too_old_or_of_the_future() -> None:
    """The one is not counted, the other counts now: a clock may be set back."""
    ring = Ring(5.0, 3, now=100.0)
    ring.add(84.9, A, 1, now=100.0)
    ring.add(85.0, A, 1, now=100.0)
    ring.add(90.0, A, 2, now=100.0)
    ring.add(200.0, A, 3, now=100.0)
    assert ring.row("a", 100.0) == (2, 0, 3)
    assert ring.row("a", 50.0) == (2, 0, 3)


def test_nothing_is_counted_backwards() -> None:
    """A counter that ended with its route, and began again, is smaller than before."""
    ring = Ring(5.0, 3, now=100.0)
    ring.add(100.0, A, -4, now=100.0)
    assert ring.sums(100.0) == {}


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from([A, B]), st.integers(1, 9)), max_size=40))
def test_sums_are_those_of_the_steps(counted: list[tuple[float, tuple[str, ...], int]]) -> None:
    """Whatever is counted in whatever order, the sums are those of what is in the row."""
    ring = Ring(2.0, 5, now=0.0)
    now = 0.0
    for at, key, count in counted:
        now = max(now, at)
        ring.add(at, key, count, now)
    sums = Counter({kind: sum(ring.row(kind, now)) for kind in ("a", "b")})
    assert +sums == Counter({key[0]: count for key, count in ring.sums(now).items()})
