"""Dead letters in the console: groups, one group, and sending one, many, a group or all again, or discarding them."""

import asyncio

import pytest

from gateway.console import dead
from tests.conftest import PATIENCE
from tests.console.markup import Found
from tests.console.person import Person, keep

LOST = "the channel is archived"


def letters(count: int, first: int = 0, **rest: object) -> list[tuple[str, dict]]:
    """Events with one dead delivery each, to be kept."""
    return [
        (f"d{first + index:05}", {"payload": b'{"text": "letter %d"}' % (first + index), **rest})
        for index in range(count)
    ]


async def ended(person: Person) -> dict:
    """The progress of the last decision, once it has ended."""
    async with asyncio.timeout(PATIENCE):
        while True:
            _, found = await person.api("GET", "/dead")
            if found["progress"] and found["progress"]["ended"]:
                return found["progress"]
            await asyncio.sleep(0.02)


async def numbers(person: Person, query: str = "") -> list[dict]:
    """The dead deliveries over the API."""
    status, found = await person.api("GET", f"/dead/deliveries?{query}")
    assert status == 200
    return found["deliveries"]


async def test_groups(items, tmp_path):
    """Dead deliveries are grouped by destination and reason, the largest group first, with what a person needs."""
    await keep(tmp_path / "test.db", *letters(2, why="too large"), *letters(3, 2), *letters(1, 5, destination="former"))
    person = await items()
    _, found = await person.api("GET", "/dead")
    assert [(one["destination"], one["reason"], one["count"], one["gone"]) for one in found["groups"]] == [
        ("ops", LOST, 3, False),
        ("ops", "too large", 2, False),
        ("former", LOST, 1, True),
    ]
    assert all(one["oldest"] <= one["newest"] for one in found["groups"])
    _, html = await person.page("/dead")
    text = Found(html).text
    for words in ("too large", LOST, "former", "not in the settings any more", "Replay everything"):
        assert words in text
    listed = await numbers(person, "destination=ops&reason=too+large")
    assert [one["event"] for one in listed] == ["d00001", "d00000"]
    _, html = await person.page("/dead/deliveries?destination=ops&reason=too+large")
    assert html.count('name="chosen"') == 2


async def test_one_and_many_are_replayed(items, tmp_path):
    """Those that are ticked go out again, in the order of their numbers; the others stay."""
    await keep(tmp_path / "test.db", *letters(4))
    person = await items()
    listed = await numbers(person)
    chosen = [("chosen", f"{one['event']} {one['seq']}") for one in listed[:2]]
    status, path, html = await person.press("/dead/replay", ("what", "chosen"), *chosen)
    assert (status, path) == (200, "/dead")
    assert "2 chosen deliveries" in html
    assert (await ended(person))["done"] == 2
    assert [post.message for post in await person.gateway.posts(2)] == ["letter 2", "letter 3"]
    wish = {"deliveries": [{"event": listed[3]["event"], "seq": listed[3]["seq"]}]}
    status, progress = await person.api("POST", "/dead/replay", wish)
    assert (status, progress["ended"]) == (202, 0)
    assert (await ended(person))["total"] == 1
    assert [one["event"] for one in await numbers(person)] == ["d00001"]


async def test_a_group_is_replayed_in_batches(items, tmp_path, monkeypatch):
    """All of a group go out in their order, however many there are; other groups stay."""
    monkeypatch.setattr("gateway.console.progress.BATCH", 10)
    monkeypatch.setattr("gateway.console.progress.READ", 7)
    await keep(tmp_path / "test.db", *letters(45), *letters(2, 45, why="too large"))
    person = await items()
    group = ("what", "group"), ("destination", "ops"), ("reason", LOST)
    status, _, asked = await person.press("/dead/replay", *group)
    assert status == 200
    assert "Replay 45 dead deliveries" in asked
    assert not person.gateway.standin.posts
    status, _, _ = await person.press("/dead/replay", *group, ("sure", "true"))
    assert status == 200
    progress = await ended(person)
    assert (progress["done"], progress["total"], progress["left"], progress["trouble"]) == (45, 45, 0, "")
    assert [post.message for post in await person.gateway.posts(45)] == [f"letter {number}" for number in range(45)]
    assert {one["reason"] for one in await numbers(person)} == {"too large"}
    assert "45 of 45 sent again" in Found((await person.page("/dead"))[1]).text


