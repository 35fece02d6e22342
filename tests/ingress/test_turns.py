"""Turns at reading: few in a round of the loop, and none waits for another's crowd."""

import asyncio

from gateway.ingress.turns import Turns


class Readers:
    """Readers of several peers, who note each turn: its round of the loop, and whose it was."""

    def __init__(self, at_once):
        self.turns = Turns(at_once)
        self.round = 0
        self.noted = []

    async def read(self, peer, times):
        """Take so many turns."""
        for _ in range(times):
            await self.turns.take(peer)
            self.noted.append((self.round, peer))

    async def run(self, *readers):
        """Run until all have read; rounds are counted by a callback in each."""
        loop = asyncio.get_running_loop()
        tasks = [asyncio.ensure_future(self.read(*reader)) for reader in readers]

        def count():
            self.round += 1
            if not all(task.done() for task in tasks):
                loop.call_soon(count)

        loop.call_soon(count)
        async with asyncio.timeout(10):
            await asyncio.gather(*tasks)


async def test_a_reader_alone_waits_for_rounds_only():
    """It has several turns in one round, and each later round gives as many."""
    readers = Readers(4)
    await readers.run(("a", 12))
    assert len(readers.noted) == 12
    assert readers.round <= 8


async def test_a_round_has_few_turns():
    """However many wait."""
    readers = Readers(2)
    await readers.run(*(("a", 3) for _ in range(20)))
    rounds = [number for number, _ in readers.noted]
    assert len(rounds) == 60
    assert max(rounds.count(number) for number in set(rounds)) <= 2 * 2  # woken and unhindered ones may meet once


async def test_peers_have_turns_in_order():
    """One with a crowd delays another by one turn for each of its own."""
    readers = Readers(1)
    await readers.run(*(("crowd", 5) for _ in range(50)), ("other", 3))
    peers = [peer for _, peer in readers.noted]
    assert peers.count("crowd") == 250
    assert max(index for index, peer in enumerate(peers) if peer == "other") <= 10


async def test_who_gave_up_takes_no_turn():
    """The turn goes to the next."""
    turns = Turns(1)
    first, gone, following = (asyncio.ensure_future(turns.take("a")) for _ in range(3))
    await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(first, following)
    assert gone.cancelled()
    assert not turns._waiting
