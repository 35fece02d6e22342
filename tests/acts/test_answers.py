"""Answers that nothing proves yet: few large ones are read at once."""

import asyncio

from gateway.acts.answers import READING
from tests.ingress.doors.test_reply import TALK


async def test_large_answers_of_strangers_wait_for_nobody(world):
    """They are refused, whether they are read or not."""
    made = await world(table='bot = "helper"', **{"callbacks/talk.yaml": TALK})
    large = {"said": "x" * 100_000, "session": "u.c.forged"}
    results = await asyncio.gather(*(made.post("/reply/pager", large) for _ in range(5 * READING)))
    assert {status for status, _ in results} <= {401, 503}
    assert made.running._running._parts.acting.desk.answers._reading == 0
    assert (await made.post("/reply/pager", large))[0] == 401
