"""The life of an incident over REST: it opens, notes reply, what lacks the title leaves its card alone, it closes."""

from itertools import count

import aiohttp
import pytest

from gateway import settings
from gateway.app import app
from gateway.standin.server import StandIn
from tests.conftest import eventually
from tests.mattermost.test_rest_flow import HEAD

DOCUMENTS = {
    "service": """
name: Pager
docs: https://example.com/pager
setup: Nothing to set up; this service exists for tests alone.
event: [{json: event.type}]
""",
    "incident": """
title: An incident
events: [incident.*]
subject: "{{ event.data.id }}"
phase: "{{ request.event | strip_prefix('incident.') | pick({'triggered': 'open', 'resolved': 'close'}, 'change') }}"
card: incident
message: {text: "{{ request.event }}"}
""",
    "note": """
title: A note on an incident
events: [note.*]
subject: "{{ event.data.incident }}"
card: {reply: incident}
message: {text: "note: {{ event.data.text }}"}
""",
    "cards/incident": """
title: An incident as it is now
input: {event: {data: {title: text, state: text}}}
message: {text: "{{ event.data.title }}: {{ event.data.state }}"}
""",
}
SETTINGS = """
folders = ["{folder}"]
[destinations.rest]
server = "{url}"
team = "home"
channel = "town-square"
token = "{token}"
[routes.pager]
service = "pager"
destinations = ["rest"]
allow_unsigned = true
card = "{mode}"
"""


@pytest.fixture
async def site(tmp_path):
    """A stand-in Mattermost, and a function that sends events to a gateway of a mode and gives the posts they become.

    Each post is its text and the text of the post that it replies to; each call goes on with the same journal.
    """
    for name, text in DOCUMENTS.items():
        file = tmp_path / "catalog" / "pager" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    standin, numbers = StandIn(), count()
    token = standin.add_bot("gate")
    standin.join("gate", "town-square")
    async with standin.serve() as url:

        async def tell(http, mode, *events):
            text = HEAD + SETTINGS.format(folder=tmp_path / "catalog", url=url, token=token, mode=mode)
            known = settings.parse(text, str(tmp_path / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
            async with app.running(known) as running:
                for kind, data in events:
                    body = {"number": next(numbers), "event": {"type": kind, "data": data}}
                    async with http.post(f"{running.public}/in/pager", json=body) as response:
                        assert (response.status, (await response.json())["outcome"]) == (202, "message")

                async def done():
                    async with http.get(f"{running.admin}/api/v1/overview") as response:
                        return not (await response.json())["totals"]["waiting"]

                await eventually(done)
            living = [post for post in standin.posts if not post.delete_at]
            texts = {post.id: post.message for post in living}
            return [(post.message, texts.get(post.root_id, "")) for post in living]

        yield tell, standin


@pytest.fixture
async def http():
    """A client."""
    async with aiohttp.ClientSession() as client:
        yield client


NOTE = ("note.added", {"id": "N1", "incident": "P1", "text": "on it"})


def incident(kind, state, **more):
    """An event about the incident, with all that its card shows."""
    return f"incident.{kind}", {"id": "P1", "title": "Disk full", "state": state, **more}


@pytest.mark.parametrize("mode", ["update", "thread", "both"])
async def test_an_incident_from_its_opening_to_its_end(site, http, mode):
    """A note and a payload without the title reply in every mode; the card tells the state, also over a restart."""
    tell, _ = site
    await tell(http, mode, incident("triggered", "firing"), NOTE, ("incident.priority", {"id": "P1", "priority": "P2"}))
    found = await tell(http, mode, NOTE, incident("resolved", "resolved"))
    card = "Disk full: firing" if mode == "thread" else "Disk full: resolved"
    replies = ["note: on it", "incident.priority", "note: on it"]
    replies += [] if mode == "update" else ["incident.resolved"]
    assert found == [(card, ""), *((text, card) for text in replies)]
    *_, last = await tell(http, mode, NOTE, incident("triggered", "firing"))
    assert last == ("Disk full: firing", "")


async def test_a_note_without_a_card_is_a_post_of_its_own(site, http):
    """It never is the card, nor is a close that lacks the title; what has all that the card shows, posts it."""
    tell, _ = site
    found = await tell(http, "both", NOTE, ("incident.resolved", {"id": "P1"}), incident("changed", "firing"), NOTE)
    card = "Disk full: firing"
    assert found == [("note: on it", ""), ("incident.resolved", ""), (card, ""), ("note: on it", card)]


async def test_what_opens_without_the_title_is_the_card_until_the_title_comes(site, http):
    """So that the notes have a thread, and there is one post for the incident."""
    tell, _ = site
    found = await tell(http, "update", ("incident.triggered", {"id": "P1"}), NOTE, incident("changed", "firing"))
    assert found == [("Disk full: firing", ""), ("note: on it", "Disk full: firing")]


async def test_a_note_on_a_card_that_somebody_deleted_is_a_post_of_its_own(site, http):
    """And the parts of a long one stand together; the next change posts the card again."""
    tell, standin = site
    await tell(http, "update", incident("triggered", "firing"))
    standin.delete_post(standin.posts[0].id)
    long = ("note.added", {**NOTE[1], "text": "word " * 5_000})
    first, second, card = await tell(http, "update", long, incident("changed", "worse"))
    assert (first[0][:10], first[1], second[1]) == ("note: word", "", first[0])
    assert card == ("Disk full: worse", "")
