"""The destinations of settings, each with its sender. One whose settings have not changed stays the same object."""

from collections.abc import Callable

from msgspec import Struct

from gateway.app.acting import Acting
from gateway.app.senders import Senders
from gateway.delivery.destinations import Destination, Sender
from gateway.ingress.doors import hooks
from gateway.mattermost.rest import Cards
from gateway.settings import Settings
from gateway.settings.callbacks import BOTS, BotSettings
from gateway.settings.destinations import Pace
from gateway.settings.tables import DeliveryTable


class Destinations:
    """Builds destinations. `cards(name)` gives the function that finds the cards of a destination.

    `acting` makes those that perform acts.
    """

    def __init__(self, senders: Senders, cards: Callable[[str], Cards], acting: Acting) -> None:
        self._senders = senders
        self._cards = cards
        self._acting = acting
        self._current: dict[str, tuple[Struct, Destination]] = {}

    async def of(self, settings: Settings) -> list[Destination]:
        """The destinations of these settings: also [passthrough], bots and outside services. Raises SettingsError."""
        made: dict[str, tuple[Struct, Destination]] = {}
        for name, table in settings.destinations.items():
            made[name] = self._unchanged(name, table) or (
                table,
                _destination(name, table, await self._senders.of(table, self._cards(name))),
            )
        if settings.passthrough is not None:
            name, through = hooks.NAME, _Through(settings.passthrough.server, settings.delivery)
            made[name] = self._unchanged(name, through) or (
                through,
                _destination(name, through.delivery, await self._senders.passing(through.server, through.delivery)),
            )
        await self._acting.prepare(settings)
        for bot in settings.bots.values():
            name = BOTS + bot.name
            made[name] = self._unchanged(name, bot) or (bot, _destination(name, bot, self._of_bot(bot)))
        for outside in settings.callbacks.values():
            kept = self._unchanged(outside.route, outside)
            made[outside.route] = kept or (outside, self._acting.destination(outside))
        self._current = made
        return [destination for _, destination in made.values()]

    def _of_bot(self, table: BotSettings) -> Sender:
        session = self._acting.bots.session(table.name)
        assert session is not None  # noqa: S101 - it was adopted just now
        return self._senders.posting(table, session, self._cards(BOTS + table.name))

    def _unchanged(self, name: str, table: Struct) -> tuple[Struct, Destination] | None:
        kept = self._current.get(name)
        return kept if kept and kept[0] == table else None


class _Through(Struct, frozen=True):
    """The settings on which the destination of pass-through hooks depends."""

    server: str
    delivery: DeliveryTable


def _destination(name: str, table: Pace, sender: Sender) -> Destination:
    return Destination(name, sender, table.concurrency, table.rate or None, table.max_age)
