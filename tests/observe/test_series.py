"""Series count as those of prometheus_client do: whatever happens to both, a scrape shows the same bytes."""

from functools import partial
from math import inf, nextafter

import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition as open_metrics

from gateway.model import Outcome
from gateway.observe import series
from gateway.observe.series import Snapshot, counters, gauges, has_created, histograms, infos
from gateway.observe.tracing import trace_id

NOW = 1767225600.123456
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BOUNDS = (0.0005, 0.01, 1.0, 86400.0)

numbers = st.floats(0, 1e9) | st.integers(0, 2**40)
texts = st.text(max_size=6)
near_bounds = st.sampled_from([near for at in BOUNDS for near in (at, nextafter(at, 0), nextafter(at, inf))])
observed = near_bounds | st.floats(0, 1e9) | st.integers(0, 10**6) | st.just(inf)
traceparents = st.just("") | st.just(PARENT) | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


class Pair:
    """The same families, ours and those of prometheus_client, each in a registry."""

    def __init__(self):
        self.ours, self.theirs = CollectorRegistry(auto_describe=True), CollectorRegistry(auto_describe=True)

    def add(self, ours, theirs):
        """Register a family of ours, and the one of prometheus_client of this class or partial."""
        self.ours.register(ours)
        made = theirs(ours.name, ours.text, ours.label_names, registry=self.theirs)
        return ours, made

    def check(self):
        """Both scrapes are the same, whole and by name, in both formats."""
        for encode in (generate_latest, open_metrics.generate_latest):
            assert encode(self.ours) == encode(self.theirs)
        names = list(self.theirs._names_to_collectors)
        assert list(self.ours._names_to_collectors) == names
        for name in names:
            both = [list(one.restricted_registry([name]).collect()) for one in (self.ours, self.theirs)]
            assert both[0] == both[1]


@pytest.fixture(autouse=True)
def _still(monkeypatch):
    """Let the time stand still: both kinds are created and observed at the same moment."""
    monkeypatch.setattr("time.time", lambda: NOW)


@given(st.lists(st.tuples(texts, texts, numbers), max_size=12))
def test_counters_are_those_of_prometheus(steps):
    """Series appear in the order of their first look-up, with any label values and sums."""
    pair = Pair()
    both = pair.add(counters("things", "Things \\ counted.\n", "one", "two"), prometheus_client.Counter)
    for one, two, amount in steps:
        for family in both:
            family.labels(one, two).inc(amount)
            family.labels(two, one).inc()
    pair.check()


@given(st.lists(st.tuples(st.sampled_from(["set", "inc", "set_function"]), texts, numbers), max_size=12))
def test_gauges_are_those_of_prometheus(steps):
    """A function wins over what is set before and after it."""
    pair = Pair()
    both = pair.add(gauges("level", "Level.", "one"), prometheus_client.Gauge)
    for verb, one, amount in steps:
        for family in both:
            getattr(family.labels(one), verb)((lambda amount=amount: amount) if verb == "set_function" else amount)
    pair.check()


@given(st.lists(st.tuples(texts, observed, traceparents), max_size=20))
def test_histograms_are_those_of_prometheus(steps):
    """A bucket includes its bound, the last one everything; each has the newest exemplar, and no other."""
    pair = Pair()
    theirs = partial(prometheus_client.Histogram, buckets=BOUNDS)
    ours, made = pair.add(histograms("took_seconds", "Took.", BOUNDS, "one"), theirs)
    for one, amount, traceparent in steps:
        ours.labels(one).observe(amount, traceparent)
        made.labels(one).observe(amount, {"trace_id": trace_id(traceparent)} if traceparent else None)
    pair.check()


@given(texts)
def test_facts_are_those_of_prometheus(version):
    """What is always 1 says it with its labels."""
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    family = infos("build", "Version.", "version")
    family.labels(version)
    ours.register(family)
    prometheus_client.Info("build", "Version.", registry=theirs).info({"version": version})
    assert list(ours.collect()) == list(theirs.collect())


@given(numbers, observed)
def test_without_labels_a_family_is_one_series(amount, seconds):
    """It is there before it counts, and has no braces."""
    pair = Pair()
    counter = pair.add(counters("things", "Things."), prometheus_client.Counter)
    gauge = pair.add(gauges("level", "Level."), prometheus_client.Gauge)
    theirs = partial(prometheus_client.Histogram, buckets=BOUNDS)
    histogram = pair.add(histograms("took_seconds", "Took.", BOUNDS), theirs)
    ours = [family.labels() for family, _ in (counter, gauge, histogram)]
    pair.check()
    for one in (ours[0], counter[1]):
        one.inc(amount)
    for one in (ours[1], gauge[1]):
        one.set(amount)
    for one in (ours[2], histogram[1]):
        one.observe(seconds)
    pair.check()


