"""Processes killed with SIGKILL in the middle of their work: what they answered for is there."""

import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from gateway.journal import DuplicateKey, Entry, Query
from gateway.journal.audit import AuditQuery
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Request
from tests.journal.sqlite.crash_acts import act


def lived(child: str, path: Path, prefix: str, seconds: float, where: str, last: str) -> dict[str, set[str]]:
    """Kill the child some seconds after it answered for a `last` step; the names that each step was answered for."""
    running = subprocess.Popen(
        [sys.executable, Path(__file__).with_name(child), path, prefix, where], stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "open\n"
    printed = ""
    while last not in printed:
        line = running.stdout.readline()
        assert line, "it ended by itself"
        printed += line
    time.sleep(seconds)
    running.kill()
    printed += running.communicate()[0]
    found: dict[str, set[str]] = defaultdict(set)
    for line in printed.splitlines(keepends=True):
        if line.endswith("\n"):
            verb, name = line.split()
            found[verb].add(name)
    return found


@pytest.mark.parametrize("where", ["here", "apart"])
async def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path, where: str) -> None:
    """Over several lives of one file: answered events are whole, settled deliveries stay settled, order holds."""
    path = tmp_path / "journal.db"
    stored: set[str] = set()
    settled: set[str] = set()
    for life, seconds in enumerate((0.05, 0.15, 0.25)):
        answered = lived("crash_child.py", path, f"life{life}.", seconds, where, "settled")
        stored |= answered["stored"]
        settled |= answered["settled"]
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


async def test_a_kill_between_two_steps_of_an_act_forgets_none_that_was_answered(tmp_path: Path) -> None:
    """Over several lives: a click sent thrice is one act, at one place, told in the audit, under a key that lasts."""
    path = tmp_path / "journal.db"
    lives = [
        lived("crash_acts.py", path, f"life{life}.", seconds, "apart", "released")
        for life, seconds in enumerate((0.05, 0.15, 0.25))
    ]
    pinned, used, told, released = (
        set().union(*(life[verb] for life in lives)) for verb in ("pinned", "used", "told", "released")
    )
    assert used > released > set()

    journal = await SqliteJournal.open(path, retention=1e6, max_size=10**9, deliver=True)
    stored = {record.event.id for record in (await journal.find(Query(limit=1_000_000))).records}
    assert {f"{ticket}/0" for ticket in used} <= stored
    assert all(name.endswith("/0") for name in stored)
    assert {delivery.event_id for delivery in await journal.pending(0, 1_000_000)} == stored
    assert told <= {line.subject for line in (await journal.audit(AuditQuery(limit=1_000_000))).lines}
    assert {(await journal.pin(ticket, "elsewhere", "x", 1e12)).post for ticket in pinned} == pinned
    for ticket in sorted(used)[:200]:
        again = await journal.append(act(f"{ticket}/again", ticket))
        if again.duplicate:
            assert again.event_id == f"{ticket}/0"
        assert again.duplicate or ticket in released or odd(ticket)
        assert not (again.duplicate and ticket in released)
    signing = [key.id + key.key.hex() for key in await journal.ring("tickets")]
    assert signing == [next(iter(life["key"])) for life in lives[:0:-1]]
    await journal.close()


def odd(ticket: str) -> bool:
    """Whether the ticket is one that is given back, which the journal may have done and not answered for."""
    return bool(int(ticket.rpartition("-")[2]) % 2)
