"""One destination, live: how it stands and what waits for it; pausing and resuming it, and sending a test message."""

import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from gateway.console import destinations
from gateway.console.destinations import PauseWish
from gateway.console.web.operations import Console, Feed
from gateway.console.web.page import Back, Page, Shown, Visit
from gateway.console.web.rendering import Rendering
from gateway.model import DeliveryState

PARTS: Final = ("standing", "waiting")
"""The macros of `_destination.html` that are sent live under their names."""


async def show(visit: Visit) -> Shown:
    """The page."""
    arrived = destinations.arrived(visit.console)
    found = await destinations.detail(visit.gateway, visit.path["name"], arrived)
    return Shown("destination.html", {"found": found})


async def pause(visit: Visit) -> Back:
    """Pause it, for what the form says."""
    name = visit.path["name"]
    await destinations.pause(visit.gateway, name, _who(visit), visit.fields(PauseWish).because)
    return Back(_url(name), f"{name} is paused: its messages wait until it is resumed")


async def resume(visit: Visit) -> Back:
    """Resume it."""
    name = visit.path["name"]
    await destinations.resume(visit.gateway, name)
    return Back(_url(name), f"{name} is resumed")


async def send_test(visit: Visit) -> Back:
    """Send a test message; the page of its event shows how it goes on."""
    sent = await destinations.send_test(visit.gateway, visit.path["name"], _who(visit))
    bad = sent.state is not DeliveryState.DELIVERED
    return Back(f"/events/{sent.event}", f"Test message to {visit.path['name']}: {sent.words}", bad)


def _who(visit: Visit) -> str:
    """Somebody at the console, as far as that is known: where they sit."""
    return f"the console, from {visit.request.remote}" if visit.request.remote else "the console"


def _url(name: str) -> str:
    return f"/destinations/{quote(name, safe='')}"


PAGES = (
    Page("GET", "/destinations/{name}", show),
    Page("POST", "/destinations/{name}/pause", pause),
    Page("POST", "/destinations/{name}/resume", resume),
    Page("POST", "/destinations/{name}/test", send_test),
)


def feeds(rendering: Rendering) -> tuple[Feed, ...]:
    """The parts of one destination's page as HTML, by name."""

    async def take(console: Console, name: str) -> Mapping[str, str]:
        if name not in console.gateway.destinations():
            return {}
        found = await destinations.detail(console.gateway, name, destinations.arrived(console))
        now = time.time()
        return {part: rendering.part("_destination.html", part, found, now) for part in PARTS}

    return (Feed("destination", take, about=True),)
