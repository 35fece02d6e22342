"""The gateway's own counters and gauges, read as Prometheus would read them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from gateway.console.port import Gateway
from gateway.model import Outcome

REQUESTS: Final = "mattergate_requests_total"
DUPLICATES: Final = "mattergate_duplicates_total"
DELIVERIES: Final = "mattergate_deliveries_total"
DEPTH: Final = "mattergate_queue_depth"
OLDEST: Final = "mattergate_queue_oldest_seconds"
DEAD: Final = "mattergate_dead"

Labels = tuple[str, ...]


def read(gateway: Gateway, names: Mapping[str, tuple[str, ...]]) -> dict[str, dict[Labels, float]]:
    """The samples of these series by the values of the labels that are named for each: name -> labels -> value.

    Samples that differ in other labels only are summed.
    """
    found: dict[str, dict[Labels, float]] = {name: defaultdict(float) for name in names}
    for family in gateway.samples(*names):
        for sample in family.samples:
            if (labels := names.get(sample.name)) is not None:
                found[sample.name][tuple(sample.labels[label] for label in labels)] += sample.value
    return found


def passed(gateway: Gateway) -> tuple[float, float]:
    """How many requests were accepted and how many messages delivered since the gateway started."""
    return totals(read(gateway, {REQUESTS: ("outcome",), DELIVERIES: ("result",)}))


def totals(found: Mapping[str, Mapping[Labels, float]]) -> tuple[float, float]:
    """The same, of samples that were read by more labels, the outcome and the result being the last."""
    received = sum(value for labels, value in found[REQUESTS].items() if labels[-1] != Outcome.REFUSED)
    delivered = sum(value for labels, value in found[DELIVERIES].items() if labels[-1] == "delivered")
    return received, delivered
