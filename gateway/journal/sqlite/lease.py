"""The lease: a lock beside the journal, which only one gateway holds and which ends with its process in any case.

The writing process of a gateway inherits the lock, so that the successor of a gateway that was killed does not start
before all its jobs are written.
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
"""Seconds to wait for the lock: meanwhile the writing process of a killed gateway ends its last commit."""

_GLANCE: Final = 0.05
_LONGEST: Final = 4096
"""The most bytes that are read of a holder's record."""

log = structlog.get_logger("gateway.journal")


class Holder(NamedTuple):
    """The gateway that delivers: process id, host, start (epoch seconds), path of the socket for its clients."""

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
        """Lock the journal at `path` and write the holder's record.

        Raises JournalError when another gateway still holds the lock after PATIENCE seconds; OSError.
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
        """Write the address for clients into the holder's record; a full disk only logs a warning."""
        self._holder = self._holder._replace(socket=address)
        record = json.dumps(self._holder._asdict()).encode()
        try:
            os.pwrite(self.descriptor, record, 0)
            os.ftruncate(self.descriptor, len(record))
        except OSError as error:
            log.warning("the holder of the journal cannot be recorded", lock=str(self._file), reason=error.strerror)

    def release(self) -> None:
        """Release the lock, which ends once every process that inherited it has ended, too."""
        os.close(self.descriptor)


def holder(path: Path) -> Holder | None:
    """The last gateway that held the lease, which may still hold it; None when it is not known."""
    try:
        with _file(path).open("rb") as file:
            record: Any = json.loads(file.read(_LONGEST))
        return Holder(int(record["pid"]), str(record["host"]), float(record["since"]), str(record["socket"]))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def is_held(path: Path) -> bool:
    """Whether a gateway holds the lease. A copy of a journal has its record beside it, and not its lease."""
    try:
        descriptor = os.open(_file(path), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system that knows no locks
        return False
    finally:
        os.close(descriptor)
    return False


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
                    "(if it has ended, its writing process `gateway.journal.sqlite.process` is left: end that)"
                ) from None
            if not waiting:
                log.warning("another gateway holds the journal, waiting for it", journal=str(path), holder=str(who))
            waiting = True
            await asyncio.sleep(_GLANCE)
        else:
            return


def _file(path: Path) -> Path:
    """The lock file of a journal: beside the file itself, also when the path is a link."""
    path = Path(os.path.realpath(path))  # unlike `resolve`, this takes links in a circle
    return path.with_name(f"{path.name}-lock")
