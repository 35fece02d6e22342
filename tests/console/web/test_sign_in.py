"""Signing in and out: where it leads, and how long a stranger is heard."""

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from gateway.console.web import guard
from tests.console.conftest import Browser


@pytest_asyncio.fixture(loop_scope="module")
async def browser(guarded_gateway) -> AsyncIterator[Browser]:
    """Give somebody at its console who has not signed in."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(guarded_gateway, session)


async def test_the_form_signs_in_and_goes_on_to_the_page_that_was_asked_for(browser):
    """The right token opens a session by a cookie that no script and no other site can use, and signing out ends it."""
    asked = await browser.get("/api-docs?x=1")
    form = await browser.get(asked.headers["Location"])
    assert form.status == 200
    assert "token" in form.text
    entered = await browser.ask("POST", asked.headers["Location"], data={"token": browser.token})
    assert (entered.status, entered.headers["Location"]) == (303, "/api-docs?x=1")
    cookie = entered.cookies[guard.COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Strict", "/", "43200")
    assert not cookie["secure"]
    page = await browser.get("/")
    assert "Sign out" in page.text
    assert (await browser.get("/sign-in")).status == 303
    assert (await browser.post("/sign-out")).status == 303
    answer = await browser.get("/", Cookie=f"{guard.COOKIE}={cookie.value}")
    assert answer.status == 303, "the session is gone, not just the cookie"


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "/\\evil.example", "", "a", "/a\r\nb", "/a\\b", "/\u2028"]
)
async def test_signing_in_leads_nowhere_else(browser, target):
    """Only a path of our own is gone on to."""
    query = {"next": target}
    async with aiohttp.ClientSession() as session:
        answer = await session.post(
            f"{browser.base}/sign-in", params=query, data={"token": browser.token}, allow_redirects=False
        )
        assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_a_link_from_another_site_finds_the_session(browser):
    """A browser holds a strict cookie back then: the sign-in page asks once more, and goes on when there is one."""
    first = await browser.get("/sign-in?next=/a", Sec_Fetch_Site="cross-site")
    assert 'http-equiv="refresh" content="0; url=/sign-in?again=1&amp;next=/a"' in first.text
    again = await browser.get("/sign-in?again=1&next=/a", Sec_Fetch_Site="cross-site")
    assert "refresh" not in again.text
    await browser.sign_in()
    assert (await browser.get("/sign-in?again=1&next=/a")).headers["Location"] == "/a"


async def test_a_stranger_is_heard_for_as_long_as_a_token_takes(browser, monkeypatch):
    """The form of somebody unknown is neither large nor slow, also when it does not tell its length."""
    monkeypatch.setattr("gateway.console.web.sign_in._PATIENCE", 0.2)
    host, _, port = browser.base.removeprefix("http://").partition(":")
    head = b"POST /sign-in HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    for sent, status in ((b"4000\r\n" + b"a" * 0x4000, b"413"), (b"6\r\ntoken=\r\n", b"408")):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(head + sent)
        async with asyncio.timeout(5):
            assert (await reader.readline()).split()[1] == status
        writer.close()


async def test_the_form_carries_on_where_to_go_and_nothing_else(browser):
    """What stands behind `next` is text in the form, whatever it is; what leads elsewhere is the first page."""
    assert 'action="/sign-in?next=/"' in (await browser.get("/sign-in?next=//evil.example")).text
    hostile = '/a?"><script>alert(1)</script>'
    form = (await browser.ask("GET", "/sign-in?next=" + hostile.replace(" ", "%20"))).text
    assert "<script>alert" not in form
    [action] = re.findall(r'action="(/sign-in[^"]*)"', form)
    entered = await browser.ask("POST", action, data={"token": browser.token})
    assert entered.headers["Location"] == hostile


async def test_the_spaces_around_a_token_do_not_count(browser):
    """A token is pasted with the line end behind it; of several fields the last one counts."""
    entered = await browser.ask("POST", "/sign-in", data=[("token", "x"), ("token", f" {browser.token}\r\n")])
    assert entered.status == 303


async def test_the_form_has_its_style_before_anybody_has_signed_in(browser):
    """Every file that the page names is open to strangers."""
    page = await browser.get("/sign-in")
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert {path.partition("?")[0] for path in named} >= {"/static/console.css", "/static/console.js"}
    for path in named:
        assert (await browser.get(path)).status == 200, path


@pytest.mark.parametrize("form", [b"", b"tok", b"\xff=\xfe", b"token=%ff%00", b"token"], ids=repr)
async def test_a_form_without_a_token_is_a_wrong_token(browser, monkeypatch, form):
    """Whatever is sent, the form comes back with 401, and nobody is signed in."""
    monkeypatch.setattr("gateway.console.web.auth.Guesses.wait", _at_once)
    answer = await browser.ask("POST", "/sign-in", data=form)
    assert (answer.status, guard.COOKIE in answer.cookies) == (401, False)
    assert 'aria-invalid="true"' in answer.text


async def _at_once(*_: object) -> None:
    """Wait for nothing."""


async def test_who_has_not_signed_in_cannot_sign_out(browser):
    """A page that is sent by nobody is refused; nothing is set."""
    answer = await browser.ask("POST", "/sign-out", data={"csrf": "x"})
    assert (answer.status, guard.COOKIE in answer.cookies) == (401, False)
