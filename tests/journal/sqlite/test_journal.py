"""The embedded journal where it meets files, disks and other processes."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import DuplicateKey, Entry, Query, Settlement
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request
from gateway.observe.metrics import Metrics
from tests.conftest import PATIENCE

NOW = 1_800_000_000.0
_ids = count(1)


def entry(*payloads: bytes, received: float = NOW, body: bytes = b"{}", keys: tuple[DuplicateKey, ...] = ()) -> Entry:
    """An entry with an event of its own and one parcel a payload."""
    request = Request(body=body)
    event = Event(f"event-{next(_ids)}", received, "build", "github", Outcome.MESSAGE, "push", "d", "s", "", request)
    return Entry(event, tuple(Parcel("ops", "ops:s", payload) for payload in payloads), keys)


async def opened(path: Path, **more: Any) -> SqliteJournal:
    """A journal that keeps everything unless told otherwise."""
    return await SqliteJournal.open(path, **({"retention": 1e6, "max_size": 10**9, "clock": lambda: NOW} | more))


async def ids(journal: SqliteJournal) -> list[str]:
    """The ids of all events, oldest first."""
    return [record.event.id for record in reversed((await journal.find(Query(limit=10_000))).records)]


async def test_a_file_of_rubbish_is_refused(tmp_path: Path) -> None:
    """What is not a database is named, with the way on, and left as it was."""
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database at all" * 500)
    with pytest.raises(JournalDamaged, match=r"journal\.db is damaged or not a journal .*move it away"):
        await opened(path)
    assert path.read_bytes().startswith(b"not a database")


async def test_damage_found_later_is_told(tmp_path: Path) -> None:
    """The first page of each table is overwritten: the verb that meets it raises JournalDamaged."""
    path = tmp_path / "journal.db"
    journal = await opened(path)
    await asyncio.gather(*(journal.append(entry(b"x" * 3000, body=b"y" * 3000)) for _ in range(100)))
    await journal.close()
    connection = sqlite3.connect(path)
    roots = [page for (page,) in connection.execute("SELECT rootpage FROM sqlite_schema WHERE rootpage > 0")]
    connection.close()
    with path.open("r+b") as file:
        for page in roots:
            file.seek(4096 * (page - 1))
            file.write(b"\xff" * 4096)
    journal = await opened(path)
    with pytest.raises(JournalDamaged, match="damaged"):
        await journal.append(entry(b"x"))
    with pytest.raises(JournalDamaged, match="damaged"):
        await journal.pending(0, 1000)
    await journal.close()


@pytest.mark.parametrize("deliver", [False, True])
async def test_a_path_that_cannot_be_opened(tmp_path: Path, deliver: bool) -> None:
    """A missing directory is named."""
    with pytest.raises(JournalError, match=f"journal {tmp_path}.*its directory must exist"):
        await opened(tmp_path / "missing" / "journal.db", deliver=deliver)


async def test_a_new_journal_is_told_and_an_old_one_is_not(tmp_path: Path) -> None:
    """Who moved a journal, or names a wrong path, finds in the log that an empty one was begun."""
    for expected in (["a new, empty journal is begun"], []):
        with capture_logs() as told:
            journal = await opened(tmp_path / "journal.db")
            await journal.close()
        assert [line["event"] for line in told] == expected


async def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    """Without space every append is whole or refused; with space the same journal goes on and holds all it promised."""
    script = Path(__file__).with_name("full_disk.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path / "journal.db"],
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "refused" in done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A directory on a file system of 1 MB, where mounting is allowed."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount")
    yield place
    subprocess.run(["umount", str(place)], check=True)


async def test_a_full_file_system(small_disk: Path) -> None:
    """The text says what is wrong; settled or not, everything acknowledged is there once space is free again."""
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(400_000))
    journal = await opened(small_disk / "journal.db")
    stored = []

    async def fill() -> None:
        for _ in range(200):
            stored.append((await journal.append(entry(b"p", body=bytes(8000)))).event_id)

    with pytest.raises(JournalError, match="no space is left"):
        await fill()
    ballast.unlink()
    stored.append((await journal.append(entry(b"p"))).event_id)
    assert await ids(journal) == stored
    await journal.close()


async def test_another_process_finds_and_requeues(tmp_path: Path) -> None:
    """The command line sees what the service stored; the service sees what the command line queued again."""
    service = await opened(tmp_path / "journal.db")
    (delivery,) = (await service.append(entry(b"x"))).deliveries
    await service.settle([Settlement(delivery.seq, DeliveryState.DEAD, 1)])
    script = (
        "import asyncio, sys\n"
        "from gateway.journal import Query\n"
        "from gateway.model import DeliveryState\n"
        "from gateway.journal.sqlite.journal import SqliteJournal\n"
        "async def main():\n"
        "    journal = await SqliteJournal.open(sys.argv[1], retention=1e6, max_size=10**9)\n"
        "    (record,) = (await journal.find(Query(delivery_state=DeliveryState.DEAD))).records\n"
        "    print(await journal.requeue([delivery.seq for delivery in record.deliveries]))\n"
        "    await journal.close()\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, tmp_path / "journal.db", stdout=asyncio.subprocess.PIPE
    )
    appending = [await service.append(entry(b"y")) for _ in range(50)]
    printed, _ = await process.communicate()
    assert printed.strip() == b"1"
    payloads = [found.payload for found in await service.pending(delivery.seq, 100)]
    assert sorted(payloads) == [b"x"] + [b"y"] * len(appending)
    numbers = [(await service.append(entry(b"z"))).deliveries[0].seq, *(d.seq for d in await service.pending(0, 100))]
    assert numbers[0] == numbers[-1]
    await service.close()


async def test_a_lock_of_another_process_is_waited_for(tmp_path: Path) -> None:
    """An append beside a foreign transaction waits for its end."""
    journal = await opened(tmp_path / "journal.db")
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    appending = asyncio.ensure_future(journal.append(entry(b"x")))
    await asyncio.sleep(0.05)
    assert not appending.done()
    other.execute("COMMIT")
    other.close()
    assert (await appending).deliveries
    await journal.close()


async def test_a_file_taken_away_is_noticed(tmp_path: Path) -> None:
    """Nothing is acknowledged into a file that nobody will find again; put back, it is used again."""
    path, away = tmp_path / "journal.db", tmp_path / "away"
    away.mkdir()
    journal = await opened(path)
    kept = await journal.append(entry(b"kept"))
    assert len(await ids(journal)) == 1
    for file in tmp_path.glob("journal.db*"):
        file.rename(away / file.name)
    with pytest.raises(JournalError, match="moved or deleted while in use: put it back"):
        await journal.append(entry(b"lost"))
    with pytest.raises(JournalError, match="moved or deleted"):
        await journal.census()
    assert not path.exists()
    for file in away.iterdir():
        file.rename(tmp_path / file.name)
    again = await journal.append(entry(b"again"))
    assert await ids(journal) == [kept.event_id, again.event_id]
    await journal.close()


async def test_commits_are_measured(tmp_path: Path) -> None:
    """Each group commit is one observation."""
    metrics = Metrics()
    journal = await opened(tmp_path / "journal.db", on_commit=metrics.journal_commit_seconds.observe)
    await journal.append(entry())
    await journal.append(entry())
    await journal.close()
    assert metrics.registry.get_sample_value("mattergate_journal_commit_seconds_count") == 2


@pytest.mark.parametrize("deliver", [False, True])
async def test_bodies_take_less_on_the_disk_and_come_out_whole(tmp_path: Path, deliver: bool) -> None:
    """Small ones as they came, the others packed, the large by the writer; an event counts with what it takes."""
    journal = await opened(tmp_path / "journal.db", deliver=deliver)
    bodies = [b"{}", b'{"text": "hello"}' * 500, b'{"text": "hello"}' * 100_000]
    await asyncio.gather(*(journal.append(entry(body=body)) for body in bodies))
    found = (await journal.find(Query())).records
    assert [record.event.request.body for record in reversed(found)] == bodies
    assert [record.event.request.body for record in (await journal.find(Query(bodies=False))).records] == [b""] * 3
    await journal.close()
    connection = sqlite3.connect(tmp_path / "journal.db")
    rows = connection.execute("SELECT length(body), body_size, size < 1000 FROM event ORDER BY number").fetchall()
    connection.close()
    assert all(stored < 500 and light for stored, _, light in rows)
    assert [size for _, size, _ in rows] == [0, 8500, 1_700_000]
