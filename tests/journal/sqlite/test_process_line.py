"""The journal that is written by a process of its own: that process may end, hang, or be left alone."""

import asyncio
import fcntl
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import JournalError
from gateway.journal import DuplicateKey, Entry, Query, Settlement
from gateway.journal.sqlite import client, lease, process_line
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request
from gateway.observe.metrics import Metrics
from tests.conftest import PATIENCE

_ids = count(1)


def entry(body: bytes = b"{}", subject: str = "s") -> Entry:
    """An entry with an event of its own, a parcel and a key."""
    name = f"event-{next(_ids)}"
    event = Event(
        name, 1_800_000_000.0, "build", "github", Outcome.MESSAGE, "push", "d", subject, "", Request(body=body)
    )
    return Entry(event, (Parcel("ops", "ops:s", b"{}"),), (DuplicateKey(name.encode(), 1000.0),))


def children() -> set[int]:
    """The processes that this one has started."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            found.update(map(int, file.read_text().split()))
    return found


def writer_processes() -> set[int]:
    """The processes that write a journal for this one."""
    return {one for one in children() if b"gateway.journal.sqlite.process" in Path(f"/proc/{one}/cmdline").read_bytes()}


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    """A journal that is written apart."""
    before = writer_processes()
    journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)
    yield journal
    await journal.close()
    assert writer_processes() == before, "its process is still there"


async def stored(journal: SqliteJournal) -> list[str]:
    """The ids of all events, oldest first."""
    return [record.event.id for record in reversed((await journal.find(Query(limit=10_000))).records)]


async def again(journal: SqliteJournal, one: Entry) -> bool:
    """Append until it is stored, as senders do; whether it had been stored before."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return (await journal.append(one)).duplicate
            except JournalError:
                await asyncio.sleep(0.05)


async def test_a_process_that_dies_is_replaced(journal: SqliteJournal) -> None:
    """What was asked for is refused, not forgotten; whoever comes again is served, and nothing is stored twice."""
    first = entry()
    await journal.append(first)
    with capture_logs() as said:
        for _ in range(3):
            (process,) = writer_processes()
            wanted = [entry(b"x" * 8000) for _ in range(200)]
            asked = [asyncio.ensure_future(journal.append(one)) for one in wanted]
            await asyncio.sleep(0.002)
            os.kill(process, signal.SIGKILL)
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert all(isinstance(answer, JournalError) for answer in answers if isinstance(answer, Exception))
            for one, answer in zip(wanted, answers, strict=True):
                assert await again(journal, one) or isinstance(answer, JournalError)
    names = await stored(journal)
    assert len(names) == len(set(names)) == 601
    assert [line["code"] for line in said if "code" in line] == [-signal.SIGKILL] * 3


async def test_while_there_is_no_process_the_journal_says_so(journal: SqliteJournal) -> None:
    """The error names the file and what happens."""
    (process,) = writer_processes()
    os.kill(process, signal.SIGSTOP)
    waiting = asyncio.ensure_future(journal.append(entry()))
    await asyncio.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    with pytest.raises(JournalError, match=r"journal\.db: the process that writes it has ended; it is started again"):
        await waiting
    with pytest.raises(JournalError, match="it is started again"):
        await journal.append(entry())
    assert not await again(journal, entry())


async def test_signals_that_are_meant_for_the_gateway_are_left_to_it(journal: SqliteJournal) -> None:
    """A terminal or a service manager tells every process of a group."""
    (process,) = writer_processes()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(process, number)
    await journal.append(entry())
    assert writer_processes() == {process}


async def test_closing_after_the_process_died(tmp_path: Path) -> None:
    """Closing neither hangs nor fails, also while a new process is on its way."""
    for pause in (0.0, 0.05, 0.3):
        journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)
        await journal.append(entry())
        (process,) = writer_processes()
        os.kill(process, signal.SIGKILL)
        await asyncio.sleep(pause)
        async with asyncio.timeout(PATIENCE):
            await journal.close()
        assert not writer_processes()


async def test_a_process_that_does_not_come_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal is not opened, and says what happened."""
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(JournalError, match=r"journal\.db: .* did not start: it ended with code 1"):
        await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)
    monkeypatch.setattr("sys.executable", "/nowhere")
    with pytest.raises(JournalError, match=r"did not start: .*No such file"):
        await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)


async def test_a_process_that_hangs_before_its_first_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed, and the journal is not opened."""
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\nexec sleep 600\n")
    mute.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(mute))
    monkeypatch.setattr(process_line, "GREETING", 0.3)
    before = children()
    with pytest.raises(JournalError, match=r"did not start: it sent no greeting within 0\.3 s and was killed"):
        await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)
    assert children() == before


