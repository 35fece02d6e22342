"""Refused requests as the operator sees them: a counter by cause, a log that a flood cannot fill, and a record of each.

A line has the route where one is known, the cause, what exactly was wrong, and the peer. The first refusal of its kind
(cause, route, peer) is logged at once; the others of the next INTERVAL seconds are one line with their number. A record
has the sender's own words, too, bounded; never a body, a URL, a signature or a secret.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway import secret
from gateway.errors import Refused
from gateway.ingress.recorder import Recorder
from gateway.model import Cause, Refusal
from gateway.observe import logs
from gateway.observe.metrics import Metrics
from gateway.pipeline.entry import new_id

INTERVAL: Final = 10.0
"""Seconds between two lines about refusals of one kind."""

KINDS: Final = 100
"""How many kinds are told apart in one interval; those of further peers are logged together."""

OTHERS: Final = "others"
"""The peer of refusals that are logged together."""

CLUES: Final = 5
"""How many hints that take work are looked for in one second; the refusals beyond have none."""

_BY_STATUS: Final = {
    401: Cause.WRONG_SECRET,
    404: Cause.NO_ROUTE,
    405: Cause.METHOD,
    408: Cause.SLOW,
    413: Cause.TOO_LARGE,
    414: Cause.HEAD_TOO_LARGE,
    415: Cause.ENCODING,
    422: Cause.NOT_UNDERSTOOD,
    429: Cause.RATE,
    431: Cause.HEAD_TOO_LARGE,
    503: Cause.WORK,
}

_METHOD, _TYPE, _AGENT, _WHY, _HINT = 20, 100, 200, 800, 400
"""The most characters of a method, a media type, a User-Agent, a reason and a hint that are kept."""

_SIZE: Final = 2**53 - 1
"""The largest size that is kept, whatever a Content-Length claims: from 2**63 on it cannot be stored."""

_random = random.Random()  # noqa: S311 - ids are no secrets
_log = logs.get("ingress")

_Kind = tuple[str, str, str]


class Knock(Struct, frozen=True):
    """Who asked for what: the facts of a request that do not need its body. `size` is that of the body, if known."""

    peer: str
    route: str = ""
    service: str = ""
    method: str = ""
    agent: str = ""
    content_type: str = ""
    size: int = 0


class Refusals:
    """Counts, logs and records refused requests; without a recorder they are not recorded."""

    def __init__(
        self, metrics: Metrics, recorder: Recorder | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._metrics = metrics
        self._recorder = recorder
        self._clock = clock
        self._repeats: dict[_Kind, int] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._looked = 0

    def note(self, refused: Refused, knock: Knock) -> None:
        """Count a refusal, log it now or with others of its kind, and record it."""
        cause = cause_of(refused)
        self._metrics.refusals.labels(cause.value).inc()
        refusal = self._refusal(refused, cause, knock)
        if refused.clue is None or self._looked >= CLUES:
            self._tell(refusal)
            return
        loop = asyncio.get_running_loop()
        if not self._looked:
            loop.call_later(1.0, self._look_again)
        self._looked += 1
        task = loop.create_task(self._tell_with_clue(refusal, refused), name="hint")
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def settle(self) -> None:
        """Wait for the hints that are being looked for."""
        await asyncio.gather(*self._looking, return_exceptions=True)

    def _refusal(self, refused: Refused, cause: Cause, knock: Knock) -> Refusal:
        now = self._clock()
        return Refusal(
            id=new_id(now, _random.getrandbits),
            received=now,
            route=knock.route,
            service=knock.service,
            cause=cause,
            status=refused.status,
            reason=_clean(refused.why, _WHY),
            hint=_clean(refused.hint, _HINT),
            peer=knock.peer,
            method=_clean(knock.method, _METHOD),
            agent=_clean(knock.agent, _AGENT),
            content_type=_clean(knock.content_type, _TYPE),
            size=min(knock.size, _SIZE),
        )

    async def _tell_with_clue(self, refusal: Refusal, refused: Refused) -> None:
        if refused.clue is not None:
            try:
                hint = _clean(await refused.clue(), _HINT)
            except Exception as error:  # a hint is not worth a request
                _log.error("no hint was found", exc_info=error)
            else:
                refusal = replace(refusal, hint=hint or refusal.hint)
        self._tell(refusal)

    def _tell(self, refusal: Refusal) -> None:
        if self._recorder is not None:
            self._recorder.add(refusal)
        kind = (refusal.cause.value, refusal.route, refusal.peer)
        if kind not in self._repeats and len(self._repeats) >= KINDS:
            kind = (refusal.cause.value, "", OTHERS)
        if kind in self._repeats:
            self._repeats[kind] += 1
            return
        if not self._repeats:
            asyncio.get_running_loop().call_later(INTERVAL, self._summarise)
        self._repeats[kind] = 0
        _write(kind, status=refusal.status, why=refusal.reason, **({"hint": refusal.hint} if refusal.hint else {}))

    def _look_again(self) -> None:
        self._looked = 0

    def _summarise(self) -> None:
        """Log what was repeated; kinds that were not are told at once when they return."""
        self._repeats = {kind: count for kind, count in self._repeats.items() if count}
        for kind, count in self._repeats.items():
            _write(kind, repeated=count)
            self._repeats[kind] = 0
        if self._repeats:
            asyncio.get_running_loop().call_later(INTERVAL, self._summarise)


def cause_of(refused: Refused) -> Cause:
    """The cause of a refusal."""
    return Cause(refused.cause) if refused.cause else _BY_STATUS.get(refused.status, Cause.MALFORMED)


def _clean(text: str, most: int) -> str:
    """A text without secrets, control characters, and bytes that were not UTF-8; at most so many characters."""
    shown = secret.redact(text[: 2 * most])
    if not shown.isprintable():  # a surrogate stands for such a byte
        shown = "".join(sign if sign.isprintable() else " " for sign in shown)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _write(kind: _Kind, **more: object) -> None:
    cause, route, peer = kind
    _log.info("refused", **({"route": route} if route else {}), cause=cause, peer=peer, **more)
