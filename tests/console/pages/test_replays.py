"""The page that replays the events of a filter."""

from tests.console.conftest import READ_TOKEN
from tests.console.markup import Found
from tests.console.person import keep

LETTERS = [(f"d{number:05}", {"payload": b'{"text": "letter %d"}' % number}) for number in range(3)]


async def test_the_form_carries_what_was_counted(items, tmp_path):
    """Filters and the time of the count are its fields; pressing a button starts it and shows the progress."""
    await keep(tmp_path / "test.db", *LETTERS)
    person = await items()
    status, html = await person.page("/events?route=items&state=dead")
    assert (status, "/events/replay?route=items&state=dead" in Found(html).urls) == (200, True)
    status, html = await person.page("/events/replay?route=items&state=dead")
    assert "3 events match" in html
    assert "Replay 3 deliveries as they were" in html
    status, path, html = await person.press(
        "/events/replay", ("route", "items"), ("state", "dead"), ("until", "2100-01-01"), ("how", "messages")
    )
    assert (status, path) == (200, "/events/replay")
    assert "events with route items" in html
    await person.gateway.posts(3)


async def test_without_a_filter_nothing_is_offered(items):
    """Neither by the list nor by the page."""
    person = await items()
    _, html = await person.page("/events")
    assert not any(url.startswith("/events/replay") for url in Found(html).urls)
    assert "Nothing is chosen" in (await person.page("/events/replay"))[1]


async def test_a_reader_sees_the_count_alone(console):
    """Whoever may only look has no buttons."""
    browser = await console(guarded=True)
    await browser.sign_in(READ_TOKEN)
    page = await browser.get("/events/replay?route=github")
    assert page.status == 200
    assert "No event matches" in page.text
    assert (await browser.post("/events/replay", {"route": "github", "how": "messages"})).status == 403
