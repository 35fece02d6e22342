"""Signing in and out, in a browser."""

import re

import pytest_asyncio
from playwright.async_api import expect

from tests.console.conftest import GUARDED, READ_TOKEN, TOKEN


@pytest_asyncio.fixture(loop_scope="session")
async def guarded(start):
    """A gateway that asks for a token."""
    return await start(tables=GUARDED)


async def enter(page, token: str) -> None:
    """Type a token where the page has put the caret, and press Enter."""
    await expect(page.get_by_label("Token")).to_be_focused()
    await page.keyboard.type(token)
    await page.keyboard.press("Enter")


async def test_the_token_opens_the_page_that_was_asked_for(window, guarded):
    """Whoever follows a link signs in by typing alone and lands where the link led; scripts cannot see the cookie."""
    page = await (await window(guarded)).page("/events?route=x")
    await expect(page).to_have_title("Sign in · mattergate")
    await enter(page, TOKEN)
    await expect(page).to_have_url(re.compile(r"/events\?route=x$"))
    assert await page.evaluate("document.cookie") == ""
    [cookie] = await page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


async def test_a_wrong_token_is_told(window, guarded):
    """A wrong token says so beside the field, which is ready for the next attempt."""
    one = await window(guarded)
    one.expected.append("401")
    page = await one.page("/")
    await enter(page, "a guess")
    await expect(page.get_by_role("alert")).to_have_text("That token is not known here.")
    await expect(page.get_by_label("Token")).to_have_value("")
    await enter(page, TOKEN)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


async def test_signing_out_ends_the_session_everywhere(window, guarded):
    """After signing out no page of the session opens, in no tab, and going back shows none."""
    one = await window(guarded)
    page = await one.page("/events")
    await enter(page, TOKEN)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Events")
    other = await one.page("/catalog")
    await expect(other.get_by_role("heading", level=1)).to_have_text("Catalog")
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(re.compile("/sign-in$"))
    await page.go_back()
    await expect(page).to_have_url(re.compile("/sign-in"))
    await other.reload()
    await expect(other).to_have_url(re.compile("/sign-in"))


async def test_the_reader_looks_and_changes_nothing(window, guarded):
    """The read-only token shows every page, says what it is, and offers no button that changes anything."""
    page = await (await window(guarded)).page("/")
    await enter(page, READ_TOKEN)
    await expect(page.get_by_text("read-only")).to_be_visible()
    for name in ("Events", "Dead letters", "Try it", "Catalog"):
        await page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(name)
        await expect(page.get_by_role("button", name=re.compile("Replay|Write"))).to_have_count(0)
