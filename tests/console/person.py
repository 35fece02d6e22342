"""Somebody who uses the console: pages and forms as a browser has them, and the API as a script has it."""

import asyncio
import time
from pathlib import Path
from typing import Any

from gateway.journal import Entry, Settlement
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request
from tests.conftest import PATIENCE, eventually

ITEMS_TOKEN = "a-token-in-the-body"


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


async def keep(file: Path, *stored: tuple[str, dict[str, Any]]) -> None:
    """Put events of the service `items` into a journal that no gateway has open, each with one dead delivery.

    Each is an id and what is different about it: parts of the event, of the parcel, or of how it was settled. They came
    an hour ago, one a second: what is older than its retention goes while the gateway runs.
    """
    then = time.time() - 3600
    journal = await SqliteJournal.open(file, retention=86400 * 365, max_size=10**9)
    for number, (event_id, rest) in enumerate(stored, 1):
        usual = {
            "id": event_id,
            "received": then + number,
            "route": "items",
            "service": "items",
            "outcome": Outcome.MESSAGE,
            "name": "item",
            "translator": "items/item",
            "subject": "",
            "reason": "",
            "request": Request(url="http://h/in/items"),
        }
        event = Event(**{name: rest.get(name, value) for name, value in usual.items()})
        destination = rest.get("destination", "ops")
        parcel = Parcel(destination, f"{destination} {event_id}", rest["payload"], card=rest.get("card"))
        for one in (await journal.append(Entry(event, (parcel,)))).deliveries:
            state, why = rest.get("state", DeliveryState.DEAD), rest.get("why", "the channel is archived")
            outcome = Settlement(
                one.seq, state, 1, reason=why, post_id=rest.get("post_id", ""), attempt=rest.get("attempt")
            )
            await journal.settle([outcome])
    await journal.close()


async def send(person: Person, box: str, number: object = 1, **more: object) -> str:
    """Post one item; its event id, once it has arrived."""
    posted = len(person.gateway.standin.posts)
    body = {"kind": "item", "box": box, "number": number, "token": ITEMS_TOKEN, **more}
    status, answer = await person.gateway.post("/in/items?q=1", body, Content_Type="application/json")
    assert status == 202, answer
    await eventually(lambda: len(person.gateway.standin.posts) > posted)
    return answer["id"]


async def settled(person: Person, event_id: str, *states: str) -> dict:
    """The event over the API, once its deliveries have these states."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status, found = await person.api("GET", f"/events/{event_id}")
            assert status == 200, found
            if [one["state"] for one in found["deliveries"]] == list(states):
                return found
            await asyncio.sleep(0.02)
