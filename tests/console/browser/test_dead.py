"""Dead letters: groups, and sending one, some, a group or all of them again, or discarding them."""

import pytest_asyncio
from playwright.async_api import expect

from tests.console.browser.senders import numbered, send, settled


@pytest_asyncio.fixture(loop_scope="session")
async def letters(gateway):
    """Three deliveries that were refused with one answer, and one with another; Mattermost is well again."""
    for number, text in enumerate(("", "", "", '{"id": "api.context.another"}')):
        gateway.standin.fail_next(1, 413, body=text)
        await send(gateway, "generic/json.alert", numbered(number))
        await settled(gateway)
    return gateway


async def test_a_group_is_sent_again(page, letters):
    """Replay in the row of a group sends that group alone; the page shows how it goes and leads to what is left."""
    await page.goto("/dead")
    groups = page.get_by_role("row").filter(has=page.get_by_role("button", name="Replay"))
    await expect(groups).to_have_count(2)
    await groups.filter(has_text="413: too large:").get_by_role("button", name="Replay").click()
    await page.get_by_role("button", name="Replay 3 dead deliveries").click()
    await expect(page.get_by_text("3 of 3 sent again")).to_be_visible()
    await letters.posts(3)
    await page.get_by_role("link", name="Show what is dead now").click()
    await expect(groups).to_have_count(1)


async def test_those_that_are_ticked_are_sent_again(page, letters):
    """One box sends one delivery, the box above them all of the page, and nothing ticked is told."""
    await page.goto("/dead")
    await page.get_by_role("link", name="413: too large:").click()
    boxes = page.get_by_role("checkbox", name="Choose delivery")
    await expect(boxes).to_have_count(3)
    await boxes.first.press("Space")
    await page.get_by_role("button", name="Replay the chosen").click()
    await expect(page.get_by_text("1 of 1 sent again")).to_be_visible()
    await letters.posts(1)
    await page.get_by_role("link", name="413: too large:").click()
    await page.get_by_label("All on this page").check()
    await expect(page.get_by_role("checkbox", name="Choose delivery", checked=True)).to_have_count(2)
    await page.get_by_role("button", name="Replay the chosen").click()
    await expect(page.get_by_text("2 of 2 sent again")).to_be_visible()
    await letters.posts(3)


async def test_nothing_ticked_is_told(window, letters):
    """Pressing the button without a tick says what to do."""
    one = await window(letters)
    one.expected.append("400")
    page = await one.page("/dead")
    await page.get_by_role("link", name="413: too large:").click()
    await page.get_by_role("button", name="Replay the chosen").click()
    await expect(page.get_by_role("alert")).to_contain_text("tick the deliveries")


async def test_everything_is_sent_again(page, letters):
    """One button empties the page; the bar of the progress is full in the end."""
    await page.goto("/dead")
    await page.get_by_role("button", name="Replay everything").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Replay: 4 dead deliveries")
    await page.get_by_role("link", name="Cancel").click()
    await page.get_by_role("button", name="Replay everything").click()
    await page.get_by_role("button", name="Replay 4 dead deliveries").click()
    await expect(page.get_by_text("4 of 4 sent again")).to_be_visible()
    assert await page.get_by_role("progressbar").evaluate("bar => [bar.value, bar.max]") == [4, 4]
    await letters.posts(4)
    await page.get_by_role("link", name="Show what is dead now").click()
    await expect(page.get_by_text("Nothing is dead")).to_be_visible()


async def test_a_group_is_discarded_with_a_reason(page, letters):
    """Enter in the field presses no button; the button says what went, and each event why."""
    await page.goto("/dead")
    await page.get_by_role("link", name="413: too large:").click()
    await page.get_by_text("Discard instead").click()
    why = page.get_by_label("Why")
    await why.fill("posted by hand")
    await why.press("Enter")
    await expect(page.get_by_role("button", name="Discard the chosen")).to_be_visible()
    await page.get_by_role("button", name="Discard all of the group").click()
    await page.get_by_role("button", name="Discard 3 dead deliveries").click()
    await expect(page.get_by_text("3 of 3 discarded")).to_be_visible()
    await page.goto("/events?state=discarded")
    await page.locator("tbody a").first.click()
    await expect(page.get_by_text("posted by hand")).to_be_visible()
    assert len(letters.standin.posts) == 0


async def test_those_that_are_ticked_are_discarded(page, letters):
    """The boxes are those of the replay."""
    await page.goto("/dead")
    await page.get_by_role("link", name="413: too large:").click()
    await page.get_by_role("checkbox", name="Choose delivery").first.check()
    await page.get_by_text("Discard instead").click()
    await page.get_by_label("Why").fill("sold")
    await page.get_by_role("button", name="Discard the chosen").click()
    await expect(page.get_by_text("1 of 1 discarded")).to_be_visible()


async def test_everything_is_discarded(page, letters):
    """Without a reason nothing is; with one the page is empty."""
    await page.goto("/dead")
    await page.get_by_text("Discard everything").first.click()
    await page.get_by_label("Why").fill("a test")
    await page.get_by_role("button", name="Discard everything").click()
    await expect(page.get_by_role("main")).to_contain_text("a test")
    await page.get_by_role("button", name="Discard 4 dead deliveries").click()
    await expect(page.get_by_text("4 of 4 discarded")).to_be_visible()
    await page.get_by_role("link", name="Show what is dead now").click()
    await expect(page.get_by_text("Nothing is dead")).to_be_visible()


async def test_a_reason_is_asked_for_where_it_is_missing(page, letters):
    """The browser stays on the page and points to the field; nothing was sent, and to send again needs no reason."""
    await page.goto("/dead")
    await page.get_by_text("Discard everything").first.click()
    await page.get_by_role("button", name="Discard everything").click()
    await expect(page.get_by_label("Why")).to_be_focused()
    await expect(page).to_have_url(f"{letters.running.admin}/dead")
