"""Sending an event again: as it was, or read anew with the catalog of today."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console import replay
from gateway.errors import Refused
from gateway.model import DeliveryState, Request
from tests.acts.conftest import world  # noqa: F401 - a fixture
from tests.conftest import eventually
from tests.console.conftest import ITEMS_ROUTE, Browser
from tests.console.markup import Found
from tests.console.person import ITEMS_TOKEN, Person, keep, send, settled


async def test_replay_as_it_was(items):
    """The same messages go out again, also when the catalog has changed since, and the event shows both."""
    person = await items()
    event_id = await send(person, "a")
    await settled(person, event_id, "delivered")
    status, path, html = await person.press(f"/events/{event_id}/replay")
    assert (status, path) == (200, f"/events/{event_id}")
    assert "Deliveries that go out again: 1" in html
    assert [post.message for post in await person.gateway.posts(2)] == ["a 1", "a 1"]
    await settled(person, event_id, "replayed", "delivered")
    assert await person.api("POST", f"/events/{event_id}/replay") == (200, {"deliveries": 1})
    await settled(person, event_id, "replayed", "replayed", "delivered")


async def test_replay_with_todays_catalog(items, tmp_path):
    """The request is read anew, as an event of its own that names the old one and is never taken for its repeat."""
    person = await items()
    event_id = await send(person, "a", id="same")
    await settled(person, event_id, "delivered")
    status, made = await person.api("POST", f"/events/{event_id}/reread")
    assert (status, made["outcome"], made["translator"], made["deliveries"]) == (201, "message", "items/item", 1)
    assert made["event_id"] != event_id
    await person.gateway.posts(2)
    found = await settled(person, made["event_id"], "delivered")
    assert found["event"]["reason"] == f"replay of {event_id}"
    assert found["request"]["url"].endswith("/in/items?q=1")
    status, path, html = await person.press(f"/events/{event_id}/reread")
    assert status == 200
    assert path not in (f"/events/{event_id}", f"/events/{made['event_id']}")
    assert f'href="/events/{event_id}"' in html
    await person.gateway.posts(3)


async def test_replay_meets_a_changed_catalog_and_route(items, tmp_path):
    """What is stored is read by the translators and sent to the destinations of today."""
    request = Request("POST", {"content-type": "application/json"}, {}, b'{"kind": "item", "box": "a", "number": 7}')
    former = {"payload": b'{"text": "as it was"}', "destination": "former", "request": request}
    await keep(tmp_path / "test.db", ("e1", former))
    person = await items(ITEMS_ROUTE + 'username = "Today"\n')
    status, _ = await person.api("POST", "/events/e1/reread")
    assert status == 201
    (post,) = await person.gateway.posts(1)
    assert post.message == "a 7"


async def test_what_is_gone_is_told_and_nothing_is_sent(items, tmp_path):
    """A destination, route or service that is gone is a 409 with a clear line; the deliveries stay as they are."""
    await keep(
        tmp_path / "test.db",
        ("e1", {"payload": b'{"text": "x"}', "destination": "former"}),
        ("e2", {"payload": b'{"text": "x"}', "route": "former"}),
        ("e3", {"payload": b'{"text": "x"}', "service": "former"}),
    )
    person = await items()
    for path, what in (
        ("e1/replay", "destination former"),
        ("e2/reread", "route former"),
        ("e3/reread", "service former"),
    ):
        status, problem = await person.api("POST", f"/events/{path}")
        assert (status, what in problem["detail"]) == (409, True), problem
        status, _, html = await person.press(f"/events/{path}")
        assert (status, what in Found(html).text) == (409, True)
    assert (await person.api("GET", "/events/e1"))[1]["deliveries"][0]["state"] == "dead"
    assert "not in the settings any more" in (await person.page("/events/e1"))[1]
    assert not person.gateway.standin.posts
    assert "has no service former" in Found((await person.page("/events/e3"))[1]).text


async def test_an_event_without_messages_cannot_be_sent_again(items):
    """There is nothing to replay, and that is what is said."""
    person = await items(ITEMS_ROUTE + 'ignore = ["item"]\n')
    body = {"kind": "item", "box": "a", "number": 1}
    _, answer = await person.gateway.post("/in/items", body, X_Token=ITEMS_TOKEN)
    status, problem = await person.api("POST", f"/events/{answer['id']}/replay")
    assert (status, "made no message" in problem["detail"]) == (409, True)


async def test_a_pass_through_event_is_read_again(items):
    """The hook that it came for gets it again; its id, which is a credential, is shown nowhere."""
    person = await items(tables='[passthrough]\nserver = "{mattermost}"\n')
    hook = person.gateway.hook.rpartition("/")[2]
    status, answer = await person.gateway.post(f"/hooks/{hook}/items", {"kind": "item", "box": "a", "number": 1})
    assert status == 202
    await settled(person, answer["id"], "delivered")
    status, made = await person.api("POST", f"/events/{answer['id']}/reread")
    assert (status, made["deliveries"]) == (201, 1), made
    assert [post.message for post in await person.gateway.posts(2)] == ["a 1", "a 1"]
    for event_id in (answer["id"], made["event_id"]):
        assert hook not in (await person.page(f"/events/{event_id}"))[1]
        assert hook not in json.dumps(await person.api("GET", f"/events/{event_id}"))


@pytest.mark.parametrize(
    ("reason", "origin"),
    [
        ("replay of e1", "e1"),
        ("replay of e1; no translator for x; y", "e1"),
        ("the route ignores replay of e1", ""),
        ("", ""),
    ],
)
def test_the_origin_of_a_replay_stands_in_its_reason(reason, origin):
    """With or without a reason of its own behind it."""
    assert replay.origin(reason) == origin


@given(st.from_regex(r"[0-9a-f]{1,27}", fullmatch=True), st.text())
def test_no_reason_hides_the_origin(event_id, reason):
    """Whatever the second reading says."""
    assert replay.origin(f"replay of {event_id}; {reason}") == event_id


def test_destinations_that_are_gone_are_named():
    """With what to do; none is no fault."""
    replay.require_destinations([])
    with pytest.raises(Refused, match="409 Destination gone: the settings have no destination a, b any more: give the"):
        replay.require_destinations(["a", "b"])


async def test_a_destination_of_the_route_that_is_gone_stops_a_reading(items, tmp_path):
    """What was delivered and what is dead goes out again; what is on its way does not."""
    stored = {"payload": b'{"text": "x"}', "state": DeliveryState.DELIVERED, "why": ""}
    await keep(tmp_path / "test.db", ("e1", stored), ("e2", {"payload": b'{"text": "y"}'}))
    person = await items()
    person.gateway.standin.mode = "down"
    assert (await person.api("POST", "/events/e1/replay")) == (200, {"deliveries": 1})
    status, problem = await person.api("POST", "/events/e1/replay")
    assert (status, "on their way" in problem["detail"]) == (409, True)
    assert (await person.api("POST", "/events/e2/replay"))[0] == 200


async def test_a_strict_route_refuses_what_nobody_understands(items, tmp_path):
    """422 with the place, and no event is made."""
    request = Request("POST", {"content-type": "application/json"}, {}, b'{"kind": "item", "box": 7}')
    await keep(tmp_path / "test.db", ("e1", {"payload": b"{}", "request": request}))
    person = await items(ITEMS_ROUTE + "strict = true\n")
    status, problem = await person.api("POST", "/events/e1/reread")
    assert (status, "box has to be a string, and is 7" in problem["detail"]) == (422, True)
    assert [one["id"] for one in (await person.api("GET", "/events"))[1]["events"]] == ["e1"]


async def test_what_is_read_again_keeps_its_buttons(world, session):  # noqa: F811
    """They are made anew, and work."""
    made = await world()
    person = Person(Browser(made, session))
    await made.fire()
    _, page = await person.api("GET", "/events?route=alerts")
    assert (await person.api("POST", f"/events/{page['events'][0]['id']}/reread"))[0] == 201
    await eventually(lambda: len(made.standin.posts) == 2)
    post = made.standin.posts[-1]
    assert [one["name"] for one in post.attachments[-1]["actions"]] == ["Ack", "Drop", "Note", "Mute"]
    await made.standin.click("ann", post, "Ack")
    assert await made.whisper() == "Done: as you wish"
