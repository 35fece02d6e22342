"""The whole built-in catalog, and what a gateway with it costs.

Twenty routes name one service each, spread over the catalog; one of them is a copy of GitHub's in a user's folder, the
largest service, of which a document is edited.
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

ROUTES: Final = 20
_EDITED: Final = "github-copy"
"""The service whose document is edited: the largest one."""
_QUIET: Final = 0.5


class Found(NamedTuple):
    """Seconds of processor time and MB, of all processes of the gateway."""

    ready: float
    compiled: float
    memory: float
    live: float
    edit: float


def keys() -> list[str]:
    """The services of the built-in catalog."""
    return sorted(path.parent.name for path in files.builtin_folder().glob("*/service.yaml"))


async def measured(where: Path, routes: int = ROUTES) -> Found:
    """Start a gateway with so many routes, then edit one document of a service that has a route."""
    with servers.scratch(where) as folder:
        ignored = shutil.ignore_patterns("samples")
        shutil.copytree(files.builtin_folder() / "github", folder / "catalog" / _EDITED, ignore=ignored)
        every = keys()
        used = [_EDITED, *every[:: max(1, len(every) // (routes - 1))]][:routes]
        async with servers.serving(folder, servers.with_services(used)) as server:
            ready = server.processor().total()
            await server.rest(_QUIET)
            compiled, (memory, _) = server.processor().total(), server.memory()
            live, edit = await _edited(server, folder / "catalog" / _EDITED / "star.yaml")
            return Found(ready, compiled, memory, live, edit)


def checked(where: Path) -> tuple[float, float]:
    """Seconds that `mattergate check` of the whole catalog takes, by the clock and of the processor."""
    with servers.scratch(where) as folder:
        (folder / "catalog").mkdir()
        file = servers.write_settings(folder, servers.with_services(["github"]))
        return _timed("check", "-c", str(file))


def tested() -> tuple[float, float]:
    """Seconds that `mattergate test` of all samples takes, by the clock and of the processor."""
    return _timed("test")


def _timed(*arguments: str) -> tuple[float, float]:
    command = [sys.executable, "-m", "gateway", *arguments]
    done = subprocess.run(["bash", "-c", 'TIMEFORMAT="%R %U %S"; time "$@"', "bash", *command],
                          capture_output=True, text=True, check=False, preexec_fn=servers.begin)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr + done.stdout)
    real, user, system = map(float, done.stderr.split()[-3:])
    return real, user + system


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
