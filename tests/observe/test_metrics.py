"""The series of a gateway: which are there from the start, which go, and that their names follow Prometheus."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.model import DestinationState, DiscardCause, Outcome
from gateway.observe.metrics import CAUSES, CODES, NO_TRANSLATOR, RESULTS, TRANSLATIONS, Metrics


def series(metrics: Metrics) -> dict[tuple[str, frozenset], float]:
    """Every series as Prometheus reads it, but for when they were created and the buckets of histograms."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket"))
    }


def of(metrics: Metrics, **label: str) -> set[str]:
    """The names of the series that have a label."""
    return {name for name, labels in series(metrics) if label.items() <= dict(labels).items()}


@pytest.fixture
def metrics():
    """Give the metrics of a gateway with two routes and two destinations."""
    made = Metrics()
    for route, destination in (("a", "ops"), ("b", "dev")):
        made.expect_route(route, "items")
        made.expect_destination(destination)
    return made


def test_names_follow_the_conventions(metrics):
    """Counters end in _total, times in _seconds; each has a help that is a sentence, and a name of ours."""
    for family in metrics.registry.collect():
        assert re.fullmatch(r"mattergate_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
        if family.type == "histogram":
            assert family.name.endswith("_seconds")
        for sample in family.samples:
            assert family.type != "counter" or sample.name.endswith(("_total", "_created"))


def test_a_route_starts_at_zero(metrics):
    """Each outcome before it happens, and what counts bytes, repeats and time."""
    found = series(metrics)
    for outcome in Outcome:
        labels = frozenset({"route": "a", "service": "items", "outcome": outcome.value}.items())
        assert found["mattergate_requests_total", labels] == 0
    assert of(metrics, route="a") == {
        f"mattergate_{name}_total" for name in ("requests", "unstored", "request_bytes", "duplicates")
    }


def test_a_bot_starts_at_zero(metrics):
    """It is away until it says otherwise."""
    metrics.expect_bot("ask")
    found = {(name, dict(labels).get("outcome")): value for (name, labels), value in series(metrics).items()
             if dict(labels).get("bot") == "ask"}  # fmt: skip
    assert found == dict.fromkeys(
        [("mattergate_bot_connected", None), ("mattergate_bot_reconnects_total", None),
         ("mattergate_bot_gaps_total", None),
         ("mattergate_bot_events_total", "heard"), ("mattergate_bot_events_total", "ignored")], 0
    )  # fmt: skip
    metrics.forget(bot="ask")
    assert of(metrics, bot="ask") == set()


def test_refusals_start_at_zero(metrics):
    """Every cause of the closed set, before it happens."""
    found = {dict(labels)["cause"]: value for (name, labels), value in series(metrics).items()
             if name == "mattergate_refusals_total"}  # fmt: skip
    assert found == dict.fromkeys(CAUSES, 0)


def test_a_destination_starts_at_zero_and_healthy(metrics):
    """Each result and class of answer before it happens."""
    found = series(metrics)
    for result in RESULTS:
        assert found["mattergate_deliveries_total", frozenset({"destination": "ops", "result": result}.items())] == 0
    for code in CODES:
        labels = frozenset({"destination": "ops", "code": code}.items())
        assert found["mattergate_delivery_attempts_total", labels] == 0
    for cause in DiscardCause:
        labels = frozenset({"destination": "ops", "cause": cause.value}.items())
        assert found["mattergate_dead_discarded_total", labels] == 0
    ops = frozenset({"destination": "ops"}.items())
    for state in DestinationState:
        labels = frozenset({"destination": "ops", "state": state.value}.items())
        assert found["mattergate_destination_state", labels] == (state == "healthy")
    names = ("queue_depth", "queue_oldest_seconds", "dead", "destination_degraded")
    assert [found[f"mattergate_{name}", ops] for name in names] == [0] * len(names)


def test_translators_start_at_zero_with_the_generic_one(metrics):
    """And nobody, for what was ignored before anybody was asked; these two have no schema to miss."""
    metrics.expect_translators("items", ["items/item"])
    found = {(dict(labels)["translator"], dict(labels)["outcome"]) for name, labels in series(metrics)
             if name == "mattergate_translations_total"}  # fmt: skip
    assert found == {(one, outcome) for one in ("items/item", "generic", NO_TRANSLATOR) for outcome in TRANSLATIONS}
    assert {dict(labels)["translator"] for name, labels in series(metrics) if "mismatch" in name} == {"items/item"}


def test_what_is_expected_again_goes_on(metrics):
    """A reload names what stays as well: counters keep what they counted."""
    metrics.requests.labels("a", "items", "message").inc(3)
    before = series(metrics)
    metrics.expect_route("a", "items")
    assert series(metrics) == before


@pytest.mark.parametrize("label", [{"route": "a"}, {"destination": "ops"}])
def test_what_is_gone_has_no_series(metrics, label):
    """Every series with its label ends, whatever else it is labelled with; all others stay."""
    metrics.delivery_attempts.labels("ops", "2xx").inc()
    before = series(metrics)
    metrics.forget(**label)
    assert of(metrics, **label) == set()
    assert series(metrics) == {key: value for key, value in before.items() if not label.items() <= dict(key[1]).items()}
    metrics.forget(**label)


@given(st.lists(st.tuples(st.sampled_from(["expect", "forget"]), st.text(max_size=8)), max_size=12))
def test_series_come_and_go_with_any_names(steps):
    """Whatever routes are called, what is there is what was expected last, and it can be read."""
    metrics, known = Metrics(), set()
    for step, name in steps:
        if step == "expect":
            metrics.expect_route(name, "items")
            known.add(name)
        else:
            metrics.forget(route=name)
            known.discard(name)
    names = {dict(labels)["route"] for name, labels in series(metrics) if name == "mattergate_duplicates_total"}
    assert names == {name.encode("utf-8", "replace").decode() for name in known}
