"""Events in the console: lists, one event whole, and everything that can be done with it, over real HTTP."""

import json
import re

import msgspec
import pytest

from gateway.model import Card, CardMode, DeliveryState, Request
from tests.conftest import PATIENCE
from tests.console.conftest import ITEMS_ROUTE, READ_TOKEN
from tests.console.markup import HOSTILE, Found
from tests.console.person import ITEMS_TOKEN, keep, send, settled

REST = """
[destinations.rest]
server = "https://chat.example.com/"
team = "a team"
channel = "ops"
token = "a-token-of-a-bot"
"""
ID = re.compile(r'<tr data-id="([^"]+)"')
PAGE_TAGS = set(
    "html head meta title link script body a header nav span form input button main p label select option div table "
    "caption thead tbody tr th td time dl dt dd h1 h2 h3 section pre code details summary ol ul li article strong svg "
    "rect footer datalist b bdi h4 h5 h6 em s del br hr blockquote".split()
)


async def test_events_are_listed_newest_first_and_filtered(items):
    """Both faces list events, filter them by route, service, outcome, state and words, and page through them."""
    person = await items(ITEMS_ROUTE + ITEMS_ROUTE.replace("routes.items", "routes.other") + 'ignore = ["item"]\n')
    ids = [await send(person, f"box{number}") for number in range(5)]
    body = {"kind": "item", "box": "quiet", "number": 1, "token": ITEMS_TOKEN}
    _, ignored = await person.gateway.post("/in/other", body, Content_Type="application/json")

    async def listed(query: str) -> list[str]:
        status, html = await person.page(f"/events?{query}")
        assert status == 200
        status, found = await person.api("GET", f"/events?{query}")
        assert status == 200
        assert ID.findall(html) == [one["id"] for one in found["events"]]
        return ID.findall(html)

    assert await listed("") == [ignored["id"], *reversed(ids)]
    assert await listed("route=other") == [ignored["id"]]
    assert await listed("outcome=ignored&service=items") == [ignored["id"]]
    assert await listed("service=github") == []
    assert await listed("text=BOX3") == [ids[3]]
    await settled(person, ids[4], "delivered")
    assert await listed("state=delivered&route=items") == list(reversed(ids))
    assert await listed("state=dead") == []
    assert await listed("route=items&limit=2") == [ids[4], ids[3]]
    _, first = await person.api("GET", "/events?route=items&limit=2")
    assert await listed(f"route=items&limit=2&before={first['next']}") == [ids[2], ids[1]]
    assert f"before={first['next']}" in (await person.page("/events?route=items&limit=2"))[1]


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "outcome=nonsense", "colour=red"])
async def test_a_wrong_filter_is_told(items, query):
    """A parameter that is none, or out of range, is a 400 that names it."""
    person = await items()
    status, problem = await person.api("GET", f"/events?{query}")
    assert status == 400
    assert query.partition("=")[0] in problem["detail"]
    assert (await person.page(f"/events?{query}"))[0] == 400


async def test_one_event_whole(items):
    """Request, verdict, message, delivery with its attempts, and a curl command: on the page and over the API."""
    person = await items()
    event_id = await send(person, "a")
    found = await settled(person, event_id, "delivered")
    assert found["event"]["subject"] == "a"
    assert found["verdicts"] == [{"name": "item", "translator": "items/item", "faults": []}]
    assert [one["payload"]["text"] for one in found["messages"]] == ["a 1"]
    (delivery,) = found["deliveries"]
    assert (delivery["attempts"], delivery["log"][0]["result"], delivery["log"][0]["status"]) == (1, "delivered", 200)
    assert found["curl"].startswith("curl ")
    status, html = await person.page(f"/events/{event_id}")
    text = Found(html).text
    assert status == 200
    for words in (
        "a 1",
        "matches the schema",
        "items/item",
        "delivered",
        "Replay as it was",
        "content-type",
        "--data-raw",
    ):
        assert words in text


