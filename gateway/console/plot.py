"""Sums over time as the paths of a plot. Pure geometry: the template draws, the style colours."""

import math
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

WIDTH: Final = 720
HEIGHT: Final = 180


class Plot(Struct, frozen=True):
    """Curves in a box of `width` by `height`, the origin at the top left; `top` is the rate at its upper edge."""

    width: int
    height: int
    top: float
    curves: dict[str, str]


def draw(rows: dict[str, Sequence[float]]) -> Plot:
    """Draw rows of rates, oldest first, as SVG paths under a common round scale; runs on one level are one line."""
    top = rounded(max((max(row, default=0.0) for row in rows.values()), default=0.0))
    return Plot(WIDTH, HEIGHT, top, {name: _path(row, top) for name, row in rows.items()})


def means(sums: Sequence[int], step: float, group: int) -> list[float]:
    """Rates per second of groups of sums of `step` seconds each."""
    return [sum(sums[at : at + group]) / (group * step) for at in range(0, len(sums) - group + 1, group)]


def rounded(highest: float) -> float:
    """The next number of 1, 2 or 5 times a power of ten: what a person likes to read at the edge of a plot."""
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next((step * power for step in (1.0, 2.0, 5.0) if highest <= step * power), 10.0 * power)


def _path(row: Sequence[float], top: float) -> str:
    if not row:
        return ""
    width = WIDTH / max(1, len(row) - 1)
    heights = [round(HEIGHT * (1 - value / top), 1) for value in row]
    last = len(heights) - 1
    points = [
        f"{index * width:g} {height:g}"
        for index, height in enumerate(heights)
        if index in (0, last) or not heights[index - 1] == height == heights[index + 1]
    ]
    return "M" + "L".join(points)
