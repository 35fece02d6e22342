"""The ring that signs: rotated as it ages, taken up when another process has rotated it."""

from gateway.acts.rings import SIGNS_FOR, Ring
from gateway.journal.keyrings import RingKey


class Keys:
    """A ring in a journal."""

    def __init__(self, *keys: RingKey) -> None:
        self.keys = list(keys)

    async def ring(self, name: str) -> list[RingKey]:
        """The keys, newest first."""
        return list(self.keys)

    async def rotate(self, name: str, overlap: float) -> list[RingKey]:
        """With one more."""
        self.keys.insert(0, RingKey(f"k{len(self.keys)}", b"x" * 32, SIGNS_FOR, SIGNS_FOR * 3))
        return list(self.keys)


async def test_a_key_signs_for_its_time():
    """Then there is a new one, which whoever signs is told of; the old one is still taken."""
    changes: list[list[str]] = []
    first = RingKey("k0", b"x" * 32, 0.0, SIGNS_FOR * 2)
    ring = Ring(Keys(first), lambda keys: changes.append([key.id for key in keys]))
    assert ring.keys == ()
    await ring.look(SIGNS_FOR - 1)
    await ring.look(SIGNS_FOR - 1)
    assert changes == [["k0"]]
    await ring.look(SIGNS_FOR)
    await ring.look(SIGNS_FOR + 1)
    assert changes == [["k0"], ["k1", "k0"]]
    assert [key.id for key in ring.keys] == ["k1", "k0"]
    await ring.close()


async def test_what_another_process_rotates_is_taken_up():
    """Its key is in the journal."""
    changes: list[int] = []
    first = RingKey("k0", b"x" * 32, 0.0, SIGNS_FOR * 2)
    keys = Keys(first)
    ring = Ring(keys, lambda found: changes.append(len(found)))
    await ring.look(1.0)
    await keys.rotate("tickets", 1.0)
    await ring.look(1.0)
    assert changes == [1, 2]
    await ring.close()
