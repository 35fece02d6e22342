"""A gateway with a service of its own, and somebody who uses its console."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.console.browser import Browser

TOKEN = "a-token-in-the-body"
SERVICE = """
name: Items
docs: https://example.com/items
setup: Nothing to set up; this service exists for tests alone.
event: [{json: kind}]
delivery_id: [{json: id}]
"""
TRANSLATOR = """
title: An item
events: [item]
input: {type: object, required: [box, number], properties: {box: {type: string}, number: {type: integer}}}
subject: "{{ box }}"
message: {text: "{{ box }} {{ number }}"}
"""
ROUTES = f"""
[routes.items]
service = "items"
destinations = ["ops"]
secrets = ["{TOKEN}"]
verify = [{{token = "token"}}, {{header = "X-Token"}}]
"""


@pytest.fixture
async def console(start, tmp_path: Path) -> AsyncIterator:
    """A function that runs a gateway with the route `items` and opens its console."""
    folder = tmp_path / "catalog"
    (folder / "items").mkdir(parents=True)
    (folder / "items" / "service.yaml").write_text(SERVICE)
    (folder / "items" / "item.yaml").write_text(TRANSLATOR)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:

        async def begin(routes: str = ROUTES, tables: str = "") -> Browser:
            return Browser(await start(routes, tables='folders = ["catalog"]\n' + tables), session)

        yield begin
