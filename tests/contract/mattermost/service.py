"""An outside service that the servers call: it keeps what they send, and answers as a test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.conftest import eventually


class Asked:
    """One request of a server: `method`, `path` with its query, `headers`, `text`."""

    def __init__(self, method: str, path: str, headers: dict[str, str], text: str) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.text = text

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.text)

    @property
    def form(self) -> dict[str, str]:
        """The pairs of the body; of a GET those of the query. Of repeated ones the last."""
        return dict(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs in their order."""
        text = self.path.partition("?")[2] if self.method == "GET" else self.text
        return parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))


Answering = Callable[[Asked], Awaitable[web.Response]]


class Service:
    """What is asked of it by the first part of the path: a test uses one of its own, by `address`.

    `host` is the name by which the servers reach this machine.
    """

    def __init__(self, host: str) -> None:
        self._host = host
        self._port = 0
        self._answers: dict[str, list[Answering]] = {}
        self._asked: dict[str, list[Asked]] = {}

    def address(self, name: str, rest: str = "", userinfo: str = "") -> str:
        """The address under which what a test expects arrives."""
        self._asked.setdefault(name, [])
        return f"http://{userinfo}{self._host}:{self._port}/{name}{rest}"

    def asked(self, name: str) -> list[Asked]:
        """What has come under a name, in its order."""
        return self._asked.setdefault(name, [])

    async def got(self, name: str, count: int = 1) -> list[Asked]:
        """What has come, once there is so much of it."""
        await eventually(lambda: len(self.asked(name)) >= count)
        return self.asked(name)

    def answer(self, name: str, body: Any = b"", *, status: int = 200, wait: float = 0.0, **headers: str) -> None:
        """Answer the next request under a name so: JSON unless it is bytes. The last answer stays.

        `wait` are seconds before it; `headers` have `_` for `-`.
        """
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        usual = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
        named = usual | {key.replace("_", "-"): value for key, value in headers.items()}

        async def given(_: Asked) -> web.Response:
            await asyncio.sleep(wait)
            return web.Response(status=status, body=data or None, headers=named)

        self._answers.setdefault(name, []).append(given)

    def forget(self, name: str) -> None:
        """Answer under a name with nothing again."""
        self._answers.pop(name, None)

    async def _handle(self, request: web.Request) -> web.Response:
        name = request.path.split("/")[1]
        asked = Asked(request.method, request.raw_path, dict(request.headers), await request.text())
        self._asked.setdefault(name, []).append(asked)
        answers = self._answers.get(name, [])
        if not answers:
            return web.Response()
        return await (answers.pop(0) if len(answers) > 1 else answers[0])(asked)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator["Service"]:
        """Be there until the context ends."""
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "0.0.0.0" if self._host != "127.0.0.1" else "127.0.0.1", 0)
            await site.start()
            self._port = runner.addresses[0][1]
            yield self
        finally:
            await runner.cleanup()
