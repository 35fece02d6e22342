"""Sending many events again: the count before, and what goes out."""

import asyncio

import pytest

from gateway.console import replays
from gateway.model import DeliveryState
from tests.conftest import PATIENCE
from tests.console.conftest import ITEMS_ROUTE
from tests.console.person import keep, send, settled

TWO_ROUTES = ITEMS_ROUTE + ITEMS_ROUTE.replace("[routes.items]", "[routes.other]")


def stored(*rest: dict) -> list[tuple[str, dict]]:
    """Events as `keep` takes them: e0, e1 ... delivered unless they say else."""
    usual = {"state": DeliveryState.DELIVERED}
    return [
        (f"e{number}", usual | {"payload": b'{"text": "number %d"}' % number} | one) for number, one in enumerate(rest)
    ]


async def ended(person) -> dict:
    """The progress, once it has ended."""
    async with asyncio.timeout(PATIENCE):
        while True:
            progress = (await person.api("GET", "/replays"))[1]["progress"]
            if progress["ended"]:
                return progress
            await asyncio.sleep(0.02)


async def test_what_matches_is_counted_and_goes_out(items, tmp_path, monkeypatch):
    """Oldest first, in batches; what has no destination any more, or is on its way, is counted as such and stays."""
    monkeypatch.setattr("gateway.console.progress.BATCH", 2)
    monkeypatch.setattr("gateway.console.progress.READ", 2)
    await keep(tmp_path / "test.db", *stored({}, {}, {"destination": "former"}, {"route": "gone"}, {"name": "last"}))
    person = await items()
    assert (await person.api("GET", "/replays"))[1] == {"progress": None}
    status, plan = await person.api("GET", "/replays/plan?route=items")
    assert status == 200
    assert (plan["matched"], plan["sendable"], plan["deliveries"], plan["gone"]) == (4, 3, 3, 1)
    assert plan["complete"]
    status, progress = await person.api("POST", "/replays", {"route": "items", "until": str(plan["until"])})
    assert (status, progress["what"].startswith("events with route items, until ")) == (202, True)
    progress = await ended(person)
    assert (progress["done"], progress["total"], progress["left"], progress["trouble"]) == (3, 3, 1, "")
    assert "destination" in progress["why_left"]
    posts = await person.gateway.posts(3)
    assert [post.message for post in posts] == ["number 0", "number 1", "number 4"]


async def test_only_deliveries_that_match_go_out(items, tmp_path):
    """Who asks for what is dead does not send again what was delivered."""
    await keep(tmp_path / "test.db", *stored({}, {"state": DeliveryState.DEAD}))
    person = await items()
    _, plan = await person.api("GET", "/replays/plan?state=dead&destination=ops")
    assert (plan["matched"], plan["sendable"]) == (1, 1)
    await person.api("POST", "/replays", {"state": "dead", "destination": "ops"})
    assert (await ended(person))["done"] == 1
    assert [post.message for post in await person.gateway.posts(1)] == ["number 1"]


async def test_requests_are_read_with_todays_catalog(items):
    """Each becomes an event of its own; what cannot be read is left, and the reason told."""
    person = await items()
    for number in range(3):
        event_id = await send(person, "a", number)
        await settled(person, event_id, "delivered")
    await person.api("POST", "/replays", {"service": "items", "today": True})
    progress = await ended(person)
    assert (progress["done"], progress["left"]) == (3, 0)
    assert [post.message for post in await person.gateway.posts(6)][3:] == ["a 0", "a 1", "a 2"]


async def test_a_request_without_its_route_is_left(items, tmp_path):
    """The others are read all the same."""
    await keep(tmp_path / "test.db", *stored({"route": "gone"}))
    person = await items()
    await person.api("POST", "/replays", {"route": "gone", "today": True})
    progress = await ended(person)
    assert (progress["done"], progress["left"]) == (0, 1)
    assert "no route gone" in progress["why_left"]


async def test_what_is_too_much_is_not_sent(items, tmp_path, monkeypatch):
    """The count says how far it came, and nothing can be sent that was not counted."""
    monkeypatch.setattr(replays, "MOST", 3)
    monkeypatch.setattr("gateway.console.progress.READ", 2)
    await keep(tmp_path / "test.db", *stored(*({} for _ in range(6))))
    person = await items()
    _, plan = await person.api("GET", "/replays/plan?route=items")
    assert (plan["matched"], plan["complete"]) == (4, False)
    assert plan["back_to"] > 0
    status, html = await person.page("/events/replay?route=items")
    assert status == 200
    assert "Choose a shorter time" in html
    assert " as they were</button>" not in html
    await person.api("POST", "/replays", {"route": "items"})
    progress = await ended(person)
    assert (progress["done"], "choose a shorter time" in progress["trouble"]) == (0, True)


@pytest.mark.parametrize("seconds", [-1.0, 60.0])
async def test_counting_ends_when_its_time_is_up(items, tmp_path, monkeypatch, seconds):
    """A rare filter may have a million events to look at."""
    monkeypatch.setattr(replays, "SECONDS", seconds)
    monkeypatch.setattr("gateway.console.progress.READ", 2)
    await keep(tmp_path / "test.db", *stored(*({} for _ in range(6))))
    person = await items()
    _, plan = await person.api("GET", "/replays/plan?route=items")
    assert plan["complete"] is (seconds > 0)
    assert plan["matched"] == (6 if seconds > 0 else 2)


@pytest.mark.parametrize(
    ("wish", "fault"),
    [({}, "at least one filter"), ({"since": "soon"}, "since:"), ({"route": "a", "rute": "b"}, "rute")],
)
async def test_a_wish_that_says_nothing_or_too_much(items, wish, fault):
    """Nothing is sent: what was meant is not known."""
    person = await items()
    status, problem = await person.api("POST", "/replays", wish)
    assert (status, fault in problem["detail"]) == (400, True)
    assert (await person.api("GET", "/replays"))[1] == {"progress": None}


async def test_what_came_after_the_count_is_not_sent(items, tmp_path):
    """The page carries the time of its count."""
    await keep(tmp_path / "test.db", *stored({}))
    person = await items()
    _, plan = await person.api("GET", "/replays/plan?service=items")
    await settled(person, await send(person, "a"), "delivered")
    await person.api("POST", "/replays", {"service": "items", "until": str(plan["until"])})
    assert (await ended(person))["done"] == 1
