"""What goes of the dead letters without being sent is counted and logged, whoever or whatever decided it."""

import time
from collections.abc import Callable
from typing import Final

from gateway import units
from gateway.journal import DeadDiscard
from gateway.model import DiscardCause
from gateway.observe import logs
from gateway.observe.metrics import Metrics

_WHY: Final = {
    DiscardCause.AGE: "older than [journal] dead_max_age",
    DiscardCause.SIZE: "the oldest of more than [journal] dead_max_size",
}

_log = logs.get("journal")


def reporter(metrics: Metrics, clock: Callable[[], float] = time.time) -> Callable[[DeadDiscard], None]:
    """The function that counts and logs each discard: one line a commit and destination, without any message."""

    def report(gone: DeadDiscard) -> None:
        metrics.dead_discarded.labels(gone.destination, gone.cause.value).inc(gone.count)
        now = clock()
        facts = {
            "destination": gone.destination,
            "cause": gone.cause.value,
            "count": gone.count,
            "oldest": units.written(max(0.0, now - gone.oldest)),
            "newest": units.written(max(0.0, now - gone.newest)),
        }
        if gone.cause is DiscardCause.PERSON:
            _log.info("dead letters discarded", **facts, reason=gone.reason)
        else:
            _log.warning("dead letters deleted", **facts, reason=_WHY[gone.cause])

    return report
