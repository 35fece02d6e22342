"""Try it: results that follow what is typed, and a translator edited beside the one that runs."""

import re

import msgspec
from playwright.async_api import Page, expect

from tests.console.browser.senders import request_of, send
from tests.console.conftest import GUARDED, READ_TOKEN

PUSH = request_of("github/push.commits")


async def typed(page: Page, headers: str = "x-github-event: push", body: str = "") -> None:
    """Open the page and put a push of GitHub into it, as somebody pastes it."""
    await page.goto("/try")
    await page.get_by_label("Headers").fill(headers)
    await page.get_by_label("Body", exact=True).fill(body or PUSH.body.decode())


async def test_the_result_follows_what_is_typed(page, gateway):
    """The service is recognised, and the message changes with the body, without a button; nothing is sent or kept."""
    await typed(page)
    result = page.get_by_label("Result", exact=True).first
    await expect(result.get_by_text("github/push").first).to_be_visible()
    await expect(result.locator("article.post")).to_contain_text("3 commits pushed to main")
    await page.get_by_text("Recognised; why").click()
    await expect(result.locator("ol")).to_contain_text("points")
    await page.get_by_label("Body", exact=True).fill(PUSH.body.decode().replace("refs/heads/main", "refs/heads/next"))
    await expect(result.locator("article.post")).to_contain_text("pushed to next")
    await result.get_by_text("JSON", exact=True).click()
    await expect(result.locator("pre").first).to_contain_text('"attachments"')
    assert not gateway.standin.posts
    await page.goto("/events")
    await expect(page.get_by_text("No events")).to_be_visible()


async def test_what_breaks_the_schema_is_told_by_its_path(page, gateway):
    """A body that does not match the schema shows faults with their JSON paths; broken JSON is no fault of the page."""
    body = msgspec.json.decode(PUSH.body)
    await typed(page, body=msgspec.json.encode({**body, "ref": {}}).decode())
    await expect(page.locator(".faults")).to_contain_text("$.ref")
    await page.get_by_label("Body", exact=True).fill('{"ref": ')
    await expect(page.locator("#tried")).to_contain_text("generic")
    await expect(page.locator("#trouble")).to_be_hidden()


async def test_an_event_that_came_in_is_tried_again(page, gateway):
    """Picking an event puts its request into the fields, and its result beside them."""
    event = await send(gateway, "jenkins/finished.unstable")
    await page.goto("/try")
    await page.get_by_label("An event that came in").select_option(event)
    await page.get_by_role("button", name="Take it").click()
    await expect(page.get_by_label("Body", exact=True)).to_have_value(re.compile("api"))
    await expect(page.locator("#tried article.post")).to_contain_text("Jenkins")


async def test_an_edited_translator_stands_beside_the_running_one(page, gateway):
    """Each key in the editor shows what it changes; the running one stays as it is."""
    await typed(page)
    await page.get_by_role("button", name="Edit its translator").click()
    editor = page.get_by_label("Document", exact=True)
    await expect(editor).to_be_focused()
    document = await editor.input_value()
    assert document.lstrip().startswith(("#", "title:", "$schema"))
    await editor.fill(document.replace("pushed to", "shoved onto"))
    await expect(page.get_by_label("Edited", exact=True).locator("article")).to_contain_text("shoved onto main")
    await expect(page.get_by_label("Running", exact=True).locator("article")).to_contain_text("pushed to main")
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download the document").click()
    assert (await waiting.value).suggested_filename == "push.yaml"


async def test_faults_of_the_editor_lead_to_their_line(page, gateway):
    """A fault names its line; following it puts the caret there, and mending it brings the result back."""
    await typed(page)
    await page.get_by_role("button", name="Edit its translator").click()
    editor = page.get_by_label("Document", exact=True)
    await expect(editor).to_be_focused()
    document = await editor.input_value()
    line = next(at for at, text in enumerate(document.splitlines(), 1) if text.startswith("subject:"))
    await editor.fill(document.replace("\nsubject:", "\nsubjct:"))
    faults = page.get_by_label("Faults of the edited translator")
    await faults.get_by_role("link", name=f"line {line}", exact=True).click()
    await expect(editor).to_be_focused()
    caret = await editor.evaluate("one => one.value.slice(0, one.selectionStart).split('\\n').length")
    assert caret == line
    await editor.fill(document)
    await expect(page.get_by_label("Edited", exact=True)).to_be_visible()
    await expect(faults).to_have_count(0)


async def test_tab_indents_and_escape_lets_go(page, gateway):
    """Tab writes two spaces that can be taken back; Escape and Tab leave the editor, Shift and Tab always do."""
    await typed(page)
    await page.get_by_role("button", name="Edit its translator").click()
    editor = page.get_by_label("Document", exact=True)
    await expect(editor).to_be_focused()
    before = await editor.input_value()
    await page.keyboard.press("Tab")
    await expect(editor).to_have_value(f"  {before}")
    await page.keyboard.press("Control+z")
    await expect(editor).to_have_value(before)
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Download the document")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(editor).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(page.get_by_label("Name of the document")).to_be_focused()


async def test_a_reader_tries_requests_and_edits_nothing(window, start):
    """With the read-only token the result follows what is typed; there is no editor, and the page says why."""
    page = await (await window(await start(tables=GUARDED))).page("/try")
    await page.get_by_label("Token").fill(READ_TOKEN)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Try it")
    await typed(page)
    await expect(page.locator("#tried article.post")).to_contain_text("3 commits pushed to main")
    await expect(page.get_by_text("signed in with the read-only token")).to_be_visible()
    await expect(page.locator("#document, #edit")).to_have_count(0)
    body = msgspec.json.decode(PUSH.body)
    await page.get_by_label("Body", exact=True).fill(msgspec.json.encode({**body, "ref": {}}).decode())
    await expect(page.locator(".faults")).to_contain_text("line")
    await expect(page.locator(".faults a")).to_have_count(0)


async def test_the_reply_of_a_callback_follows_what_its_service_answers(page):
    """The request is there at once; the reply comes with the answer that is typed, and changes with it."""
    await page.goto("/try/callbacks?sample=pagerduty/acknowledge.usual")
    result = page.get_by_label("Result", exact=True)
    await expect(result).to_contain_text("PUT https://api.pagerduty.com/incidents/")
    await expect(result.locator("article.post")).to_contain_text("The server is on fire.")
    await page.get_by_label("Answer of the service").fill("")
    await page.get_by_label("Its status").fill("")
    await expect(result).to_contain_text("No answer yet")
    await page.get_by_label("Or why there is none").fill("timed out after 10 s")
    await expect(result.locator("article.post")).to_contain_text("timed out after 10 s")
