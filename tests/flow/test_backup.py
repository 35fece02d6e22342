"""`deploy/backup` under load: the copy holds all that was accepted before it, and a gateway goes on from it."""

import os
import shutil
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-crash")]

BACKUP = Path(__file__).parents[2] / "deploy" / "backup"
SENDERS = 12


def ids_in(journal: Path) -> set[str]:
    """The events of a journal."""
    with closing(sqlite3.connect(journal)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in connection.execute("SELECT id FROM event")}


async def copied(items, program, *more: str) -> Path:
    """Make a copy of the journal; it is the only file of its kind that is new."""
    folder = items.folder / "copies"
    before = set(folder.glob("*.db"))
    done = await program(sys.executable, BACKUP, items.folder / "journal.db", folder, *more)
    assert await done.ended() == 0, done.text
    [fresh] = set(folder.glob("*.db")) - before
    assert done.text.startswith(f"{fresh}: ")
    return fresh


async def test_a_copy_made_under_load_is_whole_and_can_be_served(items, load, program):
    """Every event accepted before the copy is in it; nobody is refused meanwhile; a gateway on the copy delivers it."""
    await items.start()
    items.mattermost.door.clear()  # nothing is delivered yet: the copy holds everything as waiting
    senders = load(SENDERS)
    await items.until(lambda: senders.total > 500)
    accepted = set(senders.ids)
    copy = await copied(items, program)
    await items.until(lambda: len(senders.ids) > len(accepted) + SENDERS)
    assert not senders.refusals
    await senders.abandon()
    assert accepted <= ids_in(copy)
    assert sorted(path.name for path in copy.parent.iterdir()) == [copy.name]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600

    await items.running.kill()
    for leftover in items.folder.glob("journal.db*"):
        leftover.unlink()
    shutil.copy(copy, items.folder / "journal.db")
    expected = ids_in(copy)
    items.mattermost.door.set()
    await items.start()
    await items.until(lambda: len(set(items.mattermost.texts)) >= len(expected))
    for numbers in items.mattermost.boxes.values():
        first = list(dict.fromkeys(numbers))
        assert first == list(range(1, len(first) + 1))
    assert await items.stop() == 0


async def test_old_copies_go_and_learned_secrets_come_along(items, program):
    """The newest copies stay, each with the secrets that services told; what is stopped can be copied, too."""
    await items.start()
    await items.item("box", 1)
    assert await items.stop() == 0
    secrets = items.folder / "journal.secrets"
    secrets.write_text("{}")
    folder = items.folder / "copies"
    folder.mkdir()
    for day in range(1, 4):
        (folder / f"journal-2020010{day}T000000Z.db").write_text("old")
        (folder / f"journal-2020010{day}T000000Z.secrets").write_text("old")
    (folder / "journal-by-hand.db").write_text("not ours")
    copy = await copied(items, program, "--keep", "2")
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [
            "journal-20200103T000000Z.db",
            "journal-20200103T000000Z.secrets",
            copy.name,
            copy.with_suffix(".secrets").name,
            "journal-by-hand.db",
        ]
    )
    assert copy.with_suffix(".secrets").read_text() == "{}"


@pytest.mark.parametrize("kind", ["missing", "not a journal"])
async def test_what_cannot_be_copied_is_told(tmp_path, program, kind):
    """No journal, or a file that is none: exit 1, a sentence, and nothing that looks like a copy."""
    journal = tmp_path / "journal.db"
    if kind != "missing":
        journal.write_bytes(os.urandom(8192))
    done = await program(sys.executable, BACKUP, journal, tmp_path / "copies")
    assert await done.ended() == 1
    assert done.text.startswith(f"backup: {journal}: ")
    assert "Traceback" not in done.text
    assert not list((tmp_path / "copies").iterdir())
