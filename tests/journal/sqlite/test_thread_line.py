"""The writing in a thread."""

import asyncio
import threading
from pathlib import Path

import pytest

from gateway.errors import JournalError
from gateway.journal import Entry
from gateway.journal.sqlite import client
from gateway.journal.sqlite.client import Writer
from gateway.journal.sqlite.commits import Writing
from gateway.journal.sqlite.file import prepare
from gateway.journal.sqlite.thread_line import ThreadLine
from gateway.model import Event, Outcome, Request


def entry(number: int) -> Entry:
    """An entry with an event of its own."""
    return Entry(Event(f"e{number}", 1.5, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty journal."""
    prepare(tmp_path / "journal.db")
    return tmp_path / "journal.db"


async def test_what_is_asked_for_together_is_committed_together(path: Path) -> None:
    """Many jobs, few commits; the thread ends with the line."""
    commits: list[float] = []
    writer = Writer(path, commits.append)
    writer.use(ThreadLine(path, writer.on_answers))
    await asyncio.gather(*(writer.ask(entry(number)) for number in range(300)))
    assert 1 <= len(commits) < 100
    await writer.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "journal-writer"]


async def test_a_thread_that_hangs_holds_up_neither_requests_nor_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that does not answer is told, and what it does after all is done."""
    monkeypatch.setattr(client, "SILENCE", 0.1)
    go_on, turn = threading.Event(), Writing.turn

    def hanging(self: Writing, jobs: object) -> bool:
        go_on.wait(30)
        return turn(self, jobs)

    monkeypatch.setattr(Writing, "turn", hanging)
    writer = Writer(path)
    writer.use(ThreadLine(path, writer.on_answers))
    with pytest.raises(JournalError, match="its writer has not answered"):
        await writer.ask(entry(1))
    async with asyncio.timeout(10):
        await writer.close()
    go_on.set()
