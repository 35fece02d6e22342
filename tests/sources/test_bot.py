"""A bot hears everything once and in order, whatever happens to its connection, its session and its journal."""

import asyncio
import json

from gateway.mattermost.session import LoginAccount
from gateway.secret import Secret
from gateway.sources import connection as connection_module
from gateway.sources.inbox import Inbox
from gateway.sources.past import Past
from tests.conftest import eventually


async def test_it_hears_what_is_said_where_it_is(desk):
    """In channels and directly, with the data of the event; not itself, not programs, not where it is not."""
    desk.standin.add_bot("other")
    here = await desk.start()
    desk.standin.say("ann", "off-topic", "elsewhere")
    desk.standin.say("ask", "town-square", "own")
    desk.standin.say("other", "town-square", "a program's")
    desk.standin.say("ann", "town-square", "hello @ask")
    desk.standin.say("ann", desk.standin.direct("ann", "ask"), "psst")
    await eventually(lambda: len(here.ears.data) == 2)
    first, second = here.ears.data
    assert here.ears.texts == ["hello @ask", "psst"]
    assert (first["channel_name"], first["sender_name"], json.loads(first["mentions"])) == (
        "town-square", "@ann", [here.bot.me.id],
    )  # fmt: skip
    assert second["channel_type"] == "D"
    assert here.bot.state.last_event
    await eventually(lambda: desk.count("events", "heard") == 2)
    assert desk.count("events", "ignored") == 2


async def test_it_takes_up_its_connection(desk):
    """What was said while it was cut comes in its numbers, without a look at REST."""
    here = await desk.start()
    desk.standin.say("ann", "town-square", "before")
    await eventually(lambda: here.ears.texts == ["before"])
    for number in range(5):
        desk.standin.cut_sockets()
        desk.standin.say("ann", "town-square", f"missed {number}")
        await eventually(lambda: len(here.ears.data) == number + 2)  # noqa: B023 - awaited at once
    assert here.ears.texts == ["before", *(f"missed {number}" for number in range(5))]
    assert here.ears.calls == 6
    assert (desk.count("reconnects"), desk.count("gaps"), desk.count("connected")) == (5, 0, 1)


async def test_an_unexpected_hello_is_tried_once_more(desk):
    """The server did not know yet that the connection was cut."""
    here = await desk.start()
    desk.standin.linger = 0.5
    desk.standin.cut_sockets()
    desk.standin.say("ann", "town-square", "missed")
    await eventually(lambda: here.ears.texts == ["missed"])
    assert (desk.count("reconnects"), desk.count("gaps")) == (1, 0)


async def test_it_catches_up_where_the_server_has_forgotten(desk):
    """Over REST, with the same data; deleted posts and earlier versions of edited ones are no news."""
    here = await desk.start()
    edited = desk.standin.say("ann", "town-square", "said")
    await eventually(lambda: here.ears.texts == ["said"])
    desk.standin.add_channel("other")
    desk.standin.join("ask", "other")
    desk.standin.mode = "down"
    desk.standin.cut_sockets()
    await eventually(lambda: here.bot.state.problem)
    desk.standin._posting.patch(desk.standin._user("ann"), edited.id, connection_patch("changed"))
    desk.standin.say("ann", "town-square", "first @ask")
    desk.standin.delete_post(desk.standin.say("ann", "town-square", "gone").id)
    desk.standin.say("ann", "other", "elsewhere")
    desk.standin.say("ann", "town-square", "second")
    desk.standin.say("ann", desk.standin.direct("ann", "ask"), "psst")
    desk.standin.forget_sockets()
    assert desk.count("connected") == 0
    desk.standin.mode = "ok"
    await eventually(lambda: len(here.ears.data) == 5)
    assert [text for text in here.ears.texts if text not in ("elsewhere", "psst")] == ["said", "first @ask", "second"]
    told = {json.loads(data["post"])["message"]: data for data in here.ears.data}
    assert set(told["first @ask"]) == set(told["said"]) | {"mentions"}
    assert {**told["first @ask"], "post": "", "mentions": ""} == {
        **told["said"], "post": "", "mentions": "",
    }  # fmt: skip
    assert (told["psst"]["channel_type"], told["psst"]["channel_display_name"]) == ("D", "@ann")
    assert here.bot.state.problem == ""
    assert here.ears.calls == 5
    assert desk.count("gaps") == 1


