"""An empty console leads to a first request, and the reader's own time stands beside UTC."""

import re

from playwright.async_api import expect

from tests.console.browser.senders import send
from tests.console.test_first import pasted


async def test_a_first_request_is_copied_sent_and_found(window, gateway):
    """From the empty overview: copy, paste into a shell, and see the message in the list under the title foretold."""
    one = await window(gateway, permissions=["clipboard-read", "clipboard-write"])
    page = await one.page("/")
    section = page.get_by_role("region", name="Send a first request")
    title = await section.get_by_role("paragraph").filter(has_text="Paste this").first.locator("b").text_content()
    await section.get_by_role("button", name="Copy").first.click()
    await expect(section.get_by_text("copied")).to_be_visible()
    assert '"outcome":"message"' in await pasted(await page.evaluate("navigator.clipboard.readText()"), gateway)
    await section.get_by_role("link", name="the list").first.click()
    await expect(page.locator("tr[data-id] .title")).to_have_text(title)
    await page.goto("/")
    await expect(page.get_by_text("Send a first request")).to_have_count(0)


async def test_an_empty_list_has_it_too(page, gateway):
    """And leaves it to the events once there are some."""
    await page.goto("/events")
    await expect(page.get_by_role("heading", name="Send a first request")).to_be_visible()
    await send(gateway, "github/push.commits")
    await expect(page.get_by_role("button", name="1 new event: show")).to_be_visible()
    await page.get_by_role("button", name="1 new event: show").click()
    await expect(page.locator("tr[data-id]")).to_have_count(1)
    await expect(page.get_by_text("Send a first request")).to_have_count(0)


STRAY = """() => [...document.querySelectorAll("main *")]
    .filter((one) => one.checkVisibility() && !one.closest("time, pre, code, input, .post, .note"))
    .flatMap((one) => [...one.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data))
    .filter((text) => /\\d{4}-\\d\\d-\\d\\d.\\d\\d:\\d\\d/.test(text))"""
"""Times on a page that the script does not know as such."""


async def test_every_time_has_the_readers_own_beside_it(window, gateway):
    """With the name of the zone, and the day where UTC has another; without a script, or in UTC, there is UTC alone."""
    event = await send(gateway, "generic/json.alert")
    paths = ("/", "/events", f"/events/{event}")
    away = await (await window(gateway, timezone_id="Asia/Tokyo")).page()
    for path in paths:
        await away.goto(path)
        own = away.locator("main time .own")
        shown = await own.all_text_contents()
        assert shown
        assert all(re.fullmatch(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d GMT\+9", text) for text in shown), shown
        assert await away.evaluate(STRAY) == []
    await away.goto("/")
    moment, written = away.locator("time .moment").first, away.locator("time .own").first
    utc, local = await moment.text_content(), await written.text_content()
    assert (int(utc[11:13]) + 9) % 24 == int(re.search(r"(\d\d):\d\d:\d\d", local)[1])
    for options in ({"timezone_id": "UTC"}, {"java_script_enabled": False, "timezone_id": "Asia/Tokyo"}):
        near = await (await window(gateway, **options)).page("/events")
        await expect(near.locator("time .moment").first).to_contain_text("20")
        await expect(near.locator("time .own").first).to_be_hidden()


async def test_a_field_in_utc_says_what_that_is_here(window, gateway):
    """While somebody types, and after; a duration is the same everywhere."""
    page = await (await window(gateway, timezone_id="Asia/Tokyo")).page("/events?since=2026-01-31T20:30")
    label = page.locator("label").filter(has_text="From (UTC)")
    await expect(label).to_contain_text("2026-02-01 05:30:00 GMT+9")
    await page.get_by_label("From (UTC)").fill("2h")
    await expect(label.locator("[data-own]")).to_be_hidden()
