"""The body of a request as it arrives: bounded in size, time and memory."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from gateway.errors import Refused
from gateway.ingress.body import UNREAD, arrived_body, read_body
from gateway.ingress.budget import Budget

LIMIT = 1_000_000


@pytest.fixture
def arriving():
    """A function that makes a request, with the stream of its body and its memory."""

    def make(budget, length=None, peer="a"):
        loop = asyncio.get_running_loop()
        protocol = BaseProtocol(loop)
        protocol.transport = asyncio.Transport()
        protocol._upgraded = True  # it has no parser to pause
        stream = StreamReader(protocol, 2**16, loop=loop)
        headers = {"Content-Length": str(length)} if length is not None else {}
        return make_mocked_request("POST", "/", headers, payload=stream), stream, budget.hold(peer)

    return make


def refused(caught):
    """The status and cause of a refusal."""
    return caught.value.status, caught.value.cause


async def begun(reading):
    """The task of a read that has begun."""
    task = asyncio.ensure_future(reading)
    await asyncio.sleep(0)
    return task


async def test_a_body_that_is_there_is_read_at_once(arriving):
    """Nobody has to wait for it, and nothing has to be held."""
    budget = Budget(100, 100)
    request, stream, _ = arriving(budget)
    stream.feed_data(b"abc")
    assert arrived_body(request, LIMIT) is None
    stream.feed_eof()
    assert arrived_body(request, LIMIT) == b"abc"
    assert budget.size == 0


async def test_a_body_that_is_there_and_too_large(arriving):
    """By its announcement, or as it is."""
    for length in (LIMIT + 1, None):
        request, stream, _ = arriving(Budget(100, 100), length)
        stream.feed_data(bytes(LIMIT + 1))
        stream.feed_eof()
        with pytest.raises(Refused) as caught:
            arrived_body(request, LIMIT)
        assert refused(caught) == (413, "")


async def test_a_body_is_charged_as_it_arrives(arriving):
    """Not by what it announces; with what its connection may buffer, which a short one does not fill."""
    budget = Budget(10 * LIMIT, 10 * LIMIT)
    request, stream, held = arriving(budget, 900_000)
    task = await begun(read_body(request, LIMIT, 10.0, held))
    assert budget.size == UNREAD
    stream.feed_data(bytes(1000))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert budget.size == UNREAD + 1000
    stream.feed_data(b"x")
    stream.feed_eof()
    assert await task == bytes(1000) + b"x"
    assert budget.size == 1001
    request, _, held = arriving(budget, 10)
    task = await begun(read_body(request, LIMIT, 10.0, held))
    assert budget.size == 1011
    task.cancel()


async def test_a_body_gives_way_to_another(arriving):
    """The larger one is refused at once, without waiting for its next byte."""
    budget = Budget(400_000, 400_000)
    request, stream, large = arriving(budget, 300_000)
    task = await begun(read_body(request, LIMIT, 100.0, large))
    stream.feed_data(bytes(200_000))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    budget.hold("b").charge(100_000)
    with pytest.raises(Refused) as caught:
        await task
    assert refused(caught) == (503, "memory")
    assert budget.size == 100_000


async def test_what_makes_a_body_impossible(arriving):
    """Too large as it arrives; too slow; broken; and too much at once."""
    budget = Budget(500_000, 500_000)
    request, stream, held = arriving(budget)
    task = await begun(read_body(request, 10, 1.0, held))
    stream.feed_data(bytes(11))
    with pytest.raises(Refused) as caught:
        await task
    assert refused(caught) == (413, "")
    request, _, held = arriving(budget)
    with pytest.raises(Refused) as caught:
        await read_body(request, LIMIT, 0.01, held)
    assert refused(caught) == (408, "")
    request, stream, held = arriving(budget)
    stream.set_exception(web.RequestPayloadError())
    with pytest.raises(Refused) as caught:
        await read_body(request, LIMIT, 1.0, held)
    assert refused(caught) == (400, "")
    request, _, held = arriving(Budget(10, 10), 11)
    with pytest.raises(Refused) as caught:
        await read_body(request, LIMIT, 1.0, held)
    assert refused(caught) == (503, "memory")


async def test_a_connection_that_is_gone_is_no_failure_of_ours(arriving):
    """It was closed, by whomever, before its body was asked for."""
    request, stream, held = arriving(Budget(LIMIT, LIMIT))
    stream._protocol.transport = None
    request._protocol.transport = None
    with pytest.raises(Refused) as caught:
        await read_body(request, LIMIT, 1.0, held)
    assert refused(caught) == (400, "")
