"""Rates as the paths of a plot: the scale, the curves, and the means that they are drawn of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.plot import HEIGHT, WIDTH, draw, means, rounded

RATES = st.floats(0, 1e9, allow_subnormal=False)


def points(path: str) -> list[tuple[float, float]]:
    """The corners of a path."""
    assert re.fullmatch(r"M[\d.e+-]+ [\d.e+-]+(L[\d.e+-]+ [\d.e+-]+)*", path)
    return [tuple(map(float, pair.split())) for pair in path[1:].split("L")]


@pytest.mark.parametrize(
    ("highest", "edge"), [(0, 1), (0.03, 0.05), (0.2, 0.2), (1, 1), (1.1, 2), (7, 10), (1999, 2000), (5001, 10000)]
)
def test_the_upper_edge_is_a_round_number(highest, edge):
    """It is 1, 2 or 5 times a power of ten, and no less than the highest rate."""
    assert rounded(highest) == pytest.approx(edge)


def test_curves_stay_in_their_box():
    """The highest rate touches no more than the upper edge, nothing lies on the lower one."""
    plot = draw({"received": [0, 10, 0], "delivered": [0.0] * 240})
    assert (plot.width, plot.height, plot.top) == (WIDTH, HEIGHT, 10)
    assert plot.curves["received"] == f"M0 {HEIGHT}L{WIDTH // 2} 0L{WIDTH} {HEIGHT}"
    assert plot.curves["delivered"] == f"M0 {HEIGHT}L{WIDTH} {HEIGHT}", "a level run is one line"


def test_means_are_rates():
    """Sums of five seconds become rates a second."""
    assert means((5, 10, 15, 0, 0, 0), 5.0, 3) == [2.0, 0.0]


@given(st.floats(1e-9, 1e15))
def test_the_upper_edge_is_close_above(highest):
    """Nothing lies above the edge, and less than three fifths of the plot are empty."""
    edge = rounded(highest)
    assert highest <= edge * (1 + 1e-12)
    assert edge <= highest * 2.5 * (1 + 1e-12)


@given(st.dictionaries(st.sampled_from(["received", "delivered"]), st.lists(RATES, max_size=50)))
def test_every_curve_goes_from_edge_to_edge_inside_the_box(rows):
    """Time runs from left to right, the ends are the ends of the row, and nothing leaves the box."""
    plot = draw(rows)
    assert plot.curves.keys() == rows.keys()
    for name, row in rows.items():
        if not row:
            assert plot.curves[name] == ""
            continue
        found = points(plot.curves[name])
        assert [x for x, _ in found] == sorted(x for x, _ in found)
        assert all(0 <= x <= WIDTH + 0.01 and 0 <= y <= HEIGHT for x, y in found)
        assert found[0] == (0, pytest.approx(HEIGHT * (1 - row[0] / plot.top), abs=0.06))
        assert found[-1][1] == pytest.approx(HEIGHT * (1 - row[-1] / plot.top), abs=0.06)


def test_without_rates_there_is_a_scale_and_no_curve():
    """An empty row has an empty path; a single rate is one point."""
    plot = draw({"received": [], "delivered": [5.0]})
    assert (plot.top, plot.curves) == (5.0, {"received": "", "delivered": "M0 0"})
    assert draw({}).top == 1.0


def test_only_level_runs_are_shortened():
    """A corner stays, and so do both ends of a level run."""
    assert points(draw({"r": [0, 0, 0, 10, 10, 10, 0]}).curves["r"]) == [
        (0, HEIGHT), (240, HEIGHT), (360, 0), (600, 0), (720, HEIGHT),
    ]  # fmt: skip


@given(st.lists(st.integers(0, 1000)), st.integers(1, 60))
def test_means_lose_nothing_but_an_unfinished_group(sums, group):
    """The means times their seconds are the sums of the whole groups."""
    found = means(sums, 5.0, group)
    whole = len(sums) // group
    assert len(found) == whole
    assert sum(found) * group * 5.0 == pytest.approx(sum(sums[: whole * group]))
