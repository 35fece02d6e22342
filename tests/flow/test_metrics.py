"""The metrics of a running gateway: at 0 from the start, right after traffic, and closed to what payloads say."""

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import BREAKS

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-metrics")]

LABELS = {
    "requests_total": {"route", "service", "outcome"},
    "unstored_total": {"route"},
    "request_bytes_total": {"route"},
    "accept_seconds": set(),
    "translate_seconds": {"service"},
    "translations_total": {"service", "translator", "outcome"},
    "schema_mismatch_total": {"service", "translator"},
    "empty_messages_total": {"service", "translator"},
    "deliveries_total": {"destination", "result"},
    "delivery_attempts_total": {"destination", "code"},
    "delivery_seconds": {"destination"},
    "queue_depth": {"destination"},
    "queue_oldest_seconds": {"destination"},
    "dead": {"destination"},
    "duplicates_total": {"route"},
    "journal_commit_seconds": set(),
    "catalog_reload_ok": set(),
    "settings_reload_ok": set(),
    "build_info": {"version"},
}
"""Name without `mattergate_` -> labels; `le` of histograms left out."""

SILENT = """
title: Nothing to say
events: [silent]
ignore: kind == 'silent'
message: {text: never}
"""
EMPTY = """
title: Nothing comes of it
events: [empty]
message: {text: "{{ words }}"}
"""
HOSTILE = [
    'a"} 1',
    "a\\",
    "new\nline",
    "ü" * 300,
    "../../etc",
    "{{ 7 * 7 }}",
    "item\x00",
    *(f"name{n}" for n in range(30)),
]


@pytest.fixture
async def started(items):
    """Give the gateway, running, with translators that are silent and that fail."""
    items.document("items/silent.yaml", SILENT)
    items.document("items/breaks.yaml", BREAKS)
    items.document("items/empty.yaml", EMPTY)
    await items.start()
    return items


def _named(series, name: str):
    """The series of one metric: labels (without `le`) of each; a histogram is represented by its count."""
    return {labels for found, labels in series if found in (f"mattergate_{name}", f"mattergate_{name}_count")}


async def test_every_metric_is_there_with_its_labels(started):
    """Before any traffic, each metric has a series, with exactly the labels that belong to it."""
    series = await started.series()
    for name, labels in LABELS.items():
        found = _named(series, name)
        assert found, f"no series of {name}"
        assert {frozenset(dict(one)) for one in found} == {frozenset(labels)}, name


async def test_all_that_is_configured_starts_at_zero(started):
    """Every outcome of the route, result of the destination and translator of the catalog is 0 before it happens."""
    for outcome in ("message", "ignored", "refused", "broken"):
        assert await started.value("requests_total", route="items", service="items", outcome=outcome) == 0
    for result in ("delivered", "later", "never"):
        assert await started.value("deliveries_total", destination="ops", result=result) == 0
    for code in ("2xx", "3xx", "4xx", "429", "5xx", "network", "timeout", "tls"):
        assert await started.value("delivery_attempts_total", destination="ops", code=code) == 0
    for name in ("items/item", "items/silent", "items/breaks"):
        for outcome in ("message", "ignored", "broken"):
            value = await started.value("translations_total", service="items", translator=name, outcome=outcome)
            assert value == 0, (name, outcome)
        assert await started.value("schema_mismatch_total", service="items", translator=name) == 0
        assert await started.value("empty_messages_total", service="items", translator=name) == 0
    for name in ("queue_depth", "queue_oldest_seconds", "dead", "delivery_seconds_count"):
        assert await started.value(name, destination="ops") == 0
    for name in ("unstored_total", "request_bytes_total", "duplicates_total"):
        assert await started.value(name, route="items") == 0
    for name in ("catalog_reload_ok", "settings_reload_ok"):
        assert await started.value(name) == 1


async def _traffic(service) -> int:
    """One request of every outcome, and one delivery of every result; the bytes that were sent."""
    secret = service.secret
    bodies = [
        b'{"kind": "item", "id": "1", "box": "a", "number": 1}',
        b'{"kind": "item", "id": "1", "box": "a", "number": 1}',
        b'{"kind": "silent", "id": "2"}',
        b'{"kind": "breaks", "id": "3", "zero": 0}',
        b'{"kind": "item", "id": "4", "box": 7}',
        b'{"kind": "unheard of", "id": "5"}',
        b'{"kind": "empty", "id": "6"}',
    ]
    answers = [(await service.post("/in/items", body, {"X-Token": secret}))[:2] for body in bodies]
    assert [answer["outcome"] for _, answer in answers] == [
        "message", "duplicate", "ignored", "broken", "message", "message", "message",
    ]  # fmt: skip
    assert (await service.post("/in/items", bodies[0], {"X-Token": "wrong"}))[0] == 401
    await service.until(lambda: len(service.mattermost.posts) == 5)
    service.mattermost.fail_next(1, 413)
    await service.item("dead", 1)
    await service.until(lambda: service.mattermost.stats["failed"] == 1)
    service.mattermost.fail_next(1, 500)
    await service.item("late", 1)
    await service.until(lambda: "late 1" in service.mattermost.texts)
    return sum(map(len, bodies)) + len(bodies[0])


