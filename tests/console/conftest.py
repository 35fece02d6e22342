"""The console of a real gateway, over HTTP."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from http.cookies import SimpleCookie
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from gateway.console import sandbox, workshop
from tests.conftest import ITEMS_SERVICE, ITEMS_TRANSLATOR, PATIENCE, Gateway, gateways
from tests.console.person import ITEMS_TOKEN, Person

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

ITEMS_ROUTE = f"""
[routes.items]
service = "items"
destinations = ["ops"]
secrets = ["{ITEMS_TOKEN}"]
verify = [{{token = "token"}}, {{header = "X-Token"}}]
"""


SHARED = {"shared", "guarded_gateway"}
"""Fixtures whose gateway all tests of a module share."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests that share a gateway run in its event loop."""
    for item in items:
        if not SHARED.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to come again because the machine is busy with other things."""
    monkeypatch.setattr(workshop, "PATIENCE", PATIENCE)
    monkeypatch.setattr(sandbox, "PATIENCE", PATIENCE)


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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory) -> AsyncIterator[Browser]:
    """Give somebody at the console of a gateway that all tests of a module share, and leave as they found it.

    Its routes are those of ROUTES and `items`, whose service is in the folder `catalog` beside its journal.
    """
    folder = tmp_path_factory.mktemp("shared")
    make_items(folder)
    jar = aiohttp.CookieJar(unsafe=True)
    async with gateways(folder) as start, aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(await start(ROUTES + ITEMS_ROUTE, tables='folders = ["catalog"]\n'), session)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded_gateway(tmp_path_factory) -> AsyncIterator[Gateway]:
    """Give a gateway whose console asks for a token; all tests of a module share it."""
    async with gateways(tmp_path_factory.mktemp("guarded")) as start:
        yield await start(tables=GUARDED)


def make_items(folder: Path) -> None:
    """Make the catalog folder of the service `items` beside a journal."""
    service = folder / "catalog" / "items"
    service.mkdir(parents=True)
    (service / "service.yaml").write_text(ITEMS_SERVICE)
    (service / "item.yaml").write_text(ITEMS_TRANSLATOR)


@pytest.fixture
async def items(console, tmp_path: Path) -> Callable[..., Awaitable[Person]]:
    """A function that runs a gateway with a service of its own catalog folder, and gives somebody at its console."""
    make_items(tmp_path)

    async def begin(routes: str = ITEMS_ROUTE, tables: str = "") -> Person:
        return Person(await console(routes=routes, tables='folders = ["catalog"]\n' + tables))

    return begin


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The connections of somebody at the console."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as opened:
        yield opened
