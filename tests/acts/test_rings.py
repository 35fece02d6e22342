"""The ring that signs: rotated as it ages, taken up when another process has rotated it."""

import time

from gateway import secret
from gateway.acts.rings import SIGNS_FOR, Ring
from gateway.journal.keyrings import RingKey
from tests.acts.test_clicks import ring, ticket_of


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
    made = Ring(Keys(first), lambda keys: changes.append([key.id for key in keys]))
    assert made.keys == ()
    await made.look(SIGNS_FOR - 1)
    await made.look(SIGNS_FOR - 1)
    assert changes == [["k0"]]
    await made.look(SIGNS_FOR)
    await made.look(SIGNS_FOR + 1)
    assert changes == [["k0"], ["k1", "k0"]]
    assert [key.id for key in made.keys] == ["k1", "k0"]
    await made.close()


async def test_what_another_process_rotates_is_taken_up():
    """Its key is in the journal."""
    changes: list[int] = []
    first = RingKey("k0", b"x" * 32, 0.0, SIGNS_FOR * 2)
    keys = Keys(first)
    made = Ring(keys, lambda found: changes.append(len(found)))
    await made.look(1.0)
    await keys.rotate("tickets", 1.0)
    await made.look(1.0)
    assert changes == [1, 2]
    await made.close()


async def test_the_path_of_buttons_is_masked_where_messages_are_shown(world) -> None:
    """Who has it may click as anybody; also that of the key before, whose buttons still work."""
    made = await world()
    post = await made.fire()
    _, integration = ticket_of(made, post)
    path = integration["url"].rpartition("/")[2]
    assert path not in secret.redact(f"see {integration['url']}")
    await ring(made).look(time.time() + SIGNS_FOR)
    assert len(ring(made).keys) == 2
    assert path not in secret.redact(f"see {integration['url']}")
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper() == "Done: as you wish"
