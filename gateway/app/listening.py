"""The bots of a running gateway: one connection for each whose callbacks answer messages."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.acts.desk import Desk
from gateway.acts.lines import audit_line
from gateway.acts.stored import StoredAct
from gateway.acts.tables import Table
from gateway.app.acting import Bots
from gateway.app.senders import Senders
from gateway.callbacks.reply import Reply, To
from gateway.callbacks.smoothing import Occasion, Said, smoothed
from gateway.journal import DuplicateKey
from gateway.journal.audit import AuditOutcome
from gateway.journal.positions import Positions
from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import Message
from gateway.mattermost.session import Session
from gateway.observe import logs
from gateway.observe.metrics import Metrics
from gateway.settings import Settings
from gateway.settings.callbacks import BotSettings, CallbackSettings
from gateway.sources.bot import Bot, State
from gateway.sources.connection import dialler
from gateway.sources.hearing import Listener, listener_of, needs_thread
from gateway.sources.posts import read

_log: Final = logs.get("bots")


class _Running(Struct):
    table: BotSettings
    bot: Bot
    task: "asyncio.Task[None]"


class Listening:
    """Runs the bots; what they hear goes to the desk."""

    def __init__(self, desk: Desk, bots: Bots, senders: Senders, positions: Positions, metrics: Metrics) -> None:
        self._desk = desk
        self._bots = bots
        self._senders = senders
        self._positions = positions
        self._metrics = metrics
        self._running: dict[str, _Running] = {}
        self._tables: Mapping[str, CallbackSettings] = {}

    @property
    def states(self) -> Mapping[str, State]:
        """How each bot that listens is."""
        return {name: one.bot.state for name, one in self._running.items()}

    async def adopt(self, settings: Settings) -> None:
        """Listen as these settings say; bots whose account is another one begin anew. Raises SettingsError."""
        self._tables = settings.callbacks
        wanted = {name: settings.bots[name] for name in settings.bots if await self._is_wanted(name)}
        for name in [name for name, one in self._running.items() if wanted.get(name) != one.table]:
            await self._stop(self._running.pop(name))
        for name, table in wanted.items():
            if name not in self._running:
                self._running[name] = await self._start(table)

    async def close(self) -> None:
        """Stop all bots."""
        running, self._running = list(self._running.values()), {}
        await asyncio.gather(*map(self._stop, running))

    async def _is_wanted(self, bot: str) -> bool:
        """Whether any callback answers the messages of a bot."""
        return any(table.answering(Occasion.MESSAGE) for table in await self._tables_of(bot))

    async def _tables_of(self, bot: str) -> list[Table]:
        found = [await self._desk.acts.table(name) for name, one in self._tables.items() if one.bot == bot]
        return [table for table in found if table is not None]

    async def _start(self, table: BotSettings) -> _Running:
        session = self._bots.session(table.name)
        assert session is not None  # noqa: S101 - it is that of the settings
        dial = dialler(await self._senders.http(table), table.server, table.timeout)
        bot = Bot(
            table.name,
            session,
            dial,
            partial(self._hear, table, session),
            self._positions,
            self._metrics,
            bots=table.bots,
        )
        task = asyncio.create_task(bot.run(), name=f"bot {table.name}")
        task.add_done_callback(partial(_report, table.name))
        return _Running(table, bot, task)

    async def _stop(self, running: _Running) -> None:
        await running.bot.close()
        await asyncio.wait({running.task})

    async def _hear(self, bot: BotSettings, session: Session, data: Mapping[str, Any]) -> bool:
        """Take what a bot hears, if any callback answers it. Raises JournalError, Unsent."""
        post, me = read(data), await session.me()
        tables = {one.settings.name: one for one in await self._tables_of(bot.name) if one.answering(Occasion.MESSAGE)}
        listeners = [_listener(one.settings, bot) for one in tables.values()]
        one = self._running.get(bot.name)
        takes_part = one is not None and needs_thread(listeners, post) and await one.bot.takes_part(post.root_id)
        heard = listener_of(listeners, data, post, (me.id, me.username), takes_part=takes_part)
        if heard is None:
            return False
        given = smoothed(Occasion.MESSAGE, data)
        words = {"text": heard.text, "words": heard.text.split(), "trigger": heard.trigger}
        said = replace(given, input={**given.input, **words})
        table = tables[heard.listener]
        if (callback := table.hearing(said)) is None:
            return False
        [use] = table.uses(said)
        if why := await self._desk.permits.denied(table.settings, said.input):
            await self._deny(table, callback, said, why, use)
        else:
            await self._desk.acts.take(table, callback, said, [use], wait=False)
        return True

    async def _deny(self, table: Table, callback: str, said: Said, why: str, use: DuplicateKey) -> None:
        """Say who may, in the thread."""
        act = StoredAct(callback, said.occasion, said.input)
        await self._desk.acts.store_later(table, act, Reply(To.THREAD, tuple(fitted(Message(text=why)))), use)
        line = audit_line(said.input, AuditOutcome.DENIED, f"{table.settings.name}/{callback}", text=why)
        await self._desk.acts.note(said.occasion, line)


def _listener(table: CallbackSettings, bot: BotSettings) -> Listener:
    return Listener(table.name, frozenset(table.hears), table.triggers, frozenset(table.channels), bot.bots)


def _report(name: str, task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("a bot stopped: this is a fault of mattergate", bot=name, exc_info=error)
