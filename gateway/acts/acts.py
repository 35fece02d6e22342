"""Acts on their way: taken from Mattermost, stored, performed, answered.

    take --append--> journal --dispatcher--> perform --request--> outside service
      |  waits `patience`                       |
      +--------------- answer <-----------------+---> later: parcels (`late`), in the journal, too

A callback without a request is answered at once: its event is stored, and nothing is left to do. One of a person who
waits is tried once, and they are told. What is said to a service without anybody waiting is tried again as long as it
certainly was not taken.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from gateway.acts import late, stored
from gateway.acts.asking import Around, Asked, Asking
from gateway.acts.beside import beside
from gateway.acts.cards import Cards
from gateway.acts.events import event_of
from gateway.acts.giving import Giving
from gateway.acts.lines import audit_line
from gateway.acts.recorder import AuditRecorder
from gateway.acts.results import result
from gateway.acts.snoozing import Snoozing
from gateway.acts.stored import StoredAct, StoredResponse, option_of, text_of
from gateway.acts.tables import Table, alive
from gateway.callbacks.answer import size_of
from gateway.callbacks.answering import Answer, answered
from gateway.callbacks.document import Act, CallbackShape
from gateway.callbacks.reply import USUAL, Reply, To, default_failure
from gateway.callbacks.smoothing import Occasion, Said
from gateway.callbacks.ticket import Ticket, once_key
from gateway.catalog.service import Service
from gateway.errors import Refused
from gateway.journal import Appended, DuplicateKey, Entry, Journal
from gateway.journal.audit import AuditLine, AuditOutcome
from gateway.journal.duplicates import use_key
from gateway.model import Delivered, Delivery, Event, Never, Parcel, Result
from gateway.observe import logs
from gateway.observe.metrics import Metrics
from gateway.outbound.call import Calls
from gateway.settings import Settings
from gateway.settings.callbacks import PREFIX, CallbackSettings

REPLY_WINDOW: Final = 8 * 86_400.0
"""Seconds for which a delivery of an act has one reply, whoever performs it."""

_OPENING: Final = frozenset({Occasion.COMMAND, Occasion.ACTION})
_AUDITED: Final = frozenset({Occasion.COMMAND, Occasion.ACTION, Occasion.DIALOG})

_log = logs.get("acts")


class Taken(Struct, frozen=True):
    """What became of an act in the time that Mattermost waits.

    `answer` is None where it comes later, or where the act was `repeated`: it is that of the event `event_id`. `dialog`
    is one to open instead. `problem` says what failed.
    """

    event_id: str
    answer: Answer | None = None
    repeated: bool = False
    dialog: Mapping[str, Any] | None = None
    problem: str = ""


class Acts:
    """Takes and performs acts by the current settings.

    `store` stores an event and has its parcels delivered, `service` gives a compiled service (None: there is none).
    `giving` is what callbacks are given besides, `snoozing` takes subjects that are not to be told of.
    """

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        store: Callable[[Entry], Awaitable[Appended]],
        service: Callable[[str], Awaitable[Service | None]],
        calls: Calls,
        around: Around,
        metrics: Metrics,
        giving: Giving,
        snoozing: Snoozing,
    ) -> None:
        self.giving = giving
        self.settings = settings
        self.audit = AuditRecorder(journal.record)
        self.cards = Cards(journal)
        self._journal = journal
        self._snoozing = snoozing
        self._store = store
        self._service = service
        self._asking = Asking(journal, calls, around, metrics)
        self._around = around
        self._metrics = metrics
        self._alive: dict[str, tuple[CallbackSettings, Service, Table]] = {}
        self._waiting: dict[str, asyncio.Future[Taken]] = {}

    async def table(self, name: str) -> Table | None:
        """The table of a name with its callbacks; None when it is not in the settings, or its service is not there."""
        settings = self.settings.callbacks.get(name)
        service = await self._service(settings.service) if settings is not None else None
        if settings is None or service is None:
            return None
        found = self._alive.get(name)
        if found is None or found[0] is not settings or found[1] is not service:
            found = self._alive[name] = settings, service, alive(settings, service)
        return found[2]

    async def service(self, key: str) -> Service | None:
        """A compiled service; None where there is none."""
        return await self._service(key)

    async def require(self, name: str) -> Table:
        """The table of a name. Raises Refused (503) where its service is not there."""
        table = await self.table(name)
        if table is None:
            why = f"the service of [callbacks.{name}] is not in the catalog"
            raise Refused(503, "Service Unavailable", why, hint="`mattergate check` names every fault")
        return table

    async def is_own(self, table: Table, said: Said) -> bool:
        """Whether an account of the gateway said it: an answer that calls its own callback would go on for ever."""
        return await self._around.is_own(table.settings, str(said.input.get("user", {}).get("id", "")))

    async def take(
        self,
        table: Table,
        name: str,
        said: Said,
        uses: Sequence[DuplicateKey] = (),
        ticket: Ticket | None = None,
        *,
        done: str = "",
        wait: bool = True,
        since: float | None = None,
    ) -> Taken:
        """Take an act of the callback `name`: it is durable when this returns. Raises JournalError.

        `uses` are what it uses up: the same again is a repeat. `done` is what is said of it once it is done. Unless
        this is to `wait`, every answer comes later. Mattermost waits `since` a time of the event loop (None: now).
        """
        loop = asyncio.get_running_loop()
        until = (loop.time() if since is None else since) + table.settings.patience
        shape = table.callbacks[name]
        response = said.response.reveal() if said.response is not None else ""
        act = StoredAct(name, said.occasion, said.input, response, ticket, done, table.settings.service)
        event = event_of(table, shape, act)
        if not shape.asks or said.input.get("cancelled") or (shape.dialog is not None and said.occasion in _OPENING):
            return await self._take_at_once(table, shape, act, event, uses, wait=wait)
        lane = f"{table.settings.route} {event.id if act.interactive else text_of(act, 'channel', 'id')}"
        entry = Entry(event, (Parcel(table.settings.route, lane, stored.encode(act)),), tuple(uses))
        if not wait:
            appended = await self._store(entry)
            return Taken(appended.event_id, repeated=appended.duplicate)
        future: asyncio.Future[Taken] = loop.create_future()
        self._waiting[event.id] = future
        try:
            appended = await self._store(entry)
            if appended.duplicate:
                return Taken(appended.event_id, repeated=True)
            async with asyncio.timeout_at(until):
                return await future
        except TimeoutError:
            return Taken(event.id)
        finally:
            del self._waiting[event.id]

    async def look_up(self, table: Table, name: str, said: Said) -> Answer:
        """The options that a field of a dialog asks for; nothing of it is stored."""
        shape = table.callbacks[name]
        act = shape.act(said, table.giving(time.time()))
        answer = await self._asking.look_up(table, act)
        reply = await beside(size_of(answer), shape.reply, act, answer)
        if reply.problem:  # the dialog has no place for it
            _log.warning("a dialog has no options", callback=f"{table.settings.name}/{name}", problem=reply.problem)
        return answered(said.occasion, reply, lookup=True)

    async def perform(self, name: str, delivery: Delivery) -> Result:
        """Perform what a delivery to the destination of a table says."""
        kept = stored.decode(delivery.payload)
        table = await self.table(name)
        gone = f"[callbacks.{name}] is not in the settings any more, or its service is gone: put it back"
        if isinstance(kept, StoredResponse):
            if table is None:
                return Never(gone)
            return await self._around.respond(table.settings, kept, time.time() - delivery.received)
        if table is None:
            return await self._drop(name, kept, delivery, gone)
        service = table.settings.service
        if kept.service != service:
            why = f"it was for {kept.service}, and [callbacks.{name}] is {service} now: put it back"
            return await self._drop(name, kept, delivery, why)
        shape = table.callbacks.get(kept.callback)
        if shape is None:
            why = f"the callback {kept.callback} of {service} is gone: put it back, then replay"
            return await self._drop(name, kept, delivery, why)
        given = self.giving.given(table, shape, kept, delivery.event_id)
        act = shape.act(Said(kept.occasion, dict(kept.input)), given)
        asked = await self._asking.ask(table, act, kept, delivery.seq)
        if asked.again is not None:
            return asked.again
        return await self._conclude(table, shape, act, kept, delivery, asked)

    async def store_later(
        self,
        table: Table,
        act: StoredAct,
        reply: Reply,
        use: DuplicateKey,
        delivery: Delivery | None = None,
        asked: str = "",
    ) -> str:
        """Store an answer that is to be posted; gives the id of its event, that of the first one for a repeat.

        `delivery` is that of the act, where there is one: later answers of a service have none, but the id of the event
        that `asked`, if they tell. Raises JournalError.
        """
        age, trace = (time.time() - delivery.received, delivery.trace) if delivery is not None else (0.0, "")
        parcels = late.parcels(table, act, reply, age, self._is_rest, trace)
        if not parcels and reply.messages:
            _log.warning("an answer has no way back: name a bot or a destination", callbacks=table.settings.name)
        known = delivery.event_id if delivery is not None else asked
        to = f"{stored.ANSWER_TO}{known}" if known else ""
        event = event_of(table, table.callbacks[act.callback], act, reason=f"{stored.ANSWER}{to}")
        appended = await self._store(Entry(event, tuple(parcels), (use,)))
        return appended.event_id

    async def note(self, occasion: Occasion, line: AuditLine) -> None:
        """Count how an act ended; what a person did is a line of the audit."""
        self._count(occasion, line)
        if occasion in _AUDITED:
            await self.audit.add(line)

    def _count(self, occasion: Occasion, line: AuditLine) -> None:
        self._metrics.acts.labels(line.callback.partition("/")[0], occasion.value, line.outcome.value).inc()

    async def close(self) -> None:
        """Store what the audit has not stored yet."""
        await self.audit.close()

    async def _take_at_once(
        self,
        table: Table,
        shape: CallbackShape,
        act: StoredAct,
        event: Event,
        uses: Sequence[DuplicateKey],
        *,
        wait: bool,
    ) -> Taken:
        """Answer an act that asks nobody; what its answer does not carry is stored with it."""
        made = shape.act(Said(act.occasion, dict(act.input)), self.giving.given(table, shape, act, event.id))
        if made.snooze is not None:
            made = msgspec.structs.replace(made, problem=self._snoozing.refusal(made.snooze))
        reply = Reply() if made.dialog is not None else shape.reply(made)
        outcome = _outcome(act, reply)
        line = self._line(table, act, event.id, outcome, reply.problem)
        answer = await self._answer(table, act, reply, line) if wait else Answer(left=reply.messages, to=reply.to)
        rest = late.parcels(table, act, Reply(answer.to, answer.left), 0.0, self._is_rest)
        if reply.problem:
            event = msgspec.structs.replace(event, reason=f"{event.reason}{stored.FAILED}{reply.problem}")
        lines = (line,) if made.dialog is None and act.occasion in _AUDITED else ()
        appended = await self._store(Entry(event, tuple(rest), tuple(uses), lines))
        if appended.duplicate:
            return Taken(appended.event_id, repeated=True)
        if made.snooze is not None:  # not before: what is sent again snoozes nothing that was woken meanwhile
            await self._snoozing.take(made.snooze, text_of(act, "user", "name"))
        if made.dialog is None:
            await self._give_back(table, act, event.id, outcome)
            self._count(act.occasion, line)
        return Taken(event.id, answer, dialog=made.dialog, problem=reply.problem)

    async def _drop(self, name: str, kept: StoredAct, delivery: Delivery, why: str) -> Result:
        """End an act that nobody performs as the settings are now: it can be sent again once they are mended.

        Who waits is told, and clicks again then.
        """
        if not kept.interactive:
            return Never(why)
        if kept.ticket is not None:
            key = once_key(f"{PREFIX}{name}", kept.ticket, option_of(kept))
            await self._journal.release(delivery.event_id, [key])
        future, said = self._waiting.get(delivery.event_id), f"{name}/{kept.callback}"
        told = future is not None and not future.done()
        if future is not None and told:
            reply = Reply(USUAL[kept.occasion], default_failure(kept.callback, why), problem=why)
            future.set_result(Taken(delivery.event_id, answered(kept.occasion, reply), problem=why))
        line = audit_line(kept.input, AuditOutcome.FAILED, said, kept.ticket, why, delivery.event_id)
        await self.note(kept.occasion, line)
        return Delivered(note=f"{stored.TOLD}{why}") if told else Never(why)

    async def _conclude(
        self, table: Table, shape: CallbackShape, act: Act, kept: StoredAct, delivery: Delivery, asked: Asked
    ) -> Result:
        """Answer, in time or later; a ticket whose act came to nothing works again."""
        reply = await beside(size_of(asked.answer), shape.reply, act, asked.answer)
        outcome = asked.outcome if asked.outcome is not AuditOutcome.DONE else _outcome(kept, reply)
        await self._give_back(table, kept, delivery.event_id, outcome)
        line = self._line(table, kept, delivery.event_id, outcome, reply.problem)
        future, in_time = self._waiting.get(delivery.event_id), False
        left = late.in_words(reply, kept.occasion, shape.title)
        if future is not None and not future.done():
            answer = await self._answer(table, kept, reply, line)
            if in_time := not future.done():  # else nobody waits any more since the journal was asked
                future.set_result(Taken(delivery.event_id, answer, problem=reply.problem))
                left = Reply(answer.to, answer.left)
        await self._answer_later(table, kept, left, delivery)
        await self._show(table, kept, line, in_time=in_time)
        await self.note(kept.occasion, line)
        self._asking.end(delivery.seq)
        shown = in_time or (kept.interactive and late.has_way(table, kept, time.time() - delivery.received))
        told = shown and (outcome is AuditOutcome.FAILED or not reply.problem)
        if told and reply.problem:  # what nobody was told in time is a dead delivery, which has a line of its own
            _log.warning("an act failed", callback=line.callback, event_id=delivery.event_id, problem=reply.problem)
        return result(act, asked, reply, told=told)

    async def _answer(self, table: Table, act: StoredAct, reply: Reply, line: AuditLine) -> Answer:
        """The answer to Mattermost; of a click that did something, with the message that shows who did what.

        Mattermost loses an answer in the thread of what is a reply itself, and does not say what is: a bot posts it.
        """
        if act.occasion is Occasion.OUTGOING and reply.to is To.THREAD and late.reaches_threads(table, self._is_rest):
            return Answer(left=reply.messages, to=reply.to)
        shown = None
        if act.occasion is Occasion.ACTION and act.ticket is not None and reply.to is not To.UPDATE:
            shown = await self.cards.shown(act.ticket, line)
        return answered(act.occasion, reply, shown=shown)

    async def _show(self, table: Table, act: StoredAct, line: AuditLine, *, in_time: bool) -> None:
        """Show what was done at the post of the button, where no answer to a click does."""
        if act.ticket is None or not line.post or (in_time and act.occasion is Occasion.ACTION):
            return
        shown = await self.cards.shown(act.ticket, line)
        if shown is not None:
            await self._around.show(table.settings, act.ticket.destination, line.post, shown)

    async def _answer_later(self, table: Table, act: StoredAct, reply: Reply, delivery: Delivery) -> None:
        """Store the messages of a reply, to be posted; once for each delivery, whoever performs it.

        That of an act which a person has sent again has a reply of its own.
        """
        if reply.messages:
            name = f"{delivery.event_id} {delivery.seq}"
            use = DuplicateKey(use_key(table.settings.route, "reply", name), REPLY_WINDOW)
            await self.store_later(table, act, reply, use, delivery)

    async def _give_back(self, table: Table, act: StoredAct, event_id: str, outcome: AuditOutcome) -> None:
        """Have a button or dialog work again whose act came to nothing."""
        if act.ticket is not None and outcome not in (AuditOutcome.DONE, AuditOutcome.CANCELLED):
            await self._journal.release(event_id, [once_key(table.settings.route, act.ticket, option_of(act))])

    def _line(self, table: Table, act: StoredAct, event_id: str, outcome: AuditOutcome, problem: str) -> AuditLine:
        said = f"{table.settings.name}/{act.callback}"
        line = audit_line(act.input, outcome, said, act.ticket, problem, event_id, act.done)
        looked = table.callbacks[act.callback].looks
        return msgspec.structs.replace(line, post="") if looked else line  # no post shows who looked

    def _is_rest(self, destination: str) -> bool:
        found = self.settings.destinations.get(destination)
        return found is not None and found.rest


def _outcome(act: StoredAct, reply: Reply) -> AuditOutcome:
    if act.input.get("cancelled"):
        return AuditOutcome.CANCELLED
    return AuditOutcome.FAILED if reply.problem or reply.errors else AuditOutcome.DONE
