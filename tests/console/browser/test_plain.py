"""Without JavaScript: what matters works by links and forms alone."""

import re

from playwright.async_api import expect

from tests.conftest import eventually
from tests.console.browser.senders import ROUTES, numbered, request_of, send, settled
from tests.console.conftest import GUARDED, TOKEN


async def test_signing_in_finding_and_replaying(window, start):
    """Somebody signs in, filters, opens an event, sends it again, and sends dead letters again."""
    gateway = await start(ROUTES, tables=GUARDED)
    await send(gateway, "github/push.commits")
    await gateway.posts(1)
    gateway.standin.fail_next(1, 413)
    await send(gateway, "generic/json.alert")
    page = await (await window(gateway, java_script_enabled=False)).page("/events")
    await page.get_by_label("Token").fill(TOKEN)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Service").select_option("github")
    await page.get_by_role("button", name="Show").click()
    await page.locator("tr[data-id] a").click()
    await page.get_by_role("button", name="Replay as it was").click()
    await expect(page.get_by_text("Deliveries that go out again: 1")).to_be_visible()
    await gateway.posts(2)
    await page.get_by_role("link", name="Dead letters").click()
    await page.get_by_role("button", name="Replay everything").click()
    await expect(
        page.get_by_text("of 1 sent again")
    ).to_be_visible()  # without scripts a page does not change by itself
    await gateway.posts(3)

    async def all_sent_again() -> bool:
        await page.reload()
        return await page.get_by_text("1 of 1 sent again").is_visible()

    await eventually(all_sent_again)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(re.compile("/sign-in$"))


async def test_narrowing_by_time_and_sending_what_matches(window, gateway):
    """Ranges are links, times are fields, what matches is counted, and what is many is confirmed."""
    for number in range(2):
        gateway.standin.fail_next(1, 413)
        await send(gateway, "generic/json.alert", numbered(number))
        await settled(gateway)
    page = await (await window(gateway, java_script_enabled=False)).page("/events")
    await page.get_by_role("link", name="Last day").click()
    await page.get_by_label("A delivery is").select_option("dead")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("tr[data-id]")).to_have_count(2)
    await expect(page).to_have_url(re.compile("since=24h"))
    await page.get_by_role("link", name="Replay the events that match").click()
    await page.get_by_role("button", name="Replay 2 deliveries as they were").click()
    await expect(page.get_by_text("sent again")).to_be_visible()
    await gateway.posts(2)
    await send(gateway, "generic/json.alert", numbered(7))
    for number in range(8, 10):
        gateway.standin.fail_next(1, 413)
        await send(gateway, "generic/json.alert", numbered(number))
        await settled(gateway)
    await page.get_by_role("link", name="Dead letters").click()
    await page.get_by_role("button", name="Replay everything").click()
    await page.get_by_role("button", name="Replay 2 dead deliveries").click()
    await gateway.posts(5)


async def test_trying_and_editing(window, gateway):
    """The buttons of the workbench show the result, and put the translator into the editor."""
    page = await (await window(gateway, java_script_enabled=False)).page("/try")
    await page.get_by_label("Headers").fill("x-github-event: push")
    await page.get_by_label("Body", exact=True).fill(request_of("github/push.commits").body.decode())
    await page.get_by_role("button", name="Try", exact=True).click()
    await expect(page.locator("#tried article.post")).to_contain_text("3 commits pushed to main")
    await page.get_by_role("button", name="Edit its translator").click()
    editor = page.get_by_label("Document", exact=True)
    text = await editor.input_value()
    await editor.fill(text.replace("pushed to", "shoved onto"))
    await page.get_by_role("button", name="Try", exact=True).click()
    await expect(page.get_by_label("Edited", exact=True).locator("article")).to_contain_text("shoved onto main")