async def test_everything_is_replayed_but_what_has_no_destination(items, tmp_path):
    """What can be sent is sent; the rest is counted and said to be left."""
    await keep(tmp_path / "test.db", *letters(3), *letters(2, 3, destination="former"), *letters(2, 5, why="too large"))
    person = await items()
    assert (await person.api("POST", "/dead/replay", {"everything": True}))[0] == 202
    progress = await ended(person)
    assert (progress["done"], progress["total"], progress["left"]) == (5, 5, 2)
    await person.gateway.posts(5)
    assert {one["destination"] for one in await numbers(person)} == {"former"}
    assert "2 left as they are" in Found((await person.page("/dead"))[1]).text


async def test_a_destination_that_is_gone(items, tmp_path):
    """Its group is not replayed, and a clear line says why."""
    await keep(tmp_path / "test.db", *letters(1, destination="former"))
    person = await items()
    status, problem = await person.api("POST", "/dead/replay", {"destination": "former", "reason": LOST})
    assert (status, "no destination former" in problem["detail"]) == (409, True)
    status, _, html = await person.press("/dead/replay", ("what", "group"), ("destination", "former"), ("reason", LOST))
    assert (status, "no destination former" in Found(html).text) == (409, True)
    _, html = await person.page("/dead/deliveries?destination=former")
    assert "add it again" in html
    assert "Replay the chosen" not in html


async def test_one_replay_at_a_time(items, tmp_path, monkeypatch):
    """A second start while one runs is a 409 that says what runs; afterwards it is free again."""
    gate = asyncio.Event()
    collect = dead.Decisions._collect

    async def held(self, *about):
        await gate.wait()
        return await collect(self, *about)

    monkeypatch.setattr(dead.Decisions, "_collect", held)
    await keep(tmp_path / "test.db", *letters(2))
    person = await items()
    assert (await person.api("POST", "/dead/replay", {"everything": True}))[0] == 202
    status, problem = await person.api("POST", "/dead/replay", {"everything": True})
    assert (status, "every dead delivery is under way" in problem["detail"]) == (409, True)
    assert "Under way" in Found((await person.page("/dead"))[1]).text
    gate.set()
    assert (await ended(person))["done"] == 2
    assert (await person.api("POST", "/dead/replay", {"everything": True}))[0] == 202
    assert (await ended(person))["total"] == 0


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ({}, [("what", "chosen")]),
        ({"deliveries": [{"event": "x"}]}, [("what", "chosen"), ("chosen", "no number")]),
        ({"deliveries": 7}, []),
        ({"destination": "ops", "reasn": "the channel is archived"}, []),
        ({"deliveries": [{"event": "x", "seq": 1, "destination": "ops"}]}, []),
        ({"destination": "ops", "everything": True}, []),
        ({"reason": "the channel is archived", "everything": True}, []),
    ],
)
async def test_a_wish_that_says_nothing(items, wish, fields):
    """What is not said, said wrongly or said twice is a 400, and nothing starts."""
    person = await items()
    assert (await person.api("POST", "/dead/replay", wish))[0] == 400
    assert (await person.press("/dead/replay", *fields))[0] == 400
    assert (await person.api("GET", "/dead"))[1] == {"groups": [], "progress": None}


async def test_nothing_is_dead(items):
    """The page says so, and offers nothing to press."""
    person = await items()
    _, html = await person.page("/dead")
    assert "Nothing is dead" in html
    assert "<form" not in html


async def test_progress_is_live(items, tmp_path):
    """Who follows the feed of dead letters sees the replay come and end."""
    await keep(tmp_path / "test.db", *letters(3))
    person = await items()
    async with person.stream("/live?feed=dead") as stream, asyncio.timeout(PATIENCE):
        await person.api("POST", "/dead/replay", {"everything": True})
        async for line in stream.content:
            if b"3 of 3 sent again" in line and b"Ended" in line:
                break


async def test_all_that_is_ticked_is_sent(items, tmp_path):
    """A page of events that went to several destinations may have more deliveries than events, and none is left out."""
    await keep(tmp_path / "test.db", *letters(230))
    person = await items()
    listed = [*await numbers(person, "limit=200")]
    listed += await numbers(
        person, f"limit=200&before={(await person.api('GET', '/dead/deliveries?limit=200'))[1]['next']}"
    )
    ticked = [("chosen", f"{one['event']} {one['seq']}") for one in listed]
    await person.press("/dead/replay", ("what", "chosen"), *ticked)
    assert (await ended(person))["done"] == len(ticked) == 230


async def state_of(person: Person, event_id: str) -> list[tuple[str, str]]:
    """State and, if any, the reason of the discard of each delivery of an event."""
    _, found = await person.api("GET", f"/events/{event_id}")
    return [(one["state"], (one["discard"] or {"reason": ""})["reason"]) for one in found["deliveries"]]


