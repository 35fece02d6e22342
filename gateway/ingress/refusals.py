"""Refused requests as the operator sees them: a counter by cause, and a log that a flood of them cannot fill.

A line has the route where one is known, the cause and the peer, and nothing of the request. The first refusal of its
kind (cause, route, peer) is logged at once; the others of the next INTERVAL seconds are one line with their number.
"""

import asyncio
from typing import Final

from gateway.errors import Refused
from gateway.observe import logs
from gateway.observe.metrics import Metrics

INTERVAL: Final = 10.0
"""Seconds between two lines about refusals of one kind."""

KINDS: Final = 100
"""How many kinds are told apart in one interval; those of further peers are logged together."""

OTHERS: Final = "others"
"""The peer of refusals that are logged together."""

_BY_STATUS: Final = {
    401: "not_authentic",
    404: "no_route",
    405: "method",
    408: "slow",
    413: "too_large",
    414: "head_too_large",
    415: "encoding",
    422: "not_understood",
    429: "rate",
    431: "head_too_large",
    503: "work",
}
_OTHER: Final = "malformed"

_log = logs.get("ingress")

_Kind = tuple[str, str, str]


class Refusals:
    """Counts and logs refused requests."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._repeats: dict[_Kind, int] = {}

    def note(self, refused: Refused, peer: str, route: str = "") -> None:
        """Count a refusal, and log it now or with others of its kind."""
        cause = cause_of(refused)
        self._metrics.refusals.labels(cause).inc()
        kind = (cause, route, peer)
        if kind not in self._repeats and len(self._repeats) >= KINDS:
            kind = (cause, "", OTHERS)
        if kind in self._repeats:
            self._repeats[kind] += 1
            return
        if not self._repeats:
            asyncio.get_running_loop().call_later(INTERVAL, self._summarise)
        self._repeats[kind] = 0
        _write(kind, status=refused.status, why=refused.detail or refused.title)

    def _summarise(self) -> None:
        """Log what was repeated; kinds that were not are told at once when they return."""
        self._repeats = {kind: count for kind, count in self._repeats.items() if count}
        for kind, count in self._repeats.items():
            _write(kind, repeated=count)
            self._repeats[kind] = 0
        if self._repeats:
            asyncio.get_running_loop().call_later(INTERVAL, self._summarise)


def cause_of(refused: Refused) -> str:
    """The cause of a refusal, one of `metrics.CAUSES`."""
    return refused.cause or _BY_STATUS.get(refused.status, _OTHER)


def _write(kind: _Kind, **more: object) -> None:
    cause, route, peer = kind
    _log.info("refused", **({"route": route} if route else {}), cause=cause, peer=peer, **more)
