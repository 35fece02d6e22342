"""Somebody who uses the console: pages and forms as a browser has them, and the API as a script has it."""

from pathlib import Path
from typing import Any

from gateway.journal import Entry, Settlement
from gateway.journal.sqlite import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request


class Person:
    """Somebody who goes through pages and forms of an open console, and calls its API."""

    def __init__(self, browser: Any) -> None:
        self.gateway = browser.gateway
        self._browser = browser

    async def page(self, path: str) -> tuple[int, str]:
        """GET a page."""
        answer = await self._browser.get(path)
        return answer.status, answer.text

    async def download(self, path: str) -> tuple[bytes, Any]:
        """GET a file and the headers that it came with."""
        answer = await self._browser.get(path)
        assert answer.status == 200
        return answer.body, answer.headers

    def stream(self, path: str) -> Any:
        """Open a stream."""
        return self._browser.stream(path)

    async def press(self, path: str, *fields: tuple[str, str], csrf: str = "") -> tuple[int, str, str]:
        """Send a form as the page has it; status, path and HTML of what comes after it."""
        await self._browser.get("/events")
        answer = await self._browser.ask("POST", path, data=[("csrf", csrf or self._browser.csrf), *fields])
        if answer.status == 303:
            path = answer.headers["Location"]
            answer = await self._browser.get(path)
        return answer.status, path, answer.text

    async def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Call an operation."""
        if method != "GET":
            await self._browser.get("/events")
        answer = await self._browser.call(path, body, method)
        return answer.status, answer.json()


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
