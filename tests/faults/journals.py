"""Faults of the journal's file: moved, deleted, truncated, damaged; while the gateway runs, and while it is stopped.

What the operator does then is what deploy/operations.md says: put the file back, restore the newest copy, or begin an
empty journal. Items that were accepted after the copy and had not arrived may be lost, as `World.waiting` counts them.
"""

import os
import shutil
import sqlite3
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from pathlib import Path

from tests.faults.disks import run
from tests.faults.world import Fault, World, fault

_ROOT = Path(__file__).parents[2]
_NOTICED = 3.0
"""Seconds for a gateway that runs to notice that its journal is damaged; some damage shows only where it is read."""

Harm = Callable[[Path], None]


def _checkpoint(journal: Path) -> None:
    """Bring all into the file itself: what is only in its log, damage of the file does not reach."""
    with closing(sqlite3.connect(journal, timeout=10)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _truncate(journal: Path) -> None:
    _checkpoint(journal)
    os.truncate(journal, journal.stat().st_size // 2 + 100)


def _damage(journal: Path) -> None:
    """Write over every second page, the first one with the file's header left out."""
    _checkpoint(journal)
    with journal.open("r+b") as file:
        for page in range(1, journal.stat().st_size // 4096, 2):
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)


def _files(journal: Path) -> list[Path]:
    return [journal.with_name(f"{journal.name}{end}") for end in ("", "-wal", "-shm")]


@fault("journal moved away and put back", short=True)
async def moved(world: World) -> AsyncGenerator[None]:
    """503 while it is away; nothing is written into a file that nobody would find."""
    journal = world.gateway.journal
    away = journal.with_name("away.db")
    journal.rename(away)
    await world.refused()
    yield
    away.rename(journal)


@fault("journal deleted while it runs", lasting=False)
async def deleted(world: World) -> AsyncGenerator[None]:
    """503 until the operator begins an empty one; the start refuses as long as remains of the old one are there."""
    world.gateway.journal.unlink()
    await world.refused()
    world.note("503 until it is restarted")
    await world.gateway.stop()
    await _refused_start(world, "missing", "cannot be opened")
    world.may_lose += await world.waiting()
    world.may_repeat_kill()
    world.note("begun anew")
    for file in _files(world.gateway.journal):
        file.unlink(missing_ok=True)
    yield
    await _begin_again(world)


def _running(name: str, harm: Harm) -> Fault:
    @fault(f"journal {name} while it runs", lasting=False, within=30.0)
    async def act(world: World) -> AsyncGenerator[None]:
        copies = await _copy(world)
        accepted = world.senders.total
        harm(world.gateway.journal)
        await _noticed(world)
        await world.gateway.stop()
        await _refused_start(world, "damaged", "cut short")
        await _restore(world, copies)
        world.may_lose += await world.waiting()
        world.may_repeat += world.senders.total - accepted
        world.may_go_back = True
        yield
        await _begin_again(world)

    return act


def _stopped(name: str, harm: Harm) -> Fault:
    @fault(f"journal {name} while it is stopped", lasting=False, within=30.0)
    async def act(world: World) -> AsyncGenerator[None]:
        world.may_repeat_kill()
        await world.mattermost.kill()
        await world.queued()
        await world.gateway.stop()
        copy = world.folder / "copy"
        shutil.copytree(world.place.folder, copy, ignore=lambda _, names: [n for n in names if "journal.db" not in n])
        harm(world.gateway.journal)
        await _refused_start(world, "damaged", "cut short", "missing")
        await world.mattermost.start()
        for file in _files(world.gateway.journal):
            file.unlink(missing_ok=True)
            if (kept := copy / file.name).exists():
                shutil.copy(kept, file)
        world.note("the copy restored")
        yield
        await _begin_again(world)

    return act


async def _copy(world: World) -> Path:
    """Copy the journal as an operator does, while it runs."""
    copies = world.folder / "copies"
    await run(sys.executable, _ROOT / "deploy" / "backup", world.gateway.journal, copies)
    return copies


async def _restore(world: World, copies: Path) -> None:
    for file in _files(world.gateway.journal):
        file.unlink(missing_ok=True)
    (copy,) = copies.glob("*.db")
    shutil.copy(copy, world.gateway.journal)
    world.note("a copy of just before restored")


async def _noticed(world: World) -> None:
    """Wait until the gateway shows that its journal is damaged: it refuses requests, or ends."""
    refused, ends = world.senders.refused.total(), len(world.gateway.ends)

    def shows() -> bool:
        return world.senders.refused.total() > refused + 3 or len(world.gateway.ends) > ends

    if not await world.until(shows, _NOTICED):
        world.note(f"not noticed within {_NOTICED:g} s")
    elif await world.until(lambda: len(world.gateway.ends) > ends, 2.0):
        world.note(f"it ends (exit code {world.gateway.ends[ends]})")
    else:
        world.note("503")


async def _refused_start(world: World, *words: str) -> None:
    """Start it once, and wait for the refusal, which has one of these words and the file's name.

    It may also start with an empty journal, if it says so.
    """
    said = world.gateway.log.stat().st_size
    code = await world.gateway.try_start()
    lines = [str(line) for line in world.gateway.said(said)]
    clear = any("journal.db" in line and any(word in line for word in words) for line in lines)
    if code is None and any("journal" in line and ("empty" in line or "new" in line) for line in lines):
        world.note("it starts, and says that the journal is empty")
    elif code is None:
        world.broken.append("it starts and says nothing")
    elif code < 0 or not clear or any("Traceback" in line for line in lines):
        world.broken.append(f"the start is not refused clearly (exit code {code}): {lines[-1] if lines else ''}")
    else:
        world.note("the start is refused")


async def _begin_again(world: World) -> None:
    world.healed()
    await world.gateway.start()


FAULTS = (
    moved,
    deleted,
    _running("truncated", _truncate),
    _running("damaged", _damage),
    _stopped("deleted", Path.unlink),
    _stopped("truncated", _truncate),
    _stopped("damaged", _damage),
)
