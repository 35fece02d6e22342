"""The way back in a running gateway: what it never tells, and settings that change while it runs."""

import asyncio
import json
import re

from aiohttp import web
from msgspec.structs import replace

from gateway.app.acting import live, services
from gateway.callbacks.buttons import path_secrets
from gateway.secret import Secret
from gateway.settings import Settings
from gateway.settings.callbacks import CallbackSettings
from tests.acts.conftest import TOKEN, world
from tests.conftest import eventually
from tests.settings.reading import parse

__all__ = ["world"]
PAGES = ("/", "/events", "/dead", "/destinations", "/audit", "/catalog", "/refused", "/metrics")
ECHO = """
title: Echo
answers: [outgoing, command, action]
command: {trigger: mirror}
request:
  url: "{{ settings.url }}/echo"
  headers: {Authorization: "Bearer {{ secrets.key }}"}
  query: {key: "{{ secrets.key }}"}
  json: {key: "{{ secrets.key }}", later: "{{ reply_url }}"}
reply: {message: {text: "It says {{ answer.text }}", attachments: [{text: "{{ answer.headers['x-echo'] }}"}]}}
failure: {message: {text: "It failed: {{ problem }}"}}
later: {reply: {message: {text: "{{ answer.json.said }}"}}}
"""


async def _seen(made) -> str:
    """All that the console and the journal tell of events, deliveries, acts and refusals."""
    records = await made.events()
    paths = [*PAGES, *(f"{base}/{one.event.id}{end}" for one in records for base in ("/events", "/api/v1/events")
                       for end in ("", "/body", "/sample"))]  # fmt: skip
    texts = []
    for path in paths:
        async with made.session.get(made.running.admin + path) as response:
            texts.append(await response.text())
    events = [(one.event, [(each.reason, each.log) for each in one.deliveries]) for one in records]
    return "\n".join([*texts, repr(events), repr(await made.audit())])


async def test_secrets_are_shown_nowhere(world, capfd) -> None:
    """Tokens, response_url, triggers, path secrets and those of the table: not in what anybody can read.

    The service repeats what it was sent, and so does its error.
    """
    made = await world(table='bot = "helper"\npatience = "300ms"', **{"callbacks/echo.yaml": ECHO})
    sent: list[str] = []

    async def echo(request: web.Request) -> web.Response:
        text = f"{request.raw_path} {request.headers['Authorization']} {(await request.read()).decode()}"
        sent.append(text)
        headers = {"X-Echo": request.headers["Authorization"]}
        return web.Response(text=text, status=200 if len(sent) != 2 else 500, headers=headers)

    made.outside.answers["/echo"] = echo
    made.standin.add_command("mirror", f"{made.url}/command/pager", token=TOKEN)
    made.standin.add_outgoing(f"{made.url}/out/pager", "echo", token=TOKEN, content_type="application/json")
    answers = [await made.standin.execute("ann", "ops", "/mirror x") for _ in range(2)]
    made.standin.say("ann", "ops", "echo x")
    await eventually(lambda: len(sent) == 3)
    made.outside.gate.clear()
    slow = asyncio.ensure_future(made.standin.execute("ann", "ops", "/mirror slow"))
    answers.append(await slow)
    made.outside.gate.set()
    await eventually(lambda: len(sent) == 4)
    post = await made.fire()
    await made.standin.click("ann", post, "Ack")
    await made.standin.click("ann", post, "Note")
    for path in ("/command/pager", "/out/pager", "/action/guessed", "/reply/guessed"):
        await made.post(path, {"token": "a guessed token", "trigger_id": "a guessed trigger"})
    triggers = [one["trigger_id"] for one in answers]
    forms = await made.session.post(
        f"{made.url}/command/pager",
        data={"token": TOKEN, "command": "/mirror", "text": "x", "trigger_id": "trigger-of-a-person-0001",
              "response_url": "https://elsewhere.example/hooks/commands/secretofaresponse00000000"},
    )  # fmt: skip
    answers.append(await forms.json())
    await made.audit(4)
    seen = await _seen(made)
    out = capfd.readouterr()
    shown = "\n".join([seen, out.out, out.err, json.dumps(answers), *made.texts(),
                       *(one.post.message for one in made.standin.whispers)])  # fmt: skip
    keys = made.running._running._parts.acting.desk.ring.keys
    later = [found for text in sent for found in re.findall(r'/reply/([^"]+)', text)]
    assert len(later) >= 4
    secrets = [
        TOKEN, "the key of the pager", "key%20of%20the%20pager", "key+of+the+pager", "secretofaresponse00000000",
        "trigger-of-a-person-0001", "a guessed token", "a guessed trigger", *path_secrets(keys), *later,
        *made.standin._world.delayed, *path_secrets(keys, "dialog"), *(key.key.hex() for key in keys),
    ]  # fmt: skip
    assert triggers
    for secret in secrets:
        at = shown.find(secret)
        assert at < 0, (secret, shown[max(0, at - 300) : at + 100])


