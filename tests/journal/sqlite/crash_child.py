"""Run and killed by `test_crash.py`: appends and settles without end, and prints what the journal answered."""

import asyncio
import os
import sys
import time

import structlog

from gateway.journal import DuplicateKey, Entry, Settlement
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request


async def client(journal: SqliteJournal, prefix: str) -> None:
    """Append events of two parcels; settle the first of each. A line per answer, written at once."""
    number = 0
    while True:
        number += 1
        name = f"{prefix}-{number}"
        event = Event(
            name, time.time(), "build", "github", Outcome.MESSAGE, "push", "d", "s", "", Request(body=bytes(3000))
        )
        parcels = (Parcel("ops", prefix, f"{name}/a".encode()), Parcel("ops", prefix, f"{name}/b".encode()))
        answer = await journal.append(Entry(event, parcels, (DuplicateKey(name.encode(), 1000),)))
        os.write(1, f"stored {name}\n".encode())
        await journal.settle([Settlement(answer.deliveries[0].seq, DeliveryState.DELIVERED, 1)])
        os.write(1, f"settled {name}\n".encode())


async def main(path: str, prefix: str, where: str) -> None:
    """Several clients at once, so that groups are larger than one."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    journal = await SqliteJournal.open(path, retention=1e6, max_size=10**9, deliver=where == "apart")
    os.write(1, b"open\n")
    await asyncio.gather(*(client(journal, f"{prefix}{n}") for n in range(8)))


asyncio.run(main(*sys.argv[1:]))
