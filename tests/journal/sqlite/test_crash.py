"""Processes killed with SIGKILL in the middle of their work: what they answered for is there."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.journal import DuplicateKey, Entry, Query
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Request


def lived(path: Path, prefix: str, seconds: float, where: str) -> tuple[set[str], set[str]]:
    """Kill the child some seconds after its first answers; the names whose storing it answered for, and settling."""
    child = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("crash_child.py"), path, prefix, where],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    printed = ""
    while "settled" not in printed:
        line = child.stdout.readline()
        assert line, "it ended by itself"
        printed += line
    time.sleep(seconds)
    child.kill()
    printed += child.communicate()[0]
    lines = [line.split() for line in printed.splitlines(keepends=True) if line.endswith("\n")]
    return {name for verb, name in lines if verb == "stored"}, {name for verb, name in lines if verb == "settled"}


@pytest.mark.parametrize("where", ["here", "apart"])
async def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path, where: str) -> None:
    """Over several lives of one file: answered events are whole, settled deliveries stay settled, order holds."""
    path = tmp_path / "journal.db"
    stored: set[str] = set()
    settled: set[str] = set()
    for life, seconds in enumerate((0.05, 0.15, 0.25)):
        more_stored, more_settled = lived(path, f"life{life}.", seconds, where)
        stored |= more_stored
        settled |= more_settled
    assert stored
    assert settled

    # A successor waits until the writing process of a killed gateway has ended; a tool beside it would reach it dying.
    journal = await SqliteJournal.open(path, retention=1e6, max_size=10**9, deliver=where == "apart")
    records = {record.event.id: record for record in (await journal.find(Query(limit=1_000_000))).records}
    assert stored <= set(records)
    for name, record in records.items():
        assert [d.payload for d in record.deliveries] == [f"{name}/a".encode(), f"{name}/b".encode()]
        assert len(record.event.request.body) == 3000
    assert all(records[name].deliveries[0].state is DeliveryState.DELIVERED for name in settled)

    pending = await journal.pending(0, 1_000_000)
    numbers = [delivery.seq for delivery in pending]
    assert numbers == sorted(set(numbers))
    assert {delivery.event_id for delivery in pending} == set(records)
    name = next(iter(stored))
    repeat = Event("repeat", time.time(), "build", "github", Outcome.MESSAGE, "", "", "", "", Request())
    assert (await journal.append(Entry(repeat, keys=(DuplicateKey(name.encode(), 1000),)))).event_id == name
    await journal.close()
