"""Faults of the machine: names that do not resolve, clocks that jump, no more file descriptors, no more memory."""

import asyncio
import os
import resource
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

from tests.faults import programs
from tests.faults.disks import no_root
from tests.faults.gateway import CONCURRENCY, Place
from tests.faults.senders import hold_bodies, hold_open
from tests.faults.world import Fault, World, fault

NAME = "mattermost.faults.example"
"""The host of Mattermost in the settings of a gateway that resolves names by a file of its own."""

_HOUR = 3600
_CLOCK = Path(__file__).with_name("clock")
_CGROUP = Path("/sys/fs/cgroup")


@asynccontextmanager
async def own_names(folder: Path) -> AsyncIterator[Place]:
    """A mount namespace in which `names` is /etc/hosts, and no name server answers."""
    names, servers = folder / "names", folder / "servers"
    names.write_text(f"127.0.0.1 localhost\n127.0.0.1 {NAME}\n")
    servers.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    binds = 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
    yield Place(folder, ("unshare", "--mount", "sh", "-c", binds, names, servers), mattermost=NAME)


@fault("DNS failing", place=own_names, lacking=partial(no_root, "unshare", "mount"), within=20.0)
async def dns(world: World) -> AsyncGenerator[None]:
    """Mattermost moves to another address; its name resolves to nothing for a while, then to the new address."""
    world.may_repeat += CONCURRENCY
    names = world.folder / "names"
    names.write_text("127.0.0.1 localhost\n")
    await world.standin.kill()
    await world.queued()
    yield
    world.standin.host = "127.0.0.2"
    await world.standin.start()
    names.write_text(f"127.0.0.1 localhost\n127.0.0.2 {NAME}\n")


@asynccontextmanager
async def own_clock(folder: Path) -> AsyncIterator[Place]:
    """A gateway whose wall clock is ahead by what the file `clock` says; its monotonic clock goes on as it does."""
    offset = folder / "clock"
    offset.write_bytes(_ahead(0))
    path = os.pathsep.join(filter(None, (str(_CLOCK), os.environ.get("PYTHONPATH"))))
    yield Place(folder, environ={"FAULTS_CLOCK": str(offset), "PYTHONPATH": path})


def _ahead(seconds: float) -> bytes:
    return struct.pack("=d", seconds)


def _set_clock(world: World, seconds: float) -> None:
    with (world.folder / "clock").open("r+b") as file:
        file.write(_ahead(seconds))


def _clock(name: str, seconds: int, *, outage: bool = False, killed: bool = False) -> Fault:
    """The wall clock jumps: while all is well, during an outage of Mattermost, or just before a kill."""

    @fault(f"clock {name}", place=own_clock, lasting=not killed)
    async def act(world: World) -> AsyncGenerator[None]:
        if outage:
            world.may_repeat += CONCURRENCY
            await world.mattermost.kill()
            await world.queued()
        _set_clock(world, seconds)
        await world.accepted()
        if killed:
            world.may_repeat_kill()
            world.gateway.kill(gateway=True)
        yield
        if outage:
            await world.mattermost.start()

    return act


@fault("file descriptors exhausted", short=True)
async def descriptors(world: World) -> AsyncGenerator[None]:
    """There are no more, idle connections wait for some, and senders and Mattermost have to connect anew."""
    world.may_repeat += CONCURRENCY
    pid = world.gateway.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    async with world.senders.disconnected():
        await world.mattermost.stop()
        await world.mattermost.start()
        most = programs.highest_descriptor(pid) + 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, before[1]))
        idle = await hold_open(world.gateway.port, 2 * most)
        await world.shows("exhausted", lambda: programs.descriptors(pid) >= most)
    started, took = asyncio.get_running_loop().time(), programs.processor(pid)
    await world.refused()
    await asyncio.sleep(1.0)
    share = (programs.processor(pid) - took) / (asyncio.get_running_loop().time() - started)
    world.note(f"{share:.0%} of a processor meanwhile")
    yield
    for writer in idle:
        writer.close()
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def _controlled(folder: Path) -> Path:
    """A control group of this test, with its limit of memory, of version 2 or 1."""
    base = _CGROUP if (_CGROUP / "cgroup.controllers").exists() else _CGROUP / "memory"
    return base / f"mattergate-faults-{os.getpid()}-{folder.name}"


def _limit_file(group: Path) -> Path:
    return group / ("memory.max" if (group / "memory.max").exists() else "memory.limit_in_bytes")


def _no_cgroup() -> str:
    if why := no_root():
        return why
    group = _controlled(Path("probe"))
    try:
        group.mkdir()
    except OSError as error:
        return f"needs control groups ({error.strerror})"
    there = _limit_file(group).exists()
    group.rmdir()
    return "" if there else "needs the memory controller of control groups"


@asynccontextmanager
async def limited_memory(folder: Path) -> AsyncIterator[Place]:
    """A control group for the gateway and its writing process."""
    group = _controlled(folder)
    group.mkdir()

    def join() -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))

    try:
        yield Place(folder, prepare=join)
    finally:
        for _ in range(100):  # until the kernel has taken away those that were killed
            with suppress(OSError):
                group.rmdir()
                break
            await asyncio.sleep(0.05)


@fault("memory limit of the container", place=limited_memory, lacking=_no_cgroup, within=20.0)
async def memory(world: World) -> AsyncGenerator[None]:
    """The kernel kills who takes more memory than the container has, while strangers send large bodies."""
    group = _controlled(world.folder)
    limit = _limit_file(group)
    used = sum(programs.memory(pid) for pid in (world.gateway.pid, *world.gateway.writers()))
    limit.write_text(str(used + 20_000_000))
    ends = len(world.gateway.ends)
    bodies = await hold_bodies(world.gateway.port, 200, 4_000_000)
    await world.until(lambda: len(world.gateway.ends) > ends, 5.0)
    killed = len(world.gateway.ends) - ends
    for _ in range(max(killed, 1)):
        world.may_repeat_kill()
    world.note(f"killed {killed} times" if killed else "not killed: it takes no more than it has")
    yield
    limit.write_text("max" if limit.name == "memory.max" else "-1")
    for writer in bodies:
        writer.close()


@fault("no more memory from the system", short=True)
async def address_space(world: World) -> AsyncGenerator[None]:
    """Every new block of memory is refused, while strangers send large bodies; a gateway that ends is started again."""
    pid, ends = world.gateway.pid, len(world.gateway.ends)
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (programs.memory(pid, "VmSize") + 4_000_000, before[1]))
    bodies = await hold_bodies(world.gateway.port, 40, 4_000_000)
    await world.until(lambda: world.senders.refused.total() > 3 or len(world.gateway.ends) > ends, 5.0)
    yield
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, before)
    for writer in bodies:
        writer.close()
    killed = len(world.gateway.ends) - ends
    for _ in range(killed):
        world.may_repeat_kill()
    world.note(f"ended {killed} times" if killed else "it goes on")


FAULTS = (
    dns,
    _clock("an hour forward", _HOUR),
    _clock("an hour back", -_HOUR),
    _clock("an hour forward during an outage", _HOUR, outage=True),
    _clock("an hour back during an outage", -_HOUR, outage=True),
    _clock("two days forward during an outage", 48 * _HOUR, outage=True),
    _clock("an hour back, then the gateway killed", -_HOUR, killed=True),
    descriptors,
    memory,
    address_space,
)
