"""Bots of a running gateway: what is said to them becomes requests, and the answers stand in the threads."""

import asyncio

from aiohttp import web

from tests.acts.conftest import world
from tests.conftest import eventually

__all__ = ["world"]

BOT = 'bot = "helper"\nhears = ["direct", "mention", "thread"]\ntriggers = ["!ask"]\n'


async def connected(made) -> None:
    """Wait until the bot listens."""
    await eventually(lambda: any(one.connected_since for one in made.states().values()))


async def test_what_is_said_to_a_bot_is_answered_in_the_thread(world) -> None:
    """A mention, a trigger word, and what follows in the thread; all else is nobody's business."""
    made = await world(table=BOT)
    await connected(made)
    made.standin.say("ann", "ops", "nothing for you")
    post = made.standin.say("ann", "ops", "@helper what now?")
    await eventually(lambda: made.texts()[-1] == "as you wish")
    answer = made.standin.posts[-1]
    assert (answer.root_id, answer.channel_id) == (post.id, post.channel_id)
    made.standin.say("ben", "ops", "and then?", root=post.id)
    made.standin.say("ben", "ops", "!ask what else")
    await eventually(lambda: len(made.outside.paths("/ask")) == 3)
    assert [body["text"] for body in made.outside.paths("/ask")] == ["what now?", "and then?", "what else"]
    made.standin.say("ann", made.standin.direct("ann", "helper"), "in private")
    await eventually(lambda: made.outside.paths("/ask")[-1]["text"] == "in private")


async def test_messages_wait_for_a_service_that_is_down(world) -> None:
    """Nothing is lost, and the order stays; nobody is told of what is tried again."""
    made = await world(table=BOT)
    await connected(made)
    made.outside.gate.clear()
    for number in range(3):
        made.standin.say("ann", "ops", f"@helper {number}")
    await eventually(lambda: len(made.outside.asked) >= 1)
    await asyncio.sleep(0)
    made.outside.gate.set()
    await eventually(lambda: made.texts().count("as you wish") == 3)
    assert [body["text"] for body in made.outside.paths("/ask")] == ["0", "1", "2"]


async def test_an_answer_comes_later_where_the_question_was(world) -> None:
    """At the URL that the service was given: once, however often it is sent."""
    made = await world(table=BOT)
    await connected(made)
    post = made.standin.say("ann", "ops", "@helper what now?")
    await eventually(lambda: made.texts()[-1] == "as you wish")
    url = made.outside.paths("/ask")[0]["later"]
    for _ in range(2):
        async with made.session.post(url, json={"said": "and later this"}) as response:
            assert response.status == 200
    await eventually(lambda: made.texts()[-1] == "and later this")
    assert made.standin.posts[-1].root_id == post.id
    assert made.texts().count("and later this") == 1
    async with made.session.post(url[:-3] + "xyz", json={"said": "forged"}) as response:
        assert response.status == 401


async def test_a_service_that_asks_to_wait_is_asked_again(world) -> None:
    """What it has certainly not done is tried again, although the request is not to be repeated."""
    made = await world(table=BOT)
    await connected(made)
    busy = [web.Response(status=429, headers={"Retry-After": "0"}), web.Response(status=503)]

    async def answer(_: web.Request) -> web.StreamResponse:
        return busy.pop(0) if busy else web.json_response({"said": "at last"})

    made.outside.answers["/ask"] = answer
    made.standin.say("ann", "ops", "@helper what now?")
    await eventually(lambda: made.texts()[-1] == "at last")
    assert len(made.outside.paths("/ask")) == 3
