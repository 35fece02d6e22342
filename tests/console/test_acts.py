"""Acts in the console: what was said or clicked, what was asked, answered and replied; and never what lets one act."""

from aiohttp import web
from msgspec.structs import replace

from tests.acts.conftest import TOKEN, World, world  # noqa: F401 - a fixture
from tests.conftest import eventually
from tests.console.conftest import Browser
from tests.console.markup import Found
from tests.console.person import Person, settled

KEY = "the key of the pager"


async def _act(person: Person, number: int = 0) -> str:
    """The id of one of the newest events of callbacks."""
    _, page = await person.api("GET", "/events?route=callbacks.pager")
    return page["events"][number]["id"]


async def test_a_click_is_shown_whole(world, session):  # noqa: F811
    """The list says who, where and how it ended; the page has input, request with masks, answer, reply and audit."""
    made: World = await world()
    person = Person(Browser(made, session))
    post = await made.fire()
    await made.standin.click("ann", post, "Ack")
    event_id = await _act(person)
    found = await settled(person, event_id, "delivered")
    act, row = found["act"], found["event"]
    assert (row["ended"], row["title"], row["reason"]) == ("answered", "Ack", "action by @ann in ~ops")
    assert (act["said"], act["user"], act["channel"], act["title"]) == ("Ack", "ann", "ops", "Acknowledge")
    assert (act["request"]["method"], act["request"]["headers"]) == ("POST", {"Authorization": "Bearer <secret>"})
    assert act["request"]["url"].endswith("/ack/7")
    assert (act["status"], act["answer"]) == (200, '{"said": "as you wish"}')
    assert act["reply"] == "Done: as you wish"
    assert [line["outcome"] for line in act["audit"]] == ["done"]
    assert (found["messages"], found["curl"], found["verdicts"]) == ([], "", [])
    _, html = await person.page(f"/events/{event_id}")
    text = Found(html).text
    assert all(one in text for one in ("Request to the service", "Done: as you wish", "@ann", "What was said"))
    assert KEY not in html
    _, html = await person.page("/events")
    assert "answered" in Found(html).text


async def test_what_has_a_button_does_not_show_how_to_click_it(world, session):  # noqa: F811
    """Neither the secret path of clicks nor a ticket is on the page of the alert."""
    made: World = await world()
    person = Person(Browser(made, session))
    await made.fire()
    _, page = await person.api("GET", "/events?route=alerts")
    answer = await Browser(made, session).get(f"/api/v1/events/{page['events'][0]['id']}")
    assert "Ack" in answer.text
    assert "/action/" not in answer.text
    assert "ticket" not in answer.text


async def test_failures_are_told_apart(world, session):  # noqa: F811
    """One of which the person was told, and one of which nobody knows how it ended, which is dead; each says why."""
    made: World = await world()
    person = Person(Browser(made, session))

    async def refuse(_: web.Request) -> web.Response:
        return web.json_response({"error": f"no, not with {KEY}"}, status=403)

    async def vanish(request: web.Request) -> web.Response:
        request.transport.close()
        return web.Response()

    made.outside.answers |= {"/ack/7": refuse, "/ack/8": vanish}
    await made.standin.click("ann", await made.fire(), "Ack")
    event_id = await _act(person)
    act = (await settled(person, event_id, "delivered"))["act"]
    assert (act["ended"], act["status"]) == ("failed", 403)
    assert "answered 403 Forbidden" in act["problem"]
    assert act["answer"] == '{"error": "no, not with <secret>"}'
    await made.standin.click("ann", await made.fire(number="8"), "Ack")
    event_id = await _act(person)
    act = (await settled(person, event_id, "dead"))["act"]
    assert act["ended"] == "unknown"
    assert "look there before you try again" in act["problem"]
    _, html = await person.page(f"/events/{event_id}")
    assert "outcome unknown" in Found(html).text
    _, html = await person.page("/dead/deliveries?destination=callbacks.pager")
    assert "the request of each act is sent again" in Found(html).text


async def test_a_failed_act_is_asked_again_and_its_answer_comes_later(world, session):  # noqa: F811
    """The page says what that does; what cannot be done with an act is not offered, and refused in words."""
    made: World = await world(table='bot = "helper"')
    person = Person(Browser(made, session))
    made.standin.add_outgoing(f"{made.url}/out/pager", "ask", token=TOKEN)

    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=500)

    made.outside.answers["/ask"] = refuse
    made.standin.say("ann", "ops", "ask what now?")
    await eventually(lambda: made.outside.paths("/ask"))
    event_id = await _act(person)
    assert (await settled(person, event_id, "delivered"))["act"]["ended"] == "failed"
    del made.outside.answers["/ask"]
    status, _, html = await person.press(f"/events/{event_id}/replay")
    assert (status, "The request is sent again" in Found(html).text) == (200, True)
    await eventually(lambda: "as you wish" in made.texts())
    found = await settled(person, event_id, "replayed", "delivered")
    assert found["act"]["ended"] == "answered"
    [later] = found["act"]["later"]
    answer = (await person.api("GET", f"/events/{later}"))[1]
    assert answer["act"]["answer_to"] == event_id
    assert answer["messages"][0]["payload"]["text"] == "as you wish"
    assert (await person.page(f"/events/{later}"))[0] == 200
    status, problem = await person.api("POST", f"/events/{event_id}/reread")
    assert (status, "its request is sent again" in problem["detail"]) == (409, True)
    assert (await person.api("GET", f"/events/{event_id}/sample"))[0] == 409
    assert (await person.page(f"/try?event={event_id}"))[0] == 409


async def test_the_url_for_later_answers_is_never_shown(world, session):  # noqa: F811
    """Neither in the act of a command nor in the delivery of its later answer."""
    made: World = await world(table='patience = "50ms"\nbot = "helper"')
    person = Person(Browser(made, session))
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    made.outside.gate.clear()
    await made.standin.execute("ann", "town-square", "/pager status db1")
    made.outside.gate.set()
    await eventually(lambda: any(one.post.message.startswith("Status: ") for one in made.standin.whispers))
    _, page = await person.api("GET", "/events?route=callbacks.pager")
    texts = []
    for one in page["events"]:
        for path in (f"/api/v1/events/{one['id']}", f"/events/{one['id']}"):
            texts.append((await Browser(made, session).get(path)).text)
    assert len(page["events"]) == 2
    assert page["events"][1]["title"] == "/pager db1"
    assert all("hooks/commands" not in text for text in texts)
    assert "Status: as you wish" in texts[0]


async def test_an_act_that_asks_nobody_shows_its_reply(world, session):  # noqa: F811
    """Also when the callback and its table are gone, the page is there."""
    made: World = await world()
    person = Person(Browser(made, session))
    made.standin.add_command("pager", f"{made.url}/command/pager", token=TOKEN)
    await made.standin.execute("ann", "town-square", "/pager hello")
    event_id = await _act(person)
    act = (await person.api("GET", f"/events/{event_id}"))[1]["act"]
    assert (act["ended"], act["occasion"], act["replies"][0]["text"]) == ("answered", "command", "Hello ann")
    assert "Hello ann" in Found((await person.page(f"/events/{event_id}"))[1]).text
    running = made.running._running
    running.settings = replace(running.settings, callbacks={})
    assert (await person.page(f"/events/{event_id}"))[0] == 200