def connection_patch(message):
    """The change of a post's text."""
    from gateway.standin.posting import Patch

    return Patch(message=message)


async def test_a_restart_goes_on_from_the_position(desk):
    """The first start hears no history, a later one all since; what was heard already is known by its id."""
    desk.standin.say("ann", "town-square", "history")
    first = await desk.start()
    desk.standin.say("ann", "town-square", "one")
    await eventually(lambda: first.ears.texts == ["one"])
    await first.stop()
    for number in range(3):
        desk.standin.say("ann", "town-square", f"missed {number}")
    second = await desk.start(ears=first.ears)
    await eventually(lambda: len(second.ears.data) == 4)
    desk.standin.say("ann", "town-square", "live")
    await eventually(lambda: second.ears.texts[-1] == "live")
    assert second.ears.texts == ["one", "missed 0", "missed 1", "missed 2", "live"]
    await second.stop()
    assert not desk.count("connected")


async def test_a_session_that_expires_in_silence_is_renewed(desk, monkeypatch):
    """A ping tells; what was said since went by without numbers, so it comes over REST."""
    monkeypatch.setattr(connection_module, "PING", 0.1)
    desk.standin.add_user("lee", "secret")
    desk.standin.join("lee", "town-square")
    account = LoginAccount(desk.standin.url, "lee", Secret("secret"), desk.http)
    here = await desk.start(account=account)
    desk.standin.expire_sessions()
    desk.standin.say("ann", "town-square", "unheard")
    await eventually(lambda: here.ears.texts == ["unheard"])
    assert desk.standin.stats["logins"] == 2
    assert desk.count("gaps") == 1


async def test_a_session_that_expired_before_a_cut_is_not_taken_up(desk):
    """The connection could be: it would seem that nothing was said."""
    desk.standin.add_user("lee", "secret")
    desk.standin.join("lee", "town-square")
    here = await desk.start(account=LoginAccount(desk.standin.url, "lee", Secret("secret"), desk.http))
    desk.standin.expire_sessions()
    desk.standin.say("ann", "town-square", "unheard")
    desk.standin.cut_sockets()
    await eventually(lambda: here.ears.texts == ["unheard"])


async def test_a_revoked_token_is_told(desk, monkeypatch):
    """In words, for as long as there is no other."""
    monkeypatch.setattr(connection_module, "PING", 0.1)
    here = await desk.start()
    desk.standin.revoke(desk.token)
    await eventually(lambda: "token" in here.bot.state.problem and desk.count("connected") == 0)
    assert desk.token not in here.bot.state.problem


async def test_what_cannot_be_stored_is_heard_again(desk):
    """Nothing is passed over, and nothing moves on; the console has the reason."""
    here = await desk.start()
    here.ears.deaf = True
    desk.standin.say("ann", "town-square", "one")
    desk.standin.say("ann", "town-square", "two")
    await eventually(lambda: here.ears.calls > 2)
    assert (here.ears.texts, here.bot.state.problem) == ([], "the disk is full")
    here.ears.deaf = False
    await eventually(lambda: here.ears.texts == ["one", "two"])
    await eventually(lambda: here.bot.state.problem == "")


