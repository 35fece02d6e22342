"""The whole gateway at a server: alerts with buttons, commands, dialogs and outgoing webhooks, as persons use them."""

import asyncio
import json
from contextlib import AsyncExitStack
from types import SimpleNamespace
from typing import Any

import pytest_asyncio
from aiohttp import web

from gateway import settings
from gateway.app import app
from gateway.journal.audit import AuditQuery
from tests.acts.conftest import DOCUMENTS, HEAD, HOOK_SECRET, Outside, _application
from tests.acts.test_cards import WITH_CARD
from tests.conftest import _opened, eventually, free_port
from tests.contract.mattermost.conftest import HOST
from tests.contract.mattermost.ear import listening

TALK = """
title: Ask
answers: outgoing
request: {url: "{{ settings.url }}/ask", json: {text: "{{ text }}", later: "{{ reply_url }}"}}
reply: {to: thread, message: {text: "{{ answer.json.said }}"}}
later: {reply: {to: thread, message: {text: "{{ answer.json.said }}"}}}
"""
NOTE = """
title: Write a note
answers: [command, dialog]
command: {trigger: pager, sub: note}
dialog: {title: A note, on_cancel: true, fields: [{name: text, label: Text}]}
request: {url: "{{ settings.url }}/noted", json: {text: "{{ submission.text }}"}}
reply:
  - {when: answer.json.wrong, errors: {text: "{{ answer.json.wrong }}"}}
  - {message: {text: "Noted: {{ submission.text }}"}}
"""


class Gate:
    """A gateway at a server, and the outside service behind it. `ben` acts."""

    def __init__(self, stage, place, outside: Outside, port: int) -> None:
        self.stage, self.place, self.outside = stage, place, outside
        self.server = stage.server
        self.url = f"http://{HOST}:{port}"
        self.running: Any = None

    async def fire(self, kind="fired", title="Disk full"):
        """Have an alert come in."""
        body = {"type": kind, "id": "7", "title": title}
        headers = {"X-Token": HOOK_SECRET}
        url = f"{self.running.public}/in/alerts"
        async with self.server.session.post(url, json=body, headers=headers) as answer:
            assert answer.status in (200, 202)

    async def post(self):
        """The newest post of the channel."""
        return (await self.place.posts())[-1]

    async def click(self, post, name, choice=None, token=None):
        """Click what has a name, as ben unless a token says otherwise; gives status and error."""
        actions = [one for each in post["props"]["attachments"] for one in each.get("actions", ())]
        action = next(one["id"] for one in actions if one["name"] == name)
        body = {"selected_option": choice} if choice else {}
        path = f"/posts/{post['id']}/actions/{action}"
        return (await self.server.api("POST", path, body, token or self.stage.ben_token)).outcome

    async def execute(self, command, root=""):
        """Execute a command as ben; what his client is told."""
        order = {"channel_id": self.place.id, "command": command, "root_id": root, "team_id": self.stage.team["id"]}
        answer = await self.server.api("POST", "/commands/execute", order, self.stage.ben_token)
        assert answer.status == 200, answer.text
        return answer.json

    async def submit(self, dialog, values):
        """Submit a dialog as ben, or cancel it; the answer."""
        body = {"url": dialog["url"], "callback_id": dialog["dialog"]["callback_id"],
                "state": dialog["dialog"]["state"], "channel_id": self.place.id, "team_id": self.stage.team["id"],
                "submission": values, "cancelled": values is None}  # fmt: skip
        answer = await self.server.api("POST", "/actions/dialogs/submit", body, self.stage.ben_token)
        assert answer.status == 200, answer.text
        return answer.json

    async def audit(self, count):
        """The outcomes of the audit, oldest first, once there are so many."""
        journal = self.running._running.journal

        async def there():
            return len((await journal.audit(AuditQuery())).lines) >= count

        await eventually(there)
        return [line.outcome.value for line in reversed((await journal.audit(AuditQuery())).lines)]

    async def shows(self, holds, seconds=10):
        """The posts of the channel once something holds for them."""

        async def there():
            return holds(await self.place.posts())

        await eventually(there, seconds)
        return await self.place.posts()


