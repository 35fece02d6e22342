"""Drift in the console: what no document understands, by kind, with the places, an example, and what is mended."""

from gateway.console import drift as module
from tests.conftest import ITEMS_TRANSLATOR
from tests.console.person import Person, send


async def drift(person: Person, query: str = "") -> dict:
    """The drift over the API."""
    status, found = await person.api("GET", f"/drift?{query}")
    assert status == 200, found
    return found


async def test_there_is_none(items):
    """What is understood is none."""
    person = await items()
    await send(person, "a")
    assert await drift(person) == {"rows": [], "complete": True}


async def test_kinds(items):
    """Another shape and an unknown event are two kinds: how often, since when, where, and the newest of each."""
    person = await items()
    await send(person, "a")
    await send(person, "b", number="two")
    last = await send(person, "c", number=None)
    other = await send(person, "d", kind="parcel")
    found = await drift(person)
    unknown, mismatch = found["rows"]
    assert (unknown["event"], unknown["why"], unknown["count"], unknown["example"]) == ("parcel", "unknown", 1, other)
    assert (mismatch["service"], mismatch["event"], mismatch["why"]) == ("items", "item", "mismatch")
    assert (mismatch["count"], mismatch["example"], mismatch["translator"]) == (2, last, "items/item")
    assert mismatch["first"] < mismatch["last"]
    [place] = mismatch["paths"]
    assert place.startswith("$.number ")
    assert not mismatch["understood"]
    _, series = await person.gateway.admin("/metrics")
    assert 'mattergate_drift_total{service="items",why="mismatch"} 2.0' in series
    assert 'mattergate_drift_total{service="items",why="unknown"} 1.0' in series


async def test_filters(items):
    """A service, and a time."""
    person = await items()
    await send(person, "d", kind="parcel")
    received = (await drift(person))["rows"][0]["last"]
    for query, count in (("service=items", 1), ("service=github", 0), (f"since={received + 1}", 0)):
        assert len((await drift(person, query))["rows"]) == count


async def test_one_listing_is_for_all_who_ask(items, monkeypatch):
    """Within some seconds; then the journal is looked at again."""
    person = await items()
    await send(person, "d", kind="parcel")
    assert len((await drift(person))["rows"]) == 1
    await send(person, "d", kind="crate")
    assert len((await drift(person))["rows"]) == 1
    monkeypatch.setattr(module, "FRESH", -1.0)
    await drift(person, "service=github")
    assert len((await drift(person))["rows"]) == 2


async def test_what_was_mended_is_told(items, tmp_path):
    """The stored example is read with the catalog as it is now; the row stays until the journal forgets it."""
    person = await items()
    await send(person, "a", number="two")
    wide = ITEMS_TRANSLATOR.replace("{type: integer}", "{type: [integer, string]}")
    (tmp_path / "catalog" / "items" / "item.yaml").write_text(wide)
    status, _ = await person.api("POST", "/reload")
    assert status == 200
    [row] = (await drift(person))["rows"]
    assert (row["understood"], row["paths"]) == (True, [])
