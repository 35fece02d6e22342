"""The console in a real browser: Debian's Chromium, driven over its debugging protocol.

All tests of this folder share one event loop and one browser; each has a gateway of its own, and windows with nothing
kept. Whatever a page should not do fails the test that opened it: see `Window`.
"""

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from tests import conftest
from tests.console.browser import senders

FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-dev-shm-usage",
)
MILLISECONDS = 1000 * conftest.PATIENCE
"""What anything on a page may take on a machine that is busy with other things."""

expect.set_options(timeout=MILLISECONDS)

WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder run on one worker, in one event loop: that of the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on the PATH")
    flags = [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def start(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[conftest.Gateway]]]:
    """A function that runs a gateway until the test ends, in the loop of the browser."""
    async with conftest.gateways(tmp_path) as begin:
        yield begin


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(start) -> conftest.Gateway:
    """A gateway with a route for each of the senders, open to whoever sits at the machine."""
    return await start(senders.ROUTES)


class Window:
    """A window of a browser that has nothing in common with others, and everything that it may not do and did.

    Those are: an error or warning on the console (a breach of the content security policy is one), an error that no
    script caught, a request to another origin, a call of `ran()` (what hostile texts try). `expected` are patterns of
    console messages that a test provokes.
    """

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.context = context
        self.home = home
        self.expected: list[str] = []
        self.faults: list[str] = []
        context.on("console", self._said)
        context.on("weberror", lambda error: self.faults.append(f"uncaught: {error.error}"))
        context.on("request", self._asked)
        context.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog.message}"))

    async def prepare(self) -> None:
        """Give pages what hostile texts call."""
        await self.context.expose_function("ran", lambda *what: self.faults.append(f"a text ran as a script: {what}"))

    async def page(self, path: str = "") -> Page:
        """A tab, with a page of the console in it if there is a path."""
        page = await self.context.new_page()
        if path:
            await page.goto(path)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(re.search(one, message.text) for one in self.expected):
            self.faults.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self.home}/", "data:", "blob:")):
            self.faults.append(f"asked another server: {request.url}")


@pytest_asyncio.fixture(loop_scope="session")
async def window(chromium: Browser, start) -> AsyncIterator[Callable[..., Awaitable[Window]]]:
    """A function that opens a window onto a gateway; options are those of Playwright's `new_context`.

    Windows close before gateways stop (`start`): a page whose gateway is gone complains.
    """
    async with AsyncExitStack() as stack:
        opened: list[Window] = []

        async def open_window(gateway: conftest.Gateway, **options: object) -> Window:
            home = gateway.running.admin
            context = await chromium.new_context(
                **{"base_url": home, "viewport": WIDE, "reduced_motion": "reduce", **options}
            )
            stack.push_async_callback(context.close)
            context.set_default_timeout(MILLISECONDS)
            one = Window(context, home)
            if options.get("java_script_enabled", True):
                await one.prepare()
            opened.append(one)
            return one

        yield open_window
    assert [fault for one in opened for fault in one.faults] == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(window, gateway) -> Page:
    """A wide window onto the gateway, without a page in it yet."""
    return await (await window(gateway)).page()
