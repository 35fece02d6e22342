"""The list of events and one event, by hand and by keyboard."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from gateway.pipeline import samplefile
from tests.conftest import SECRET
from tests.console.browser.senders import numbered, send, settled


def rows(page: Page):
    """The events of the list."""
    return page.locator("tr[data-id]")


async def test_filters_narrow_the_list_and_stay_in_the_address(page, gateway):
    """What is chosen is in the URL, is still chosen on the page that comes, and can be undone."""
    await send(gateway, "github/push.commits")
    await send(gateway, "jenkins/finished.unstable")
    await send(gateway, "generic/json.alert")
    await page.goto("/events")
    await expect(rows(page)).to_have_count(3)
    await page.get_by_label("Service").select_option("jenkins")
    await page.get_by_role("button", name="Show").click()
    await expect(rows(page)).to_have_count(1)
    await expect(page).to_have_url(re.compile("service=jenkins"))
    await expect(page.get_by_label("Service")).to_have_value("jenkins")
    await page.get_by_label("Service").select_option("")
    await page.get_by_label("Words").fill("nobody says this")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("No events")).to_be_visible()
    await page.go_back()
    await page.go_back()
    await expect(rows(page)).to_have_count(3)


async def test_a_row_says_what_was_seen_where_and_what_became_of_it(page, gateway):
    """The title of the message, its destination with the state there, the outcome; then what it was."""
    event = await send(gateway, "generic/json.alert")
    await settled(gateway)
    await page.goto("/events")
    row = page.locator(f'tr[data-id="{event}"]')
    await expect(row.locator("td")).to_have_count(5)
    await expect(row.locator("td").nth(0)).to_contain_text("The certificate expires on 2026-02-06: failing")
    await expect(row.locator("td").nth(1)).to_have_text(re.compile(r"^\s*ops\s+delivered\s*$"))
    await expect(row.locator("td").nth(2)).to_contain_text("message")
    await row.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(event))


async def test_time_destination_and_translator_narrow_the_list(page, gateway):
    """Ranges are a click and keep the other filters; all of it is in the address."""
    gateway.standin.fail_next(1, 413)
    await send(gateway, "generic/json.alert")
    await settled(gateway)
    await send(gateway, "github/push.commits")
    await settled(gateway)
    await page.goto("/events")
    await page.get_by_label("A delivery is").select_option("dead")
    await page.get_by_label("Destination").select_option("ops")
    await page.get_by_role("button", name="Show").click()
    await expect(rows(page)).to_have_count(1)
    await page.get_by_role("link", name="Last hour").click()
    await expect(page).to_have_url(re.compile("state=dead.*since=1h"))
    await expect(page.get_by_role("link", name="Last hour")).to_have_attribute("aria-current", "true")
    await expect(rows(page)).to_have_count(1)
    await page.goto("/events")
    await page.get_by_text("More filters").click()
    await page.get_by_label("Translator").fill("github/push")
    await page.get_by_label("Translator").press("Enter")
    await expect(rows(page)).to_have_count(1)
    await expect(page.get_by_label("Translator")).to_have_value("github/push")
    await page.get_by_label("Until (UTC)").fill("1h")
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_text("No events")).to_be_visible()


async def test_a_time_that_is_none_is_told(window, gateway):
    """What may be written stands in the answer."""
    one = await window(gateway)
    one.expected.append("400")
    page = await one.page("/events?since=soon")
    await expect(page.get_by_role("alert")).to_contain_text("since: 'soon' is neither how long ago")


async def test_slash_goes_to_the_search(page, gateway):
    """From anywhere on the list, from any other page, and not while somebody types."""
    await send(gateway, "generic/json.alert")
    await page.goto("/events")
    words = page.get_by_label("Words")
    await page.keyboard.press("/")
    await expect(words).to_be_focused()
    await page.keyboard.type("a/b")
    await expect(words).to_have_value("a/b")
    await page.goto("/catalog")
    await page.keyboard.press("/")
    await expect(page).to_have_url(re.compile("/events#search$"))
    await expect(page.get_by_label("Words")).to_be_focused()


async def test_what_matches_is_counted_before_it_is_sent_again(page, gateway):
    """The list leads to the count, the count to the button, and the progress is seen to its end."""
    for number in range(3):
        await send(gateway, "generic/json.alert", numbered(number))
    await send(gateway, "github/push.commits")
    await settled(gateway)
    await page.goto("/events?route=generic")
    await page.get_by_role("link", name="Replay the events that match").click()
    await expect(page.get_by_text("3 events match; 3 can be sent again as they were (3 deliveries)")).to_be_visible()
    await page.get_by_role("button", name="Replay 3 deliveries as they were").click()
    await expect(page.get_by_text("3 of 3 sent again")).to_be_visible()
    await gateway.posts(7)
    await page.get_by_role("link", name="Show the events").click()
    await expect(rows(page)).to_have_count(4)


async def test_pages_lead_to_older_events_and_back(page, gateway):
    """A list that does not fit has a link to what is older, and from there one to the newest."""
    for number in range(5):
        await send(gateway, "generic/json.alert", numbered(number))
    await page.goto("/events?limit=2")
    seen = []
    for _ in range(3):
        seen += await rows(page).evaluate_all("all => all.map(one => one.dataset.id)")
        older = page.get_by_role("link", name="Older »")
        if await older.count():
            await older.click()
    assert len(set(seen)) == len(seen) == 5
    await page.get_by_role("link", name="« Newest").click()
    await expect(rows(page).first).to_have_attribute("data-id", seen[0])


async def test_new_events_are_announced_and_not_pushed_in(page, gateway):
    """What came in since is counted in a line; the list moves only when that is pressed, and is focused then."""
    old = await send(gateway, "generic/json.alert")
    await page.goto("/events?route=github")
    await page.goto("/events")
    await expect(page.locator("#live")).to_have_text("live")
    for number in range(2):
        await send(gateway, "github/push.commits", numbered(number), X_GitHub_Delivery=f"d{number}")
    button = page.get_by_role("button", name=re.compile("new event"))
    await expect(button).to_have_text("2 new events: show")
    await expect(rows(page)).to_have_count(1)
    await button.press("Enter")
    await expect(rows(page)).to_have_count(3)
    await expect(rows(page).last).to_have_attribute("data-id", old)
    await expect(rows(page).first.get_by_role("link")).to_be_focused()
    await expect(button).to_be_hidden()


async def test_the_keyboard_reaches_an_event_and_comes_back(page, gateway):
    """From the address bar: skip to the content, tab over the filters to the first event, open it, and go back."""
    await send(gateway, "github/push.commits")
    await page.goto("/events")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    link = rows(page).first.get_by_role("link")
    for _ in range(15):
        await page.keyboard.press("Tab")
        if await link.evaluate("one => one === document.activeElement"):
            break
    await expect(link).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("acme/api: 3 commits pushed to main")
    await page.go_back()
    await expect(page).to_have_url(re.compile("/events(#main)?$"))


async def test_an_event_shows_all_that_is_known(page, gateway):
    """Request without its secret, verdict of the schema, message as it looks, its JSON, and every attempt."""
    gateway.standin.fail_next(1, 503)
    event = await send(gateway, "sentry/issue.created", lambda body: {**body, "data": {"issue": 7}})
    good = await send(gateway, "gitlab/merge_request.merged")
    await gateway.posts(2)
    await page.goto(f"/events/{event}")
    await expect(page.get_by_text("does not match", exact=True)).to_be_visible()
    await expect(page.locator(".faults")).to_contain_text("data.issue")
    await page.get_by_text("Attempts", exact=True).last.click()
    await expect(page.locator(".attempts li")).to_contain_text(["to be repeated 503: ", "delivered 200"])
    await page.goto(f"/events/{good}")
    assert SECRET not in await page.content()
    await expect(page.get_by_text("POST http")).to_contain_text("/in/gitlab/***")
    await expect(page.get_by_label("Schema")).to_contain_text("matches the schema of gitlab/merge_request")
    await expect(page.locator("article.post")).to_contain_text("GitLab")
    await page.get_by_text("JSON", exact=True).first.click()
    await expect(page.locator("#messages ~ .message pre")).to_contain_text('"attachments"')
    await page.get_by_text("Attempts", exact=True).last.click()
    await expect(page.locator(".attempts li")).to_contain_text(["delivered"])


async def test_replay_as_it_was(page, gateway):
    """The button sends the same message again, and the page says so."""
    event = await send(gateway, "github/push.commits")
    await gateway.posts(1)
    await page.goto(f"/events/{event}")
    await page.get_by_role("button", name="Replay as it was").click()
    await expect(page.get_by_role("status").filter(has_text="Deliveries that go out again: 1")).to_be_visible()
    await gateway.posts(2)


async def test_replay_with_todays_catalog(page, gateway):
    """The request is read again: the page of the new event says what it became and leads to the old one."""
    event = await send(gateway, "github/push.commits")
    await gateway.posts(1)
    await page.goto(f"/events/{event}")
    await page.get_by_role("button", name="Replay with today's catalog").click()
    await expect(page.get_by_text("Read with today's catalog: message by github/push")).to_be_visible()
    assert event not in page.url
    await page.get_by_role("link", name="the event it repeats").click()
    await expect(page).to_have_url(re.compile(f"/events/{event}$"))
    await gateway.posts(2)


async def test_a_replay_that_cannot_be_says_why(window, gateway):
    """An event without a message has nothing to send again: the page says so instead of doing nothing."""
    one = await window(gateway)
    one.expected.append("409")
    event = await send(gateway, "github/push.commits")
    await gateway.posts(1)
    gateway.standin.mode = "down"
    page = await one.page(f"/events/{event}")
    await page.get_by_role("button", name="Replay as it was").click()
    await page.get_by_role("button", name="Replay as it was").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing to send again")
    await expect(page.get_by_role("alert")).to_contain_text("they are on their way")


async def test_a_sample_is_a_file_that_loads(page, gateway, tmp_path):
    """Save as sample downloads a document that the catalog's own reader takes."""
    event = await send(gateway, "github/push.commits")
    await page.goto(f"/events/{event}")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="Save as sample").click()
    download = await waiting.value
    assert download.suggested_filename == f"push.{event[-8:]}.yaml"
    file = Path(tmp_path / "sample.yaml")
    await download.save_as(file)
    assert samplefile.load(file).expect.translator == "github/push"


async def test_the_curl_command_is_copied(window, gateway):
    """Copy puts the whole command on the clipboard, and says so."""
    one = await window(gateway, permissions=["clipboard-read", "clipboard-write"])
    event = await send(gateway, "generic/json.alert")
    page = await one.page(f"/events/{event}")
    await page.get_by_text("As a curl command").click()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_text("copied")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await page.locator("#curl").text_content()
    assert copied.startswith("curl --globoff --request POST")
    assert SECRET not in copied


@pytest.mark.parametrize("path", ["/events/none", "/catalog/none", "/nowhere"])
async def test_what_is_not_there_is_a_page_too(window, gateway, path):
    """An address that leads nowhere says so within the console, with a way back."""
    one = await window(gateway)
    one.expected.append("404")
    page = await one.page(path)
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Overview").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