async def test_no_secret_is_shown(items):
    """Neither page nor API nor download nor command has the token of the body, a header or the URL of the hook."""
    person = await items()
    first = await send(person, "a", again=ITEMS_TOKEN)
    body = json.dumps({"kind": "item", "box": "b", "number": 2}).encode()
    _, second = await person.gateway.post("/in/items", body, Content_Type="application/json", X_Token=ITEMS_TOKEN)
    hook = person.gateway.hook.rpartition("/")[2]
    for event_id in (first, second["id"]):
        seen = [
            (await person.page(f"/events/{event_id}"))[1],
            json.dumps(await person.api("GET", f"/events/{event_id}")),
        ]
        seen += [(await person.download(f"/events/{event_id}/{part}"))[0].decode() for part in ("body", "sample")]
        for text in seen:
            assert ITEMS_TOKEN not in text
            assert hook not in text
    assert "$SECRET" in (await person.api("GET", f"/events/{first}"))[1]["curl"]


async def test_a_secret_that_json_escapes_is_not_shown_in_messages(items):
    """A token with quotes and slashes, which a sender repeats in a text that is posted, is masked there as well."""
    token = 'quo"ted/slashed'
    person = await items(
        ITEMS_ROUTE.replace(f'"{ITEMS_TOKEN}"', f"'{token}'").replace('token = "token"', 'header = "X-T"')
    )
    body = json.dumps({"kind": "item", "box": f"see {token}", "number": 1}).encode()
    _, answer = await person.gateway.post("/in/items", body, X_Token=token)
    _, found = await person.api("GET", f"/events/{answer['id']}")
    assert found["messages"][0]["payload"]["text"] == "see <secret> 1"


async def test_a_body_is_a_download_that_no_person_shows(items):
    """The body comes as an attachment of no type that could run, whatever it is."""
    person = await items()
    body = b"\x00<script>alert(1)</script>\xff"
    _, answer = await person.gateway.post("/in/items", body, X_Token=ITEMS_TOKEN, Content_Type="text/html")
    data, headers = await person.download(f"/events/{answer['id']}/body")
    assert data == body
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Disposition"].startswith("attachment")
    html = (await person.page(f"/events/{answer['id']}"))[1]
    assert "binary" in html
    assert "<script>alert" not in html


async def test_every_fault_of_the_schema_is_told(items):
    """The verdict of the present catalog lists each place where the payload does not match, by its JSON path."""
    person = await items()
    event_id = await send(person, "a", "many")
    status, found = await person.api("GET", f"/events/{event_id}")
    assert found["verdicts"][0]["faults"] == ['number has to be a whole number, and is "many"']
    assert "does not match" in (await person.page(f"/events/{event_id}"))[1]
    status, unknown = await person.gateway.post("/in/items", {"kind": "parcel"}, X_Token=ITEMS_TOKEN)
    assert status == 202
    assert "no translator" in (await person.page(f"/events/{unknown['id']}"))[1]


@pytest.mark.parametrize("path", ["/events/0000", "/events/0000/body", "/events/0000/sample"])
async def test_an_event_that_is_not_there(items, path):
    """404 with a line that says so, on pages and over the API."""
    person = await items()
    status, html = await person.page(path)
    assert (status, "0000" in Found(html).text) == (404, True)
    assert (await person.api("GET", "/events/0000"))[0] == 404


