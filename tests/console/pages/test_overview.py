"""The first page: its parts are those that are sent live, and the table beside the plot has the same numbers."""

import json
import re

import pytest

from gateway.console.history import Past
from gateway.console.pages import overview
from gateway.console.plot import HEIGHT
from tests.console.markup import Found


def past(received, delivered, ends: float = 1000.0) -> Past:
    """An hour whose sums, of five seconds each, ended then."""
    return Past(ends=ends, step=5.0, received=tuple(received), delivered=tuple(delivered))


def test_the_table_has_five_minutes_in_a_row_newest_first():
    """Each row says when it ended, and the mean of both rates in it."""
    sums = [1] * overview.ROWS + [10] * overview.ROWS
    assert overview._means(past(sums, [0] * len(sums))) == [(1000.0, 2.0, 0.0), (700.0, 0.2, 0.0)]


@pytest.mark.parametrize("length", [0, 1, overview.ROWS - 1])
def test_less_than_a_row_is_no_row(length):
    """What is not whole yet is not shown."""
    assert overview._means(past([1] * length, [1] * length)) == []


def test_both_curves_have_one_scale():
    """The larger rate touches the edge, the other one is in proportion."""
    plot = overview._plot(past([50] * overview.GROUP * 2, [25] * overview.GROUP * 2))
    assert plot.top == 10
    assert plot.curves["received"].startswith("M0 0L")
    assert plot.curves["delivered"].startswith(f"M0 {HEIGHT // 2}L")


async def test_every_part_that_is_sent_live_has_its_place(shared):
    """The page has an element for each, which holds what the stream sends."""
    page = await shared.get("/")
    places = {value for _, name, value in Found(page.text).attributes if name == "data-live"}
    assert places == {*overview.PARTS, "mark-/dead"}
    assert ("main", "data-follow", "nav overview") in Found(page.text).attributes
    async with shared.stream("/live?feed=overview") as stream:
        async for line in stream.content:
            if line.startswith(b"data: "):
                first = json.loads(line[6:])
                break
    assert first.keys() == set(overview.PARTS)
    for part in ("routes", "destinations", "plot"):
        assert re.sub(r"\s+", " ", first[part]).strip() in re.sub(r"\s+", " ", page.text), part
