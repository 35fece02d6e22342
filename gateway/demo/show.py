"""The demonstration: a stand-in Mattermost, a gateway, and senders that post the catalog's own samples, signed."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from msgspec import Struct

from gateway import settings
from gateway.app import app
from gateway.catalog import files
from gateway.model import Request
from gateway.pipeline import sample, samplefile
from gateway.settings import Settings
from gateway.standin.server import Post, StandIn

SECRET = "a-secret-of-the-demo"  # noqa: S105 - of a server that lives for seconds
SHOWN = {
    "github": "push.commits",
    "gitlab": "merge_request.merged",
    "jira": "issue_updated.status",
    "jenkins": "finished.unstable",
    "alertmanager": "alerts.firing",
    "grafana": "alerts.firing",
    "sentry": "issue.created",
    "generic": "json.alert",
}
"""Who sends which sample of the catalog, in this order."""

_READING = 0.7
"""Seconds that people need to read one of them."""
REPOSITORIES = 64
"""How many repositories the burst pretends to come from: the pushes of one branch stay in order."""


class Shown(Struct, frozen=True):
    """One request of the demonstration, the gateway's answer, and what the stand-in got for it."""

    service: str
    request: Request
    status: int
    answer: Mapping[str, str]
    posts: Sequence[Post]


class Burst(Struct, frozen=True):
    """What a burst of requests took: how many, and the seconds until the last was accepted and delivered."""

    events: int
    accepted: float
    delivered: float


class Demo:
    """A running demonstration; `url` is where the gateway listens, `admin` where its metrics are."""

    def __init__(self, running: app.App, standin: StandIn, session: aiohttp.ClientSession) -> None:
        self.url = running.public
        self.admin = running.admin
        self._standin = standin
        self._session = session

    async def walk(self, *, slowly: bool) -> AsyncIterator[Shown]:
        """One sample of each service; slowly enough to be read, if anybody reads."""
        for service in SHOWN:
            request = _request(service)
            before = len(self._standin.posts)
            status, answer = await self._send(service, request)
            deadline = time.monotonic() + 30
            while len(self._standin.posts) == before and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
            yield Shown(service, request, status, answer, list(self._standin.posts)[before:])
            await asyncio.sleep(_READING * slowly)

    async def burst(self, events: int) -> Burst:
        """Send `events` different pushes as fast as 16 senders can."""
        waiting = iter(range(events))
        before, started = self._standin.stats["posts"], time.monotonic()
        push = _request("github")

        async def sender() -> None:
            for number in waiting:
                await self._send("github", _renumber(push, number))

        await asyncio.gather(*(sender() for _ in range(16)))
        accepted = time.monotonic() - started
        while self._standin.stats["posts"] < before + events and time.monotonic() < started + 60:
            await asyncio.sleep(0.01)
        return Burst(events, accepted, time.monotonic() - started)

    async def arrivals(self) -> AsyncIterator[Sequence[Post]]:
        """The posts that arrive from now on, without end."""
        known = self._standin.stats["posts"]
        while True:
            fresh = self._standin.stats["posts"] - known
            if fresh:
                known += fresh
                yield list(self._standin.posts)[-fresh:]
            await asyncio.sleep(0.1)

    async def _send(self, service: str, request: Request) -> tuple[int, Mapping[str, str]]:
        headers = dict(request.headers)
        path = f"{self.url}/in/{service}"
        if service == "github":
            digest = hmac.digest(SECRET.encode(), request.body, hashlib.sha256)
            headers["X-Hub-Signature-256"] = f"sha256={digest.hex()}"
        else:
            path += f"/{SECRET}"
        async with self._session.post(path, data=request.body, headers=headers, params=request.query) as response:
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Demo]:
    """The demonstration, its journal in `folder`."""
    standin = StandIn(keep=1000)
    async with standin.serve() as mattermost, aiohttp.ClientSession() as session:
        known = configuration(mattermost + "/hooks/" + standin.add_hook(), folder)
        async with app.running(known) as started:
            yield Demo(started, standin, session)


def configuration(hook: str, folder: Path) -> Settings:
    """The settings of the demonstration, as an operator would write them."""
    routes = "".join(
        f'[routes.{service}]\nservice = "{service}"\ndestinations = ["town-square"]\nsecrets = ["{SECRET}"]\n'
        + ("" if service == "github" else "verify = [{path = true}]\n")
        for service in SHOWN
    )
    text = f"""
[server]
listen = "127.0.0.1:0"
admin = "127.0.0.1:0"
[journal]
url = "sqlite:{folder}/demo.db"
[catalog]
reload = false
[destinations.town-square]
hook = "{hook}"
{routes}"""
    return settings.parse(text, "demo.toml", {}, lambda path: path.read_text("utf-8"))


def _request(service: str) -> Request:
    """The request of the service's sample, as the service sends it."""
    file = files.builtin_folder() / service / "samples" / f"{SHOWN[service]}.yaml"
    return sample.as_request(samplefile.load(file).request)


def _renumber(request: Request, number: int) -> Request:
    """The same push by another number, in one of many repositories: no two are the same event, and few wait in line."""
    body = json.loads(request.body)
    body["after"] = f"{number:040x}"
    body["repository"]["full_name"] = f"acme/api-{number % REPOSITORIES}"
    headers = {**request.headers, "x-github-delivery": f"demo-{number}"}
    return Request(request.method, headers, request.query, json.dumps(body).encode())
