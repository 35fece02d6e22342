"""The overview: its facts, its page, and how both follow what happens."""

import asyncio
import html
import re
import time

import pytest

from gateway.errors import JournalError
from gateway.model import Attempt, AttemptResult, DeliveryState, Outcome
from tests.conftest import PATIENCE
from tests.console.person import keep
from tests.cost import pace


async def facts(browser) -> dict:
    """The overview as the API gives it."""
    answer = await browser.get("/api/v1/overview")
    assert answer.status == 200, answer.text
    return answer.json()


async def until(browser, holds) -> dict:
    """The overview, once something holds of it."""
    async with asyncio.timeout(PATIENCE):
        while not holds(found := await facts(browser)):
            await asyncio.sleep(0.05)
    return found


async def test_a_fresh_gateway_has_nothing_to_show_but_what_is_configured(console):
    """Every route and destination is there, with zeros; the last hour is an hour of zeros."""
    browser = await console()
    found = await facts(browser)
    assert [(one["name"], one["service"]) for one in found["routes"]] == [
        ("github", "github"),
        ("alerts", "alertmanager"),
    ]
    for one in found["routes"]:
        assert one["outcomes"] == {"message": 0, "ignored": 0, "refused": 0, "broken": 0}
        assert (one["last"], one["last_outcome"]) == (0, "")
    [ops] = found["destinations"]
    assert (ops["name"], ops["state"], ops["why"], ops["waiting"], ops["dead"]) == ("ops", "healthy", "", 0, 0)
    assert len(found["past"]["received"]) * found["past"]["step"] == 3600
    assert found["kept"] == {"events": 0, "size": 0, "oldest": 0, "dead_events": 0, "dead_size": 0}
    assert "of them dead" not in (await browser.get("/")).text
    assert found["trouble"] == ""


async def test_requests_and_deliveries_are_counted(console):
    """Outcomes by route with the newest event, deliveries by destination, and the totals of both."""
    browser = await console()
    before = time.time()
    for number in range(3):
        await browser.gateway.github("push", {"ref": "x", "n": number}, f"d{number}")
    await browser.gateway.github("push", {"ref": "x", "n": 0}, "d0")
    await browser.gateway.github("push", {"ref": "x"}, "d9", secret="a wrong secret")
    found = await until(browser, lambda found: found["destinations"][0]["delivered"] == 3)
    github = found["routes"][0]
    assert github["outcomes"] == {"message": 3, "ignored": 0, "refused": 1, "broken": 0}
    assert github["duplicates"] == 1
    assert github["last_outcome"] == "message"
    assert before <= github["last"] <= time.time()
    assert (found["totals"]["received"], found["totals"]["delivered"]) == (3, 3)
    assert before - 60 < found["started"] <= before
    page = await browser.get("/")
    assert re.search(
        'data-title="Refused" class="number"><a href="/events.route=github&amp;outcome=refused">1<', page.text
    )
    for link in re.findall('href="(/events[?][^"]+)"', page.text):
        assert (await browser.get(html.unescape(link))).status == 200


async def test_counts_and_curve_survive_a_restart(items, tmp_path):
    """They are those of the journal: by outcome and route, and by destination."""
    arrived = Attempt(time.time() - 600, AttemptResult.DELIVERED, 200, "2xx")
    stored = {"payload": b"{}", "state": DeliveryState.DELIVERED, "attempt": arrived}
    await keep(
        tmp_path / "test.db", ("d1", stored), ("d2", {**stored, "outcome": Outcome.BROKEN}), ("d3", {"payload": b"{}"})
    )
    person = await items()
    found = await until(person._browser, lambda found: found["totals"]["received"])
    [route] = [one for one in found["routes"] if one["name"] == "items"]
    assert route["outcomes"] == {"message": 2, "ignored": 0, "refused": 0, "broken": 1}
    assert (found["totals"]["received"], found["totals"]["delivered"]) == (3, 2)
    assert found["destinations"][0]["delivered"] == 2
    assert sum(found["past"]["delivered"]) == 2
    assert found["counted_from"] < time.time() - 3500