@pytest.mark.parametrize("setting", ["", "false", "no", "0", "true", "1", "T"])
def test_created_is_left_out_where_the_variable_says_so(monkeypatch, setting):
    """PROMETHEUS_DISABLE_CREATED_SERIES holds here as it does in prometheus_client."""
    monkeypatch.setenv("PROMETHEUS_DISABLE_CREATED_SERIES", setting)
    wanted = prometheus_client.metrics._get_use_created()
    assert has_created({"PROMETHEUS_DISABLE_CREATED_SERIES": setting}) is wanted
    monkeypatch.setattr(series, "_CREATED", wanted)
    monkeypatch.setattr("prometheus_client.metrics._use_created", wanted)
    pair = Pair()
    theirs = partial(prometheus_client.Histogram, buckets=BOUNDS)
    for family in pair.add(counters("things", "Things.", "one"), prometheus_client.Counter):
        family.labels("a").inc()
    for family in pair.add(histograms("took_seconds", "Took.", BOUNDS, "one"), theirs):
        family.labels("a").observe(2)
    pair.check()
    assert (b"_created" in generate_latest(pair.ours)) is wanted


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_an_exemplar_never_exceeds_the_limit(traceparent):
    """OpenMetrics allows 128 characters of labels; whatever the trace is called, counting goes on."""
    family = histograms("took_seconds", "Took.", BOUNDS)
    family.labels().observe(0.01, traceparent)
    [metric] = family.collect()
    [exemplar] = [sample.exemplar for sample in metric.samples if sample.exemplar]
    assert sum(map(len, [*exemplar.labels, *exemplar.labels.values()])) <= 128
    assert (exemplar.value, exemplar.timestamp) == (0.01, NOW)


def test_exemplars_are_in_open_metrics_only():
    """The plain text of Prometheus has no word for them."""
    registry, family = CollectorRegistry(), histograms("took_seconds", "Took.", BOUNDS)
    registry.register(family)
    family.labels().observe(0.01, PARENT)
    line = f'took_seconds_bucket{{le="0.01"}} 1.0 # {{trace_id="{trace_id(PARENT)}"}} 0.01 {NOW}\n'.encode()
    assert line in open_metrics.generate_latest(registry)
    assert b"trace_id" not in generate_latest(registry)


def test_a_counter_only_grows():
    """A negative amount is refused, and changes nothing."""
    counter = counters("things", "Things.").labels()
    counter.inc(2)
    with pytest.raises(ValueError, match="only grows"):
        counter.inc(-1)
    assert counter.value == 2


@pytest.mark.parametrize("values", [(), ("a",), ("a", "b", "c")])
def test_the_wrong_number_of_labels_is_an_error(values):
    """The message says which labels there are, and no series starts."""
    family = counters("things", "Things.", "one", "two")
    with pytest.raises(ValueError, match=r"things has the labels \('one', 'two'\)"):
        family.labels(*values)
    assert not family.collect()[0].samples


def test_a_series_is_found_again_by_equal_values():
    """A member of a StrEnum is its value."""
    family = counters("things", "Things.", "outcome")
    family.labels(Outcome.MESSAGE).inc()
    assert family.labels("message").value == 1
    assert generate_latest(family).count(b'things_total{outcome="message"} 1.0\n') == 1


@given(st.lists(st.tuples(texts, texts), max_size=12), texts)
def test_forgotten_series_end(known, gone):
    """Those with this label value are gone, the others keep their order; what returns starts at 0."""
    pair = Pair()
    ours, theirs = pair.add(counters("things", "Things.", "one", "two"), prometheus_client.Counter)
    for values in [*known, (gone, "x")]:
        for family in (ours, theirs):
            family.labels(*values).inc()
    held = ours.labels(gone, "x")
    ours.forget("one", gone)
    theirs.remove_by_labels({"one": gone})
    held.inc()
    pair.check()
    assert ours.labels(gone, "x").value == 0


def test_a_snapshot_stays_as_it_was():
    """What is counted later, and series that start or end later, are not in it."""
    registry, family = CollectorRegistry(), histograms("took_seconds", "Took.", BOUNDS, "one")
    registry.register(family)
    family.labels("a").observe(0.5, PARENT)
    before = open_metrics.generate_latest(registry)
    snapshot = Snapshot(registry)
    family.labels("a").observe(0.5)
    family.labels("b").observe(0.5)
    assert open_metrics.generate_latest(snapshot) == before
    family.forget("one", "a")
    assert open_metrics.generate_latest(snapshot) == before != open_metrics.generate_latest(registry)
