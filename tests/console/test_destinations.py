"""Destinations over the API: how they stand, pause and resume, and a test message."""

import asyncio

import pytest

from gateway.console.destinations import entry_of_test
from gateway.mattermost.payload import decode
from tests.acts.conftest import world  # noqa: F401 - a fixture
from tests.conftest import PATIENCE, eventually
from tests.console.conftest import GUARDED, READ_TOKEN, TOKEN, Browser


async def stands(browser, state: str) -> dict:
    """The destination `ops` over the API, once it is in a state."""
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await browser.get("/api/v1/destinations/ops")
            assert answer.status == 200, answer.text
            if answer.json()["standing"]["state"] == state:
                return answer.json()
            await asyncio.sleep(0.02)


async def push(browser, number: int) -> str:
    """Send one event with a message; its id."""
    body = {"ref": "x", "repository": {"full_name": "a/b"}, "n": number}
    status, answer = await browser.gateway.github("push", body, f"d{number}")
    assert status == 202
    return answer["id"]


async def test_every_destination_is_listed_with_how_it_stands(console):
    """Its state, why, since when and what happens next; what waits and what is dead."""
    browser = await console()
    answer = await browser.get("/api/v1/destinations")
    [ops] = answer.json()["destinations"]
    assert (ops["name"], ops["state"], ops["why"], ops["since"], ops["next"]) == ("ops", "healthy", "", 0, "")
    browser.gateway.standin.fail_next(1000, 503)
    await push(browser, 1)
    found = await stands(browser, "held")
    assert found["standing"]["why"].startswith("2 failures in a row") or "503" in found["standing"]["why"]
    assert "asked every second" in found["standing"]["next"]
    assert found["standing"]["since"] > 0
    [row] = found["waiting"]
    assert (row["route"], row["name"]) == ("github", "push")


