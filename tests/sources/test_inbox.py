"""A queue that is bounded."""

import asyncio

import pytest

from gateway.sources.inbox import Full, Inbox


async def test_what_is_taken_stays_until_it_is_done():
    """In order; who takes waits for the first, and gets None at the end."""
    inbox = Inbox()
    taking = asyncio.create_task(inbox.next())
    await asyncio.sleep(0)
    inbox.put("a", 1)
    inbox.put("b", 1)
    assert await taking == "a"
    assert (await inbox.next(), len(inbox)) == ("a", 2)
    inbox.done()
    assert await inbox.next() == "b"
    inbox.done()
    taking = asyncio.create_task(inbox.next())
    await asyncio.sleep(0)
    inbox.end()
    assert await taking is None


async def test_what_is_not_being_taken_can_be_replaced():
    """That makes room, too; what is being taken stays the first."""
    inbox = Inbox(4)
    for name in "abcd":
        inbox.put(name, 1)
    with pytest.raises(Full):
        inbox.put("e", 1)
    inbox.replace("instead")
    await inbox.room()
    assert (len(inbox), await inbox.next()) == (2, "a")
    inbox.done()
    assert await inbox.next() == "instead"


@pytest.mark.parametrize("bounds", [(4, 1000), (1000, 40)])
async def test_a_full_inbox_has_room_when_half_of_it_is_taken(bounds):
    """By number and by bytes; an order without a size always fits."""
    inbox = Inbox(*bounds)
    for number in range(4):
        inbox.put(number, 10)
    with pytest.raises(Full):
        inbox.put("more", 10)
    inbox.put("order")
    waiting = asyncio.create_task(inbox.room())
    inbox.done()
    await asyncio.sleep(0)
    assert not waiting.done()
    for _ in range(2):
        inbox.done()
    await waiting
    inbox.put("more", 10)
