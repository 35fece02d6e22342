"""Work beside the event loop: results and errors come back, queues are bounded, and every key has its turn."""

import asyncio
import threading

import pytest

from gateway.errors import Refused
from gateway.ingress.workers import WAITING, WAITING_OF_ONE, Workers


class Gate:
    """Work that is held until it is let go, and what has been done so far."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.begun = threading.Event()
        self.done: list[str] = []

    def wait(self) -> None:
        """Hold a thread."""
        self.begun.set()
        assert self.open.wait(60)

    def note(self, name: str):
        """Work that notes its name."""
        return lambda: self.done.append(name)


@pytest.fixture
async def held():
    """Workers of which the only thread is held, with its gate."""
    workers, gate = Workers(1), Gate()
    first = asyncio.ensure_future(workers.run("first", gate.wait))
    await asyncio.to_thread(gate.begun.wait, 60)
    yield workers, gate
    gate.open.set()
    await first


async def test_results_and_errors_come_back():
    """The work runs in another thread; what it returns or raises arrives where it was asked for."""
    workers = Workers()
    assert await workers.run("a", threading.get_ident) != threading.get_ident()

    def refuse():
        raise Refused(422, "Unprocessable Content")

    with pytest.raises(Refused, match="422"):
        await workers.run("a", refuse)
    assert await workers.run("a", lambda: 7) == 7


async def test_the_loop_goes_on_meanwhile(held):
    """That is what they are for."""
    workers, gate = held
    waiting = asyncio.ensure_future(workers.run("a", gate.note("a")))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not waiting.done()
    gate.open.set()
    await waiting
    assert gate.done == ["a"]


async def test_each_key_has_its_turn(held):
    """However much one has sent, another waits for one piece of it only."""
    workers, gate = held
    order = ["a1", "a2", "a3", "b1", "a4", "b2", "c1"]
    waiting = [asyncio.ensure_future(workers.run(name[0], gate.note(name))) for name in order]
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(*waiting)
    assert gate.done == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


async def test_queues_are_bounded(held):
    """One key fills its own queue, all together fill the whole: then it is 503, at once."""
    workers, gate = held
    waiting = [asyncio.ensure_future(workers.run("a", gate.note("a"))) for _ in range(WAITING_OF_ONE)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="503"):
        await workers.run("a", gate.note("too much"))
    waiting += [asyncio.ensure_future(workers.run(f"k{n}", gate.note("k"))) for n in range(WAITING - WAITING_OF_ONE)]
    await asyncio.sleep(0)
    with pytest.raises(Refused, match="503"):
        await workers.run("another", gate.note("too much"))
    gate.open.set()
    await asyncio.gather(*waiting)
    assert len(gate.done) == WAITING


async def test_work_that_nobody_waits_for_is_left_out(held):
    """A sender that has gone away costs no thread."""
    workers, gate = held
    gone = asyncio.ensure_future(workers.run("a", gate.note("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    last = asyncio.ensure_future(workers.run("b", gate.note("last")))
    await asyncio.sleep(0)
    gate.open.set()
    await last
    assert gate.done == ["last"]
