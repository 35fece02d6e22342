"""A whole gateway with callbacks, a stand-in Mattermost that calls it, and an outside service, over real HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway import settings
from gateway.app import app
from gateway.journal import Query, Record
from gateway.journal.audit import AuditLine, AuditQuery
from gateway.standin.server import StandIn
from tests.conftest import _opened, eventually, free_port

TOKEN = "t0k3n-of-mattermost-0123456"
HOOK_SECRET = "secret of the sender of items"
HEAD = """
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
admin = "127.0.0.1:0"
grace = "2s"
[journal]
url = "sqlite:test.db"
[catalog]
reload = false
folders = ["catalog"]
[destinations.hook]
hook = "{mattermost}/hooks/{hook}"
[destinations.rest]
server = "{mattermost}"
team = "home"
channel = "ops"
token = "{token}"
[bots.helper]
server = "{mattermost}"
token = "{token}"
[routes.alerts]
service = "pager"
destinations = ["{destination}"]
secrets = ["{secret}"]
verify = [{{header = "X-Token"}}]
{route}
[callbacks.pager]
service = "pager"
url = "{outside}"
private = true
tokens = ["{own}"]
secrets = {{key = "the key of the pager"}}
{table}
"""
DOCUMENTS = {
    "service.yaml": "name: Pager\nsetup: Click there and here\nverify: [{header: X-Token}]\nevent: [{json: type}]\n",
    "alert.yaml": """
title: An alert
events: [fired, calm]
subject: "{{ id }}"
phase: "{{ 'close' if type == 'calm' else 'open' }}"
input: {type: text, id: text, title: text}
actions:
  - {name: Ack, callback: ack, context: {id: "{{ id }}"}, done: Acknowledged, when: type == 'fired'}
  - {name: Drop, callback: ack, context: {id: "{{ id }}"}, confirm: Really drop it?}
  - {name: Note, callback: note, context: {id: "{{ id }}"}}
  - name: Mute
    callback: mute
    context: {id: "{{ id }}"}
    options: [{text: For 1 hour, value: 1h}, {text: For 4 hours, value: 4h}]
    done: "Muted for {{ option }}"
message: {text: "{{ title }}: {{ type }}"}
""",
    "callbacks/ack.yaml": """
title: Acknowledge
answers: action
input: {context: {id: text}}
request:
  url: "{{ settings.url }}/ack/{{ context.id | urlencode }}"
  headers: {Authorization: "Bearer {{ secrets.key }}"}
reply: {message: {text: "Done: {{ answer.json.said }}"}}
""",
    "callbacks/mute.yaml": """
title: Mute
answers: action
input: {context: {id: text}, option: text}
request: {url: "{{ settings.url }}/mute/{{ context.id | urlencode }}", json: {for: "{{ option }}"}, repeat: safe}
reply: {to: nothing}
""",
    "callbacks/note.yaml": """
title: Add a note
answers: [action, dialog]
input: {context: {id: text}}
dialog:
  title: Add a note
  fields:
    - {name: text, label: Text}
    - {name: kind, label: Kind, type: select, options_from: kinds, optional: true}
request: {url: "{{ settings.url }}/note/{{ context.id | urlencode }}", json: {text: "{{ submission.text }}"}}
reply:
  - when: answer.json.wrong
    errors: {text: "{{ answer.json.wrong }}"}
  - {message: {text: "Noted."}}
""",
    "callbacks/kinds.yaml": """
title: The kinds of notes
answers: dialog
request: {method: GET, url: "{{ settings.url }}/kinds", query: {q: "{{ text }}"}}
reply: {options: [{each: answer.json, item: {text: "{{ item }}", value: "{{ item }}"}}]}
""",
    "callbacks/ask.yaml": """
title: Ask
answers: [outgoing, message]
request: {url: "{{ settings.url }}/ask", json: {text: "{{ text }}", later: "{{ reply_url }}"}}
reply: {message: {text: "{{ answer.json.said }}"}}
later: {reply: {message: {text: "{{ answer.json.said }}"}}}
""",
    "callbacks/status.yaml": """
title: Show the status
answers: command
command: {trigger: pager, sub: status, hint: "[service]"}
request: {url: "{{ settings.url }}/status", json: {of: "{{ words[0] }}"}}
reply: {message: {text: "Status: {{ answer.json.said }}"}}
""",
    "callbacks/hello.yaml": """
