"""The public socket: senders that are slow with their headers, or send too many, are hung up on."""

import asyncio

import aiohttp

OPEN = '[routes.open]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n'


async def test_slow_headers_are_408(start):
    """A sender that never ends its headers is answered 408 and hung up on."""
    gateway = await start(OPEN, server='read_timeout = "0.2s"')
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /in/open HTTP/1.1\r\nHost: x\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_large_headers_are_refused(start):
    """A header over the limit is a 4xx, never a crash."""
    gateway = await start(OPEN, server='header_limit = "8kB"')
    async with gateway.session.post(gateway.url + "/in/open", data=b"x", headers={"X-Big": "y" * 20_000}) as response:
        assert 400 <= response.status < 500


async def test_a_connection_that_says_nothing_is_hung_up_on(start):
    """It costs a socket for `read_timeout`, and no longer."""
    gateway = await start(OPEN, server='read_timeout = "0.2s"')
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    assert (await reader.read()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_a_connection_that_was_used_is_kept(start):
    """Only the first request has to come in time: a sender keeps its connection between two events."""
    gateway = await start(OPEN, server='read_timeout = "0.5s"')
    made = []
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_start.append(lambda *_: _note(made))
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for title in ("one", "two"):
            async with session.post(gateway.url + "/in/open", json={"title": title}) as response:
                assert response.status == 202
            await asyncio.sleep(0.7)  # longer than a new connection may be silent
    assert len(made) == 1


async def _note(made: list[int]) -> None:
    made.append(1)
