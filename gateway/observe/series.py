"""Series of numbers for Prometheus: counting adds to a plain attribute, and samples are made when somebody reads them.

    Family (one name) --labels(...)--> Counter | Gauge | Histogram | Info (one series)
    registry.collect() --> Family.collect() --> Metric with the samples of its series

The samples are those of prometheus_client's own classes, in their order. These lock each addition; here nothing does,
for all of it belongs to one thread, that of the event loop. What happens elsewhere is counted when its result is back
there: the judging of large requests (`ingress.workers`), the compiling of documents (`app.catalog`), the commits of the
writing process or thread (`journal.sqlite.client`).
"""

import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from math import inf
from typing import Final, Generic, Protocol, TypeVar

from prometheus_client import Metric
from prometheus_client.core import Exemplar, Sample
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from gateway.observe.tracing import trace_id


def has_created(environ: Mapping[str, str]) -> bool:
    """Whether `_created` is exported: the variable PROMETHEUS_DISABLE_CREATED_SERIES of Prometheus clients says no."""
    return environ.get("PROMETHEUS_DISABLE_CREATED_SERIES", "").lower() not in ("true", "1", "t")


_CREATED: Final = has_created(os.environ)
_le = cache(floatToGoString)


class Series(Protocol):
    """The numbers of one set of label values."""

    def samples(self, name: str, labels: dict[str, str]) -> Iterator[Sample]:
        """The samples of this series, of the family `name`; `labels` is not changed."""


class Counter:
    """A number that only grows."""

    __slots__ = ("created", "value")

    def __init__(self) -> None:
        self.value = 0.0
        self.created = time.time()

    def inc(self, amount: float = 1) -> None:
        """Count `amount` more. Raises ValueError when it is negative."""
        if amount < 0:
            raise ValueError(f"a counter only grows: {amount}")
        self.value += amount

    def samples(self, name: str, labels: dict[str, str]) -> Iterator[Sample]:
        """See Series."""
        yield Sample(f"{name}_total", labels, self.value)
        if _CREATED:
            yield Sample(f"{name}_created", labels, self.created)


class Gauge:
    """A number that is set, or that a function gives whenever it is read."""

    __slots__ = ("_function", "_value")

    def __init__(self) -> None:
        self._value = 0.0
        self._function: Callable[[], float] | None = None

    @property
    def value(self) -> float:
        """The number as it is now."""
        return self._value if self._function is None else float(self._function())

    def inc(self, amount: float = 1) -> None:
        """Add `amount`, which may be negative."""
        self._value += amount

    def set(self, value: float) -> None:
        """Set the number."""
        self._value = float(value)

    def set_function(self, function: Callable[[], float]) -> None:
        """Read the number from a function from now on, whatever else is set."""
        self._function = function

    def samples(self, name: str, labels: dict[str, str]) -> Iterator[Sample]:
        """See Series."""
        yield Sample(name, labels, self.value)


class Histogram:
    """How many observations are in each bucket, their sum, and the trace of the newest one in each.

    `bounds` are the upper bounds of the buckets, which belong to them: positive, ascending, the last is infinity.
    """

    __slots__ = ("bounds", "counts", "created", "exemplars", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * len(bounds)
        self.exemplars: dict[int, tuple[str, float, float]] = {}
        self.sum = 0.0
        self.created = time.time()

    def observe(self, amount: float, traceparent: str = "") -> None:
        """Count a number, not NaN; `traceparent` says which trace it belongs to, when it is recorded."""
        at = bisect_left(self.bounds, amount)
        self.counts[at] += 1
        self.sum += amount
        if traceparent:
            self.exemplars[at] = traceparent, amount, time.time()

    def samples(self, name: str, labels: dict[str, str]) -> Iterator[Sample]:
        """See Series."""
        total = 0.0
        for at, bound in enumerate(self.bounds):
            total += self.counts[at]
            yield Sample(f"{name}_bucket", {**labels, "le": _le(bound)}, total, None, self._exemplar(at))
        yield Sample(f"{name}_count", labels, total)
        yield Sample(f"{name}_sum", labels, self.sum)
        if _CREATED:
            yield Sample(f"{name}_created", labels, self.created)

    def _exemplar(self, at: int) -> Exemplar | None:
        """The exemplar of a bucket. Its labels are at most 40 characters; OpenMetrics allows 128."""
        if at not in self.exemplars:
            return None
        traceparent, amount, when = self.exemplars[at]
        return Exemplar({"trace_id": trace_id(traceparent)}, amount, when)


class Info:
    """A fact, which its labels say; its number is always 1."""

    __slots__ = ()

    def samples(self, name: str, labels: dict[str, str]) -> Iterator[Sample]:
        """See Series."""
        yield Sample(f"{name}_info", labels, 1.0)


S = TypeVar("S", bound=Series)


class Family(Generic[S]):
    """All series of one name; a collector of a registry of prometheus_client.

    `kind` is the type of the metric, `text` its help. `start` makes a series. A family without label names has one
    series: `labels()`.
    """

    def __init__(self, kind: str, name: str, text: str, label_names: Iterable[str], start: Callable[[], S]) -> None:
        self.kind = kind
        self.name = name
        self.text = text
        self.label_names = tuple(label_names)
        self._start = start
        self._series: dict[tuple[str, ...], S] = {}

    def labels(self, *values: str) -> S:
        """The series of these label values, which starts now if it is new. Hot code keeps it: a look-up costs more.

        Raises ValueError when their number is not that of the label names.
        """
        series = self._series.get(values)
        if series is None:
            if len(values) != len(self.label_names):
                raise ValueError(f"{self.name} has the labels {self.label_names}, these are values of others: {values}")
            series = self._series[values] = self._start()
        return series

    def forget(self, label: str, value: str) -> None:
        """End every series with this label. Who still holds one counts for nobody. Raises ValueError: no such label."""
        at = self.label_names.index(label)
        self._series = {values: series for values, series in self._series.items() if values[at] != value}

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client.registry.Collector."""
        metric = Metric(self.name, self.text, self.kind)
        for values, series in self._series.items():
            labels = dict(zip(self.label_names, values, strict=True))
            metric.samples.extend(series.samples(self.name, labels))
        return [metric]


class Snapshot:
    """The samples of a registry at one moment. Another thread may make text of them, while counting goes on."""

    def __init__(self, registry: Collector) -> None:
        self._families = list(registry.collect())

    def collect(self) -> Iterable[Metric]:
        """See prometheus_client.registry.Collector."""
        return self._families


def counters(name: str, text: str, *labels: str) -> Family[Counter]:
    """A family of counters; `name` is without the `_total` of its samples."""
    return Family("counter", name, text, labels, Counter)


def gauges(name: str, text: str, *labels: str) -> Family[Gauge]:
    """A family of gauges."""
    return Family("gauge", name, text, labels, Gauge)


def histograms(name: str, text: str, bounds: tuple[float, ...], *labels: str) -> Family[Histogram]:
    """A family of histograms with buckets up to each of these positive bounds, and one up to infinity."""
    complete = (*bounds, inf)
    return Family("histogram", name, text, labels, lambda: Histogram(complete))


def infos(name: str, text: str, *labels: str) -> Family[Info]:
    """A family of facts; `name` is without the `_info` of its samples."""
    return Family("info", name, text, labels, Info)
