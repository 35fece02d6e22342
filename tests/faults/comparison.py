"""What became of the items that were accepted, compared by their numbers. Pure.

The items of a lane are numbered from 1 and sent one after the other: their numbers say which of them are missing, which
came twice, and which came out of order.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple


class Comparison(NamedTuple):
    """Counts of items over all lanes.

    `missing` were accepted and did not arrive, `twice` are arrivals beyond the first of an item, `disorder` arrivals
    behind a later item of their lane: an item that is repeated right away is twice, and in order.
    """

    accepted: int = 0
    missing: int = 0
    twice: int = 0
    disorder: int = 0


def compare(accepted: Mapping[str, int], arrived: Mapping[str, Sequence[int]]) -> Comparison:
    """Compare lane by lane: `accepted` has the number of each lane's last item, `arrived` the numbers that arrived."""
    lanes = [_compare_lane(last, arrived.get(lane, ())) for lane, last in accepted.items()]
    return Comparison(*map(sum, zip(*lanes, strict=True))) if lanes else Comparison()


def _compare_lane(last: int, numbers: Sequence[int]) -> Comparison:
    there = set(numbers)
    missing = sum(number not in there for number in range(1, last + 1))
    highest = accumulate(numbers, max)
    disorder = sum(number < before for before, number in zip(highest, numbers[1:], strict=False))
    return Comparison(last, missing, len(numbers) - len(there), disorder)


def gaps(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """The pairs of neighbours that are neither in sequence nor a repeat: where to look when something is wrong."""
    return [(before, number) for before, number in pairwise(numbers) if number not in (before, before + 1)]
