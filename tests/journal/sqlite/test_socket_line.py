"""A command line tool beside a running gateway."""

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import JournalError
from gateway.journal import Entry, Settlement
from gateway.journal.sqlite import client, messages
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.journal.sqlite.lease import holder
from gateway.journal.sqlite.socket_line import SocketLine
from gateway.journal.sqlite.thread_line import ThreadLine
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request
from tests.journal.sqlite.test_process_line import again, entry, writer_processes


async def opened(path: Path, *, deliver: bool = False) -> SqliteJournal:
    """The journal of a tool, or of a gateway."""
    return await SqliteJournal.open(path, retention=1e9, max_size=10**9, deliver=deliver)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    """The journal of a gateway that runs."""
    made = await opened(tmp_path / "journal.db", deliver=True)
    yield made
    await made.close()


def line_of(journal: SqliteJournal) -> object:
    """What leads to the writing."""
    return journal._writer._line


async def test_the_gateways_process_writes_for_it(tmp_path: Path, gateway: SqliteJournal) -> None:
    """A tool has no thread for it; what it asked for before its end is done."""
    (delivery,) = (await gateway.append(entry())).deliveries
    await gateway.settle([Settlement(delivery.seq, DeliveryState.DEAD, 1)])
    tool = await opened(tmp_path / "journal.db")
    assert isinstance(line_of(tool), SocketLine)
    asked = asyncio.ensure_future(tool.requeue([delivery.seq]))
    await asyncio.sleep(0)
    await tool.close()
    assert await asked == 1
    with pytest.raises(JournalError, match="closed"):
        await tool.requeue([delivery.seq])


async def test_without_a_gateway_it_writes_by_itself(tmp_path: Path) -> None:
    """Also where the socket of one that was killed is left."""
    path = tmp_path / "journal.db"
    first = await opened(path, deliver=True)
    found = holder(path)
    await first.close()
    assert found is not None
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(found.socket)
    tool = await opened(path)
    assert isinstance(line_of(tool), ThreadLine)
    await tool.append(entry())
    await tool.close()


async def test_a_copy_of_a_running_journal_is_not_written_by_its_gateway(
    tmp_path: Path, gateway: SqliteJournal
) -> None:
    """The copy of the lock names the socket of that gateway, which writes another file."""
    await gateway.append(entry())
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in tmp_path.glob("journal.db*"):
        if not file.is_socket():
            shutil.copy2(file, copy)
    found = holder(copy / "journal.db")
    assert found is not None
    assert Path(found.socket).is_socket()
    tool = await opened(copy / "journal.db")
    assert isinstance(line_of(tool), ThreadLine)
    await tool.close()


async def test_it_reads_while_nothing_is_written(
    tmp_path: Path, gateway: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that hangs is told to whoever wants to write, and holds up neither reading nor the end."""
    (delivery,) = (await gateway.append(entry())).deliveries
    monkeypatch.setattr(client, "SILENCE", 0.2)
    (process,) = writer_processes()
    os.kill(process, signal.SIGSTOP)
    try:
        tool = await opened(tmp_path / "journal.db")
        assert await tool.pending(0, 10) == [delivery]
        with pytest.raises(JournalError, match="its writer has not answered"):
            await tool.requeue([1])
        async with asyncio.timeout(10):
            await tool.close()
    finally:
        os.kill(process, signal.SIGCONT)
    assert not await again(gateway, entry())


async def test_it_is_told_when_the_process_ends(tmp_path: Path, gateway: SqliteJournal) -> None:
    """What was asked for may be done or not; the next tool is served by the next process."""
    tool = await opened(tmp_path / "journal.db")
    await tool.append(entry())
    (process,) = writer_processes()
    os.kill(process, signal.SIGSTOP)
    asked = tool.append(entry())
    await asyncio.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    with pytest.raises(JournalError, match="the running gateway that writes it does not serve this command"):
        await asked
    with pytest.raises(JournalError, match="does not serve this command"):
        await tool.append(entry())
    await tool.close()
    tool = await opened(tmp_path / "journal.db")
    assert (await tool.append(entry())).deliveries
    await tool.close()
    assert not await again(gateway, entry())


async def test_a_gateway_of_another_release(
    tmp_path: Path, gateway: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent that it might take for something else."""
    monkeypatch.setattr("gateway.journal.sqlite.channel.PROTOCOL", messages.PROTOCOL + 1)
    tool = await opened(tmp_path / "journal.db")
    with pytest.raises(JournalError, match="another release: restart the gateway"):
        await tool.requeue([1])
    await tool.close()
    monkeypatch.undo()
    assert not await again(gateway, entry())


async def test_more_than_a_client_may_send_at_once(tmp_path: Path, gateway: SqliteJournal) -> None:
    """It is refused before it is sent, and the tool goes on."""
    tool = await opened(tmp_path / "journal.db")
    event = Event("large", 1.5, "r", "s", Outcome.MESSAGE, "n", "t", "", "", Request(body=bytes(messages.LARGEST)))
    with pytest.raises(JournalError, match="bytes at once are above 16,000,000"):
        await tool.append(Entry(event, (Parcel("ops", "a", b"{}"),)))
    await tool.append(entry())
    await tool.close()
    assert len(await gateway.pending(0, 10)) == 1
