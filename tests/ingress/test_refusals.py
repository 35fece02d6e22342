"""Refusals are all counted, and logged once for each kind and interval."""

import asyncio

import pytest

from gateway.errors import Refused
from gateway.ingress import refusals
from gateway.ingress.refusals import CLUES, KINDS, OTHERS, Knock, Refusals, cause_of
from gateway.observe.metrics import CAUSES, Metrics
from gateway.secret import Secret
from tests.conftest import eventually

WRONG = Refused(401, "The request is not authentic")


@pytest.fixture
def lines(monkeypatch):
    """The lines that were logged."""
    found = []
    monkeypatch.setattr(refusals._log, "info", lambda event, **values: found.append(values), raising=False)
    return found


@pytest.mark.parametrize("status", [400, 401, 404, 405, 408, 413, 414, 415, 418, 422, 429, 431, 503])
def test_every_status_has_a_cause_of_the_closed_set(status):
    """A refusal may name a closer one."""
    assert cause_of(Refused(status, "x")) in CAUSES
    assert cause_of(Refused(status, "x", cause="memory")) == "memory"


async def test_a_flood_is_two_lines(lines, monkeypatch):
    """The first one at once, the number of the others when the interval ends; then it begins anew."""
    monkeypatch.setattr(refusals, "INTERVAL", 0.05)
    metrics = Metrics()
    told = Refusals(metrics)
    for _ in range(1000):
        told.note(WRONG, Knock("192.0.2.1", "github"))
    assert lines == [
        {"route": "github", "cause": "wrong_secret", "peer": "192.0.2.1", "status": 401, "why": WRONG.title}
    ]
    await eventually(lambda: len(lines) == 2)
    assert lines[1] == {"route": "github", "cause": "wrong_secret", "peer": "192.0.2.1", "repeated": 999}
    await eventually(lambda: not told._repeats)
    told.note(WRONG, Knock("192.0.2.1", "github"))
    assert "status" in lines[2]
    assert metrics.registry.get_sample_value("mattergate_refusals_total", {"cause": "wrong_secret"}) == 1001


async def test_many_peers_are_a_bounded_number_of_lines(lines):
    """Beyond it, those of one cause are told together, and nothing grows."""
    told = Refusals(Metrics())
    for number in range(KINDS * 10):
        told.note(WRONG, Knock(f"peer {number}", "github"))
    assert len(lines) == KINDS + 1
    assert lines[-1]["peer"] == OTHERS
    assert "route" not in lines[-1]
    assert len(told._repeats) == KINDS + 1


class Shelf:
    """A recorder that keeps what it is given."""

    def __init__(self) -> None:
        self.kept = []

    def add(self, refusal) -> None:
        """Keep one."""
        self.kept.append(refusal)


async def test_each_is_recorded_with_the_words_of_its_sender(lines):
    """Bounded, readable, and without a secret; the operator gets the why, not what the sender was told."""
    shelf = Shelf()
    hidden = Secret("a secret of ours")
    agent = "curl/8\x1b[31m\x00 \udcff a secret of ours " + "x" * 1000
    refused = Refused(413, "Content Too Large", "at most 9 bytes", why="it has 10 bytes", hint="raise body_limit")
    Refusals(Metrics(), shelf, clock=lambda: 12.5).note(
        refused, Knock("192.0.2.1", "r", "s", "POST", agent, "text/plain", 10)
    )
    (kept,) = shelf.kept
    assert (kept.received, kept.route, kept.service, kept.cause, kept.status) == (12.5, "r", "s", "too_large", 413)
    assert (kept.reason, kept.hint, kept.size, kept.content_type) == (
        "it has 10 bytes", "raise body_limit", 10, "text/plain",
    )  # fmt: skip
    assert kept.agent.startswith("curl/8 [31m    <secret> xxx")
    assert len(kept.agent) == 200
    assert lines[0]["why"] == "it has 10 bytes"
    assert lines[0]["hint"] == "raise body_limit"
    del hidden


async def test_a_size_that_is_only_claimed_can_be_stored(lines):
    """A Content-Length of 2**63 is more than a column holds: no refused request beside it would be stored."""
    shelf = Shelf()
    Refusals(Metrics(), shelf).note(Refused(413, "Content Too Large"), Knock("192.0.2.1", "r", size=2**64 - 1))
    assert shelf.kept[0].size == 2**53 - 1


async def test_a_hint_that_takes_work_is_looked_for_seldom(lines, monkeypatch):
    """The first few of a second have one; those beyond are recorded without, at once."""
    shelf = Shelf()
    told = Refusals(Metrics(), shelf)
    looked = []

    async def look() -> str:
        looked.append(1)
        await asyncio.sleep(0)
        return "turn it off and on"

    for _ in range(CLUES + 3):
        refused = Refused(401, "The request is not authentic", cause="unsigned")
        refused.clue = look
        told.note(refused, Knock("192.0.2.1", "github"))
    assert [one.hint for one in shelf.kept] == [""] * 3
    await told.settle()
    assert sorted(one.hint for one in shelf.kept) == [""] * 3 + ["turn it off and on"] * CLUES
    assert len(looked) == CLUES
    told._look_again()
    refused.clue = broken
    told.note(refused, Knock("192.0.2.1", "github"))
    await told.settle()
    assert shelf.kept[-1].hint == ""
    assert len({one.id for one in shelf.kept}) == CLUES + 4


async def broken() -> str:
    """A hint that cannot be found."""
    raise ZeroDivisionError
