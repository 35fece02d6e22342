"""Run and killed by `test_crash.py`: clicks that are each sent three times, and prints what the journal answered."""

import asyncio
import os
import sys
import time

import structlog

from gateway.journal import DuplicateKey, Entry
from gateway.journal.audit import AuditLine, AuditOutcome
from gateway.journal.duplicates import use_key
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import Event, Outcome, Parcel, Request

ROUTE = "callbacks.ack"


def act(name: str, ticket: str) -> Entry:
    """An act of this name, which uses a ticket, and posts what came of it."""
    event = Event(name, time.time(), ROUTE, "ack", Outcome.MESSAGE, "", "", "", "", Request())
    return Entry(
        event, (Parcel("ops", name, name.encode()),), (DuplicateKey(use_key(ROUTE, "ticket", ticket), 1000.0),)
    )


async def client(journal: SqliteJournal, prefix: str) -> None:
    """Click ticket after ticket; every second act comes to nothing and is given back. A line per answer."""
    number = 0
    while True:
        number += 1
        ticket = f"{prefix}-{number}"
        place = await journal.pin(ticket, "channel", ticket, time.time() + 1000)
        os.write(1, f"pinned {place.post}\n".encode())
        answers = await asyncio.gather(*(journal.append(act(f"{ticket}/{sent}", ticket)) for sent in range(3)))
        assert {answer.event_id for answer in answers} == {f"{ticket}/0"}
        os.write(1, f"used {ticket}\n".encode())
        await journal.record([AuditLine(time.time(), AuditOutcome.DONE, "ack", subject=ticket)])
        os.write(1, f"told {ticket}\n".encode())
        if number % 2:
            await journal.release(f"{ticket}/0", [use_key(ROUTE, "ticket", ticket)])
            os.write(1, f"released {ticket}\n".encode())


async def main(path: str, prefix: str, where: str) -> None:
    """Several clients at once, so that groups are larger than one; the ring of keys is told first."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    journal = await SqliteJournal.open(path, retention=1e6, max_size=10**9, deliver=where == "apart")
    os.write(1, b"open\n")
    keys = await journal.rotate("tickets", 1000.0)
    os.write(1, f"key {keys[0].id}{keys[0].key.hex()}\n".encode())
    await asyncio.gather(*(client(journal, f"{prefix}{n}") for n in range(8)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