title: Say hello
answers: command
command: {trigger: pager, sub: hello}
reply: {to: channel, message: {text: "Hello {{ user.name }}"}}
""",
}


class Outside:
    """An outside service: what it was asked, and what it does with the next requests by their paths."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {}
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        body = await request.read()
        self.asked.append((request.method, request.path, json.loads(body) if body else None))
        self.headers.append(dict(request.headers))
        await self.gate.wait()
        if (special := self.answers.get(request.path)) is not None:
            return await special(request)
        return web.json_response(["red", "blue"] if request.path == "/kinds" else {"said": "as you wish"})

    def paths(self, path: str) -> list[Any]:
        """The bodies of what was asked at a path."""
        return [body for _, found, body in self.asked if found == path]


class World:
    """The gateway between Mattermost and the outside service."""

    def __init__(
        self,
        standin: StandIn,
        outside: Outside,
        session: aiohttp.ClientSession,
        run: Callable[[], Awaitable[app.App]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self.standin = standin
        self.outside = outside
        self.session = session
        self._run = run
        self.stop = stop
        self.running: app.App

    async def begin(self) -> None:
        """Start the gateway, the first time or again."""
        self.running = await self._run()

    @property
    def url(self) -> str:
        """That of the gateway."""
        return self.running.public

    @property
    def journal(self) -> Any:
        """The journal of the gateway."""
        return self.running._running.journal

    def states(self) -> Mapping[str, Any]:
        """How the bots are."""
        return self.running._running._parts.listening.states

    async def audit(self, count: int = 1) -> list[AuditLine]:
        """The lines of the audit, oldest first, once there are so many."""

        async def there() -> bool:
            return len((await self.journal.audit(AuditQuery())).lines) >= count

        await eventually(there)
        return list(reversed((await self.journal.audit(AuditQuery())).lines))

    async def events(self) -> list[Record]:
        """The events of callbacks, newest first."""
        return list((await self.journal.find(Query(route="callbacks.pager"))).records)

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        """POST JSON, or a form, to the gateway."""
        kind = {"json": body} if isinstance(body, dict) else {"data": body}
        async with self.session.post(self.url + path, headers=headers, **kind) as response:
            return response.status, await response.json(content_type=None)

    async def fire(self, kind: str = "fired", number: str = "7", title: str = "Disk full") -> Any:
        """Have an alert come in, and give the newest post."""
        before = len(self.standin.posts)
        edits = [post.message for post in self.standin.posts]
        body = {"type": kind, "id": number, "title": title}
        status, _ = await self.post("/in/alerts", body, **{"X-Token": HOOK_SECRET})
        assert status in (200, 202)
        await eventually(
            lambda: len(self.standin.posts) > before or [one.message for one in self.standin.posts] != edits
        )
        return self.standin.posts[-1]

    def texts(self) -> list[str]:
        """The text of every post."""
        return [post.message for post in self.standin.posts]

    async def whisper(self, count: int = 1) -> str:
        """The newest text that one person alone was shown, once there are so many."""
        await eventually(lambda: len(self.standin.whispers) >= count)
        return self.standin.whispers[-1].post.message


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[..., Awaitable[World]]]:
    """A function that runs a gateway whose alerts go to a destination, with more of its tables and documents."""
    monkeypatch.setattr(app, "journals", SimpleNamespace(open=_opened))
    async with AsyncExitStack() as stack:
        standin, outside = StandIn(), Outside()
        mattermost = await stack.enter_async_context(standin.serve())
        runner = web.AppRunner(_application(outside), shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        port, own_port = free_port(), free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        session = await stack.enter_async_context(aiohttp.ClientSession())
        token = standin.add_bot("helper")
        standin.add_channel("ops")
        standin.join("helper", "ops")
        for name in ("ann", "ben"):
            standin.add_user(name)
            standin.join(name, "ops")

        async def make(
            destination: str = "hook", table: str | Callable[[int], str] = "", route: str = "", **documents: str
        ) -> World:
            folder = tmp_path / "catalog" / "pager"
            for name, text in {**DOCUMENTS, **documents}.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text)
            text = HEAD.format(
                port=own_port, mattermost=mattermost, hook=standin.add_hook(channel="ops"), token=token,
                destination=destination, secret=HOOK_SECRET, outside=f"http://127.0.0.1:{port}", own=TOKEN,
                table=(table if isinstance(table, str) else table(port)).replace("MATTERMOST", mattermost),
                route=route,
            )  # fmt: skip
            known = settings.parse(text, str(tmp_path / "mattergate.toml"), {}, lambda path: path.read_text("utf-8"))
            own = await stack.enter_async_context(AsyncExitStack())

            async def run() -> app.App:
                return await own.enter_async_context(app.running(known))

            made = World(standin, outside, session, run, own.aclose)
            await made.begin()
            return made

        yield make


def _application(outside: Outside) -> web.Application:
    made = web.Application(client_max_size=10**8)
    made.router.add_route("*", "/{path:.*}", outside.answer)
    return made
