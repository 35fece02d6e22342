"""Drift: the kinds of events that no document understands, each with an example to draft from."""

import asyncio
from typing import Final

from gateway.console import drift
from gateway.console.drift import DriftDesk, DriftFilter
from gateway.console.web.page import Page, Shown, Visit


async def show(visit: Visit) -> Shown:
    """The kinds, the newest first."""
    wanted = visit.query(DriftFilter)
    described = await asyncio.to_thread(visit.gateway.catalog().descriptions)
    facts = {
        "wanted": wanted,
        "found": await visit.console.part(DriftDesk).listing(wanted),
        "wrong": drift.wrong,
        "services": [("", "every service"), *((key, one.name) for key, one in sorted(described.items()))],
    }
    return Shown("drift.html", facts)


PAGES: Final = (Page("GET", "/drift", show),)