async def test_traffic_is_counted_where_it_belongs(started):
    """Each outcome, result and class of answer counts once, under its own labels."""
    await _traffic(started)

    async def settled() -> bool:
        return await started.value("queue_depth", destination="ops") == 0

    await started.until(settled)
    series = await started.series()

    def counted(name: str, label: str) -> dict[str, float]:
        found = {
            dict(labels).get(label, ""): series[full, labels] for full, labels in series if full == f"mattergate_{name}"
        }
        return {key: value for key, value in found.items() if value}

    assert counted("requests_total", "outcome") == {"message": 7, "ignored": 1, "broken": 1, "refused": 1}
    assert counted("duplicates_total", "route") == {"items": 1}
    assert counted("schema_mismatch_total", "translator") == {"items/item": 1}
    assert counted("empty_messages_total", "translator") == {"items/empty": 1}
    assert counted("deliveries_total", "result") == {"delivered": 6, "later": 1, "never": 1}
    assert counted("delivery_attempts_total", "code") == {"2xx": 6, "5xx": 1, "4xx": 1}
    assert counted("dead", "destination") == {"ops": 1}
    assert counted("delivery_seconds_count", "destination") == {"ops": 6}
    assert counted("translate_seconds_count", "service")["items"] == 9
    assert series["mattergate_journal_commit_seconds_count", frozenset()] >= 8
    assert await _translations(started) == {
        ("items/item", "message"): 4,
        ("items/silent", "ignored"): 1,
        ("items/breaks", "broken"): 1,
        ("generic", "message"): 3,
    }


async def _translations(service) -> dict[tuple[str, str], float]:
    return {
        (dict(labels)["translator"], dict(labels)["outcome"]): value
        for (name, labels), value in (await service.series()).items()
        if name == "mattergate_translations_total" and value
    }


async def test_bytes_are_counted_also_of_refused_requests(started):
    """What was received is counted whatever became of it."""
    body = b"x" * 1234
    await started.post("/in/items", body, {"X-Token": started.secret})
    await started.post("/in/items", body, {"X-Token": "wrong"})
    assert await started.value("request_bytes_total", route="items") == 2468


async def test_no_payload_makes_a_series(started):
    """Hostile and unheard-of names, paths and methods change values, and never add a series."""
    before = set(await started.series())
    for number, name in enumerate(HOSTILE):
        body = {"kind": name, "id": str(number), "box": name, "number": name, "action": name}
        assert (await started.post("/in/items", body, {"X-Token": started.secret}))[0] in (200, 202)
    for path in ("/in/other", "/in/items%22", "/hooks/abcdefghijklmnopqrstuvwxyz/generic", "/in/items/x/y"):
        await started.post(path, {"kind": "item"}, {"X-Token": started.secret})
    await started.item(HOSTILE[0], 1)
    await started.until(lambda: len(started.mattermost.posts) == len(HOSTILE) + 1)
    assert set(await started.series()) - before == set()


async def test_filtered_events_make_no_series(items):
    """An event that a filter of the route passes over before a translator is asked counts without a new series."""
    items.configure(items.routes.replace('service = "items"', 'service = "items"\nignore = ["noise"]'))
    await items.start()
    before = set(await items.series())
    _, answer, _ = await items.post("/in/items", {"kind": "noise", "id": "1"}, {"X-Token": items.secret})
    assert answer["outcome"] == "ignored"
    assert set(await items.series()) - before == set()
    assert await items.value("requests_total", route="items", service="items", outcome="ignored") == 1


async def test_both_exposition_formats_are_served(started):
    """Prometheus' own text and OpenMetrics, as the scraper asks, and both parse."""
    await started.item("a", 1)
    _, text = await started.get("/metrics", "text/plain")
    _, opened = await started.get("/metrics", "application/openmetrics-text; version=1.0.0")
    assert opened.endswith("# EOF\n")
    names = {family.name for family in text_string_to_metric_families(text)}
    assert {family.name for family in open_metrics(opened)} <= names | {"mattergate_build"}
    assert {"mattergate_requests", "mattergate_deliveries"} <= names


async def test_an_odd_accept_header_is_answered_with_the_usual_format(started):
    """What asks for a version that is none gets Prometheus' own text."""
    for accept in ("application/openmetrics-text; version=abc; escaping=zzz", ";;;", "text/plain; version=x"):
        status, text = await started.get("/metrics", accept)
        assert status == 200
        assert "mattergate_requests_total" in text