async def test_hostile_events_never_become_markup(items, tmp_path):
    """Script tags, handlers and dangerous links in every part of an event are text on every page."""
    stored = []
    plain = "title text pretext footer author_name title_link image_url color".split()
    of_event = "name subject why reason translator route service destination".split()
    for number, hostile in enumerate(HOSTILE):
        attachment = dict.fromkeys(plain, hostile) | {"fields": [{"title": hostile, "value": hostile}]}
        message = dict.fromkeys(("text", "username", "icon_url"), hostile)
        message |= {"props": {"card": hostile}, "attachments": [attachment]}
        headers = {"content-type": "text/html", "x-evil": hostile.replace("\n", " ")}
        request = Request("POST", headers, {"q": hostile}, hostile.encode(), url=f"http://h/{hostile}")
        rest = {"payload": msgspec.json.encode(message), "request": request}
        stored.append((f"e{number}", dict.fromkeys(of_event, hostile) | rest))
    await keep(tmp_path / "test.db", *stored)
    person = await items()
    pages = ["/events", "/dead", "/dead/deliveries", *(f"/events/e{number}" for number in range(len(HOSTILE)))]
    for path in pages:
        status, html = await person.page(path)
        assert status == 200, path
        found = Found(html)
        assert found.tags <= PAGE_TAGS | {"!"}, path
        assert not [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"], path
        assert {value for tag, name, value in found.attributes if tag == "script" and name == "src"} == {
            value for tag, name, value in found.attributes if name == "src"
        }
        assert all(url.startswith(("/", "#", "http://", "https://", "mailto:")) for url in found.urls), path
        assert not [value for _, name, value in found.attributes if name == "action" and not value.startswith("/")]


async def test_posts_and_cards_are_shown(items, tmp_path):
    """A post over REST has its link, and what the card of its subject shows is a message of its own."""
    card = Card("items:a", CardMode.BOTH, payload='{"text": "the box as it is"}')
    sent = {"payload": b'{"text": "what happened"}', "destination": "rest", "card": card}
    settled_as = {"state": DeliveryState.DELIVERED, "post_id": "p" * 26, "why": ""}
    await keep(tmp_path / "test.db", ("e1", sent | settled_as))
    person = await items(ITEMS_ROUTE + REST)
    _, found = await person.api("GET", "/events/e1")
    assert found["deliveries"][0]["permalink"] == f"https://chat.example.com/a%20team/pl/{'p' * 26}"
    assert [(one["payload"]["text"], one["card"]) for one in found["messages"]] == [
        ("what happened", False),
        ("the box as it is", True),
    ]
    _, html = await person.page("/events/e1")
    assert "The card of the subject" in html
    assert found["deliveries"][0]["permalink"] in Found(html).urls


async def test_new_events_are_announced_live(items):
    """Who follows the feed of events is told of each that comes in, with what filters ask for."""
    import asyncio

    person = await items()
    async with person.stream("/live?feed=events") as stream, asyncio.timeout(PATIENCE):
        event_id = await send(person, "a")
        async for line in stream.content:
            if event_id.encode() in line:
                rows = json.loads(json.loads(line.removeprefix(b"data: "))["events"])
                break
    assert rows[0][0] == event_id
    assert rows[0][2:] == ["items", "items", "message", "items/item"]


async def test_a_reader_looks_and_changes_nothing(console):
    """The read-only token shows events, without the buttons; what they do is refused, over the API as well."""
    browser = await console(guarded=True)
    await browser.sign_in(READ_TOKEN)
    event = {"action": "opened", "issue": {"number": 1}}
    _, answer = await browser.gateway.github("issues", event, "1")
    page = await browser.get(f"/events/{answer['id']}")
    assert page.status == 200
    assert "Replay as it was" not in page.text
    assert (await browser.post(f"/events/{answer['id']}/replay")).status == 403
    for path, body in ((f"/events/{answer['id']}/reread", None), ("/dead/replay", {"everything": True})):
        assert (await browser.call(path, body)).status == 403


async def test_an_action_needs_the_token_of_its_page(items):
    """A form that another site made is refused, and does nothing."""
    person = await items()
    event_id = await send(person, "a")
    await settled(person, event_id, "delivered")
    assert (await person.press(f"/events/{event_id}/replay", csrf="guessed"))[0] == 403
    assert len(person.gateway.standin.posts) == 1
