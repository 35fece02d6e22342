"""Faults of the gateway's own processes: killed, and stopped."""

import signal
from collections.abc import AsyncGenerator

from tests.faults import programs
from tests.faults.world import World, fault


@fault("gateway killed", lasting=False, short=True, real=True)
async def gateway_killed(world: World) -> AsyncGenerator[None]:
    """SIGKILL; the supervisor starts it again."""
    world.may_repeat_kill()
    world.gateway.kill(gateway=True)
    yield


@fault("writing process killed", lasting=False, short=True, real=True)
async def writer_killed(world: World) -> AsyncGenerator[None]:
    """SIGKILL; the gateway starts another, knows what it has delivered, and repeats nothing."""
    world.gateway.kill(writer=True)
    yield


@fault("both killed", lasting=False, short=True, real=True)
async def both_killed(world: World) -> AsyncGenerator[None]:
    """SIGKILL of both at once, as when the machine's memory is short or a container is removed."""
    world.may_repeat_kill()
    world.gateway.kill(gateway=True, writer=True)
    yield


@fault("writing process stands still, goes on", short=True, real=True)
async def writer_stopped(world: World) -> AsyncGenerator[None]:
    """SIGSTOP, then SIGCONT: senders wait, or get 503."""
    (writer,) = world.gateway.writers()
    programs.send(writer, signal.SIGSTOP)
    try:
        await world.standstill()
        yield
    finally:
        programs.send(writer, signal.SIGCONT)


@fault("writing process stands still for good", lasting=False, real=True)
async def writer_stuck(world: World) -> AsyncGenerator[None]:
    """SIGSTOP: senders get 503 until the gateway has replaced the process by itself."""
    (writer,) = world.gateway.writers()
    programs.send(writer, signal.SIGSTOP)
    await world.refused()
    await world.shows("replaced", lambda: bool(world.gateway.writers()) and writer not in world.gateway.writers())
    yield


FAULTS = (gateway_killed, writer_killed, both_killed, writer_stopped, writer_stuck)
