"""The line to the writing process of a running gateway, for command line tools beside it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from gateway.errors import JournalError
from gateway.journal.sqlite.channel import Channel
from gateway.journal.sqlite.lease import holder, is_held
from gateway.journal.sqlite.messages import LARGEST, Answers, Job


class SocketLine:
    """The line to a gateway's writing process. `broken` gets the reason why no more answers will come."""

    def __init__(self, path: Path, on_answers: Callable[[Answers], None], broken: Callable[[str], None]) -> None:
        self._path = path
        self._broken = broken
        self._why = ""
        self._channel = Channel(path, on_answers, self._end, LARGEST)
        self._channel.ready.add_done_callback(self._on_ready)

    @classmethod
    async def open(
        cls, path: Path, on_answers: Callable[[Answers], None], broken: Callable[[str], None]
    ) -> Self | None:
        """Connect to the writing process of the gateway that holds the journal; None when no gateway runs."""
        found = holder(path)
        if found is None or not found.socket or not is_held(path):
            return None
        line = cls(path, on_answers, broken)
        try:
            await asyncio.get_running_loop().create_unix_connection(
                lambda: line._channel,
                found.socket,
            )
        except OSError:
            line._channel.ready.cancel()
            return None
        return line

    def send(self, job: Job) -> None:
        """Send a job. Raises JournalError for one that is too large, and after the connection ended."""
        if self._why:
            raise JournalError(f"journal {self._path}: {self._why}")
        self._channel.send(job)

    def replace(self) -> None:
        """Do nothing: the gateway replaces its process."""

    async def close(self, stopped: "asyncio.Future[Any]") -> None:
        """Close the connection after `stopped`, when every job is answered or will not be."""
        await asyncio.wait({stopped})
        if not self._why:
            self._channel.close()

    def _on_ready(self, ready: "asyncio.Future[None]") -> None:
        if not ready.cancelled() and (error := ready.exception()):
            self._end(str(error))

    def _end(self, why: str = "it ended") -> None:
        self._why = f"the process of the running gateway that writes it does not serve this command: {why}"
        self._broken(self._why)
