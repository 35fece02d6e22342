"""Repeats that are compared with their first events."""

import asyncio

import pytest

from gateway.errors import JournalError
from gateway.ingress import repeats
from gateway.ingress.repeats import Repeats
from gateway.journal import Page, Record
from gateway.model import Event, Outcome, Request

FIRST = Event("first", 0.0, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request(body=b"one"))
OTHER = Event("other", 0.0, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request(body=b"two"))


@pytest.fixture
def said(monkeypatch):
    """Give what the log is told."""
    told = []
    monkeypatch.setattr(repeats._log, "warning", lambda what, **facts: told.append(facts))
    return told


class Events:
    """A journal with one event, and what it was asked."""

    def __init__(self, error=None):
        self.asked = []
        self.error = error

    async def find(self, query):
        """Find it."""
        self.asked.append(query.event_id)
        if self.error:
            raise self.error
        return Page((Record(FIRST, ()),))


async def compared(journal, *events):
    """Have repeats noted, each when the one before is compared."""
    noting = Repeats(journal.find)
    for event in events:
        noting.note(event, "first")
        await asyncio.gather(*[one for one in asyncio.all_tasks() if one is not asyncio.current_task()])
    await noting.close()


async def test_another_body_is_logged_once_a_minute(said, monkeypatch):
    """With the route, the service and the first event."""
    journal = Events()
    await compared(journal, OTHER, OTHER)
    assert journal.asked == ["first"]
    assert [(one["route"], one["service"], one["id"]) for one in said] == [("r", "s", "first")]
    monkeypatch.setattr(repeats, "INTERVAL", 0.0)
    await compared(journal, OTHER, OTHER)
    assert len(said) == 3


async def test_the_same_body_is_not(said):
    """It is what a repeat has."""
    await compared(Events(), FIRST)
    assert said == []


async def test_a_journal_that_fails_and_a_deleted_event_are_no_matter(said):
    """Nothing is known of the first event then."""
    await compared(Events(JournalError("gone")), OTHER)
    noting = Repeats(Events().find)
    noting.note(OTHER, "")
    await noting.close()
    assert said == []


async def test_what_is_compared_when_the_gateway_stops_is_dropped(said):
    """Nobody waits for it."""

    class Stalling:
        async def find(self, _):
            await asyncio.Event().wait()

    noting = Repeats(Stalling().find)
    noting.note(OTHER, "first")
    await asyncio.sleep(0)
    await noting.close()
    assert said == []
