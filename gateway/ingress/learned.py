"""What handshakes teach: secrets that a service tells once, values that the operator is to see, URLs to be fetched."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from gateway.errors import JournalError
from gateway.observe import logs
from gateway.verify.handshake import Effect, Reply

_log = logs.get("handshake")


class Learned:
    """Secrets by route, durable in `file` (mode 0600) when one is given; `fetch` GETs a pinned URL."""

    def __init__(self, file: Path | None = None, fetch: Callable[[str], Awaitable[None]] | None = None) -> None:
        self._file = file
        self._fetch = fetch
        self._secrets: dict[str, list[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        if file is not None and file.exists():
            self._secrets = msgspec.json.decode(file.read_bytes(), type=dict[str, list[str]])

    def of(self, route: str) -> Sequence[str]:
        """The secrets that services told this route."""
        return self._secrets.get(route, ())

    def act(self, route: str, reply: Reply) -> None:
        """Do what a handshake asks for beside its answer. Raises JournalError when a secret cannot be kept."""
        if reply.effect is Effect.STORE:
            self._store(route, reply.value)
        elif reply.effect is Effect.SHOW:
            _log.warning("the service asks you to enter this value on its page", route=route, value=reply.value)
        elif reply.effect is Effect.FETCH and self._fetch is not None:
            task = asyncio.ensure_future(self._confirm(route, reply.value))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _store(self, route: str, secret: str) -> None:
        secrets = {**self._secrets, route: [secret]}
        if self._file is not None:
            fresh = self._file.with_suffix(".new")
            try:
                descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(msgspec.json.encode(secrets))
                    stream.flush()
                    os.fsync(stream.fileno())
                fresh.replace(self._file)
            except OSError as error:
                raise JournalError(
                    f"{self._file}: the secret of route {route} cannot be kept: {error.strerror}"
                ) from error
        self._secrets = secrets
        _log.info("the service told its secret", route=route)

    async def _confirm(self, route: str, url: str) -> None:
        assert self._fetch is not None  # noqa: S101 - checked by the only caller
        try:
            await self._fetch(url)
            _log.info("subscription confirmed", route=route)
        except (OSError, TimeoutError) as error:
            _log.warning("subscription not confirmed", route=route, why=str(error))
