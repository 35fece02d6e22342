"""One gateway delivers from a journal: a lock beside it says which, and ends with its process however that ends.

The process that writes for a gateway inherits the lock, so that the successor of a gateway that was killed does not
start before everything that was asked for is written.
"""

import asyncio
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import structlog

from gateway.errors import JournalError

PATIENCE: Final = 5.0
"""Seconds to wait for the lock: the process that wrote for a gateway that was killed ends its last commit meanwhile."""

_GLANCE: Final = 0.05
_LONGEST: Final = 4096
"""Bytes of what a holder says about itself that are looked at."""

log = structlog.get_logger("gateway.journal")


class Holder(NamedTuple):
    """The gateway that delivers: its process id, its host, since when (epoch), the socket where it takes clients."""

    pid: int
    host: str
    since: float
    socket: str = ""

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.since))
        return f"the gateway with process id {self.pid} on host {self.host}, since {since}"


class Lease:
    """The right to deliver from a journal; see `take`."""

    def __init__(self, file: Path, descriptor: int) -> None:
        self._file = file
        self.descriptor = descriptor
        self._holder = Holder(os.getpid(), socket.gethostname(), time.time())

    @classmethod
    async def take(cls, path: Path) -> Self:
        """Get the right to deliver from the journal at `path`, and say so to others.

        Raises JournalError when another gateway has it, and keeps it for PATIENCE seconds; OSError.
        """
        file = _file(path)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await _lock(descriptor, path)
            lease = cls(file, descriptor)
            lease.announce("")
        except BaseException:
            os.close(descriptor)
            raise
        return lease

    def announce(self, address: str) -> None:
        """Tell others where clients are taken; on a disk that is full they are left to guess."""
        self._holder = self._holder._replace(socket=address)
        record = json.dumps(self._holder._asdict()).encode()
        try:
            os.pwrite(self.descriptor, record, 0)
            os.ftruncate(self.descriptor, len(record))
        except OSError as error:
            log.warning("others cannot be told who holds the journal", lock=str(self._file), reason=error.strerror)

    def release(self) -> None:
        """Let others deliver, once no process that has inherited the lock is left."""
        os.close(self.descriptor)


def holder(path: Path) -> Holder | None:
    """Who has delivered from a journal last, and may do so now; None when that is not known."""
    try:
        with _file(path).open("rb") as file:
            record: Any = json.loads(file.read(_LONGEST))
        return Holder(int(record["pid"]), str(record["host"]), float(record["since"]), str(record["socket"]))
    except (OSError, ValueError, TypeError, LookupError):
        return None


async def _lock(descriptor: int, path: Path) -> None:
    until = time.monotonic() + PATIENCE
    waiting = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = holder(path) or "another gateway"
            if time.monotonic() >= until:
                raise JournalError(
                    f"journal {path} is held by {who}: stop that one, or name another file for this one "
                    "(if it is gone, a process `gateway.journal.sqlite.process` that writes for it is left: end that)"
                ) from None
            if not waiting:
                log.warning("the journal is held, waiting for its end", journal=str(path), holder=str(who))
            waiting = True
            await asyncio.sleep(_GLANCE)
        else:
            return


def _file(path: Path) -> Path:
    """The lock of a journal: beside the file itself, whatever links lead there."""
    path = path.resolve()
    return path.with_name(f"{path.name}-lock")
