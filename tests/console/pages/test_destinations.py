"""The page of a destination, and what its buttons do."""

import re

from tests.console.conftest import GUARDED, READ_TOKEN, TOKEN
from tests.console.person import Person


async def test_the_page_shows_how_it_stands_and_pauses_and_resumes_it(console):
    """Its buttons are forms; what was done is said at the top, and the address of who did it is kept."""
    person = Person(await console())
    status, page = await person.page("/destinations/ops")
    assert status == 200
    assert '<span class="badge good">healthy</span>' in page
    assert 'data-follow="nav destination:ops"' in page
    status, path, page = await person.press("/destinations/ops/pause", ("because", "it <moves>"))
    assert (status, path) == (200, "/destinations/ops")
    assert "ops is paused: its messages wait until it is resumed" in page
    assert "by the console, from 127.0.0.1: it &lt;moves&gt;" in page
    assert "Resume ops" in page
    assert "Pause ops" not in page
    overview = (await person.page("/"))[1]
    assert '<a href="/destinations/ops"><b>ops</b></a>' in overview
    assert '<span class="badge warning">paused</span>' in overview
    status, _, page = await person.press("/destinations/ops/resume")
    assert "ops is resumed" in page
    assert "Pause ops" in page


async def test_a_test_message_leads_to_its_event(console):
    """Which says that it arrived; a refusal is told as one, and the message waits there."""
    person = Person(await console())
    status, path, page = await person.press("/destinations/ops/test")
    assert (status, path[:8]) == (200, "/events/")
    assert "Test message to ops: it arrived" in page
    assert "a test message to ops, by the console, from 127.0.0.1" in page
    person.gateway.standin.fail_next(100, 400)
    _, path, page = await person.press("/destinations/ops/test")
    assert "Test message to ops: it was refused or not answered: 400: " in page
    assert f'data-follow="nav event:{path.rpartition("/")[2]}"' in page


async def test_what_cannot_be_done_is_a_page_that_says_so(console):
    """An unknown destination, a pause without a reason, a resume of what is not paused."""
    person = Person(await console())
    assert (await person.page("/destinations/nowhere"))[0] == 404
    assert (await person.press("/destinations/ops/pause"))[0] == 400
    status, _, page = await person.press("/destinations/ops/resume")
    assert status == 409
    assert "ops is not paused: it is healthy" in page


async def test_a_reader_sees_no_buttons_and_can_press_none(console):
    """Nor can a page of another site: the form proves where it comes from."""
    browser = await console(tables=GUARDED)
    await browser.sign_in(READ_TOKEN)
    page = await browser.get("/destinations/ops")
    assert "Send a test message" not in page.text
    for action in ("pause", "resume", "test"):
        assert (await browser.post(f"/destinations/ops/{action}", {"because": "x"})).status == 403
    await browser.sign_in(TOKEN)
    page = await browser.get("/destinations/ops")
    assert len(re.findall('method="post" action="/destinations/ops/', page.text)) == 2
    browser.csrf = "forged"
    assert (await browser.post("/destinations/ops/pause", {"because": "x"})).status == 403
