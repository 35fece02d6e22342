"""The journal of a running gateway: who holds it, what is no journal, and a writing process that stands still."""

import asyncio
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-journal")]

ANSWERED = 10.0
"""Seconds within which a sender is answered, whatever the journal does."""


def _elsewhere(items) -> None:
    """Write the settings of another gateway on the same journal."""
    items.file.write_text(
        items.file.read_text()
        .replace(str(items.port), str(items.free_port()))
        .replace(str(items.admin_port), str(items.free_port()))
    )


async def test_a_second_gateway_on_a_journal_ends_and_delivers_nothing(items):
    """It says who holds the journal; the first goes on, and everything is sent once."""
    await items.start()
    items.mattermost.door.clear()
    for number in range(1, 6):
        assert (await items.item("a", number))[0] == 202
    _elsewhere(items)
    code, text = await items.command("serve")
    assert code not in (0, None)
    assert "Traceback" not in text
    assert f"journal.db is held by the gateway with process id {items.running.process.pid} on host " in text
    assert '"ready"' not in text
    items.mattermost.door.set()
    await items.until(lambda: len(items.mattermost.texts) >= 5)
    assert (await items.item("a", 6))[0] == 202
    await items.until(lambda: len(items.mattermost.texts) >= 6)
    assert items.mattermost.boxes["a"] == [1, 2, 3, 4, 5, 6]
    assert await items.stop() == 0


async def test_a_gateway_that_is_killed_is_replaced_at_once(items):
    """Its successor waits for what is still written, and does not fail."""
    items.mattermost.door.clear()
    for number in range(1, 4):
        await items.start()
        assert (await items.item("a", number))[0] == 202
        items.running.process.kill()
        items.lives.append(await items.mattergate("serve"))
        await items.until(items._is_ready)
        items.running.process.kill()
    await items.start()
    items.mattermost.door.set()
    await items.until(lambda: set(items.mattermost.boxes.get("a", ())) == {1, 2, 3})


def _short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 // 4096 * 4096])


def _only_the_log(path: Path) -> None:
    path.with_name("journal.db-wal").write_bytes(b"x" * 4152)
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_short, "is cut short, it has 1 bytes: restore it from a backup"),
        (_empty, "is cut short, it has 0 bytes: restore it from a backup"),
        (_halved, "is damaged or not a journal"),
        (_only_the_log, "is missing, but its log journal.db-wal is there: put the journal back"),
        (_folder, "is not a file but a directory or a device: name a file"),
        (_newer, "has schema version 99, this release knows up to 8: start the release that wrote it"),
    ],
)
async def test_what_is_not_this_journal_stops_the_start(items, spoil, said):
    """One line says which file, what is wrong and what to do; the exit code is not 0, and nothing listens."""
    await items.start()
    assert (await items.item("a", 1))[0] == 202
    await items.until(lambda: items.mattermost.texts == ["a 1"])
    assert await items.stop() == 0
    path = items.folder / "journal.db"
    spoil(path)
    before = {file.name: file.read_bytes() for file in items.folder.glob("journal.db*") if file.is_file()}
    code, text = await items.command("serve")
    assert code not in (0, None)
    assert "Traceback" not in text
    assert f"{path} {said}" in text
    assert not await items.accepts()
    after = {file.name: file.read_bytes() for file in items.folder.glob("journal.db*") if file.is_file()}
    for name in before.keys() - {"journal.db-lock", "journal.db-shm"}:
        assert after[name] == before[name]