def test_a_callback_is_alive_by_the_first_table_that_fits():
    """By service, name and route."""
    made = {
        "one": CallbackSettings(name="one", service="pager", only=("ack",)),
        "two": CallbackSettings(name="two", service="pager", routes=("alerts",)),
        "three": CallbackSettings(name="three", service="other"),
    }
    found = live(Settings(callbacks=made))
    assert [found("pager", *at) for at in (("ack", "alerts", ""), ("mute", "alerts", ""), ("mute", "else", ""))] == [
        "one", "two", None,
    ]  # fmt: skip
    assert services(Settings(callbacks=made)) == {"pager", "other"}


async def test_settings_that_change_count_at_once(world) -> None:
    """A token that goes; then the table, whose buttons say so, while what was under way is concluded."""
    made = await world("rest", 'bot = "helper"')
    running, post = made.running._running, await made.fire()
    made.outside.gate.clear()
    click = asyncio.ensure_future(made.standin.click("ann", post, "Ack"))
    await eventually(lambda: made.outside.asked)
    table = replace(running.settings.callbacks["pager"], tokens=(Secret("another token"),), concurrency=2)
    await _reload(running, replace(running.settings, callbacks={"pager": table}))
    body = {"text": "ask", "post_id": "p" * 26}
    assert (await made.post("/out/pager", {**body, "token": TOKEN}))[0] == 401
    made.outside.gate.set()
    await click
    assert await made.whisper() == "Done: as you wish"
    assert (await made.post("/out/pager", {**body, "token": "another token"}))[0] == 200
    await _reload(running, replace(running.settings, callbacks={}))
    assert (await made.post("/out/pager", {**body, "token": "another token"}))[0] == 404
    await made.standin.click("ann", post, "Drop")
    assert "not in use any more" in await made.whisper(2)
    assert [line.outcome for line in await made.audit(2)] == ["done", "failed"]


async def _reload(running, fresh) -> None:
    """Have a gateway take up other settings."""
    running._read = lambda: fresh
    await running.reload()


SETTINGS = """
[server]
listen = "127.0.0.1:0"
[destinations.east]
hook = "https://east.example/hooks/xyzxyzxyzxyzxyzxyzxyzxyzxy"
[destinations.west]
hook = "https://west.example/hooks/abcabcabcabcabcabcabcabcab"
[destinations.inner]
hook = "http://mattermost:8065/hooks/abcabcabcabcabcabcabcabcax"
[callbacks.first]
service = "pagerduty"
server = "https://east.example"
[callbacks.second]
service = "pagerduty"
server = "https://WEST.example/"
only = ["acknowledge"]
"""


def test_a_button_belongs_to_the_table_of_its_server():
    """Who clicks there is known there; where no table names the server, the first one does."""
    found = live(parse(SETTINGS))
    of = {name: found("pagerduty", "acknowledge", "alerts", name) for name in ("east", "west", "inner", "gone")}
    assert of == {"east": "first", "west": "second", "inner": "first", "gone": "first"}
    assert found("pagerduty", "resolve", "alerts", "west") == "first"
    assert found("sentry", "resolve", "alerts", "west") is None
