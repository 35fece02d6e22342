"""A catalog as large as it may become: copies of the built-in services, and what a gateway with it costs.

The copies are services of a user's folder. Twenty routes name one service each; the others are there.
"""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

import aiohttp
import push
import servers

from gateway.catalog import files

SERVICES: Final = 120
ROUTES: Final = 20
_EDITED: Final = "github-copy1"
"""The service whose document is edited: the largest one."""
_QUIET: Final = 0.5


class Found(NamedTuple):
    """Seconds of processor time and MB, of all processes of the gateway."""

    ready: float
    compiled: float
    memory: float
    live: float
    edit: float


def copies(folder: Path, services: int = SERVICES) -> list[str]:
    """Make copies of the built-in services in a folder, so that there are so many in all; the keys of the copies."""
    originals = sorted(path.parent for path in files.builtin_folder().glob("*/service.yaml"))
    made = []
    for number in range(services - len(originals)):
        original = originals[number % len(originals)]
        copy = folder / f"{original.name}-copy{1 + number // len(originals)}"
        shutil.copytree(original, copy, ignore=shutil.ignore_patterns("samples"))
        made.append(copy.name)
    return made


async def measured(where: Path, services: int = SERVICES, routes: int = ROUTES) -> Found:
    """Start a gateway with so many services and routes, then edit one document of a service that has a route."""
    with servers.scratch(where) as folder:
        keys = copies(folder / "catalog", services)
        used = [_EDITED, *(key for key in keys if key != _EDITED)][:routes]
        async with servers.serving(folder, servers.with_services(used)) as server:
            ready = server.processor().total()
            await server.rest(_QUIET)
            compiled, (memory, _) = server.processor().total(), server.memory()
            live, edit = await _edited(server, folder / "catalog" / _EDITED / "star.yaml")
            return Found(ready, compiled, memory, live, edit)


def checked(where: Path, services: int = SERVICES) -> float:
    """Seconds of processor time that `mattergate check` of so many services takes."""
    with servers.scratch(where) as folder:
        keys = copies(folder / "catalog", services)
        file = servers.write_settings(folder, servers.with_services(keys[:1]))
        command = [sys.executable, "-m", "gateway", "check", "-c", str(file)]
        done = subprocess.run(["bash", "-c", 'TIMEFORMAT="%U %S"; time "$@"', "bash", *command],
                              capture_output=True, text=True, check=False)  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        user, system = done.stderr.split()[-2:]
        return float(user) + float(system)


async def _edited(server: servers.Server, file: Path) -> tuple[float, float]:
    """Let a document speak for one more event: seconds until it does, and what that took of the processor."""
    text = file.read_text("utf-8")
    async with aiohttp.ClientSession() as session:
        if await _translator(session, server, "before") != "generic":
            raise RuntimeError("an event that no document knows is not shown by the generic translator")
        before = server.processor()
        file.write_text(text.replace("events: [", "events: [edited.*, "), "utf-8")
        await asyncio.sleep(1.0)
        edit = (server.processor() - before).total()
        if await _translator(session, server, "after") == "generic":
            raise RuntimeError("the edit is not live after a second")
        started = monotonic()
        file.write_text(text, "utf-8")
        while await _translator(session, server, str(monotonic())) != "generic":
            await asyncio.sleep(0.01)
        return monotonic() - started, edit


async def _translator(session: aiohttp.ClientSession, server: servers.Server, delivery: str) -> str:
    """Who speaks for the event `edited`."""
    body = json.dumps({"action": "created", "repository": {"full_name": "acme/web"}, "delivery": delivery}).encode()
    headers = push.headers(body, delivery, event="edited")
    async with session.post(f"http://127.0.0.1:{server.port}/in/{_EDITED}", data=body, headers=headers) as answer:
        return str((await answer.json())["translator"])
