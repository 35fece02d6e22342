"""The request of an act to an outside service: sent once where it must not be repeated, whatever ends meanwhile."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final, Protocol

from msgspec import Struct

from gateway.acts.stored import UNSURE, StoredAct, StoredResponse, text_of
from gateway.acts.tables import Table
from gateway.callbacks.answer import NoAnswer, OutsideAnswer
from gateway.callbacks.document import Act
from gateway.callbacks.request import LONGEST, OutsideRequest
from gateway.callbacks.smoothing import Occasion
from gateway.journal.audit import AuditOutcome
from gateway.journal.uses import Uses
from gateway.model import Blame, Later, Result
from gateway.observe.metrics import Metrics
from gateway.outbound.call import Calls, NotCalled
from gateway.outbound.retry_after import retry_after
from gateway.settings.callbacks import CallbackSettings

TYPING: Final = 4.0
"""Seconds after which a bot that works shows again that it is typing: clients show it for five."""

LOOKING: Final = 16
"""How many questions for options of dialogs are under way at most."""

KNOWN: Final = 64
"""Acts whose outcome is remembered until the journal has it; of older ones that must not be repeated it is unknown."""

_NOT_NOW: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""What a service answers that has done nothing: RFC 6585 section 4, RFC 9110 section 15.6.4."""
_SERVER_ERROR: Final = 500

_LOOK: Final = "look there before you try again"
_STOPPED: Final = f"the gateway was stopped between the request and its answer; {UNSURE}: {_LOOK}"


class Around(Protocol):
    """What acts need of Mattermost."""

    async def respond(self, table: CallbackSettings, response: StoredResponse, age: float) -> Result:
        """Send a later answer to a command that was called `age` seconds ago."""

    async def show_typing(self, table: CallbackSettings, channel: str, root: str) -> None:
        """Show that the bot of a table is typing; what fails is of no consequence."""

    async def is_own(self, table: CallbackSettings, user: str) -> bool:
        """Whether a user, by its id, is an account of the gateway at the server of a table, as far as that is known."""

    async def show(self, table: CallbackSettings, destination: str, post: str, message: bytes) -> None:
        """Put a message (JSON) in place of a post of a destination, as far as the gateway may; what fails is logged."""


class Asked(Struct, frozen=True):
    """The answer of the service to an act, and what the audit says of it; `again` is a later attempt instead."""

    answer: OutsideAnswer | NoAnswer | None = None
    outcome: AuditOutcome = AuditOutcome.DONE
    again: Later | None = None

    @property
    def status(self) -> int:
        """The status of the answer; 0 for none."""
        return self.answer.status if isinstance(self.answer, OutsideAnswer) else 0

    @property
    def code(self) -> str:
        """The class of the answer, one of `metrics.CODES`."""
        if not self.status:
            return "2xx" if self.answer is None else "network"
        return "429" if self.status == HTTPStatus.TOO_MANY_REQUESTS else f"{self.status // 100}xx"


