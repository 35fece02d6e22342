"""Notifications to systemd, for a unit of Type=notify: the gateway is ready, stops, is still alive.

The protocol is one datagram a message to the socket that NOTIFY_SOCKET names (sd_notify(3)). Without that variable
nothing is sent.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gateway.observe import logs

_log = logs.get("supervisor")

PATIENCE = 0.5
"""Seconds that a message may block the event loop while the socket is full, since systemd may stand still."""


def notify(state: str, address: str) -> None:
    """Send a state such as `READY=1` to a socket, which may be in the abstract name space (`@...`)."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(PATIENCE)
            sender.connect("\0" + address[1:] if address.startswith("@") else address)
            sender.send(state.encode())
    except OSError as error:
        _log.warning("systemd cannot be told", state=state, reason=error.strerror or str(error))


@asynccontextmanager
async def supervised(environ: Mapping[str, str]) -> AsyncIterator[None]:
    """Notify systemd that the gateway is ready while the block runs, and as often as it asks that the loop is alive.

    NOTIFY_SOCKET, WATCHDOG_USEC (microseconds) and WATCHDOG_PID are read from `environ`; WATCHDOG_PID names the process
    that is watched when it is not this one.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        yield
        return
    notify("READY=1", address)
    alive = asyncio.ensure_future(_stay_alive(address, _watchdog(environ)))
    try:
        yield
    finally:
        alive.cancel()
        notify("STOPPING=1", address)


def _watchdog(environ: Mapping[str, str]) -> float:
    """Seconds within which systemd wants to hear from this process; 0 when it does not."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    value = environ.get("WATCHDOG_USEC", "")
    return int(value) / 1e6 if value.isdecimal() else 0.0


async def _stay_alive(address: str, seconds: float) -> None:
    """Notify twice in each `seconds` that the event loop is alive; return at once for 0."""
    while seconds:
        notify("WATCHDOG=1", address)
        await asyncio.sleep(seconds / 2)