async def test_a_first_word_that_is_heard_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that was suspended meanwhile hears it together with its own alarm: one process is there, and writes."""
    pair = socket.socketpair

    def suspended(ours: socket.socket) -> None:
        with ours:
            select.select([ours], [], [], PATIENCE)  # until the word is there
            time.sleep(0.3)

    def watched() -> tuple[socket.socket, socket.socket]:
        ours, theirs = pair()
        asyncio.get_running_loop().call_later(0.03, suspended, ours.dup())
        return ours, theirs

    monkeypatch.setattr(socket, "socketpair", watched)
    monkeypatch.setattr(process_line, "GREETING", 0.3)
    journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)
    monkeypatch.undo()
    await asyncio.sleep(0.5)
    await journal.append(entry())
    assert len(writer_processes()) == 1
    await journal.close()
    assert not writer_processes()


async def test_a_process_that_hangs_does_not_hold_up_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is killed, and whoever still waits is told that nothing was promised."""
    journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)
    (process,) = writer_processes()
    os.kill(process, signal.SIGSTOP)
    waiting = asyncio.ensure_future(journal.append(entry()))
    await asyncio.sleep(0.05)
    monkeypatch.setattr(process_line, "PATIENCE", 0.3)
    async with asyncio.timeout(PATIENCE):
        await journal.close()
    assert not writer_processes()
    with pytest.raises(JournalError, match=r"journal\.db: "):
        await waiting


async def test_a_process_that_cannot_be_started_again_for_a_while(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried less and less often, whatever is the matter, and as soon as it can be the journal goes on."""
    (process,) = writer_processes()
    failures = [OSError("no more processes"), RuntimeError("no more threads"), EOFError("ended")]
    start = process_line._start_process

    def scarce(path: Path, *descriptors: int) -> object:
        if failures:
            raise failures.pop()
        return start(path, *descriptors)

    monkeypatch.setattr(process_line, "_start_process", scarce)
    monkeypatch.setattr(process_line, "AGAIN", 0.02)
    with capture_logs() as said:
        os.kill(process, signal.SIGKILL)
        assert not await again(journal, entry())
    assert [line["why"] for line in said if "why" in line] == ["ended", "no more threads", "no more processes"]


async def test_modules_in_the_working_directory_are_not_taken_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway is started wherever its settings are, beside files of any name."""
    (tmp_path / "gateway").mkdir()
    for name in ("gateway/__init__.py", "signal.py", "msgspec.py"):
        (tmp_path / name).write_text("raise SystemExit(7)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [place for place in sys.path if place])
    journal = await SqliteJournal.open("journal.db", retention=1e9, max_size=10**9, deliver=True)
    await journal.append(entry())
    await journal.close()


async def test_many_connections_are_open_when_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end of the line may have any number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (2048, hard))
    pair = socket.socketpair

    def high() -> tuple[socket.socket, ...]:
        numbers = []
        for end in pair():
            with end:
                numbers.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 1500))
        return tuple(socket.socket(fileno=number) for number in numbers)

    try:
        with monkeypatch.context() as patch:
            patch.setattr(socket, "socketpair", high)
            journal = await SqliteJournal.open(tmp_path / "journal.db", retention=1e9, max_size=10**9, deliver=True)
        await asyncio.gather(*(journal.append(entry(bytes(300_000))) for _ in range(20)))
        await journal.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_path_that_is_no_text(tmp_path: Path) -> None:
    """Trouble with it is told like any other."""
    path = tmp_path / os.fsdecode(b"journal\xff.db")
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**9, deliver=True)
    (process,) = writer_processes()
    path.rename(tmp_path / "elsewhere.db")
    with pytest.raises(JournalError, match="moved"):
        await journal.append(entry())
    assert writer_processes() == {process}
    await journal.close()


async def test_values_that_cannot_travel_are_refused_alone(journal: SqliteJournal) -> None:
    """Half a surrogate pair is no text: only its entry suffers."""
    answers = await asyncio.gather(
        *(journal.append(one) for one in (entry(), entry(subject="\ud800"), entry())), return_exceptions=True
    )
    assert isinstance(answers[1], JournalError)
    assert len(await stored(journal)) == 2


async def test_more_than_the_socket_holds(journal: SqliteJournal) -> None:
    """Whatever is asked for at once is stored in its order, and settled as told."""
    wanted = [entry(bytes([number]) * 300_000) for number in range(100)]
    appended = await asyncio.gather(*(journal.append(one) for one in wanted))
    numbers = [one.deliveries[0].seq for one in appended]
    assert numbers == sorted(set(numbers))
    assert await stored(journal) == [one.event.id for one in wanted]
    await asyncio.gather(*(journal.settle([Settlement(seq, DeliveryState.DELIVERED, 1)]) for seq in numbers))
    assert await journal.pending(0, 1000) == []


