"""The door of the journal: which store a URL opens. What a journal promises is in `tests/contract/test_journal.py`."""

from pathlib import Path

import pytest

from gateway import journal
from gateway.errors import JournalDamaged
from gateway.journal import DuplicateKey, Entry, deliveries
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Event, Outcome, Parcel, Request


async def test_the_scheme_picks_the_store(tmp_path: Path) -> None:
    """`sqlite:` is the embedded one; what cannot be opened raises before anything is made."""
    opened = await journal.open(f"sqlite:{tmp_path / 'journal.db'}", retention=1e9, max_size=10**9, deliver=True)
    assert isinstance(opened, SqliteJournal)
    await opened.close()
    with pytest.raises(ValueError, match="names no store"):
        await journal.open(f"files:{tmp_path}", retention=1e9, max_size=10**9, deliver=True)
    with pytest.raises(JournalDamaged, match="not a file"):
        await journal.open(f"sqlite:{tmp_path}", retention=1e9, max_size=10**9)


def test_deliveries_are_numbered_behind_the_last() -> None:
    """One a parcel, in their order, as received with the event."""
    event = Event("e", 1.5, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request())
    entry = Entry(event, (Parcel("ops", "a", b"1"), Parcel("dev", "b", b"2")), (DuplicateKey(b"k", 60.0),))
    assert [(one.seq, one.destination, one.payload, one.received) for one in deliveries(entry, 7)] == [
        (8, "ops", b"1", 1.5),
        (9, "dev", b"2", 1.5),
    ]
