"""Counting what the journal keeps."""

from pathlib import Path

import pytest

from gateway.journal import Entry
from gateway.journal.sqlite import count_sql, upkeep
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Event, Outcome, Request


def entry(number: int, received: float) -> Entry:
    """An entry with an event of its own and no parcel."""
    return Entry(Event(f"e{number}", received, "r", "s", Outcome.IGNORED, "n", "t", "", "", Request(body=b"12345")))


@pytest.mark.parametrize("apart", [0.0, 0.4, 1.0])
async def test_slices_make_up_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: float) -> None:
    """Each event is counted once, also where many were received in one instant; the count is kept for a while."""
    monkeypatch.setattr(count_sql, "COUNT_SLICE", 3)
    monkeypatch.setattr(upkeep, "_UPKEEP_SECONDS", 1e6)  # upkeep counts, too
    journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, clock=lambda: 0.0)
    for number in range(10):
        await journal.append(entry(number, 1.0 + number * apart // 1))
    holdings = await journal.holdings()
    assert (holdings.events, holdings.oldest) == (10, 1.0)
    await journal.append(entry(10, 99.0))
    again = await journal.holdings()
    assert (again.events, again.last["r"].received) == (10, 99.0)
    monkeypatch.setattr(upkeep, "HOLDINGS_AGE", -1e6)
    last = await journal.holdings()
    assert (last.events, last.size) == (11, holdings.size // 10 * 11)
    await journal.close()
