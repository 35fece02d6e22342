"""The pages of events: filters that stay, downloads that no browser runs, and what a feed tells."""

import json

import pytest

from tests.console.markup import HOSTILE, Found
from tests.console.person import Person, keep, send, settled


async def test_pages_keep_their_filter(items, tmp_path):
    """The link to older events has every condition, and the one back to the newest all but the place."""
    await keep(tmp_path / "test.db", *[(f"e{number}", {"payload": b"{}"}) for number in range(5)])
    person = await items()
    _, html = await person.page("/events?route=items&state=dead&text=e&limit=2")
    [older] = [url for url in Found(html).urls if "before=" in url]
    assert older.startswith("/events?route=items&state=dead&text=e&limit=2&before=") or all(
        part in older for part in ("route=items", "state=dead", "text=e", "limit=2")
    )
    _, html = await person.page(older)
    newest = [url for url in Found(html).urls if url.startswith("/events?") and "before=" not in url]
    assert any(all(part in url for part in ("route=items", "state=dead", "text=e", "limit=2")) for url in newest)


async def test_a_filter_for_what_is_gone_is_still_chosen(shared):
    """A route or service that the settings have no more can be looked for, and the form shows that it is.

    So can the cause of a refused request among events, which have none.
    """
    page = Found((await shared.get("/events?route=former&service=other")).text)
    assert [value for tag, name, value in page.attributes if (tag, name) == ("option", "value")].count("former") == 1
    assert [value for tag, name, value in page.attributes if (tag, name) == ("option", "value")].count("other") == 1
    assert '<option value="wrong_secret" selected>wrong secret<' in (await shared.get("/events?note=wrong_secret")).text


@pytest.mark.parametrize("hostile", HOSTILE[:4])
async def test_a_filter_is_text(shared, hostile):
    """What is looked for comes back as it was typed, and is no markup."""
    page = await shared.ask("GET", "/events?text=" + "".join(f"%{byte:02X}" for byte in hostile.encode()))
    assert (page.status, hostile in page.text) == (200, False)
    assert ("input", "value", hostile) in Found(page.text).attributes


async def test_downloads_are_attachments(shared):
    """Body and sample come as files of the event's own name, of types that no browser runs."""
    person = Person(shared)
    event_id = await send(person, "a")
    body, headers = await person.download(f"/events/{event_id}/body")
    assert json.loads(body)["token"] == "***"
    assert headers["Content-Disposition"] == f'attachment; filename="{event_id}.body"'
    assert (headers["Content-Type"], headers["X-Content-Type-Options"]) == ("application/octet-stream", "nosniff")
    sample, headers = await person.download(f"/events/{event_id}/sample")
    assert headers["Content-Type"] == "application/yaml"
    assert headers["Content-Disposition"] == f'attachment; filename="item.{event_id[-8:]}.yaml"'
    assert b"\nrequest:\n" in sample


async def test_actions_say_what_they_did(shared):
    """The page that comes after a replay tells how many went out, or what the new event became."""
    person = Person(shared)
    event_id = await send(person, "notice")
    await settled(person, event_id, "delivered")
    _, path, html = await person.press(f"/events/{event_id}/replay")
    assert (path, "Deliveries that go out again: 1" in Found(html).text) == (f"/events/{event_id}", True)
    _, path, html = await person.press(f"/events/{event_id}/reread")
    assert "Read with today's catalog: message by items/item, deliveries: 1" in Found(html).text
    assert path.startswith("/events/")
    assert path != f"/events/{event_id}"


async def test_a_sample_needs_a_folder(shared):
    """A form without one, or with another field, is a 400 that names it."""
    person = Person(shared)
    event_id = await send(person, "sample")
    assert (await person.press(f"/events/{event_id}/sample"))[0] == 400
    status, _, html = await person.press(f"/events/{event_id}/sample", ("folder", "x"), ("file", "/etc/passwd"))
    assert (status, "file: unknown parameter" in Found(html).text) == (400, True)