async def test_a_writing_process_that_stands_still_keeps_no_sender_waiting(items, load):
    """Senders get 503 in time. It goes on, or is replaced; what was accepted arrives once and in order."""
    await items.start()
    assert (await items.item("a", 1))[0] == 202
    gateway, scribe = items.running.processes
    os.kill(scribe, signal.SIGSTOP)
    began = time.monotonic()
    answers = await asyncio.gather(*(items.item(f"b{number}", 1) for number in range(20)))
    assert time.monotonic() - began < ANSWERED
    assert {status for status, *_ in answers} == {503}
    assert all(int(headers["Retry-After"]) > 0 for *_, headers in answers)
    assert (await items.get("/readyz"))[0] == 503
    assert (await items.get("/healthz"))[0] == 200
    os.kill(scribe, signal.SIGCONT)
    senders = load(8, 0.02)
    await items.until(lambda: senders.total > 50)
    assert items.running.processes == [gateway, scribe]

    os.kill(scribe, signal.SIGSTOP)
    before = senders.total
    await items.until(lambda: senders.total > before + 50)  # which the next process has written
    assert items.running.processes[0] == gateway
    assert scribe not in items.running.processes
    await senders.finish()
    for number in range(20):  # what was refused may have been stored; its repeat is known then
        assert (await items.item(f"b{number}", 1))[0] in (200, 202)
    expected = senders.expected | {"a": [1]} | {f"b{number}": [1] for number in range(20)}
    await items.until(lambda: sum(map(len, items.mattermost.boxes.values())) >= sum(map(len, expected.values())))
    assert await items.stop() == 0
    assert dict(items.mattermost.boxes) == expected
    assert "Traceback" not in items.log


async def test_a_replay_by_the_command_line_is_picked_up_at_once(items):
    """No look that comes by itself would be as early; the count of the dead follows."""
    await items.start()
    items.mattermost.fail_next(1, 413)
    _, answer, _ = await items.item("a", 1)
    await items.until(lambda: items.dead(1))
    code, text = await items.command("dead", "replay", answer["id"])
    assert code == 0, text
    await items.until(lambda: items.mattermost.texts == ["a 1"], 20)  # a third of the time between looks
    await items.until(lambda: items.dead(0), 20)
    assert await items.stop() == 0


async def test_a_discard_by_the_command_line_is_counted_and_logged(items):
    """The gauge of the dead falls at once; the log says who went and why, and the counter that a person decided it."""
    await items.start()
    items.mattermost.fail_next(1, 413)
    _, answer, _ = await items.item("a", 1)
    await items.until(lambda: items.dead(1))
    code, text = await items.command("dead", "discard", answer["id"], "--because", "posted by hand")
    assert (code, "1 dead delivery is discarded" in text) == (0, True), text
    await items.until(lambda: items.dead(0), 20)
    assert await items.value("dead_discarded_total", destination="ops", cause="person") == 1
    assert await items.stop() == 0
    (line,) = [line for line in items.log.splitlines() if "dead letters discarded" in line]
    assert '"posted by hand"' in line


async def test_invented_hooks_leave_nothing(items):
    """What they sent is in the journal while it waits, and is gone with the refusal; what a real hook refuses stays."""
    items.configure(items.routes + f'[passthrough]\nserver = "{items.mattermost_url}"\n')
    await items.start()
    body = {"kind": "item", "id": "1", "box": "a", "number": 1}
    for number in range(20):
        hook = f"{number:026d}"
        assert (await items.post(f"/hooks/{hook}/items", body))[0] == 202
    assert (await items.post(f"/hooks/{items.hook}/items", body))[0] == 202
    await items.until(lambda: items.mattermost.texts == ["a 1"])
    items.mattermost.hooks.pop(items.hook)
    assert (await items.post(f"/hooks/{items.hook}/items", {**body, "id": "2"}))[0] == 202

    def counted() -> tuple[int, ...]:
        with closing(sqlite3.connect(items.folder / "journal.db")) as connection:
            tables = ("event", "delivery", "duplicate", "duplicate_new", "address")
            return tuple(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)

    await items.until(lambda: counted() == (2, 2, 0, 2, 1))
    assert await items.stop() == 0


async def test_secrets_of_the_release_before_are_taken_over(items):
    """A service that told its secret to that release is known to this one, also after a restart."""
    items.configure(items.routes.replace(f'secrets = ["{items.secret}"]', 'secrets = ["another one"]'))
    (items.folder / "journal.secrets").write_text(f'{{"items": ["{items.secret}"]}}')
    for number in (1, 2):
        await items.start()
        assert (await items.item("a", number))[0] == 202
        assert not (items.folder / "journal.secrets").exists()
        assert await items.stop() == 0
    assert items.secret not in items.log
