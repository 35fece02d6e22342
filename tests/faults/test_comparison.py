"""The counting of what was accepted and what arrived: everything that the matrix of faults promises rests on it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.faults.comparison import Comparison, compare, gaps


@pytest.mark.parametrize(
    ("last", "numbers", "expected"),
    [
        (3, [1, 2, 3], Comparison(3, 0, 0, 0)),
        (3, [1, 3], Comparison(3, 1, 0, 0)),
        (3, [], Comparison(3, 3, 0, 0)),
        (3, [1, 2, 2, 2, 3], Comparison(3, 0, 2, 0)),
        (3, [1, 3, 2], Comparison(3, 0, 0, 1)),
        (3, [1, 2, 1, 2, 3], Comparison(3, 0, 2, 1)),
        (4, [1, 2, 4, 3, 2], Comparison(4, 0, 1, 2)),
        (2, [1, 2, 3], Comparison(2, 0, 0, 0)),
        (0, [], Comparison(0, 0, 0, 0)),
    ],
)
def test_a_lane_is_counted(last, numbers, expected):
    """A repeat of the newest item is twice and in order; whatever comes behind a later item is out of order."""
    assert compare({"a": last}, {"a": numbers}) == expected


def test_lanes_are_added_up():
    """Each lane counts by itself; lanes that nobody asked for do not count."""
    found = compare({"a": 2, "b": 2, "c": 1}, {"a": [1, 2], "b": [2, 1, 1], "x": [5, 4]})
    assert found == Comparison(5, 1, 1, 2)
    assert compare({}, {}) == Comparison()


@given(st.lists(st.integers(1, 30), unique=True), st.data())
def test_nothing_that_is_taken_away_or_repeated_goes_unnoticed(kept, data):
    """Items taken out of a lane are missing, those repeated where they stand are twice; neither is disorder."""
    kept.sort()
    numbers = [number for number in kept for _ in range(data.draw(st.integers(1, 3)))]
    found = compare({"a": 30}, {"a": numbers})
    assert found == Comparison(30, 30 - len(kept), len(numbers) - len(kept), 0)


@given(st.permutations(range(1, 9)))
def test_every_exchange_is_disorder(numbers):
    """Only the one order counts as none."""
    assert (compare({"a": 8}, {"a": numbers}).disorder == 0) is (list(numbers) == sorted(numbers))


def test_gaps_show_where_to_look():
    """Neighbours that follow each other or are the same are no gap."""
    assert gaps([1, 2, 2, 3, 6, 5, 6]) == [(3, 6), (6, 5)]
