"""The first page: how the gateway is doing, kept up to date while it is open."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.console import first, overview
from gateway.console.history import Past
from gateway.console.overview import Overview
from gateway.console.plot import draw, means
from gateway.console.web.operations import Console, Feed
from gateway.console.web.page import Page, Shown, Visit
from gateway.console.web.rendering import Rendering

GROUP: Final = 3
"""Sums of the history in one point of the plot: 15 seconds."""

ROWS: Final = 60
"""Sums of the history in one row of the table beside the plot: five minutes."""

PARTS: Final = {
    "trouble": "overview",
    "totals": "overview",
    "reach": "overview",
    "plot": "plot",
    "means": "means",
    "routes": "overview",
    "destinations": "overview",
}
"""The macros of `_overview.html` that are sent live under their names, and the fact that each takes."""


async def show(visit: Visit) -> Shown:
    """The page."""
    found = await overview.overview(visit.console)
    begun = found.totals.received or any(one.last for one in found.routes)
    return Shown("overview.html", {**_facts(found), "first": () if begun else await first.requests(visit.gateway)})


def _facts(found: Overview) -> dict[str, Any]:
    return {"overview": found, "plot": _plot(found.past), "means": _means(found.past)}


def _plot(past: Past) -> Any:
    return draw({name: means(getattr(past, name), past.step, GROUP) for name in ("received", "delivered")})


def _means(past: Past) -> list[tuple[float, float, float]]:
    """Rows of the table, newest first: when five minutes ended, and the two rates in them."""
    both = list(zip(*(means(getattr(past, name), past.step, ROWS) for name in ("received", "delivered")), strict=True))
    ends = (past.ends - index * ROWS * past.step for index in range(len(both)))
    return [(end, *pair) for end, pair in zip(ends, reversed(both), strict=True)]


PAGES = (Page("GET", "/", show),)


def feeds(rendering: Rendering) -> tuple[Feed, ...]:
    """The parts of the page as HTML, by name."""

    async def take(console: Console) -> Mapping[str, str]:
        facts = _facts(await overview.overview(console))
        return {part: rendering.part("_overview.html", part, facts[fact]) for part, fact in PARTS.items()}

    return (Feed("overview", take),)
