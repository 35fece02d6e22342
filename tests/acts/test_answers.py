"""Later answers after what has changed meanwhile: the table, the document, the gateway itself."""

import asyncio

import pytest
from msgspec.structs import replace

from gateway.acts.answers import READING
from gateway.acts.giving import LIFE
from gateway.callbacks.ticket import Place, TicketKind, sign, verify
from tests.acts.conftest import TOKEN
from tests.conftest import eventually
from tests.ingress.doors.test_reply import TALK


async def ticket(made):
    """The path of the URL that the service was given, and its ticket."""
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN, content_type="application/json")
    made.standin.say("ann", "ops", "ask what?")
    await eventually(lambda: made.texts()[-1] == "as you wish")
    path = made.outside.paths("/ask")[-1]["later"].removeprefix(made.url)
    ring = made.running._running._parts.acting.desk.ring
    return path, verify(path.rpartition("/")[2], TicketKind.REPLY, ring.keys, Place(), 0.0)


@pytest.mark.parametrize(("change", "status"), [("expires", 401), ("table", 410), ("callback", 410), ("kind", 401)])
async def test_what_is_not_in_use_any_more(world, change, status) -> None:
    """The service is told, by a status that says whether another try helps."""
    made = await world(table='bot = "helper"')
    path, found = await ticket(made)
    assert (await made.post(path, {"said": "later"}))[0] == 200
    other = {"expires": 1, "table": "gone", "callback": "pager/ack", "kind": TicketKind.BUTTON}[change]
    key = made.running._running._parts.acting.desk.ring.keys[0]
    assert found.expires > LIFE
    text = sign(replace(found, **{change: other}), key)
    assert (await made.post(f"/reply/{text}", {"said": "much later"}))[0] == status
    await eventually(lambda: "later" in made.texts())
    assert "much later" not in made.texts()


async def test_large_answers_of_strangers_wait_for_nobody(world):
    """They are refused, whether they are read or not."""
    made = await world(table='bot = "helper"', **{"callbacks/talk.yaml": TALK})
    large = {"said": "x" * 100_000, "session": "u.c.forged"}
    results = await asyncio.gather(*(made.post("/reply/pager", large) for _ in range(5 * READING)))
    assert {status for status, _ in results} <= {401, 503}
    assert made.running._running._parts.acting.desk.answers._reading == 0
    assert (await made.post("/reply/pager", large))[0] == 401
