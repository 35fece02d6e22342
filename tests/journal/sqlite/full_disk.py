"""Run by `test_journal.py` in a process of its own: files may not grow beyond a limit for a while.

Exits with 0 when every append during that while was either durable or refused, and the journal recovered by itself.
"""

import asyncio
import resource
import sys
from random import randbytes

from gateway.errors import JournalDamaged, JournalError
from gateway.journal import Entry, Query, Settlement
from gateway.journal.sqlite.journal import SqliteJournal
from gateway.model import DeliveryState, Event, Outcome, Parcel, Request


def entry(name: str) -> Entry:
    """An entry of about 8 kB, which cannot be packed."""
    event = Event(name, 1.8e9, "build", "github", Outcome.MESSAGE, "push", "d", "s", "", Request(body=randbytes(8000)))
    return Entry(event, (Parcel("ops", "lane", name.encode()),))


async def main(path: str) -> None:
    """Fill, run out of space, get space again, compare."""
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**12)
    promised = []
    refused = 0

    async def some(prefix: str, number: int) -> None:
        nonlocal refused
        names = [f"{prefix}{n}" for n in range(number)]
        answers = await asyncio.gather(*(journal.append(entry(name)) for name in names), return_exceptions=True)
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, BaseException):
                assert isinstance(answer, JournalError), repr(answer)
                assert not isinstance(answer, JournalDamaged), answer
                refused += 1
            else:
                promised.append(name)

    await some("before", 20)
    first = (await journal.pending(0, 1))[0]
    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))
    for turn in range(10):
        await some(f"without{turn}-", 20)
    assert refused, "the limit had no effect"
    try:
        await journal.settle([Settlement(first.seq, DeliveryState.DELIVERED, 1)])
    except JournalError:
        assert first in await journal.pending(0, 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await journal.settle([Settlement(first.seq, DeliveryState.DELIVERED, 1)])
    await some("after", 20)
    await journal.close()
    journal = await SqliteJournal.open(path, retention=1e9, max_size=10**12)
    stored = {record.event.id for record in (await journal.find(Query(limit=1000))).records}
    assert stored == set(promised), stored ^ set(promised)
    assert {d.event_id for d in await journal.pending(0, 1000)} == stored - {first.event_id}
    await journal.close()
    print(f"refused {refused}, kept {len(stored)}")


asyncio.run(main(sys.argv[1]))
