"""The console in a real browser: signing in by keyboard, pages that stay up to date, nothing stopped by a policy."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.xdist_group("browser"),
]
PHONE = {"width": 360, "height": 740}


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """Give a page of a browser; whatever it complains about fails the test."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = await browser.new_page()
        complaints: list[str] = []
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        yield made
        await browser.close()
        assert not complaints


async def sign_in(page: Page, console) -> None:
    """Sign in with the keyboard alone: the field has the focus."""
    await page.goto(f"{console.base}/")
    await page.keyboard.type(console.token)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Overview")).to_be_visible()


async def test_the_overview_follows_what_happens(console, page):
    """A request that comes in is counted on the open page, which is not loaded again and keeps its focus."""
    seen = await console(guarded=True)
    await sign_in(page, seen)
    await expect(page.locator("#live")).to_have_text("live")
    row = page.locator("[data-live=routes] tr").first
    await row.get_by_role("link", name="github").focus()
    await page.evaluate("window.stays = true")
    await seen.gateway.github("push", {"ref": "x"}, "d1")
    await expect(row.locator("[data-title=Message]")).to_have_text("1")
    await expect(row.locator("[data-title='Last event']")).to_contain_text("ago")
    assert await page.evaluate("window.stays && document.activeElement.textContent") == "github"


async def test_a_gateway_that_stops_is_told(console, page):
    """The page says that it is not live any more, instead of showing old numbers as if they were new."""
    seen = await console()
    await page.goto(f"{seen.base}/")
    await expect(page.locator("#live")).to_have_text("live")
    await page.route("**/live?*", lambda route: route.fulfill(status=204))
    await page.reload()
    await expect(page.locator("#live")).to_have_text("reconnecting", timeout=10_000)


@pytest.mark.parametrize("path", ["/", "/events", "/dead"])
async def test_pages_fit_a_phone(console, page, path):
    """Nothing sticks out to the side."""
    seen = await console()
    await seen.gateway.github("push", {"ref": "x"}, "d1")
    await page.set_viewport_size(PHONE)
    await page.goto(seen.base + path)
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


async def test_the_first_key_skips_to_the_content(console, page):
    """Who uses the keyboard need not go through the top bar."""
    seen = await console()
    await page.goto(f"{seen.base}/")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"