@pytest_asyncio.fixture(loop_scope="session")
async def gate(stage, place, tmp_path, monkeypatch):
    """A function that runs a gateway: a destination, tokens, more of its table and of its documents."""
    monkeypatch.setattr(app, "journals", SimpleNamespace(open=_opened))
    stage.ben_token = stage.ben_token or await stage.session(stage.ben)
    await place.join(stage.ben["id"])
    async with AsyncExitStack() as stack:
        outside = Outside()
        runner = web.AppRunner(_application(outside), shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        port, own = free_port(), free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        made = Gate(stage, place, outside, own)

        async def start(destination="hook", *tokens, table="", route="", **documents):
            for name, text in {**DOCUMENTS, **documents}.items():
                file = tmp_path / "catalog" / "pager" / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            text = HEAD.format(
                port=own, mattermost=stage.server.url, hook=place.hook, token=stage.bot_token, destination=destination,
                secret=HOOK_SECRET, outside=f"http://127.0.0.1:{port}", own='", "'.join(tokens) or "none at all",
                table=f'bot = "helper"\n{table}', route=route,
            )  # fmt: skip
            text = text.replace('team = "home"', f'team = "{stage.team["name"]}"')
            text = text.replace('channel = "ops"', f'channel = "{place.name}"')
            text = text.replace(f'public_url = "http://127.0.0.1:{own}"', f'public_url = "{made.url}"')
            if HOST != "127.0.0.1":
                text = text.replace(f'listen = "127.0.0.1:{own}"', f'listen = "0.0.0.0:{own}"')
            known = settings.parse(text, str(tmp_path / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
            made.running = await stack.enter_async_context(app.running(known))
            return made

        made.start = start
        yield made
        outside.gate.set()


async def make_command(gate, method="P"):
    """The command /TRIGGER of this test, and a document that says so."""
    trigger = gate.stage.name("pager")
    body = {"team_id": gate.stage.team["id"], "trigger": trigger, "method": method, "url": f"{gate.url}/command/pager"}
    token = (await gate.server.done("POST", "/commands", body))["token"]
    return trigger, token


async def make_outgoing(gate, word, content_type="application/json", userinfo=""):
    """An outgoing webhook of the channel with a trigger word; its token."""
    url = gate.url.replace("//", f"//{userinfo}") + "/out/pager"
    body = {"team_id": gate.stage.team["id"], "channel_id": gate.place.id, "display_name": "x",
            "trigger_words": [word], "callback_urls": [url], "content_type": content_type}  # fmt: skip
    return (await gate.server.done("POST", "/hooks/outgoing", body))["token"]


def told(post):
    """The text of the attachments of a post."""
    return "\n".join(one.get("text", "") for one in post["props"].get("attachments", ()))


async def test_an_alert_of_a_webhook_is_acknowledged_and_muted(gate):
    """The clicked post tells it; the person reads the answer of the service, and of a repeat that it was one."""
    await gate.start()
    await gate.fire()
    (post,) = await gate.place.shown(1)
    async with listening(gate.server, gate.stage.ben_token) as ear:
        await ear.event("hello")
        ear.hears = frozenset({"ephemeral_message"})
        assert await gate.click(post, "Ack") == (200, "")
        whisper = await ear.post("ephemeral_message")
        assert (whisper["message"], whisper["root_id"]) == ("Done: as you wish", post["id"])
        (post,) = await gate.place.posts()
        assert "Acknowledged by @" in told(post)
        assert [one["name"] for one in post["props"]["attachments"][0]["actions"]] == ["Drop", "Note", "Mute"]
        for _ in range(2):
            assert await gate.click(post, "Mute", "4h") == (200, "")
        assert "done already" in (await ear.post("ephemeral_message"))["message"]
        assert await gate.click(post, "Mute", "9h") == (200, "")
        assert "none of the options" in (await ear.post("ephemeral_message"))["message"]
    (post,) = await gate.place.posts()
    assert "Muted for 4h by @" in told(post)
    assert gate.outside.paths("/mute/7") == [{"for": "4h"}]
    assert await gate.audit(4) == ["done", "done", "repeated", "forged"]


async def test_a_card_over_rest_tells_it_all(gate):
    """What was done stays on it over its edits, to its end."""
    await gate.start("rest", route='card = "update"', **WITH_CARD)
    await gate.fire()
    (post,) = await gate.place.shown(1)
    assert await gate.click(post, "Ack") == (200, "")
    (post,) = await gate.place.posts()
    assert "Acknowledged by @" in told(post)
    assert await gate.click(post, "Mute", "1h") == (200, "")
    await gate.fire(title="Disk fuller")
    (post,) = await gate.shows(lambda posts: "Disk fuller" in posts[-1]["message"])
    assert ("Acknowledged by @" in told(post), "Muted for 1h by @" in told(post)) == (True, True)
    assert await gate.click(post, "Mute", "4h") == (200, "")
    await gate.fire("calm", "Disk empty")
    (post,) = await gate.shows(lambda posts: "Disk empty" in posts[-1]["message"])
    assert [word in told(post) for word in ("resolved", "Acknowledged", "Muted for 1h", "Muted for 4h")] == [True] * 4
    assert not any(one.get("actions") for one in post["props"]["attachments"])


async def test_a_dialog_of_a_button(gate):
    """Opened, searched, refused, sent again, and once; then told in the thread."""
    await gate.start()
    await gate.fire()
    (post,) = await gate.place.shown(1)
    async with listening(gate.server, gate.stage.ben_token) as ear:
        await ear.event("hello")
        ear.hears = frozenset({"open_dialog"})
        assert await gate.click(post, "Note") == (200, "")
        dialog = json.loads((await ear.event("open_dialog"))["data"]["dialog"])
    asked = {"url": dialog["dialog"]["elements"][1]["data_source_url"], "callback_id": "x",
             "state": dialog["dialog"]["state"], "channel_id": gate.place.id, "team_id": gate.stage.team["id"],
             "submission": {"query": "r", "selected_field": "kind"}}  # fmt: skip
    found = await gate.server.api("POST", "/actions/dialogs/lookup", asked, gate.stage.ben_token)
    assert [one["value"] for one in found.json["items"]] == ["red", "blue"]

    async def wrong(_):
        return web.json_response({"wrong": "too short"})

    gate.outside.answers["/note/7"] = wrong
    assert (await gate.submit(dialog, {"text": "x"}))["errors"] == {"text": "too short"}
    gate.outside.answers.clear()
    answers = await asyncio.gather(*(gate.submit(dialog, {"text": "long"}) for _ in range(3)))
    assert sorted("done already" in str(one.get("error")) for one in answers) == [False, True, True]
    assert gate.outside.paths("/note/7") == [{"text": "x"}, {"text": "long"}]
    posts = await gate.shows(lambda posts: len(posts) == 2)
    assert (posts[-1]["message"], posts[-1]["root_id"]) == (f"@{gate.stage.ben['username']} Noted.", post["id"])


async def test_a_command_in_all_its_ways(gate):
    """By POST and GET; at once and later; alone and in the channel; help, failure, dialog, cancel."""
    trigger, first = await make_command(gate)
    other, second = await make_command(gate, "G")
    await gate.start(
        "hook", first, second, table='patience = "500ms"',
        **{name: text.replace("trigger: pager", f"trigger: {trigger}") for name, text in
           {**DOCUMENTS, "callbacks/written.yaml": NOTE}.items()},
    )  # fmt: skip
    for name in (trigger, other):
        assert (await gate.execute(f"/{name} status db1"))["text"] == "Status: as you wish"
    assert gate.outside.paths("/status") == [{"of": "db1"}] * 2
    assert "status [service]" in (await gate.execute(f"/{trigger} help"))["text"]
    await gate.execute(f"/{trigger} hello")
    (post,) = await gate.place.shown(1)
    assert (post["message"], post["user_id"]) == (f"Hello {gate.stage.ben['username']}", gate.stage.ben["id"])

    async def broken(_):
        return web.Response(status=503)

    gate.outside.answers["/status"] = broken
    assert "answered 503" in (await gate.execute(f"/{trigger} status db1"))["text"]
    gate.outside.answers.clear()
    async with listening(gate.server, gate.stage.ben_token) as ear:
        await ear.event("hello")
        ear.hears = frozenset({"open_dialog", "ephemeral_message"})
        gate.outside.gate.clear()
        assert "answer follows" in (await gate.execute(f"/{trigger} status db1", post["id"]))["text"]
        gate.outside.gate.set()
        messages = [(await ear.post("ephemeral_message"))["message"]]
        while "as you wish" not in messages[-1]:
            messages.append((await ear.post("ephemeral_message"))["message"])
        assert messages[-1] == "Status: as you wish"
        ear.hears = frozenset({"open_dialog"})
        for values, answer in (({"text": "x"}, {}), (None, {})):
            await gate.execute(f"/{trigger} note")
            dialog = json.loads((await ear.event("open_dialog"))["data"]["dialog"])
            assert not (await gate.submit(dialog, values) or {}).get("error"), answer
    assert gate.outside.paths("/noted") == [{"text": "x"}]


async def test_outgoing_webhooks_are_answered_in_the_thread(gate):
    """In both content types, with credentials in the URL, also for a reply; later answers come there, too."""
    one, two = gate.stage.name("ask"), gate.stage.name("ask")
    tokens = [await make_outgoing(gate, one, userinfo="chat:secret@"),
              await make_outgoing(gate, two, "application/x-www-form-urlencoded", "chat:secret@")]  # fmt: skip
    await gate.start("hook", *tokens, table='credentials = ["chat:secret"]', **{"callbacks/ask.yaml": TALK})
    asked = (await gate.place.post(f"{one} what?", gate.stage.ben_token)).json
    posts = await gate.shows(lambda posts: len(posts) == 2)
    assert (posts[-1]["message"], posts[-1]["root_id"]) == ("as you wish", asked["id"])
    await gate.place.post(f"{two} again", gate.stage.ben_token, root_id=asked["id"])
    posts = await gate.shows(lambda posts: len(posts) == 4)
    assert (posts[-1]["message"], posts[-1]["root_id"]) == ("as you wish", asked["id"])
    later = [body["later"].replace(gate.url, gate.running.public) for body in gate.outside.paths("/ask")]
    assert len(later) == 2
    for url in later:
        for _ in range(2):
            async with gate.server.session.post(url, json={"said": f"later {later.index(url)}"}) as answer:
                assert answer.status == 200
    posts = await gate.shows(lambda posts: len(posts) == 6)
    assert sorted(post["message"] for post in posts[-2:]) == ["later 0", "later 1"]
    assert {post["root_id"] for post in posts[-2:]} == {asked["id"]}


async def test_who_may_is_asked_of_the_server(gate):
    """By name: ben may not, and reads who may; ann may."""
    stage = gate.stage
    await gate.start(table=f'allow = ["@{stage.ann["username"]}", "role:channel_admin"]')
    await gate.place.join(stage.ann["id"])
    await gate.fire()
    (post,) = await gate.place.shown(1)
    async with listening(gate.server, stage.ben_token) as ear:
        await ear.event("hello")
        ear.hears = frozenset({"ephemeral_message"})
        assert await gate.click(post, "Ack") == (200, "")
        whisper = (await ear.post("ephemeral_message"))["message"]
    assert whisper == f"Only @{stage.ann['username']} and administrators of this channel may do this."
    assert (await gate.audit(1), gate.outside.asked) == (["denied"], [])
    assert await gate.click(post, "Ack", token=await stage.session(stage.ann)) == (200, "")
    assert (await gate.audit(2))[-1] == "done"


async def test_a_service_that_is_away_is_told(gate):
    """In a line for the person alone; the post stays, and its button works again."""
    await gate.start()
    await gate.fire()
    (post,) = await gate.place.shown(1)

    async def page(_):
        return web.Response(text="<html>", content_type="text/html")

    gate.outside.answers["/ack/7"] = page
    async with listening(gate.server, gate.stage.ben_token) as ear:
        await ear.event("hello")
        ear.hears = frozenset({"ephemeral_message"})
        assert await gate.click(post, "Ack") == (200, "")
        assert "answered a web page" in (await ear.post("ephemeral_message"))["message"]
        gate.outside.answers.clear()
        assert await gate.click(post, "Ack") == (200, "")
        assert (await ear.post("ephemeral_message"))["message"] == "Done: as you wish"
    assert len(await gate.place.posts()) == 1
