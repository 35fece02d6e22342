"""The page of what no document understands."""

from tests.conftest import ITEMS_TRANSLATOR
from tests.console.markup import Found
from tests.console.person import Person, send


async def shown(person: Person) -> str:
    """The text of the page."""
    return Found((await person.page("/drift"))[1]).text


async def test_there_is_none(items):
    """The page says so."""
    person = await items()
    await send(person, "a")
    assert "Every event was understood" in await shown(person)


async def test_kinds(items):
    """Each says what is wrong, where, and the command that drafts from its example."""
    person = await items()
    await send(person, "c", number=None)
    other = await send(person, "d", kind="parcel")
    text = await shown(person)
    assert "items/item: $.number" in text
    assert "no document knows this event" in text
    assert f"mattergate new --event {other}" in text


async def test_what_was_mended_is_told(items, tmp_path):
    """The row stays until the journal forgets it."""
    person = await items()
    await send(person, "a", number="two")
    wide = ITEMS_TRANSLATOR.replace("{type: integer}", "{type: [integer, string]}")
    (tmp_path / "catalog" / "items" / "item.yaml").write_text(wide)
    await person.api("POST", "/reload")
    assert "understood now" in await shown(person)
