"""The journal as commands look into it: opened by the settings, walked over pages, ids completed."""

import asyncio
import time

import pytest

from gateway import settings
from gateway.cli import journal
from gateway.journal import Query

COMMANDS = [["events", "list"], ["events", "show", "0199a00000"], ["dead", "list"], ["dead", "replay", "--all"]]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_journal_that_is_not_there_is_told(desk, command):
    """The error names the file, and what makes it; no file is made."""
    said = desk.run(*command)
    assert said.code == 1
    assert f"{desk.folder / 'journal.db'}: there is no journal yet" in said.err
    assert not (desk.folder / "journal.db").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_file_that_is_no_journal_is_told(desk, command):
    """It is left as it is."""
    file = desk.write("journal.db", b"this is no database\n" * 500)
    said = desk.run(*command)
    assert said.code == 1
    assert "journal.db is damaged or not a journal" in said.err
    assert file.read_bytes() == b"this is no database\n" * 500


def test_a_walk_goes_over_many_pages_and_ends_with_the_time(desk):
    """Events come newest first; those before `since` are neither given nor looked at for long."""
    for number in range(7, 0, -1):
        desk.store(f"0199a00000{number}", ago=number * 600.0)

    async def walk(**limits):
        async with journal.opened(settings.load(desk.file, {})) as opened:
            return [one.event.id[-1] async for one in journal.walk(opened, Query(limit=2, **limits))]

    assert asyncio.run(walk()) == list("1234567")
    assert asyncio.run(walk(since=time.time() - 1500)) == list("12")
    assert asyncio.run(walk(until=time.time() - 1500)) == list("34567")
