"""The destination of a table's acts: one that fails holds nobody back, and nothing is lost of what was stored."""

import asyncio

from aiohttp import web

from gateway.acts import performer
from gateway.delivery.breaker import BreakerState
from gateway.model import Later, Never
from gateway.settings.callbacks import CallbackSettings
from tests.acts.conftest import TOKEN
from tests.conftest import eventually


def test_a_failure_holds_no_other_act_back():
    """The breaker stays shut: who waits must be told that it failed, not that it was not tried."""
    made = performer.destination(None, CallbackSettings(name="one", service="s"))
    assert made.name == "callbacks.one"
    for result in (Never("no"), Later("down"), Later("down")):
        made.record(result, "lane", None, 0, 0.0, lambda: 0.5)
    assert made.breaker.state is BreakerState.CLOSED


async def test_clicks_do_not_wait_for_each_other(world) -> None:
    """One that hangs, of the same person and button kind, delays no other."""
    made = await world(table="concurrency = 4")
    posts = [await made.fire(number=str(number)) for number in range(3)]
    hang = asyncio.Event()

    async def hanging(_):
        await hang.wait()
        return web.json_response({"said": "at last"})

    made.outside.answers["/ack/0"] = hanging
    first = asyncio.ensure_future(made.standin.click("ann", posts[0], "Ack"))
    await eventually(lambda: made.outside.asked)
    for post in posts[1:]:
        await made.standin.click("ann", post, "Ack")
    assert [one.post.message for one in made.standin.whispers] == ["Done: as you wish"] * 2
    hang.set()
    await first
    assert await made.whisper(3) == "Done: at last"


async def test_an_act_of_a_table_that_is_gone_is_kept(world) -> None:
    """As a dead letter, which says what to do; it can be sent again when the table is back."""
    made = await world(table='bot = "helper"\npatience = "50ms"')
    made.outside.gate.clear()
    settings = made.running._running._parts.acting.desk.acts.settings
    body = {"token": settings.callbacks["pager"].tokens[0].reveal(), "text": "x", "post_id": "p", "channel_id": "c"}
    acts = made.running._running._parts.acting.desk.acts
    table = acts.table

    async def gone(_):
        return None

    real = acts.perform

    async def perform(name, delivery):
        acts.table = gone
        try:
            return await real(name, delivery)
        finally:
            acts.table = table

    acts.perform = perform
    assert (await made.post("/out/pager", body))[0] == 200
    made.outside.gate.set()

    async def dead() -> bool:
        (record,) = await made.events()
        return record.deliveries[0].state == "dead"

    await eventually(dead)
    (record,) = await made.events()
    assert "put it back" in record.deliveries[0].reason


async def test_an_act_that_is_sent_again_is_answered_again(world) -> None:
    """By an operator, after it had failed and that was told: the second answer is no repeat of the first."""
    made = await world(table='bot = "helper"\npatience = "50ms"')
    made.outside.gate.clear()
    made.outside.answers["/ask"] = _broken
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN, content_type="application/json")
    made.standin.say("ann", "ops", "ask what?")
    await eventually(lambda: made.outside.asked)
    made.outside.gate.set()
    await eventually(lambda: "answered 500" in made.texts()[-1])
    made.outside.answers.clear()
    asked = next(record for record in await made.events() if record.deliveries[0].destination == "callbacks.pager")

    async def requeued() -> bool:
        return await made.journal.requeue([asked.deliveries[0].seq]) == 1

    await eventually(requeued)
    await eventually(lambda: made.texts()[-1] == "as you wish")


async def _broken(_) -> web.Response:
    return web.Response(status=500)