async def test_commits_are_measured(tmp_path: Path) -> None:
    """The metric counts the groups that the other process commits."""
    metrics = Metrics()
    journal = await SqliteJournal.open(
        tmp_path / "journal.db",
        retention=1e9,
        max_size=10**9,
        on_commit=metrics.journal_commit_seconds.observe,
        deliver=True,
    )
    for _ in range(3):
        await journal.append(entry())
    await journal.close()
    assert metrics.registry.get_sample_value("mattergate_journal_commit_seconds_count") == 3


async def test_a_process_that_stands_still_goes_on(journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Senders are refused meanwhile; what it does after all is done once, and its numbers are told."""
    monkeypatch.setattr(client, "SILENCE", 0.3)
    told: list[int] = []
    journal.listen(told.append)
    await journal.append(entry())
    (process,) = writer_processes()
    os.kill(process, signal.SIGSTOP)
    wanted = [entry() for _ in range(20)]
    answers = await asyncio.gather(*(journal.append(one) for one in wanted), return_exceptions=True)
    assert all(isinstance(answer, JournalError) for answer in answers)
    began = time.monotonic()
    with pytest.raises(JournalError, match="its writer has not answered"):
        await journal.append(entry())
    assert time.monotonic() - began < 0.2
    os.kill(process, signal.SIGCONT)
    async with asyncio.timeout(20):
        while not told or told[-1] < 21:
            await asyncio.sleep(0.01)
    assert [await again(journal, one) for one in wanted] == [True] * 20
    assert len(await stored(journal)) == 21
    assert writer_processes() == {process}


async def test_a_process_that_stands_still_for_long_is_replaced(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed and another one is started; what was answered for is there, and what comes again is stored once."""
    monkeypatch.setattr(client, "SILENCE", 0.2)
    monkeypatch.setattr(client, "REPLACE", 0.6)
    first = entry()
    await journal.append(first)
    (process,) = writer_processes()
    os.kill(process, signal.SIGSTOP)
    wanted = [entry() for _ in range(20)]
    with capture_logs() as said:
        answers = await asyncio.gather(*(journal.append(one) for one in wanted), return_exceptions=True)
        assert all(isinstance(answer, JournalError) for answer in answers)
        for one in wanted:
            await again(journal, one)
    (successor,) = writer_processes()
    assert successor != process
    names = await stored(journal)
    assert sorted(names) == sorted(one.event.id for one in (first, *wanted))
    assert [line["code"] for line in said if "code" in line] == [-signal.SIGKILL]
    assert [line["event"] for line in said][:2] == [
        "the journal is not written, requests are refused",
        "the process that writes the journal does not answer, it is killed",
    ]


async def test_a_process_that_waits_for_its_disk_is_not_killed(
    journal: SqliteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one would have to wait as well; senders are refused until the disk goes on."""
    monkeypatch.setattr(client, "SILENCE", 0.1)
    monkeypatch.setattr(client, "REPLACE", 0.2)
    asked: list[int] = []
    monkeypatch.setattr(process_line, "_waits_for_disk", lambda process: asked.append(process) or True)
    (process,) = writer_processes()
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(JournalError, match="has not answered"):
        await journal.append(entry())
    async with asyncio.timeout(20):
        while len(asked) < 3:
            await asyncio.sleep(0.01)
    os.kill(process, signal.SIGCONT)
    assert not await again(journal, entry())
    assert writer_processes() == {process}
    assert set(asked) == {process}


def test_the_state_of_a_process_is_told_by_the_system() -> None:
    """Neither one that runs nor one that is gone waits for a disk."""
    assert not process_line._waits_for_disk(os.getpid())
    assert not process_line._waits_for_disk(2**22 + 1)


async def test_the_lease_outlives_a_replaced_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever process writes, the journal is held until the gateway closes it, and no longer."""
    monkeypatch.setattr(lease, "PATIENCE", 0.1)
    path = tmp_path / "journal.db"
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**9, deliver=True)
    for _ in range(2):
        (process,) = writer_processes()
        os.kill(process, signal.SIGKILL)
        await again(journal, entry())
        with pytest.raises(JournalError, match="is held by"):
            await SqliteJournal.open(path, retention=1e9, max_size=10**9, deliver=True)
    await journal.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["journal.db", "journal.db-lock"]
    await (await SqliteJournal.open(path, retention=1e9, max_size=10**9, deliver=True)).close()
