"""Counting the past slice by slice."""

from pathlib import Path

import pytest

from gateway.journal import Entry, Settlement
from gateway.journal.sqlite import past_sql, upkeep
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Attempt, AttemptResult, DeliveryState, Event, Outcome, Parcel, Request


async def journal_of(path: Path, times: list[float]) -> SqliteJournal:
    """A journal with an event received at each of these times, and delivered at that."""
    journal = await SqliteJournal.open(path / "journal.db", retention=1e9, max_size=10**9, clock=lambda: 0.0)
    for number, at in enumerate(times):
        event = Event(f"e{number}", at, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
        (delivery,) = (await journal.append(Entry(event, (Parcel("ops", "l", b"{}"),)))).deliveries
        attempt = Attempt(at, AttemptResult.DELIVERED, 200, "2xx")
        await journal.settle([Settlement(delivery.seq, DeliveryState.DELIVERED, 1, attempt=attempt)])
    return journal


@pytest.mark.parametrize("slices", [(3, 2), (1, 1), (100, 100)])
@pytest.mark.parametrize("times", [[10.0] * 7, [10.0 + number for number in range(7)], [12.0, 11.0, 11.0, 14.0, 13.0]])
async def test_slices_make_up_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slices: tuple[int, int], times: list[float]
) -> None:
    """Each event and delivery is counted once, also where many are of one instant."""
    for name, rows in zip(("EVENTS_SLICE", "DELIVERIES_SLICE"), slices, strict=True):
        monkeypatch.setattr(past_sql, name, rows)
    journal = await journal_of(tmp_path, times)
    past = await journal.past(5.0, 100.0, 10.0)
    assert past.since == 5.0
    assert sum(one.count for one in past.events) == sum(one.count for one in past.delivered) == len(times)
    assert {one.at for one in past.events} == {1}
    await journal.close()


async def test_no_more_is_counted_than_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest are, and the answer says how far back it goes."""
    monkeypatch.setattr(past_sql, "EVENTS_SLICE", 2)
    monkeypatch.setattr(upkeep, "PAST_EVENTS", 4)
    journal = await journal_of(tmp_path, [float(number) for number in range(10, 20)])
    past = await journal.past(0.0, 100.0, 1.0)
    assert sorted(one.at for one in past.events) == [16, 17, 18, 19]
    assert past.since == 16.0
    monkeypatch.setattr(past_sql, "DELIVERIES_SLICE", 2)
    monkeypatch.setattr(upkeep, "PAST_DELIVERIES", 2)
    assert (await journal.past(0.0, 100.0, 1.0)).since == 18.0
    await journal.close()


async def test_new_events_are_counted_a_part_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who missed many goes on where the last look ended."""
    monkeypatch.setattr(past_sql, "FRESH_SLICE", 2)
    journal = await journal_of(tmp_path, [10.0] * 5)
    reached, seen = 0, 0
    for expected in (2, 4, 5, 5):
        counts, reached = await journal.fresh(reached)
        seen += sum(one.count for one in counts)
        assert seen == reached == expected
    await journal.close()
