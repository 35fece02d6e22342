"""Whoever asks "why did my message not arrive" finds the cause within two clicks from the overview."""

import pytest
from playwright.async_api import expect

from tests.console.causes import CASES, ROUTES, happen


@pytest.mark.parametrize("name", CASES)
async def test_the_cause_is_two_clicks_away(window, start, name):
    """The count of the route leads to the list, where the reason stands; its row leads to all that is known."""
    case = CASES[name]
    gateway = await start(ROUTES)
    await happen(gateway, name)
    page = await (await window(gateway)).page("/")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=case.route, exact=True))
    await row.locator(f"[data-title={case.column}]").get_by_role("link", name="1").click()
    listed = page.locator("tr[data-id]")
    await expect(listed).to_have_count(1)
    await expect(listed).to_contain_text(case.words)
    await expect(listed.locator(".badge", has_text=case.badge)).to_be_visible()
    await expect(listed.locator(".badge.good", has_text="message")).to_have_count(0)
    await listed.get_by_role("link").first.click()
    await expect(page.get_by_text(case.words).first).to_be_visible()
    await expect(page.locator("dl.facts .badge", has_text=case.badge).first).to_be_visible()


async def test_a_refused_request_has_a_hint_and_nothing_of_its_body(window, start):
    """Its page says who sent it, what was wrong and what may mend it; causes and words narrow the list."""
    gateway = await start(ROUTES)
    await happen(gateway, "wrong secret", "missing signature")
    page = await (await window(gateway)).page("/events?outcome=refused")
    listed = page.locator("tr[data-id]")
    await expect(listed).to_have_count(2)
    await page.get_by_label("Cause").select_option("wrong_secret")
    await page.get_by_role("button", name="Show").click()
    await expect(listed).to_have_count(1)
    await listed.get_by_role("link").first.click()
    facts = page.locator("dl.facts")
    await expect(facts).to_contain_text("it fits the secret with a line break at its end")
    await expect(facts).to_contain_text("127.0.0.1")
    await expect(facts).to_contain_text("401")
    assert "calm" not in await page.content()


async def test_refused_requests_are_announced_and_narrowed_by_time(window, start):
    """As events are: new ones in a line, and a range of time a click away; what only events have is no filter."""
    gateway = await start(ROUTES)
    await happen(gateway, "wrong secret")
    page = await (await window(gateway)).page("/events?outcome=refused")
    listed = page.locator("tr[data-id]")
    await expect(listed).to_have_count(1)
    await expect(page.get_by_label("Destination")).to_have_count(0)
    await expect(page.locator("#live")).to_have_text("live")
    await happen(gateway, "missing signature", kept=2)
    await page.get_by_role("button", name="1 new refused request: show").click()
    await expect(listed).to_have_count(2)
    await expect(listed.first).to_contain_text("X-Hub-Signature-256 is missing")
    await page.get_by_role("link", name="Last hour").click()
    await expect(listed).to_have_count(2)
    await page.get_by_label("Until (UTC)").fill("1h")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_text("Nothing was refused")).to_be_visible()


async def test_what_needs_a_look_can_be_filtered(window, start):
    """By its note, on the list of events."""
    gateway = await start(ROUTES)
    await happen(gateway, "unknown event", "broken JSON")
    page = await (await window(gateway)).page("/events")
    await expect(page.locator("tr[data-id]")).to_have_count(2)
    await page.get_by_label("Note").select_option("unreadable")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("tr[data-id]")).to_have_count(1)
    await expect(page.locator("tr[data-id]")).to_contain_text("at line 2, column 14")
