"""The console of a real gateway, over HTTP."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from http.cookies import SimpleCookie
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR
from tests.console.person import Person

TOKEN = "an-admin-token-of-the-tests"
READ_TOKEN = "a-read-token-of-the-tests"
GUARDED = f'[admin]\ntoken = "{TOKEN}"\nread_token = "{READ_TOKEN}"\n'
ROUTES = """
[routes.github]
service = "github"
destinations = ["ops"]
secrets = ["correct horse battery staple"]
[routes.alerts]
service = "alertmanager"
destinations = ["ops"]
secrets = ["correct horse battery staple"]
"""

ITEMS_TOKEN = "a-token-in-the-body"
ITEMS_ROUTE = f"""
[routes.items]
service = "items"
destinations = ["ops"]
secrets = ["{ITEMS_TOKEN}"]
verify = [{{token = "token"}}, {{header = "X-Token"}}]
"""


class Answer:
    """One answer of the console, read whole."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.cookies: SimpleCookie = response.cookies
        self.body = body
        self.text = body.decode("utf-8", "replace")

    def json(self):
        """The body as JSON."""
        import msgspec

        return msgspec.json.decode(self.body)


class Browser:
    """Somebody at the console: keeps cookies, follows no redirect, and knows the CSRF token of the last page."""

    token = TOKEN
    read_token = READ_TOKEN

    def __init__(self, gateway, session: aiohttp.ClientSession) -> None:
        self.gateway = gateway
        self.base = gateway.running.admin
        self._session = session
        self.csrf = ""

    async def get(self, path: str, **headers: str) -> Answer:
        """GET a path; header names have `_` for `-`."""
        answer = await self.ask("GET", path, **headers)
        if found := re.search('<meta name="csrf" content="([^"]*)">', answer.text):
            self.csrf = found[1]
        return answer

    async def post(self, path: str, form: dict | None = None, **headers: str) -> Answer:
        """POST a form as a page of ours does, with the CSRF token of the last page."""
        return await self.ask("POST", path, data={"csrf": self.csrf, **(form or {})}, **headers)

    async def call(self, path: str, body: object = None, method: str = "POST", **headers: str) -> Answer:
        """Send a change to the API as a script of ours does."""
        return await self.ask(method, f"/api/v1{path}", json=body, X_CSRF_Token=self.csrf, **headers)

    async def ask(self, method: str, path: str, data: object = None, json: object = None, **headers: str) -> Answer:
        """Send anything."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(
            method, self.base + path, data=data, json=json, headers=named, allow_redirects=False
        ) as response:
            return Answer(response, await response.read())

    async def sign_in(self, token: str = TOKEN) -> Answer:
        """Sign in by the form, and look at the first page."""
        answer = await self.ask("POST", "/sign-in", data={"token": token})
        if answer.status == 303:
            await self.get("/")
        return answer

    def stream(self, path: str):
        """Open a stream."""
        return self._session.get(self.base + path)


@pytest.fixture
async def console(start) -> AsyncIterator[Callable[..., Awaitable[Browser]]]:
    """Give `console()`, which starts a gateway and gives somebody who looks at it.

    `guarded` sets both tokens, and nobody is signed in; `routes` and `tables` are TOML, `gateway` is one that runs.
    """
    async with AsyncExitStack() as stack:

        async def visit(*, guarded: bool = False, routes: str = ROUTES, tables: str = "", gateway=None) -> Browser:
            started = gateway or await start(routes, tables=(GUARDED if guarded else "") + tables)
            jar = aiohttp.CookieJar(unsafe=True)
            session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
            return Browser(started, session)

        yield visit


@pytest.fixture
async def items(console, tmp_path: Path) -> Callable[..., Awaitable[Person]]:
    """A function that runs a gateway with a service of its own catalog folder, and gives somebody at its console."""
    folder = tmp_path / "catalog" / "items"
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text(ITEMS_SERVICE)
    (folder / "item.yaml").write_text(ITEMS_TRANSLATOR)

    async def begin(routes: str = ITEMS_ROUTE, tables: str = "") -> Person:
        return Person(await console(routes=routes, tables='folders = ["catalog"]\n' + tables))

    return begin
