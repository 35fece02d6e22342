"""Refused requests reach the journal in few writes, however many there are, and none of the newest is lost."""

import asyncio

import pytest
from msgspec.structs import replace

from gateway.errors import JournalError
from gateway.ingress import recorder
from gateway.ingress.recorder import BATCH, Recorder
from gateway.journal.refusals import REFUSED_LIMIT
from gateway.model import Cause, Refusal
from tests.conftest import eventually

ONE = Refusal("0", 0.0, "github", "github", Cause.UNSIGNED, 401, "no header")


def some(count: int, route: str = "github", begin: int = 0) -> list[Refusal]:
    """Refused requests of a route, the oldest first."""
    return [replace(ONE, id=f"{route} {n}", received=float(n), route=route) for n in range(begin, begin + count)]


class Store:
    """A journal: what each write stored, and whether it fails."""

    def __init__(self) -> None:
        self.writes: list[list[str]] = []
        self.broken = False
        self.tries = 0

    async def refuse(self, refusals) -> None:
        """Store them, or raise."""
        await asyncio.sleep(0)
        self.tries += 1
        if self.broken:
            raise JournalError("no space is left")
        self.writes.append([one.id for one in refusals])


@pytest.fixture
def store() -> Store:
    """An empty journal."""
    return Store()


async def test_the_first_is_stored_at_once_and_a_flood_in_one_write(store, monkeypatch):
    """A person who tries a sender sees what became of it; strangers do not make the disk busy."""
    monkeypatch.setattr(recorder, "INTERVAL", 0.05)
    keeper = Recorder(store.refuse)
    keeper.add(ONE)
    await eventually(lambda: store.writes == [["0"]])
    for one in some(REFUSED_LIMIT + 500) + some(3, "other"):
        keeper.add(one)
    await eventually(lambda: len(store.writes) == 2)
    kept = store.writes[1]
    assert len(kept) == REFUSED_LIMIT + 3
    assert kept[:3] == ["other 0", "other 1", "other 2"]
    assert kept[-1] == f"github {REFUSED_LIMIT + 499}"
    await eventually(lambda: keeper._writing is None)
    keeper.add(ONE)
    await eventually(lambda: len(store.writes) == 3)


async def test_one_write_has_a_bound(store, monkeypatch):
    """What is beyond it waits for the next."""
    monkeypatch.setattr(recorder, "INTERVAL", 0.01)
    keeper = Recorder(store.refuse)
    for route in range(8):
        for one in some(REFUSED_LIMIT, f"r{route}"):
            keeper.add(one)
    await eventually(lambda: sum(map(len, store.writes)) == 8 * REFUSED_LIMIT)
    assert [len(write) for write in store.writes] == [BATCH, 8 * REFUSED_LIMIT - BATCH]


async def test_what_cannot_be_stored_waits(store, monkeypatch):
    """A full disk loses the oldest of a route only when there are more than are kept."""
    monkeypatch.setattr(recorder, "INTERVAL", 0.01)
    store.broken = True
    keeper = Recorder(store.refuse)
    for one in some(REFUSED_LIMIT):
        keeper.add(one)
    await eventually(lambda: store.tries >= 2)
    for one in some(2, begin=REFUSED_LIMIT):
        keeper.add(one)
    await eventually(lambda tried=store.tries: store.tries > tried)
    store.broken = False
    await eventually(lambda: bool(store.writes))
    assert store.writes[0] == [f"github {number}" for number in range(2, REFUSED_LIMIT + 2)]


async def test_closing_stores_what_waits(store):
    """A restart loses nothing; closing with a journal that fails ends all the same."""
    keeper = Recorder(store.refuse)
    keeper.add(ONE)
    await eventually(lambda: bool(store.writes))
    keeper.add(replace(ONE, id="1"))
    keeper.add(replace(ONE, id="2", route=""))
    await keeper.close()
    assert store.writes == [["0"], ["1", "2"]]
    store.broken = True
    keeper.add(ONE)
    await keeper.close()
