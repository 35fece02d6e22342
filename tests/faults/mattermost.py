"""What stands behind the gateway: a stand-in Mattermost as a process, or a real server; both keep what arrived."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import aiohttp
import msgspec

from tests.conftest import eventually, free_port
from tests.faults.programs import Program
from tests.faults.standin import CONTROL

START_SECONDS = 60.0


class Mattermost(Protocol):
    """A server with two places to post, an incoming webhook and a channel over REST.

    `destinations` are those two as settings of the gateway, TOML lines by name.
    """

    destinations: Mapping[str, str]

    async def start(self) -> None:
        """Start it, and wait until it answers."""

    async def stop(self) -> None:
        """Stop it in order."""

    async def kill(self) -> None:
        """End it at once."""

    async def leave(self) -> None:
        """Have nothing of it left over, at the end."""

    async def arrived(self, *, now: bool = True) -> Mapping[str, list[int]]:
        """Lane -> the numbers of its items, in the order in which they were stored; a little old without `now`."""


class _Stored(msgspec.Struct):
    message: str


class Arrivals:
    """The items of texts as the senders' translator writes them, `LANE NUMBER`; other texts are left out."""

    def __init__(self) -> None:
        self.lanes: dict[str, list[int]] = {}

    def add(self, text: str) -> None:
        """Take in the next text."""
        lane, _, number = text.partition(" ")
        if number.isdecimal():
            self.lanes.setdefault(lane, []).append(int(number))


class StandInMattermost:
    """The stand-in of `standin.py`; its troubles are ordered by name. `name` is the host in the gateway's settings."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession, name: str = "127.0.0.1") -> None:
        self._folder = folder
        self._session = session
        self._name = name
        self._program: Program | None = None
        self._read = 0
        self._arrivals = Arrivals()
        self._decode = msgspec.json.Decoder(_Stored).decode
        self._unanswered = 0
        self.host = "127.0.0.1"
        self.port = free_port()
        self.destinations: Mapping[str, str] = {}
        folder.mkdir()

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "tests.faults.standin", "--folder", self._folder]
        command += ["--host", self.host, "--port", str(self.port)]
        root = Path(__file__).parents[2]
        self._program = await Program.start(command, self._folder / "log", folder=root)
        await eventually(self._answers, START_SECONDS)
        setup = json.loads((self._folder / "setup.json").read_text())
        url = f"http://{self._name}:{self.port}"
        rest = f'server = "{url}"\nteam = "{setup["team"]}"\nchannel = "{setup["channel"]}"\ntoken = "{setup["token"]}"'
        self.destinations = {"hook": f'hook = "{url}/hooks/{setup["hook"]}"', "rest": rest}

    async def _answers(self) -> bool:
        assert self._program is not None
        if not self._program.runs:
            raise RuntimeError(f"the stand-in Mattermost did not start: {self._program.log.read_text()}")
        try:
            return bool(await self._control("GET"))
        except aiohttp.ClientError:
            return False

    async def _control(self, method: str, **wanted: object) -> dict[str, int]:
        url = f"http://{self.host}:{self.port}{CONTROL}"
        async with self._session.request(method, url, json=wanted or None) as answer:
            return dict(await answer.json())

    async def stop(self) -> None:
        """Stop it in order."""
        assert self._program is not None
        await self._program.stop()

    async def kill(self) -> None:
        """End it at once."""
        assert self._program is not None
        await self._program.kill()

    async def leave(self) -> None:
        """End it."""
        await self.kill()

    async def order(self, trouble: str, delay: float = 0.0) -> None:
        """Begin a trouble, "" for none."""
        await self._control("POST", trouble=trouble, delay=delay)

    async def met(self) -> int:
        """How many requests have met a trouble."""
        return (await self._control("GET"))["met"]

    async def unanswered(self) -> int:
        """How many posts were stored and not answered for."""
        return (await self._control("GET"))["unanswered"]

    async def arrived(self, *, now: bool = True) -> Mapping[str, list[int]]:
        """Lane -> the numbers of its items, in the order in which they were stored."""
        file = self._folder / "posts.jsonl"
        with file.open("rb") as posts:
            posts.seek(self._read)
            new = posts.read()
        whole = new.rfind(b"\n") + 1
        self._read += whole
        for line in new[:whole].splitlines():
            self._arrivals.add(self._decode(line).message)
        return self._arrivals.lanes