async def test_one_and_many_are_discarded(items, tmp_path):
    """They are dead letters no more; the event says when and why, and sends them all the same if that was a mistake."""
    await keep(tmp_path / "test.db", *letters(3), *letters(1, 3, destination="former"))
    person = await items()
    listed = await numbers(person)
    chosen = [("chosen", f"{one['event']} {one['seq']}") for one in listed[:2]]
    status, path, html = await person.press("/dead/discard", ("what", "chosen"), ("because", " <b>sold</b> "), *chosen)
    assert (status, path) == (200, "/dead")
    progress = await ended(person)
    assert (progress["decision"], progress["done"], progress["left"], progress["trouble"]) == ("discard", 2, 0, "")
    assert "2 of 2 discarded" in Found((await person.page("/dead"))[1]).text
    assert [one["event"] for one in await numbers(person)] == ["d00001", "d00000"]
    assert await state_of(person, "d00003") == [("discarded", "<b>sold</b>")]
    _, html = await person.page("/events/d00002")
    assert "<b>sold</b>" in Found(html).text
    _, found = await person.api("GET", "/events?state=discarded")
    assert [one["id"] for one in found["events"]] == ["d00003", "d00002"]
    assert (await person.api("POST", "/events/d00002/replay"))[0] == 200
    assert [post.message for post in await person.gateway.posts(1)] == ["letter 2"]
    assert (await state_of(person, "d00002"))[0] == ("replayed", "<b>sold</b>")


async def test_a_group_and_everything_are_discarded_in_batches(items, tmp_path, monkeypatch):
    """However many there are, also those whose destination is gone; what was discarded is counted by its cause."""
    monkeypatch.setattr("gateway.console.progress.BATCH", 10)
    monkeypatch.setattr("gateway.console.progress.READ", 7)
    await keep(
        tmp_path / "test.db", *letters(25), *letters(2, 25, why="too large"), *letters(3, 27, destination="former")
    )
    person = await items()
    group = ("what", "group"), ("destination", "ops"), ("reason", LOST)
    status, _, asked = await person.press("/dead/discard", *group, ("because", "sold"))
    assert (status, "Discard 25 dead deliveries" in asked) == (200, True)
    assert (await person.press("/dead/discard", *group, ("because", "sold"), ("sure", "true")))[0] == 200
    assert (await ended(person))["done"] == 25
    assert {one["event"] for one in await numbers(person)} == {f"d{number:05}" for number in range(25, 30)}
    wish = {"destination": "former", "because": "gone"}
    assert (await person.api("POST", "/dead/discard", wish))[0] == 202
    assert (await ended(person))["done"] == 3
    assert (await person.api("POST", "/dead/discard", {"everything": True, "because": "gone"}))[0] == 202
    assert (await ended(person))["done"] == 2
    assert (await person.api("GET", "/dead"))[1]["groups"] == []
    (family,) = person.gateway.running._running.samples("mattergate_dead_discarded_total")
    counted = {
        (one.labels["destination"], one.labels["cause"]): one.value
        for one in family.samples
        if one.name.endswith("_total")
    }
    assert counted == {
        ("ops", "age"): 0, ("ops", "size"): 0, ("ops", "person"): 27, ("former", "person"): 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wish",
    [
        {"everything": True},
        {"everything": True, "because": ""},
        {"everything": True, "because": "  "},
        {"everything": True, "because": "x" * 301},
        {"because": "sold"},
        {"destination": "ops", "everything": True, "because": "sold"},
        {"everything": True, "because": "sold", "becuase": "sold"},
    ],
)
async def test_nothing_is_discarded_without_a_reason_and_a_choice(items, tmp_path, wish):
    """Over the API and by a form: a 400, and nothing starts."""
    await keep(tmp_path / "test.db", *letters(1))
    person = await items()
    assert (await person.api("POST", "/dead/discard", wish))[0] == 400
    fields = [("what", "everything"), ("because", wish.get("because", ""))]
    if not wish.get("because", "").strip() or len(wish["because"]) > 300:
        assert (await person.press("/dead/discard", *fields))[0] == 400
    assert (await person.api("GET", "/dead"))[1]["progress"] is None
    assert len(await numbers(person)) == 1


async def test_what_has_no_destination_can_be_discarded_by_hand(items, tmp_path):
    """Its page offers that, and nothing else."""
    await keep(tmp_path / "test.db", *letters(1, destination="former"))
    person = await items()
    _, html = await person.page("/dead/deliveries?destination=former")
    assert "Discard the chosen" in html
    assert "Replay" not in html.replace("replay it with", "")
