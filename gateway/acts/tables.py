"""The callbacks that the settings bring to life: those of a service, with what one table gives them."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from gateway.callbacks import fit
from gateway.callbacks.document import CallbackShape
from gateway.callbacks.given import Given
from gateway.callbacks.smoothing import Occasion, Said
from gateway.callbacks.ticket import Ticket
from gateway.catalog.service import Service
from gateway.journal import DuplicateKey
from gateway.journal.duplicates import Use, use_key
from gateway.settings.callbacks import CallbackSettings

_TRIGGER: Final[tuple[Use, float]] = ("trigger", 86_400.0)
_USED: Final[Mapping[Occasion, tuple[Use, float]]] = {
    Occasion.OUTGOING: ("post", 7 * 86_400.0),
    Occasion.MESSAGE: ("post", 30 * 86_400.0),  # a bot catches up days after it was stopped
}
"""What is used up at an occasion, and the seconds for which that is known."""


class Table(Struct, frozen=True):
    """One table [callbacks.NAME], with the callbacks that it brings to life by the names of their documents."""

    settings: CallbackSettings
    callbacks: Mapping[str, CallbackShape]
    given: Given

    def giving(self, now: float) -> Given:
        """What is given to a callback at a time."""
        return replace(self.given, now=now)

    def has(self, ticket: Ticket) -> bool:
        """Whether the callback of a ticket is one of the service that the table names now."""
        return ticket.callback.rpartition("/")[0] == self.settings.service

    def uses(self, said: Said) -> list[DuplicateKey]:
        """What is used up by something said or clicked: sent again, it is a repeat of the first time."""
        kind, window = _USED.get(said.occasion, _TRIGGER)
        return [DuplicateKey(use_key(self.settings.route, kind, said.id), window)] if said.id else []

    def hearing(self, said: Said) -> str | None:
        """The callback for something said: the one named like its trigger word, or the first; None where none is."""
        every = self.answering(said.occasion)
        trigger = str(said.input.get("trigger", "")).strip("!/#:").lower()
        return trigger if trigger in every else next(iter(every), None)

    def answering(self, occasion: Occasion) -> dict[str, CallbackShape]:
        """The callbacks for an occasion."""
        return fit.answering(self.callbacks, occasion)


def alive(settings: CallbackSettings, service: Service) -> Table:
    """The table with the callbacks of its service."""
    values = {**settings.settings, "url": settings.url} if settings.url else settings.settings
    return Table(settings, fit.alive(settings, service), Given(values, settings.secrets))
