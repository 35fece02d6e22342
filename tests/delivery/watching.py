"""What tests of delivery wait for, and a sender that watches the order of what it gets."""

import asyncio
import random
from collections import defaultdict

from gateway.model import Blame, Delivered, DeliveryState, Later, Never


async def until(condition, seconds=100_000.0):
    """Wait, in the loop's own time, until something holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        assert loop.time() < end, "it never came to be"
        await asyncio.sleep(0.05)


def settled(journal):
    """Tell whether nothing is pending any more."""
    return all(row.state is not DeliveryState.PENDING for row in journal.rows.values())


RESULTS = (
    Delivered(),
    Delivered(),
    Delivered(),
    Never("no"),
    Later("x"),
    Later("y", 2.0, "429"),
    Later("z", blame=Blame.DESTINATION),
)


class Watch:
    """Answers at random; notes when two attempts of a lane overlap and what became final in which order."""

    warning = ""

    def __init__(self, seed):
        self.draw = random.Random(seed)
        self.busy = set()
        self.final = defaultdict(list)

    async def send(self, delivery):
        """Answer at random, watching the lane."""
        assert delivery.lane not in self.busy, "two of one lane at once"
        self.busy.add(delivery.lane)
        try:
            await asyncio.sleep(self.draw.choice([0.0, 0.001, 0.02, 1.0]))
        finally:
            self.busy.discard(delivery.lane)
        result = self.draw.choice(RESULTS)
        if not isinstance(result, Later):
            self.final[delivery.lane].append((delivery.seq, isinstance(result, Delivered)))
        return result

    async def answers(self):
        """Answer for the server's health, at random."""
        return self.draw.random() < 0.7

    def target(self, delivery):
        """Name a target for each lane."""
        return delivery.lane


def stands(dispatcher, name="ops"):
    """State and reason of a destination."""
    found = dispatcher.conditions()[name]
    return found.state, found.why
