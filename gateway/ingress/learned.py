"""The effects of handshakes: secrets that a service sends once, and values to show the operator."""

from collections.abc import Mapping, Sequence

from gateway.ingress.confirmations import Confirmations
from gateway.journal.keyrings import Secrets
from gateway.observe import logs
from gateway.secret import Secret
from gateway.verify.handshake import Effect, Reply

_log = logs.get("handshake")


class Learned:
    """Secrets by route, durable in the journal when one is given; `known` are those that it already holds.

    `confirmations` are for the effect that takes longer.
    """

    def __init__(
        self,
        journal: Secrets | None = None,
        known: Mapping[str, str] | None = None,
        confirmations: Confirmations | None = None,
    ) -> None:
        self.confirmations = confirmations or Confirmations()
        self._journal = journal
        self._secrets = {route: Secret(text) for route, text in (known or {}).items()}

    def of(self, route: str) -> Sequence[Secret]:
        """The secret that this route learned in a handshake, if any."""
        return (self._secrets[route],) if route in self._secrets else ()

    async def act(self, route: str, reply: Reply) -> None:
        """Carry out the effect of a handshake before its answer. Raises JournalError when a secret cannot be stored."""
        if reply.effect in {Effect.STORE, Effect.STORE_AND_SHOW}:
            await self._store(route, reply.value)
        if reply.effect in {Effect.SHOW, Effect.STORE_AND_SHOW}:
            _log.warning("the service asks you to enter this value on its page", route=route, value=reply.value)

    async def _store(self, route: str, secret: str) -> None:
        if self._journal is not None:
            await self._journal.remember(route, secret)
        self._secrets[route] = Secret(secret)
        _log.info("the service sent its secret", route=route)
