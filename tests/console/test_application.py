"""The console as one application: every route is guarded, and every topic of the top bar is there."""

import io
from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from gateway.console.application import BODY_LIMIT, GUARD, TOPICS, application
from gateway.console.history import LENGTH
from gateway.console.web.auth import Guesses, Role
from gateway.console.web.guard import Face
from tests.console.conftest import READ_TOKEN, TOKEN, Browser


class Unused:
    """A gateway that nobody asks."""

    settings = None


ROUTES = [
    (route.method, route.resource.canonical, access)
    for route, access in application(Unused())[GUARD].access.items()
    if route.method != "HEAD"
]
OPEN = {("GET", "/static/{name}"), ("GET", "/sign-in"), ("POST", "/sign-in")}


@pytest_asyncio.fixture(loop_scope="module")
async def browser(guarded_gateway, monkeypatch) -> AsyncIterator[Browser]:
    """Give somebody at its console who has not signed in; wrong tokens cost no time."""

    async def at_once(*_: object) -> None:
        """Wait for nothing."""

    monkeypatch.setattr(Guesses, "wait", at_once)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(guarded_gateway, session)


def path_of(pattern: str) -> str:
    """A path of a pattern."""
    return pattern.replace("{", "").replace("}", "")


async def test_strangers_see_nothing_but_the_door(browser):
    """Each route asks who comes, but for the sign-in form and what it looks like."""
    assert {(method, path) for method, path, access in ROUTES if access.role is None} == OPEN
    for method, pattern, access in ROUTES:
        if (method, pattern) in OPEN:
            continue
        answer = await browser.ask(method, path_of(pattern))
        led = access.face is Face.PAGE and method == "GET"
        assert answer.status == (303 if led else 401), (method, pattern)
        assert not led or answer.headers["Location"].startswith("/sign-in")


async def test_a_reader_changes_nothing(browser):
    """Every route that changes something is refused to the read-only token, before anything is looked at.

    So is what a sender was made to send, credentials among it.
    """
    changing = [(method, path) for method, path, access in ROUTES if access.role is Role.ADMIN]
    assert [path for method, path in changing if method == "GET"] == ["/api/v1/captures/{id}"]
    assert len(changing) > 5
    for method, pattern in changing:
        answer = await browser.ask(method, path_of(pattern), Authorization=f"Bearer {READ_TOKEN}")
        assert (answer.status, "read-only" in answer.text) == (403, True), (method, pattern)


async def test_what_a_reader_may_ask_changes_nothing(browser):
    """Routes for readers that are no GET are those that try a request, and leaving."""
    asked = {(method, path) for method, path, access in ROUTES if access.role is Role.READER and method != "GET"}
    assert asked == {
        ("POST", "/api/v1/try"),
        ("POST", "/try"),
        ("POST", "/try/result"),
        ("POST", "/api/v1/try/callbacks"),
        ("POST", "/try/callbacks"),
        ("POST", "/try/callbacks/result"),
        ("POST", "/sign-out"),
    }


async def test_every_topic_of_the_top_bar_is_there(browser):
    """Each names itself in the bar of every other, and what asks for the headers alone gets them."""
    await browser.sign_in()
    titles = {topic.title for topic in TOPICS if topic.path}
    for topic in TOPICS:
        if topic.path:
            page = await browser.get(topic.path)
            assert page.status == 200, page.text
            assert all(f">{title}" in page.text for title in titles)
            assert (await browser.ask("HEAD", topic.path)).status == 200


async def test_what_is_counted_counts_from_the_start(browser):
    """The history of the last hour is there before anybody looked."""
    found = (await browser.get("/api/v1/overview", Authorization=f"Bearer {TOKEN}")).json()
    assert len(found["past"]["received"]) == LENGTH


async def test_a_form_is_not_larger_than_any_page_makes_one(browser):
    """What is larger is a 413, and the connection goes on."""
    await browser.sign_in()
    form = io.BytesIO(b"body=" + b"x" * BODY_LIMIT)
    answer = await browser.ask("POST", "/try", data=form, Content_Type="application/x-www-form-urlencoded")
    assert answer.status == 413
    assert (await browser.get("/catalog")).status == 200
