"""Outgoing webhooks: who may call, what repeats, and answers that take longer than Mattermost waits."""

import pytest
from aiohttp import encode_basic_auth, web

from gateway.errors import JournalError
from tests.acts.conftest import TOKEN
from tests.conftest import eventually

QUESTION = {
    "token": TOKEN, "team_id": "t", "channel_id": "c" * 26, "channel_name": "ops", "user_id": "u" * 26,
    "user_name": "ann", "post_id": "p" * 26, "text": "ask what?", "trigger_word": "ask",
}  # fmt: skip
SLOW = 'patience = "50ms"\n'


async def test_the_token_proves_who_calls(world) -> None:
    """Each of several, in either form; without one or with a wrong one nothing happens."""
    made = await world(table='[callbacks.two]\nservice = "pager"\ntokens = ["one of two tokens", "two of two tokens"]')
    for token in ("wrong", "", None):
        for body in ({**QUESTION, "token": token}, f"token={token or ''}&text=ask&post_id=1"):
            kind = {} if isinstance(body, dict) else {"Content-Type": "application/x-www-form-urlencoded"}
            assert (await made.post("/out/pager", body, **kind))[0] == 401
    assert (await made.post("/out/two", QUESTION))[0] == 401
    assert (await made.post("/out/nobody", QUESTION))[0] == 404
    for number, token in enumerate(("one of two tokens", "two of two tokens")):
        status, _ = await made.post("/out/two", {**QUESTION, "token": token, "post_id": f"p{number}"})
        assert status == 200
    assert made.outside.asked == []  # [callbacks.two] has no url, which its document needs


async def test_credentials_are_a_second_secret(world) -> None:
    """As Mattermost takes them from the URL: all of those that are listed, and the token besides."""
    made = await world(table='credentials = ["chat:of the URL", "chat:of before"]')
    url = made.url.replace("//", "//chat:of%20the%20URL@") + "/out/pager"
    made.standin.add_outgoing(url, "ask", token=TOKEN, content_type="application/json")
    made.standin.say("ann", "ops", "ask what?")
    await eventually(lambda: "as you wish" in made.texts())
    for given, status in (("of before", 200), ("wrong", 401)):
        headers = {"Authorization": encode_basic_auth("chat", given)}
        assert (await made.post("/out/pager", QUESTION, **headers))[0] == status
    for headers in ({}, {"Authorization": "Basic ???"}, {"Authorization": "Bearer x"}):
        assert (await made.post("/out/pager", QUESTION, **headers))[0] == 401


async def test_a_post_calls_once(world) -> None:
    """Whatever repeats it, also at another URL of the same table; a repeat is answered with nothing."""
    made = await world()
    answers = [await made.post("/out/pager", QUESTION) for _ in range(3)]
    assert [status for status, _ in answers] == [200] * 3
    assert [body.get("text") for _, body in answers] == ["as you wish", None, None]
    assert len(made.outside.asked) == 1


@pytest.mark.parametrize("destination", ["rest", "hook"])
async def test_what_takes_longer_is_answered_later_where_it_was_asked(world, destination) -> None:
    """In the channel; nothing is shown before, and a repeat meanwhile changes nothing."""
    made = await world(destination, SLOW + f'destination = "{destination}"')
    made.outside.gate.clear()
    made.standin.add_channel("side")
    made.standin.join("helper", "side")
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN, content_type="application/json")
    asked = made.standin.say("ann", "side", "ask what?")
    await eventually(lambda: made.outside.asked)
    assert list(made.standin.posts) == [asked]
    made.outside.gate.set()
    await eventually(lambda: made.texts()[-1] == "as you wish")
    assert made.standin.posts[-1].channel_id == asked.channel_id
    assert len(made.outside.asked) == 1


async def test_what_was_asked_in_a_thread_is_answered_there(world) -> None:
    """By the bot; the post itself begins the thread where a reply says so."""
    ask = """
title: Ask
answers: outgoing
request: {url: "{{ settings.url }}/ask"}
reply: {to: thread, message: {text: "{{ answer.json.said }}"}}
"""
    made = await world(table='bot = "helper"', **{"callbacks/ask.yaml": ask})
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN, content_type="application/json")
    asked = made.standin.say("ann", "ops", "ask what?")
    await eventually(lambda: made.texts()[-1] == "as you wish")
    assert made.standin.posts[-1].root_id == asked.id
    made.standin.say("ann", "ops", "ask again", root=asked.id)
    await eventually(lambda: made.texts().count("as you wish") == 2)
    assert made.standin.posts[-1].root_id == asked.id


async def test_without_a_way_back_nothing_is_lost_in_silence(world, capsys) -> None:
    """No bot and no destination: the log says so."""
    made = await world(table=SLOW)
    made.outside.gate.clear()
    assert await made.post("/out/pager", QUESTION) == (200, {})
    made.outside.gate.set()
    await eventually(lambda: "an answer has no way back" in capsys.readouterr().out + capsys.readouterr().err)
    assert made.texts() == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 10_000])
async def test_what_cannot_be_read(world, body) -> None:
    """Is refused, whatever it says that it is."""
    made = await world()
    status, _ = await made.post("/out/pager", body, **{"Content-Type": "application/json"})
    assert status in (400, 401)
    status, _ = await made.post("/out/pager", body, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert status in (400, 401)


async def test_what_cannot_be_stored_is_refused(world, monkeypatch) -> None:
    """Nobody could be told: Mattermost shows nothing of it, and the log has it."""
    made = await world()

    async def full(*_):
        raise JournalError("the disk is full")

    monkeypatch.setattr(made.running._running._parts.acceptance._journal, "append", full)
    assert (await made.post("/out/pager", QUESTION))[0] == 503
    assert made.outside.asked == []


async def test_an_empty_answer_makes_no_post(world) -> None:
    """An empty text would be an empty post."""
    made = await world()

    async def empty(_):
        return web.json_response({"said": "  "})

    made.outside.answers["/ask"] = empty
    status, answer = await made.post("/out/pager", QUESTION)
    assert (status, answer) == (200, {})


async def test_who_may_not_is_told_and_nobody_else(world) -> None:
    """Those who may are named, and not notified, however often somebody tries; it is counted."""
    made = await world(table='bot = "helper"\nallow = ["@ben", "role:system_admin"]')
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN, content_type="application/json")
    made.standin.say("ann", "ops", "ask what?")
    told = "Only @\u200bben and administrators of Mattermost may do this."
    await eventually(lambda: made.texts()[-1] == told)
    assert made.outside.asked == []


@pytest.mark.parametrize("table", ['bot = "helper"\n', 'destination = "rest"\n'])
async def test_an_answer_does_not_call_itself(world, table) -> None:
    """What a bot posts fires webhooks, too: a service that repeats the trigger word would be asked for ever."""
    made = await world(table=SLOW + table)
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN, content_type="application/json")
    made.outside.gate.clear()

    async def echo(_) -> web.Response:
        return web.json_response({"said": "ask again"})

    made.outside.answers["/ask"] = echo
    made.standin.say("ann", "ops", "ask what?")
    await eventually(lambda: made.outside.asked)
    await eventually(lambda: not made.running._running._parts.acting.desk.acts._waiting)
    made.outside.gate.set()
    await eventually(lambda: made.texts() == ["ask what?", "ask again"])
    bot = made.standin.posts[-1]
    body = {**QUESTION, "user_id": bot.user_id, "post_id": bot.id, "text": bot.message}
    assert await made.post("/out/pager", body) == (200, {})
    assert len(made.outside.asked) == 1