class Asking:
    """Asks outside services. `journal` knows which requests began that must not be repeated."""

    def __init__(self, journal: Uses, calls: Calls, around: Around, metrics: Metrics) -> None:
        self._journal = journal
        self._calls = calls
        self._around = around
        self._metrics = metrics
        self._known: dict[int, Asked] = {}  # what came of requests whose acts the journal could not conclude yet
        self._unsent: set[int] = set()
        self._looking = 0

    async def ask(self, table: Table, act: Act, kept: StoredAct, seq: int) -> Asked:
        """Send the request of an act, of delivery `seq`, unless it must not be repeated and was begun before.

        What came of it is the same until `end`: where nothing could be stored of it, it is asked for again. Raises
        JournalError.
        """
        request = act.request
        if request is None:
            return Asked(outcome=AuditOutcome.FAILED if act.problem else AuditOutcome.DONE)
        if (known := self._known.get(seq)) is not None:
            return known
        once = request.repeat == "never"
        if once and seq not in self._unsent and not await self._journal.begin(seq):
            return Asked(NoAnswer(_STOPPED, unsure=True), AuditOutcome.UNKNOWN)
        self._unsent.discard(seq)
        asked = await self._send(table, request, kept, seq, once=once)
        if asked.again is None:
            if len(self._known) >= KNOWN:
                del self._known[next(iter(self._known))]
            self._known[seq] = asked
        return asked

    async def look_up(self, table: Table, act: Act) -> OutsideAnswer | NoAnswer | None:
        """The answer to a question that changes nothing; of many at once, some are not asked."""
        if act.request is None:
            return None
        if self._looking >= LOOKING:
            return NoAnswer("too many ask at once")
        self._looking += 1
        try:
            return await self._call(table, act.request, table.settings.patience)
        except NotCalled as error:
            return NoAnswer(error.problem)
        finally:
            self._looking -= 1

    def end(self, seq: int) -> None:
        """The delivery is done with."""
        self._known.pop(seq, None)

    async def _send(self, table: Table, request: OutsideRequest, kept: StoredAct, seq: int, *, once: bool) -> Asked:
        """Send a request, whatever comes of it. Raises JournalError."""
        try:
            async with self._typing(table, kept):
                answer = await self._call(table, request)
        except NotCalled as error:
            return await self._unanswered(error, kept, seq, once=once)
        if not kept.interactive and (answer.status in _NOT_NOW or (answer.status >= _SERVER_ERROR and not once)):
            return await self._again(f"{request.host} answered {answer.status}", seq, answer, once=once)
        return Asked(answer)

    async def _unanswered(self, error: NotCalled, kept: StoredAct, seq: int, *, once: bool) -> Asked:
        if not kept.interactive and (not error.sent or not once):
            return await self._again(error.problem, seq, once=once)
        if error.sent:
            then = _LOOK if once else "to try again does no harm"
            return Asked(NoAnswer(f"{error.problem}; {UNSURE}: {then}", unsure=True), AuditOutcome.UNKNOWN)
        return Asked(NoAnswer(error.problem), AuditOutcome.FAILED)

    async def _again(self, problem: str, seq: int, answer: OutsideAnswer | None = None, *, once: bool) -> Asked:
        """Try again later, also after a restart: what was asked was certainly not done, or may be done twice."""
        if once:
            self._unsent.add(seq)  # which holds where the journal cannot take it back
            await self._journal.unbegin(seq)
            self._unsent.discard(seq)
        status = answer.status if answer is not None else 0
        headers = {"Retry-After": answer.headers.get("retry-after", "")} if answer is not None else {}
        after, code = retry_after(headers, time.time()), Asked(answer).code if answer is not None else "network"
        return Asked(again=Later(problem, after, code, status, Blame.UNKNOWN))

    async def _call(self, table: Table, request: OutsideRequest, most: float = LONGEST) -> OutsideAnswer:
        """Send a request, which may take so many seconds at most. Raises NotCalled."""
        wire, settings, began = request.reveal(), table.settings, time.perf_counter()
        try:
            called = await self._calls.call(
                wire.method,
                wire.url,
                wire.headers,
                wire.body,
                timeout=min(request.timeout, most),
                private=settings.private,
                ca_file=settings.ca_file,
                proxy=settings.proxy,
            )
        finally:
            self._metrics.act_seconds.labels(settings.name).observe(time.perf_counter() - began)
        return OutsideAnswer(called.status, called.headers, called.body)

    @asynccontextmanager
    async def _typing(self, table: Table, act: StoredAct) -> AsyncIterator[None]:
        """Show that a bot is typing while the block runs."""
        if act.occasion is not Occasion.MESSAGE or not table.settings.bot:
            yield
            return

        async def show() -> None:
            root = text_of(act, "post", "root") or text_of(act, "post", "id")
            while True:
                await self._around.show_typing(table.settings, text_of(act, "channel", "id"), root)
                await asyncio.sleep(TYPING)

        showing = asyncio.create_task(show(), name="typing")
        try:
            yield
        finally:
            showing.cancel()
            await asyncio.wait({showing})
