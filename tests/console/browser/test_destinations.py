"""Why nothing arrives: the cause is at most two clicks from the overview; and what somebody does about it."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.conftest import eventually
from tests.console.browser.senders import ROUTES, numbered, send, settled


def row(page: Page):
    """The row of the destination on the overview."""
    return page.get_by_role("row").filter(has=page.get_by_role("link", name="ops", exact=True))


async def stands(gateway, state: str) -> None:
    """Wait until the destination is in a state."""
    await eventually(lambda: gateway.running._running.destinations()["ops"].state == state)


@pytest.mark.parametrize(
    ("status", "headers", "state", "answer"),
    [
        (503, {}, "held", "503: the server or a proxy before it failed"),
        (429, {"Retry-After": "600"}, "throttled", "429: rate limit exceeded"),
        (400, {}, "failing", "400: unknown incoming webhook"),
    ],
)
async def test_the_cause_is_two_clicks_away(page, gateway, status, headers, state, answer):
    """The overview has the state and why; its destination what happens next; the event that waits says the same."""
    gateway.standin.fail_next(10_000, status, headers=headers)
    for number in range(8):
        await send(gateway, "generic/json.alert", lambda body, n=number: {**body, "number": n, "title": f"t{n}"})
    await stands(gateway, state)
    await page.goto("/")
    await expect(row(page).locator(".badge")).to_have_text(state)
    await expect(row(page).locator(".why")).to_contain_text(answer)
    await row(page).get_by_role("link", name="ops", exact=True).click()  # the first click
    facts = page.locator("[data-live=standing]")
    await expect(facts).to_contain_text(answer)
    await expect(facts.locator("dt", has_text="Next")).to_be_visible()
    await page.locator("tr", has=page.locator(".row-link")).first.locator(".row-link").click()  # the second one
    await expect(page.locator(".wait")).to_contain_text(f"ops is {state}")
    await expect(page.locator("[data-live=deliveries]")).to_contain_text("pending")


async def test_a_dead_message_is_two_clicks_away(page, gateway):
    """The number on the overview leads to the reasons, a reason to its messages; the event has every attempt."""
    gateway.standin.fail_next(1, 413)
    event = await send(gateway, "generic/json.alert")
    await settled(gateway)
    await page.goto("/")
    dead = page.get_by_label("Now").get_by_role("link", name="1")
    await expect(dead).to_be_visible()
    await dead.click()  # the first click
    await expect(page.get_by_role("link", name="413: too large")).to_be_visible()
    await page.get_by_role("link", name="413: too large").click()  # the second one
    await expect(page.locator(f'a[href="/events/{event}"]')).to_be_visible()


async def test_a_paused_destination_says_who_and_why_and_goes_on(window, start):
    """Paused with a reason, it is so on every page; what waited arrives when it is resumed, and the page shows that."""
    gateway = await start(ROUTES)
    page = await (await window(gateway)).page("/")
    await row(page).get_by_role("link", name="ops", exact=True).click()
    await page.get_by_text("Pause", exact=True).click()
    await page.get_by_role("button", name="Pause ops").click()
    await expect(page.get_by_label("Why")).to_be_focused()  # the browser asks for the reason; nothing was sent
    await page.get_by_label("Why").fill("the channel moves")
    await page.get_by_role("button", name="Pause ops").click()
    await expect(page.get_by_text("ops is paused: its messages wait until it is resumed")).to_be_visible()
    event = await send(gateway, "generic/json.alert", numbered(1))
    await expect(page.locator("[data-live=waiting] tr")).to_have_count(1)
    await page.goto("/")
    await expect(row(page).locator(".badge")).to_have_text("paused")
    await expect(row(page).locator(".why")).to_have_text("by the console, from 127.0.0.1: the channel moves")
    await row(page).get_by_role("link", name="ops", exact=True).click()
    await page.locator(".row-link").click()
    await expect(page).to_have_url(re.compile(event))
    await expect(page.locator(".wait")).to_contain_text("ops is paused: by the console")
    await page.locator(".wait").get_by_role("link", name="ops").click()
    await page.get_by_text("Resume", exact=True).click()
    await page.get_by_role("button", name="Resume ops").click()
    await expect(page.locator("[data-live=standing] .badge")).to_have_text("healthy")
    await gateway.posts(1)
    await expect(page.locator("[data-live=waiting]")).to_contain_text("Nothing waits.")


async def test_the_page_of_an_event_is_live(page, gateway):
    """A message that waits arrives while somebody looks: the page says so, without being loaded again."""
    gateway.standin.fail_next(10_000, 503)
    event = await send(gateway, "generic/json.alert")
    await stands(gateway, "held")
    await page.goto(f"/events/{event}")
    await expect(page.locator("#live")).to_have_text("live")
    await page.evaluate("window.same = true")
    await expect(page.locator("[data-live=standings] .badge")).to_have_text("pending")
    await page.get_by_text("Attempts").last.click()
    gateway.standin.fail_next(0, 200)
    await expect(page.locator("[data-live=standings] .badge")).to_have_text("delivered")
    await expect(page.locator("[data-live=deliveries] .wait")).to_have_count(0)
    await expect(page.locator("[data-live=deliveries]")).to_contain_text("delivered")
    assert await page.evaluate("window.same")
    assert not await page.locator("[data-live=deliveries] details").evaluate("one => one.open")


async def test_a_test_message_shows_what_came_of_it(page, gateway):
    """One button; the page of its event says that it arrived."""
    await page.goto("/destinations/ops")
    await page.get_by_role("button", name="Send a test message").click()
    await expect(page.get_by_text("Test message to ops: it arrived")).to_be_visible()
    await expect(page.locator("[data-live=standings] .badge")).to_have_text("delivered")
    assert "Test message from mattergate" in gateway.standin.posts[0].message


async def test_on_a_phone_nothing_is_wider_than_the_screen(window, gateway):
    """The pages of a destination and of an event that waits scroll downwards only."""
    gateway.standin.fail_next(10_000, 503)
    event = await send(gateway, "generic/json.alert")
    await stands(gateway, "held")
    page = await (await window(gateway, viewport={"width": 390, "height": 844})).page()
    for path in ("/destinations/ops", f"/events/{event}"):
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