async def test_an_unknown_one_is_told(console):
    """With those that there are."""
    browser = await console()
    await browser.get("/")
    for method, path in (("GET", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/test")):
        body = {"because": "x"} if path == "/pause" else {}
        answer = await browser.call(f"/destinations/nowhere{path}", body if method == "POST" else None, method)
        assert (answer.status, answer.json()["detail"]) == (
            404,
            "the settings have no destination nowhere: they have ops",
        )


async def test_a_paused_destination_takes_everything_and_delivers_nothing(console):
    """At once, with who and why wherever it is shown; what waited is delivered in order when it is resumed."""
    browser = await console()
    await browser.get("/")
    answer = await browser.call("/destinations/ops/pause", {"because": " it moves ", "by": "ada"})
    assert (answer.status, answer.json()["state"], answer.json()["why"]) == (200, "paused", "by ada: it moves")
    ids = [await push(browser, number) for number in range(3)]
    assert (await browser.get("/api/v1/overview")).json()["destinations"][0]["state"] == "paused"
    assert "paused" in (await browser.get("/readyz")).text
    page = (await browser.get("/")).text
    assert "by ada: it moves" in page
    [one] = (await browser.get(f"/api/v1/events/{ids[1]}")).json()["deliveries"]
    assert (one["wait"]["state"], one["wait"]["ahead"], one["wait"]["behind_event"]) == ("paused", 1, ids[0])
    assert "ops is paused: by ada: it moves" in one["wait"]["words"]
    assert not browser.gateway.standin.posts
    answer = await browser.call("/destinations/ops/resume", {})
    assert (answer.status, answer.json()["state"]) == (200, "healthy")
    assert len(await browser.gateway.posts(3)) == 3
    answer = await browser.call("/destinations/ops/resume", {})
    assert (answer.status, answer.json()["detail"]) == (409, "ops is not paused: it is healthy")


async def test_a_pause_needs_a_reason(console):
    """A blank one is none."""
    browser = await console()
    await browser.get("/")
    for body in ({}, {"because": ""}, {"because": "  "}, {"because": "x" * 301}, {"because": "x", "bi": "ada"}):
        assert (await browser.call("/destinations/ops/pause", body)).status == 400
    assert (await browser.get("/api/v1/destinations/ops")).json()["standing"]["state"] == "healthy"


async def test_a_pause_outlives_the_gateway(console):
    """The next one knows it from the start."""
    browser = await console()
    await browser.get("/")
    await browser.call("/destinations/ops/pause", {"because": "it moves"})
    await push(browser, 1)
    await browser.gateway.stop()
    browser = await console()
    found = (await browser.get("/api/v1/destinations/ops")).json()
    assert (found["standing"]["state"], found["standing"]["waiting"]) == ("paused", 1)
    await browser.get("/")
    await browser.call("/destinations/ops/resume", {})
    await browser.gateway.posts(1)


async def test_a_destination_that_refused_everything_is_failing_also_after_a_restart(console):
    """Every message was dead: that is no healthy destination, until one passes."""
    browser = await console()
    browser.gateway.standin.fail_next(29, 413)
    for number in range(29):
        await push(browser, number)
    await eventually(lambda: not browser.gateway.standin.posts)
    found = await stands(browser, "failing")
    assert found["standing"]["why"].startswith("413: ")

    async def all_dead() -> bool:
        return (await browser.get("/api/v1/destinations/ops")).json()["standing"]["dead"] == 29

    await eventually(all_dead)
    await browser.gateway.stop()
    browser = await console()
    found = (await browser.get("/api/v1/destinations/ops")).json()["standing"]
    assert (found["state"], found["dead"]) == ("failing", 29)
    assert "the first that passes ends this" in found["next"]
    await push(browser, 100)
    await stands(browser, "healthy")


async def test_a_test_message_goes_the_real_way(console):
    """It is an event of its own kind that names who sent it, and the answer says that it arrived."""
    browser = await console()
    await browser.get("/")
    answer = await browser.call("/destinations/ops/test", {"by": "ada @channel `x`"})
    found = answer.json()
    assert (answer.status, found["state"], found["words"]) == (200, "delivered", "it arrived")
    [post] = browser.gateway.standin.posts
    assert post.message.startswith("Test message from mattergate, sent by `` ada @\u200bchannel `x` `` at ")
    event = (await browser.get(f"/api/v1/events/{found['event']}")).json()
    assert (event["event"]["service"], event["event"]["name"], event["event"]["route"]) == (
        "mattergate",
        "test",
        "@test",
    )
    assert event["event"]["reason"] == "a test message to ops, by ada @channel `x`"
    page = await browser.get(f"/events/{found['event']}")
    assert page.status == 200
    assert "/catalog/mattergate" not in page.text
    assert (await browser.get("/events")).status == 200


@pytest.mark.parametrize(
    ("status", "words"),
    [(413, "it was given up: 413: too large"), (400, "it was refused or not answered: 400: "), (503, "503: ")],
)
async def test_what_came_of_a_test_message_is_said(console, status, words):
    """Also what a destination answers that does not take it; the message waits as any other."""
    browser = await console()
    browser.gateway.standin.fail_next(1000, status)
    await browser.get("/")
    found = (await browser.call("/destinations/ops/test", {})).json()
    assert words in found["words"]
    assert found["state"] == ("dead" if status == 413 else "pending")


async def test_a_test_message_to_a_paused_destination_waits(console):
    """The answer says so at once, and by whom it was paused."""
    browser = await console()
    await browser.get("/")
    await browser.call("/destinations/ops/pause", {"because": "it moves", "by": "ada"})
    found = (await browser.call("/destinations/ops/test", {})).json()
    assert found["state"] == "pending"
    assert found["words"].startswith("ops is paused: by ada: it moves; messages are accepted and wait")


async def test_pass_through_hooks_have_no_place_for_a_test_message(console):
    """Each URL names one; but they can be paused together."""
    browser = await console(tables='[passthrough]\nserver = "{mattermost}"\n')
    await browser.get("/")
    answer = await browser.call("/destinations/passthrough/test", {})
    assert (answer.status, answer.json()["title"]) == (409, "No place of its own")
    assert (await browser.call("/destinations/passthrough/pause", {"because": "x"})).status == 200


async def test_only_administrators_change(console):
    """A reader sees how it stands, and changes nothing."""
    browser = await console(tables=GUARDED)
    reader, admin = {"Authorization": f"Bearer {READ_TOKEN}"}, {"Authorization": f"Bearer {TOKEN}"}
    assert (await browser.get("/api/v1/destinations", **reader)).status == 200
    for path, body in (("pause", {"because": "x"}), ("resume", {}), ("test", {})):
        assert (await browser.ask("POST", f"/api/v1/destinations/ops/{path}", json=body, **reader)).status == 403
    answer = await browser.ask("POST", "/api/v1/destinations/ops/pause", json={"because": "x"}, **admin)
    assert answer.status == 200


def test_a_test_message_names_the_channel_of_its_destination():
    """As any other message to it; nobody named sends one, too."""
    [parcel] = entry_of_test("ops", "", 1.8e9, "town-square").parcels
    assert b'"channel":"town-square"' in parcel.payload
    assert b"Test message from mattergate, sent at 2027-01-15 08:00:00 UTC." in parcel.payload
    assert (parcel.destination, parcel.lane) == ("ops", "ops @test")


def test_words_of_a_person_are_one_visible_line():
    """Whoever calls the API may write anything; it stays in its code span, and no terminal obeys it."""
    made = entry_of_test("ops", "a`\u2424\u2424@all\x1b[31m\u202e\nb", 0.0, None)
    assert made.event.reason == "a test message to ops, by a` @all [31m b"
    assert "sent by ``a` @\u200ball [31m b`` at" in decode(made.parcels[0].payload).text


async def test_the_reason_of_a_pause_is_one_visible_line(console):
    """It is shown wherever the destination is, in terminals and logs as well."""
    browser = await console()
    await browser.get("/")
    answer = await browser.call("/destinations/ops/pause", {"because": "a\x1b[31m\nb", "by": "\u202ec"})
    assert answer.json()["why"] == "by c: a [31m b"
    assert (await browser.call("/destinations/ops/pause", {"because": "\u202e"})).status == 400


async def test_bots_and_outside_services_say_what_they_are(world, session):  # noqa: F811
    """With how a bot listens; neither has a place for a test message."""
    made = await world(table='bot = "helper"')
    browser = Browser(made, session)

    async def connected() -> bool:
        answer = await browser.get("/api/v1/destinations/bots.helper")
        return bool((answer.json()["standing"]["bot"] or {}).get("connected_since"))

    await eventually(connected)
    found = {one["name"]: one for one in (await browser.get("/api/v1/destinations")).json()["destinations"]}
    assert found["callbacks.pager"]["what"] == "outside service pager"
    assert found["bots.helper"]["what"].startswith("bot at http://127.0.0.1:")
    assert (found["rest"]["what"], found["rest"]["bot"]) == ("", None)
    page = (await browser.get("/destinations/bots.helper")).text
    assert "connected since" in page
    assert "Send a test message" not in page
    assert "outside service pager" in (await browser.get("/")).text
    for name in ("bots.helper", "callbacks.pager"):
        answer = await browser.call(f"/destinations/{name}/test", {})
        assert (answer.status, "has no channel of its own" in answer.json()["detail"]) == (409, True)
