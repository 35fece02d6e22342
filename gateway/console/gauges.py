"""The gateway's own counters and gauges, read as Prometheus would read them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from gateway.console.port import Gateway

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
