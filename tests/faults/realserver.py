"""A real Mattermost server behind the gateway, which this starts, stops and kills by commands that it is given.

    MATTERMOST_ADMIN, MATTERMOST_PASSWORD                       the login of a system administrator
    MATTERMOST_START, MATTERMOST_STOP, MATTERMOST_KILL          commands of a shell; the last ends the server at once

Bots, incoming webhooks and tokens must be on in its settings. Every run makes a team of its own, which it archives.
"""

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.conftest import eventually
from tests.faults.mattermost import START_SECONDS, Arrivals

NAMES: Final = ("ADMIN", "PASSWORD", "START", "STOP", "KILL")
"""The variables, each with MATTERMOST_ before it."""

_PAGES: Final = (200, 170)
"""Posts of a page. Those of one millisecond are in no order, and one may fall between two pages: so all are read twice,
in pages of two sizes.
"""

_FRESH: Final = 0.25
"""Seconds for which what was read last is good enough: who waits asks a hundred times a second."""


def lacking() -> list[str]:
    """The variables that are not set."""
    return [f"MATTERMOST_{name}" for name in NAMES if not os.environ.get(f"MATTERMOST_{name}")]


class RealMattermost:
    """See `mattermost.Mattermost`. Neither the folder nor the name is used: the server has its own."""

    def __init__(self, url: str, _: Path, session: aiohttp.ClientSession, __: str = "") -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._admin, self._password, self._start, self._stop, self._kill = (
            os.environ[f"MATTERMOST_{name}"] for name in NAMES
        )
        self._token = ""
        self._team = ""
        self._channels: list[str] = []
        self._posts: dict[str, tuple[int, str]] = {}  # id -> when it was made (ms), text
        self._lanes: Mapping[str, list[int]] = {}
        self._read_at = 0.0
        self.destinations: Mapping[str, str] = {}

    async def start(self) -> None:
        """Start it, wait until it answers, and make what the gateway posts to."""
        await _shell(self._start)
        await eventually(self._answers, START_SECONDS)
        if not self._team:
            await self._set_up()

    async def _answers(self) -> bool:
        with suppress(aiohttp.ClientError, OSError):
            async with self._session.get(f"{self._url}/api/v4/system/ping") as answer:
                return answer.status == 200
        return False

    async def stop(self) -> None:
        """Stop it in order."""
        await _shell(self._stop)

    async def kill(self) -> None:
        """End it at once."""
        await _shell(self._kill)

    async def leave(self) -> None:
        """Archive the team, and leave the server as it runs."""
        await self.start()
        await self._call("DELETE", f"/teams/{self._team}")

    async def arrived(self, *, now: bool = True) -> Mapping[str, list[int]]:
        """Lane -> the numbers of its items, in the order in which they were stored; as known last while it is away."""
        if now or time.monotonic() - self._read_at > _FRESH:
            before = len(self._posts)
            with suppress(aiohttp.ClientError, OSError):
                for channel in self._channels:
                    for size in _PAGES if now else _PAGES[:1]:
                        await self._read(channel, size, whole=now)
            if len(self._posts) > before:
                arrivals = Arrivals()
                for _, text in sorted(self._posts.values()):
                    arrivals.add(text)
                self._lanes = arrivals.lanes
            self._read_at = time.monotonic()
        return self._lanes

    async def _read(self, channel: str, size: int, *, whole: bool) -> None:
        """Read the posts, newest first: all, or until a page holds nothing new."""
        page, more = 0, True
        while more:
            found = await self._call("GET", f"/channels/{channel}/posts?per_page={size}&page={page}")
            posts = {post: (it["create_at"], it["message"]) for post, it in found["posts"].items()}
            more = len(found["order"]) == size and (whole or bool(posts.keys() - self._posts.keys()))
            self._posts |= posts
            page += 1

    async def _set_up(self) -> None:
        login = {"login_id": self._admin, "password": self._password}
        async with self._session.post(f"{self._url}/api/v4/users/login", json=login) as answer:
            answer.raise_for_status()
            self._token = answer.headers["Token"]
        name = f"faults-{os.getpid()}-{int(time.time()) % 100_000}"
        team = await self._call("POST", "/teams", name=name, display_name=name, type="I")
        self._team = team["id"]
        hooks, rest = [
            await self._call("POST", "/channels", team_id=self._team, name=channel, display_name=channel, type="O")
            for channel in ("hooks", "rest")
        ]
        hook = await self._call("POST", "/hooks/incoming", channel_id=hooks["id"])
        bot = await self._call("POST", "/bots", username=name)
        token = await self._call("POST", f"/users/{bot['user_id']}/tokens", description="faults")
        await self._call("POST", f"/teams/{self._team}/members", team_id=self._team, user_id=bot["user_id"])
        await self._call("POST", f"/channels/{rest['id']}/members", user_id=bot["user_id"])
        self._channels = [hooks["id"], rest["id"]]
        lines = f'server = "{self._url}"\nteam = "{name}"\nchannel = "rest"\ntoken = "{token["token"]}"'
        self.destinations = {"hook": f'hook = "{self._url}/hooks/{hook["id"]}"', "rest": lines}

    async def _call(self, method: str, path: str, **body: object) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self._url}/api/v4{path}"
        async with self._session.request(method, url, json=body or None, headers=headers) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{method} {path}: {answer.status}: {await answer.text()}")
            return await answer.json()


async def _shell(command: str) -> None:
    """Run a command of the operator. Raises RuntimeError when it fails."""
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_shell(command, stdin=null, stdout=null, stderr=null)
    if await process.wait():
        raise RuntimeError(f"the command failed with exit code {process.returncode}: {command}")
