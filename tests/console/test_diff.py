"""What an edited translator would change of the last events, over the API."""

from tests.conftest import ITEMS_TRANSLATOR
from tests.console.person import Person, send

EDITED = ITEMS_TRANSLATOR.replace("{{ box }} {{ number }}", "{{ box }} {{ number if number != 2 else 'two' }}")


async def diff(person: Person, document: str = EDITED, status: int = 200, **more: object) -> dict:
    """What an edited document would change, over the API."""
    body = {"service": "items", "translator": "item", "document": document, **more}
    got, found = await person.api("POST", "/diff", body)
    assert got == status, found
    return found


async def test_what_is_told_otherwise(items):
    """Of three events the one that the edit is about, before and after, and in lines."""
    person = await items()
    first, second, _ = [await send(person, "a", number=number) for number in (1, 2, 3)]
    found = await diff(person)
    assert (found["examined"], len(found["changed"]), found["faults"]) == (3, 1, [])
    [one] = found["changed"]
    assert (one["event"], one["route"], one["service"], one["name"]) == (second, "items", "items", "item")
    assert [one[side]["events"][0]["messages"][0]["text"] for side in ("before", "after")] == ["a 2", "a two"]
    assert {"-  - text: a 2", "+  - text: a two"} <= set(one["text"].splitlines())
    assert (await diff(person, last=1))["changed"] == []
    event = (await person.api("GET", f"/events/{first}"))[1]
    assert len(event["deliveries"]) == 1  # nothing was sent again


async def test_nothing_changes(items):
    """The same document, other line numbers."""
    person = await items()
    await send(person, "a")
    assert (await diff(person, "# a remark\n" + ITEMS_TRANSLATOR))["changed"] == []


async def test_what_cannot_be_compared(items):
    """A faulty document is told with its line, an unknown service refused; another service has no events."""
    person = await items()
    await send(person, "a")
    found = await diff(person, ITEMS_TRANSLATOR + "colour: red\n")
    assert found["faults"][0]["line"] == 7
    assert found["changed"] == []
    assert "no service" in (await diff(person, service="itmes", status=422))["detail"]
    await diff(person, last=1000, status=400)
