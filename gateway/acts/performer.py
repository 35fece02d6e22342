"""The destination that performs the acts of one table: the dispatcher brings them, an outside service takes them."""

from collections.abc import Callable
from typing import Final

from gateway.acts.acts import Acts
from gateway.delivery.destinations import Destination
from gateway.delivery.evidence import Judgement
from gateway.model import Delivered, Delivery, Result
from gateway.settings.callbacks import CallbackSettings


class Performer:
    """See `delivery.destinations.Sender`."""

    warning: Final = ""

    def __init__(self, acts: Acts, name: str) -> None:
        self._acts = acts
        self._name = name

    async def send(self, delivery: Delivery) -> Result:
        """Perform an act, or send a later answer."""
        return await self._acts.perform(self._name, delivery)

    async def answers(self) -> bool:
        """Nothing is known of an outside service that would answer a question for its health."""
        return True

    def target(self, delivery: Delivery) -> str:  # noqa: ARG002 - one service
        """All of it."""
        return ""


class OutsideService(Destination):
    """An outside service. No failure of one act holds another back: a person may wait for it, and must be told."""

    def record(
        self,
        result: Result,
        lane: str,  # noqa: ARG002 - see `Destination`
        delivery: Delivery,  # noqa: ARG002
        epoch: int,  # noqa: ARG002
        now: float,  # noqa: ARG002
        random: Callable[[], float],  # noqa: ARG002
    ) -> Judgement | None:
        """Take in the result of an attempt."""
        self.breaker.success()
        if isinstance(result, Delivered):
            self._dead = 0
        return None


def destination(acts: Acts, table: CallbackSettings) -> Destination:
    """The destination of a table."""
    return OutsideService(
        table.route, Performer(acts, table.name), table.concurrency, table.rate or None, table.max_age
    )