async def test_a_fault_of_the_program_stops_nothing(desk, monkeypatch):
    """The post is passed over, and the next is heard, also of what is caught up; a fault in between is tried again."""

    class Faulty(type((await desk.start()).ears)):
        async def __call__(self, data):
            if "bad" in data["post"]:
                raise ZeroDivisionError
            return await super().__call__(data)

    here = await desk.start(ears=Faulty())
    desk.standin.say("ann", "town-square", "bad")
    desk.standin.say("ann", "town-square", "good")
    await eventually(lambda: here.ears.texts == ["good"])
    await here.stop()
    desk.standin.say("ann", "town-square", "bad meanwhile")
    desk.standin.say("ann", "town-square", "good meanwhile")
    failing = iter([ZeroDivisionError("x")])

    async def channels(past):
        for error in failing:
            raise error
        return await listed(past)

    listed = Past.channels
    monkeypatch.setattr(Past, "channels", channels)
    here = await desk.start(ears=here.ears)
    await eventually(lambda: here.ears.texts == ["good", "good meanwhile"])
    assert next(failing, None) is None


async def test_more_than_can_be_taken_is_left_to_the_server(desk):
    """The connection is dropped, and taken up when there is room: all comes, in order."""
    here = await desk.start(inbox=Inbox(most=8))
    here.ears.open.clear()
    texts = [str(number) for number in range(100)]
    for text in texts:
        desk.standin.say("ann", "town-square", text)
    await eventually(lambda: "more is said" in here.bot.state.problem)
    here.ears.open.set()
    await eventually(lambda: len(here.ears.data) == 100)
    assert here.ears.texts == texts
    assert here.ears.calls == 100


async def test_programs_are_heard_on_request_for_a_while(desk):
    """Two that answer each other fall silent."""
    desk.standin.add_bot("other")
    here = await desk.start(bots=True)
    for number in range(15):
        desk.standin.say("other", "town-square", str(number))
    desk.standin.say("ann", "town-square", "a person")
    await eventually(lambda: here.ears.texts[-1:] == ["a person"])
    assert len(here.ears.texts) == 11


async def test_it_knows_the_threads_that_it_takes_part_in(desk):
    """Also those of before it started, of which the server is asked once."""
    old = desk.standin.say("ann", "town-square", "old")
    desk.standin.say("ask", "town-square", "reply", root=old.id)
    here = await desk.start()
    live = desk.standin.say("ann", "town-square", "live")
    assert await here.bot.takes_part(old.id)
    assert not await here.bot.takes_part(live.id)
    assert not await here.bot.takes_part("y" * 26)
    desk.standin.say("ask", "town-square", "reply", root=live.id)
    desk.standin.say("ann", "town-square", "end")
    await eventually(lambda: "end" in here.ears.texts)
    asked = desk.standin.stats["requests"]
    assert await here.bot.takes_part(live.id)
    assert await here.bot.takes_part(old.id)
    assert desk.standin.stats["requests"] == asked


async def test_others_see_that_it_writes(desk):
    """In the thread where it does; while it is cut, nobody does, and nothing fails."""
    here = await desk.start()
    async with desk.http.client.ws_connect(
        f"{desk.standin.url}/api/v4/websocket",
        headers={
            "Authorization": f"Bearer {desk.standin._world.new_token(desk.standin._user('ann'), access=True).token}"
        },
    ) as socket:
        desk.standin.join("ann", "town-square")
        await socket.receive()
        await here.bot.typing(desk.standin.add_channel("town-square"), "root")
        told = await socket.receive_json(timeout=10)
        while told["event"] != "typing":
            told = await socket.receive_json(timeout=10)
        assert told["data"] == {"parent_id": "root", "user_id": here.bot.me.id}
    await here.stop()
    await here.bot.typing("anywhere")


async def test_it_stops_while_it_waits_for_anything(desk):
    """A server that is away, a journal that fails: neither keeps it from its end."""
    desk.standin.mode = "down"
    away = await desk.start()
    await asyncio.wait_for(away.stop(), 5)
    desk.standin.mode = "ok"
    here = await desk.start()
    here.ears.deaf = True
    desk.standin.say("ann", "town-square", "one")
    await eventually(lambda: here.ears.calls)
    await asyncio.wait_for(here.stop(), 10)
