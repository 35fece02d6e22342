"""Somebody who uses the console: pages and forms as a browser has them, and the API as a script has it."""

import re
from pathlib import Path
from typing import Any

import aiohttp

from gateway.journal import Entry, Settlement
from gateway.journal.sqlite import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request

CSRF = re.compile(r'name="csrf" (?:value|content)="([^"]*)"')


class Browser:
    """Visits the admin listener of a running gateway."""

    def __init__(self, gateway: Any, session: aiohttp.ClientSession) -> None:
        self.gateway = gateway
        self._url = gateway.running.admin
        self._session = session

    async def page(self, path: str) -> tuple[int, str]:
        """GET a page."""
        async with self._session.get(self._url + path) as response:
            return response.status, await response.text()

    async def download(self, path: str) -> tuple[bytes, dict[str, str]]:
        """GET a file and the headers it came with."""
        async with self._session.get(self._url + path) as response:
            assert response.status == 200
            return await response.read(), dict(response.headers)

    async def press(self, path: str, *fields: tuple[str, str]) -> tuple[int, str, str]:
        """Send a form as the page has it; status, path and HTML of what comes after it."""
        data = aiohttp.FormData([("csrf", await self.csrf()), *fields])
        async with self._session.post(self._url + path, data=data) as response:
            return response.status, response.url.path, await response.text()

    async def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call an operation."""
        headers = {"X-CSRF-Token": await self.csrf()}
        async with self._session.request(method, self._url + "/api/v1" + path, json=body, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def csrf(self) -> str:
        """The token that forms send."""
        found = CSRF.search((await self.page("/events"))[1])
        return found[1] if found else ""


async def keep(file: Path, *stored: tuple[str, Any], route: str = "items", service: str = "items", **more: Any) -> None:
    """Put events into a journal that no gateway has open, each with one dead delivery: (event id, dict of the rest).

    The rest may hold `destination`, `payload`, `reason` and parts of the event.
    """
    journal = await SqliteJournal.open(file, retention=86400 * 365, max_size=10**9)
    for number, (event_id, rest) in enumerate(stored, 1):
        event = Event(
            id=event_id,
            received=rest.get("received", 1_790_000_000.0 + number),
            route=rest.get("route", route),
            service=rest.get("service", service),
            outcome=Outcome(rest.get("outcome", "message")),
            name=rest.get("name", "item"),
            translator=rest.get("translator", "items/item"),
            subject=rest.get("subject", ""),
            reason=rest.get("why", ""),
            request=rest.get("request", more.get("request", Request(url="http://h/in/items"))),
        )
        destination = rest.get("destination", "ops")
        made = await journal.append(Entry(event, (Parcel(destination, f"{destination} {event_id}", rest["payload"]),)))
        await journal.settle(
            [
                Settlement(one.seq, DeliveryState.DEAD, 1, reason=rest.get("reason", "the channel is archived"))
                for one in made.deliveries
            ]
        )
    await journal.close()
