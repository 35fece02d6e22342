"""What strangers send to the running service, as operators start it: answers, log, memory, and others beside them."""

import asyncio
import json

import pytest

from tests.conftest import eventually
from tests.faults import programs
from tests.ingress.test_listener import HOSTILE, TELLING, answered

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("flow-strangers")]

CROWD = 300
"""Connections that send 4.9 MB each: 1.4 GB, of which the gateway holds 64 MB."""
MOST = 300_000_000
"""Bytes of memory that the gateway may take meanwhile."""


async def sent(port: int, pieces: list[bytes], local: str = "127.0.0.1") -> bytes:
    """What is answered to these bytes from a local address until the connection ends."""
    return await answered(*await asyncio.open_connection("127.0.0.1", port, local_addr=(local, 0)), pieces)


async def test_the_log_has_nothing_of_what_strangers_send(items):
    """Every line is one of ours, short, and without a stack trace."""
    await items.start()
    answers = await asyncio.gather(*(sent(items.port, [request]) for request, _ in HOSTILE.values()))
    assert all(TELLING.encode() not in answer.lower() for answer in answers)
    assert (await items.item("a", 1))[0] == 202
    for line in items.log.splitlines():
        assert len(line.encode()) < 2000
        assert json.loads(line)["level"] == "info"
    assert TELLING not in items.log.lower()
    assert '"event":"refused"' in items.log


async def test_a_crowd_of_strangers_is_held_off(items):
    """Bodies that nobody proves take no more than their budget, and senders beside them are served."""
    await items.start()
    head = (
        b"POST /in/items HTTP/1.1\r\nHost: x\r\nX-Token: wrong\r\nConnection: close\r\nContent-Length: 4900000\r\n\r\n"
    )
    crowd = [
        asyncio.ensure_future(sent(items.port, [head, *[bytes(100_000)] * 49], f"127.0.1.{number % 30 + 1}"))
        for number in range(CROWD)
    ]
    number = 0
    while not all(one.done() for one in crowd):
        number += 1
        assert (await items.item("a", number))[0] == 202
    answers = await asyncio.gather(*crowd)
    assert {answer[:13] for answer in answers} <= {b"HTTP/1.1 401 ", b"HTTP/1.1 503 ", b""}
    assert programs.memory(items.running.process.pid, "VmHWM") < MOST
    assert await items.value("refusals_total", cause="memory") > 0
    await eventually(lambda: _is_free(items))


async def _is_free(items) -> bool:
    return await items.value("unproven_bytes") == 0
