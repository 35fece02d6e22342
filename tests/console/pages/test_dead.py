"""The pages of dead letters: their links, and forms that say nothing or too much."""

import asyncio

import pytest

from tests.console.markup import Found
from tests.console.person import keep

LETTERS = [(f"d{number:05}", {"payload": b'{"text": "letter %d"}' % number}) for number in range(5)]


async def test_pages_of_a_group_lead_on_and_back(items, tmp_path):
    """The next page keeps the group and the size; the last one leads to the newest only."""
    await keep(tmp_path / "test.db", *LETTERS)
    person = await items()
    path, seen = "/dead/deliveries?destination=ops&limit=2", []
    while path:
        _, html = await person.page(path)
        seen += [
            value for tag, name, value in Found(html).attributes if (tag, name) == ("input", "value") and " " in value
        ]
        links = [url for url in Found(html).urls if url.startswith("/dead/deliveries?")]
        assert all("destination=ops" in url and "limit=2" in url for url in links)
        assert ("before=" in path) is any("before" not in url for url in links)
        path = next((url for url in links if "before=" in url), "")
        assert len(seen) <= len(LETTERS)
    assert [one.partition(" ")[0] for one in seen] == [f"d{number:05}" for number in range(4, -1, -1)]


@pytest.mark.parametrize(
    "chosen",
    [
        "",
        "d00000",
        "d00000 ",
        "d00000 -1",
        "d00000 x",
        "d00000 \u0663",
        "d00000 1.5",
        "1 " + "9" * 20,
        "d00000 " + "9" * 5000,
    ],
)
async def test_what_was_not_ticked_is_told(shared, chosen):
    """A field that is no event and number is a 400 that says what is expected; nothing starts."""
    await shared.get("/dead")
    for path, because in (("/dead/replay", ""), ("/dead/discard", "sold")):
        answer = await shared.post(path, {"what": "chosen", "chosen": chosen, "because": because})
        assert answer.status == 400, answer.text
    assert (await shared.get("/api/v1/dead")).json()["progress"] is None


@pytest.mark.parametrize("seq", [2**63, -1, 10**30])
async def test_a_number_of_nothing_is_none_of_the_dead(items, seq):
    """The replay ends with nothing sent, whatever number it was asked for."""
    person = await items()
    status, found = await person.api("POST", "/dead/replay", {"deliveries": [{"event": "e1", "seq": seq}]})
    assert status == 202
    async with asyncio.timeout(10):
        while not found["ended"]:
            found = (await person.api("GET", "/dead"))[1]["progress"]
    assert (found["total"], found["trouble"]) == (0, "")


@pytest.mark.parametrize("form", [{}, {"what": "everything", "more": "1"}, {"what": ""}, {"what": "group"}])
async def test_a_form_that_is_none_of_ours_is_told(shared, form):
    """Fields that are missing, or that the page does not have."""
    await shared.get("/dead")
    assert (await shared.post("/dead/replay", form)).status == 400
    assert (await shared.post("/dead/discard", {**form, "because": "sold"})).status == 400
