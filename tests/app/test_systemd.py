"""What systemd hears from the gateway, on a real socket."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from gateway.app.systemd import supervised
from tests.conftest import PATIENCE, eventually


class Listener:
    """The socket of a unit of Type=notify."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        """The messages since the last time."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture(params=["path", "abstract"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Listener, dict[str, str]]]:
    """A listener, and the environment that names its socket: a path, or a name in the abstract name space."""
    address = str(tmp_path / "notify") if request.param == "path" else f"@mattergate-test-{os.getpid()}"
    listener = Listener(address)
    with closing(listener.socket):
        yield listener, {"NOTIFY_SOCKET": address}


async def test_ready_and_stopping_are_told(unit):
    """READY=1 comes when the block begins and STOPPING=1 when it ends, and without a watchdog nothing between."""
    listener, environ = unit
    async with supervised(environ):
        await asyncio.sleep(0.05)
        assert listener.heard() == ["READY=1"]
    assert listener.heard() == ["STOPPING=1"]


async def test_the_watchdog_hears_from_the_event_loop(unit):
    """A sign of life comes twice in the time allowed, and none while the loop is held up."""
    listener, environ = unit
    watched = environ | {"WATCHDOG_USEC": "100000", "WATCHDOG_PID": str(os.getpid())}
    heard: list[str] = []

    def often() -> bool:
        heard.extend(listener.heard())
        return len(heard) >= 4

    async with supervised(watched):
        began = time.monotonic()
        await eventually(often)
        assert time.monotonic() - began >= 0.1
        assert (heard[0], set(heard[1:])) == ("READY=1", {"WATCHDOG=1"})
        listener.heard()
        time.sleep(0.2)
        assert listener.heard() == []


async def test_a_systemd_that_stands_still_holds_nothing_up(unit):
    """When nobody reads the socket and it is full, the event loop goes on after a moment."""
    listener, environ = unit
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        other.connect(listener.socket.getsockname())
        with suppress(BlockingIOError):  # until it is full
            while True:
                other.send(b"WATCHDOG=1")
        async with asyncio.timeout(PATIENCE), supervised(environ):
            pass


async def test_the_watchdog_of_another_process_hears_nothing(unit):
    """WATCHDOG_PID of a parent means the parent."""
    listener, environ = unit
    async with supervised(environ | {"WATCHDOG_USEC": "10000", "WATCHDOG_PID": "1"}):
        await asyncio.sleep(0.05)
        assert listener.heard() == ["READY=1"]


async def test_stopping_is_told_after_a_failure_too(unit):
    """An error that ends the block reaches the caller, and systemd hears that the service stops."""
    listener, environ = unit
    with pytest.raises(RuntimeError):
        async with supervised(environ):
            raise RuntimeError
    assert listener.heard() == ["READY=1", "STOPPING=1"]


@pytest.mark.parametrize("usec", ["", "soon", "-1", "0"])
async def test_a_watchdog_time_that_is_none_is_no_watchdog(unit, usec):
    """What systemd would not send is as good as nothing."""
    listener, environ = unit
    async with supervised(environ | {"WATCHDOG_USEC": usec}):
        await asyncio.sleep(0.02)
        assert listener.heard() == ["READY=1"]


async def test_without_systemd_nothing_is_told():
    """Started from a shell, the block just runs."""
    async with supervised({"WATCHDOG_USEC": "1000"}):
        await asyncio.sleep(0)


async def test_a_socket_that_is_gone_stops_nobody(tmp_path):
    """The gateway serves on when systemd cannot be told."""
    async with supervised({"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        await asyncio.sleep(0)
