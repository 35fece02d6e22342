"""Hot reload of a user's catalog: the running gateway takes up edits; faulty ones are told and change nothing."""

import json

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-reload")]

NOTE = """
title: A note
events: [note]
message:
  text: "{{ box }}: %s"
"""
FAULTY = """
title: A note
events: [note]
message:
  text: "{{ box }}: never"
  colour: red
"""


class Notes:
    """Sends notes, each with a delivery id of its own, and tells who translated them."""

    def __init__(self, items) -> None:
        self._items = items
        self._sent = 0

    async def translator(self, kind: str = "note") -> str:
        """Send one note; the translator that the answer names."""
        self._sent += 1
        body = {"kind": kind, "id": f"note {self._sent}", "box": f"n{self._sent}"}
        status, answer, _ = await self._items.post("/in/items", body, {"X-Token": self._items.secret})
        assert status == 202
        return answer["translator"]

    async def says(self, word: str) -> bool:
        """Send one note; whether it arrived with this word."""
        await self.translator()
        text = f"n{self._sent}: "
        await self._items.until(lambda: any(self._about(post, text) for post in self._items.mattermost.posts))
        return f"{text}{word}" in self._items.mattermost.texts

    def _about(self, post, text: str) -> bool:
        return post.message.startswith(text)


@pytest.fixture
async def notes(items):
    """Give a sender of notes to the running gateway, whose catalog does not know them yet."""
    await items.start()
    return Notes(items)


def reload_ok(items, value: float):
    """Whether the metric of the last reload has this value."""

    async def holds() -> bool:
        return await items.value("catalog_reload_ok") == value

    return holds


async def test_a_new_translator_speaks_without_a_restart(items, notes):
    """A document added to the user's folder is used by the same process, and its series start at 0."""
    assert await notes.translator() == "generic"
    items.document("items/note.yaml", NOTE % "first")

    async def known() -> bool:
        return await notes.translator() == "items/note"

    await items.until(known)
    assert await notes.says("first")
    assert len(items.lives) == 1
    labels = {"service": "items", "translator": "items/note"}
    assert await items.value("translations_total", outcome="broken", **labels) == 0
    assert await items.value("schema_mismatch_total", **labels) == 0


async def test_a_faulty_edit_keeps_the_running_catalog(items, notes):
    """The old translator goes on, the metric falls to 0 and the log names file and line; the repair is taken up."""
    file = items.document("items/note.yaml", NOTE % "first")

    async def known() -> bool:
        return await notes.translator() == "items/note"

    await items.until(known)
    items.document("items/note.yaml", FAULTY)
    await items.until(reload_ok(items, 0))
    assert await notes.says("first")
    told = [json.loads(line) for line in items.log.splitlines() if '"level":"error"' in line]
    number = 1 + [line.split(":")[0].strip() for line in FAULTY.splitlines()].index("message")
    places = [f"{file}:{number}:", f"{file}:{number + 2}:"]  # of the mapping, or of the key that it should not have
    assert any(line["fault"].startswith(tuple(places)) and "colour" in line["fault"] for line in told), told

    items.document("items/note.yaml", NOTE % "second")
    await items.until(reload_ok(items, 1))
    assert await notes.says("second")


@pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\x00", b"[" * 100_000, b"title: [", b"a: &a [*a]", b"- 1", b""], ids=lambda one: repr(one[:8])
)
async def test_no_garbage_ends_the_watch(items, notes, garbage):
    """Whatever is written into the folder, the gateway says so and takes up the repair afterwards."""
    (items.folder / "catalog/items/note.yaml").write_bytes(garbage)
    await items.until(reload_ok(items, 0))
    items.document("items/note.yaml", NOTE % "good")
    await items.until(reload_ok(items, 1))
    assert await notes.says("good")


async def test_a_service_that_a_route_names_cannot_be_taken_away(items, notes):
    """Removing its folder is a faulty edit like any other: requests are translated as before."""
    assert (await items.item("a", 0))[1]["translator"] == "items/item"
    for name in ("service.yaml", "item.yaml"):  # without the first, what is left is no service at any moment
        (items.folder / "catalog/items" / name).unlink()
    await items.until(reload_ok(items, 0))
    status, answer, _ = await items.item("a", 1)
    assert (status, answer["translator"]) == (202, "items/item")