@pytest.mark.parametrize(("status", "state"), [(503, "held"), (400, "failing")])
async def test_a_destination_in_trouble_is_shown_with_the_reason(console, status, state):
    """Its state and why, how many wait and for how long: on the page and in the API."""
    browser = await console()
    browser.gateway.standin.fail_next(1000, status)
    for number in range(8):
        await browser.gateway.github("push", {"ref": "x", "repository": {"full_name": f"a/{number}"}}, f"d{number}")
    found = await until(browser, lambda found: found["destinations"][0]["state"] == state)
    [ops] = found["destinations"]
    assert f"{status}: " in ops["why"]
    assert ops["waiting"] == found["totals"]["waiting"] == 8
    assert ops["oldest"] == found["totals"]["oldest"] > 0
    page = await browser.get("/")
    assert f'<span class="badge danger">{state}</span>' in page.text
    assert f"{status}: " in page.text


async def test_what_a_destination_says_is_shown_as_text(console):
    """The reason quotes a server's answer: markup in it stays text, also in what is sent live."""
    browser = await console()
    browser.gateway.standin.fail_next(100, 400, body='{"message": "<script>alert(1)</script>", "id": "x"}')
    for number in range(8):
        await browser.gateway.github("push", {"ref": "x", "repository": {"full_name": f"a/{number}"}}, f"d{number}")
    await until(browser, lambda found: found["destinations"][0]["why"])
    assert "<script>alert" not in (await browser.get("/")).text


async def test_every_link_of_the_page_leads_somewhere(console):
    """The top bar, the routes, what is dead or broken, and the files of the page are all there."""
    browser = await console()
    browser.gateway.standin.fail_next(100, 413)
    await browser.gateway.github("push", {"ref": "x"}, "d1")
    await until(browser, lambda found: found["destinations"][0]["dead"] == 1)
    page = await browser.get("/")
    links = set(re.findall(r'(?:href|src)="([^"#]+)"', page.text))
    assert {"/", "/events?route=github", "/dead"} <= links
    for link in links:
        assert (await browser.get(html.unescape(link))).status == 200, link


async def test_the_share_of_dead_letters_is_shown(items, tmp_path):
    """How much of the journal waits for a decision."""
    await keep(tmp_path / "test.db", *((one, {"payload": b"{}"}) for one in ("d1", "d2")))
    person = await items()
    _, found = await person.api("GET", "/overview")
    kept = found["kept"]
    assert (kept["events"], kept["dead_events"]) == (2, 2)
    assert kept["dead_size"] == kept["size"] > 0
    assert "of them dead" in (await person.page("/"))[1]


class Broken:
    """A journal that cannot be read."""

    async def holdings(self):
        """Fail as a journal does."""
        raise JournalError("the disk is gone")


async def test_a_journal_that_cannot_be_read_is_told_on_the_page(console, monkeypatch):
    """Just then the overview is needed: it shows everything else and says what is wrong."""
    browser = await console()
    monkeypatch.setattr("gateway.journal.sqlite.journal.SqliteJournal.holdings", Broken.holdings)
    page = await browser.get("/")
    assert page.status == 200
    assert "the disk is gone" in page.text
    assert "github" in page.text


async def test_the_plot_has_a_title_and_a_table(console):
    """Who cannot see the curves has the same numbers as text."""
    browser = await console()
    page = await browser.get("/")
    assert 'role="img"' in page.text
    assert "<title id=" in page.text
    assert page.text.count('data-title="Received / s"') == 12


async def test_the_page_is_cheap(console):
    """Rendering stays far below what anybody notices; the bound is generous for slow machines."""
    browser = await console()
    await browser.get("/")
    started = time.process_time()
    for _ in range(20):
        await browser.get("/")
    assert (time.process_time() - started) / 20 / pace() < 0.05
