"""Refusals are all counted, and logged once for each kind and interval."""

import pytest

from gateway.errors import Refused
from gateway.ingress import refusals
from gateway.ingress.refusals import KINDS, OTHERS, Refusals, cause_of
from gateway.observe.metrics import CAUSES, Metrics
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
        told.note(WRONG, "192.0.2.1", "github")
    assert lines == [
        {"route": "github", "cause": "not_authentic", "peer": "192.0.2.1", "status": 401, "why": WRONG.title}
    ]
    await eventually(lambda: len(lines) == 2)
    assert lines[1] == {"route": "github", "cause": "not_authentic", "peer": "192.0.2.1", "repeated": 999}
    await eventually(lambda: not told._repeats)
    told.note(WRONG, "192.0.2.1", "github")
    assert "status" in lines[2]
    assert metrics.registry.get_sample_value("mattergate_refusals_total", {"cause": "not_authentic"}) == 1001


async def test_many_peers_are_a_bounded_number_of_lines(lines):
    """Beyond it, those of one cause are told together, and nothing grows."""
    told = Refusals(Metrics())
    for number in range(KINDS * 10):
        told.note(WRONG, f"peer {number}", "github")
    assert len(lines) == KINDS + 1
    assert lines[-1]["peer"] == OTHERS
    assert "route" not in lines[-1]
    assert len(told._repeats) == KINDS + 1
