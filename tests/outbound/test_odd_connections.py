"""Connections that close, stall, flood or speak out of turn: each post gets its own answer, once, or none in time."""

import asyncio
import gzip
import tracemalloc

import pytest
from aiohttp import TCPConnector

from gateway.outbound.exchange import BODY_LIMIT
from tests.conftest import eventually
from tests.outbound.client import BROKE, CUT, NOT_HTTP, OK, RESET, TIMEOUT, client, outcome, twice
from tests.outbound.wire import OK as GOOD
from tests.outbound.wire import Wire, answers, apart, breathe

pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.filterwarnings("ignore:Sending a large body"),  # messages are small, but here sockets are to be full
]

SOON = 0.1
"""Seconds after which a post gives up, where it has to."""

HUGE = 20_000_000
"""Bytes that no socket holds."""

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
MINE = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmine"
TOO_LARGE = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"


async def silent(peer):
    """Take everything and say nothing."""
    await peer.gone()


@pytest.mark.parametrize(("end", "expected"), [("close", BROKE), ("finish", BROKE), ("reset", RESET)])
async def test_a_connection_that_closes_when_it_is_accepted(end, expected):
    """Nobody knows whether a part of the post was read."""

    async def script(peer):
        getattr(peer, end)()

    async with Wire(script).serve() as url, client() as post:
        result, unsure = await outcome(post, url)
    assert result.reason in (BROKE[0].reason, RESET[0].reason)
    assert (result.code, unsure) == ("network", True)


@pytest.mark.parametrize(("method", "expected"), [("POST", BROKE), ("GET", OK)])
async def test_a_connection_that_is_lost_before_anything_is_sent(monkeypatch, method, expected):
    """It is given back like any other; what may be asked twice is asked over another."""
    create, made = TCPConnector._create_connection, []

    async def lost_at_first(*given):
        made.append(await create(*given))
        if len(made) == 1:
            made[0].transport.abort()
            await breathe()
        return made[-1]

    monkeypatch.setattr(TCPConnector, "_create_connection", lost_at_first)
    async with Wire(answers(GOOD)).serve() as url, client() as post:
        assert await outcome(post, url, method=method) == expected


@pytest.mark.parametrize("end", ["close", "finish", "reset"])
async def test_a_kept_connection_that_closes_as_the_next_post_is_written(end):
    """The post is in doubt and not sent again, since the server may have read it; the one after it goes through."""
    peers = []

    async def script(peer):
        peers.append(peer)
        await peer.request()
        await peer.send(GOOD)

    wire = Wire(script)
    async with wire.serve() as url, client() as post:
        assert await outcome(post, url) == OK
        getattr(peers[0], end)()
        result, unsure = await outcome(post, url)
        assert result.reason in (BROKE[0].reason, RESET[0].reason)
        assert (result.code, unsure) == ("network", True)
        assert wire.accepted == 1
        await breathe()
        assert await outcome(post, url) == OK
    assert wire.accepted == 2


@pytest.mark.parametrize(("end", "broken"), [("close", BROKE), ("reset", RESET)])
@pytest.mark.parametrize("method", ["POST", "PATCH", "GET", "PUT", "DELETE"])
async def test_a_kept_connection_that_closes_when_the_next_request_is_read(method, end, broken):
    """What may not be done twice is not asked twice; the others are, once, over a new connection."""

    async def script(peer):
        await peer.request()
        await peer.send(GOOD)
        await peer.request()
        if peer.number == 1:
            getattr(peer, end)()
        else:
            await peer.send(GOOD)

    wire = Wire(script)
    once = method in ("POST", "PATCH")
    async with wire.serve() as url, client() as post:
        assert await outcome(post, url, method=method) == OK
        assert await outcome(post, url, method=method) == (broken if once else OK)
    assert (len(wire.requests), wire.accepted) == ((2, 1) if once else (3, 2))


@pytest.mark.parametrize(("method", "times"), [("POST", 1), ("GET", 2), ("PUT", 2), ("DELETE", 2)])
async def test_a_server_that_always_closes_is_asked_twice_at_most(method, times):
    """Also where the connection was new."""
    wire = Wire(answers(b"", end="close"))
    async with wire.serve() as url, client() as post:
        assert await outcome(post, url, method=method) == BROKE
    assert (len(wire.requests), wire.accepted) == (times, times)


AT_ONCE = {
    "another answer": (GOOD + MINE, OK),
    "garbage": (GOOD + b"garbage", NOT_HTTP),
    "a NUL": (GOOD + b"\0", NOT_HTTP),
    "something after the last chunk": (CHUNKED + b"2\r\nok\r\n0\r\n\r\nxx", NOT_HTTP),
    "more than the length": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok", NOT_HTTP),
    "a body after 204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", NOT_HTTP),
    "a body after 304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok", NOT_HTTP),
    "something after the last answer": (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" + GOOD,
        NOT_HTTP,
    ),
    "an answer after the last 1xx": (b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n" + GOOD, NOT_HTTP),
}


@pytest.mark.parametrize("case", AT_ONCE)
async def test_what_comes_together_with_an_answer_is_for_no_post(case):
    """Such a connection is not used again."""
    answer, expected = AT_ONCE[case]
    wire = Wire(answers(answer))
    async with wire.serve() as url, client() as post:
        await twice(wire, post, url, expected, kept=False)


LATER = {
    "garbage": (GOOD, b"garbage", OK),
    "a NUL": (GOOD, b"\0", OK),
    "something after the last chunk": (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", b"xx", OK),
    "more than the length": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\no", b"k", (200, b"o")),
    "a body after 204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", b"ok", (204, b"")),
}


@pytest.mark.parametrize("case", LATER)
async def test_what_comes_after_an_answer_closes_the_connection(case):
    """The answer is complete without it; the next post has a connection of its own."""
    first, then, expected = LATER[case]
    wire = Wire(apart(first, then))
    async with wire.serve() as url, client() as post:
        await twice(wire, post, url, expected, kept=False)


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next():
    """A post is not delivered because of what the server said before it."""
    said = asyncio.Event()

    async def script(peer):
        if peer.number == 1:
            await peer.request()
            await peer.send(GOOD)
            await peer.taken()
            await peer.send(GOOD)
            await peer.taken()
            said.set()
        await answers(MINE)(peer)

    async with Wire(script).serve() as url, client() as post:
        assert await outcome(post, url) == OK
        await said.wait()
        assert await outcome(post, url) == (200, b"mine")


async def test_a_server_that_tells_that_it_waited_too_long():
    """408 before the close of an idle connection is for no post."""

    async def script(peer):
        await peer.request()
        await peer.send(GOOD)
        await peer.taken()
        await peer.send(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        peer.close()

    wire = Wire(script)
    async with wire.serve() as url, client() as post:
        await twice(wire, post, url, OK, kept=False)


@pytest.mark.parametrize(
    "rest", [b"zz\r\n", b"-1\r\n", b"0x2\r\n", b"f" * 40 + b"\r\n", b"1\r\nok\r\n", b"2\r\nok0\r\n\r\n"]
)
async def test_a_body_that_breaks_the_rules_after_its_head_was_read(rest):
    """The answer is none, and that is told when it is known, not when time is up."""
    wire = Wire(apart(CHUNKED + b"2\r\nok\r\n", rest))
    async with wire.serve() as url, client() as post:
        await twice(wire, post, url, CUT, kept=False)


async def test_an_answer_before_the_body_was_read():
    """It counts; the connection, on which a part of the body is still to come, does not."""

    async def script(peer):
        await peer.head()
        await peer.send(TOO_LARGE)
        await peer.gone()

    wire = Wire(script)
    async with wire.serve() as url, client() as post:
        await twice(wire, post, url, (413, b"no"), kept=False, body=bytes(HUGE))


async def test_an_answer_and_a_close_before_the_body_was_read():
    """The close may overtake the answer."""

    async def script(peer):
        await peer.head()
        await peer.send(TOO_LARGE)
        peer.close()

    async with Wire(script).serve() as url, client() as post:
        answer = await outcome(post, url, body=bytes(HUGE))
    assert answer == (413, b"no") or (answer[0].code, answer[1]) == ("network", True)


async def test_an_answer_before_the_question():
    """The first answer on a connection is that to the first post, however early it comes."""

    async def script(peer):
        await peer.send(GOOD)
        await answers(GOOD)(peer)

    async with Wire(script).serve() as url, client() as post:
        assert await outcome(post, url) == OK


BEGINNINGS = {
    "nothing": b"",
    "a part of the head": b"HTTP/1.1 200 OK\r\nX: 1\r\n",
    "only 1xx": b"HTTP/1.1 102 Processing\r\n\r\n" * 3,
    "a part of the body": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok",
    "a part of the chunks": CHUNKED + b"2\r\nok\r\n",
    "no end": b"HTTP/1.1 200 OK\r\n\r\nok",
    "a 205 that has no end": b"HTTP/1.1 205 Reset Content\r\n\r\n",
}


@pytest.mark.parametrize("case", BEGINNINGS)
@pytest.mark.parametrize("cancelled", [False, True])
async def test_an_answer_that_comes_too_late(case, cancelled):
    """Time is up, or the post is cancelled: its connection is closed, and the next post gets its own answer."""

    async def script(peer):
        await peer.request()
        await peer.send(BEGINNINGS[case] if peer.number == 1 else MINE)
        if peer.number == 1:
            await peer.taken()
            begun.set()

    begun = asyncio.Event()
    wire = Wire(script)
    async with wire.serve() as url, client() as post:
        if cancelled:
            task = asyncio.create_task(outcome(post, url))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            assert await outcome(post, url, timeout=SOON) == TIMEOUT
        await eventually(lambda: wire.open == 0)
        assert await outcome(post, url) == (200, b"mine")
    assert (wire.accepted, len(wire.requests)) == (2, 2)


@pytest.mark.parametrize(
    ("begin", "more"),
    [(CHUNKED, b"1\r\nx\r\n"), (b"HTTP/1.1 200 OK\r\n\r\n", b"x"), (b"", b"HTTP/1.1 102 Processing\r\n\r\n")],
    ids=["chunks", "body", "1xx"],
)
async def test_an_answer_that_goes_on_and_on(begin, more):
    """Time covers the whole answer, not the waits within."""

    async def script(peer):
        await peer.request()
        await peer.send(begin)
        while True:
            await peer.send(more)
            await asyncio.sleep(0.01)

    async with Wire(script).serve() as url, client() as post:
        assert await outcome(post, url, timeout=SOON) == TIMEOUT


@pytest.mark.parametrize("size", [2, 300_000, HUGE])
async def test_a_server_that_does_not_read(size):
    """Time is up, whether the post fits into the sockets or not."""
    over = asyncio.Event()

    async def script(peer):
        await over.wait()

    wire = Wire(script)
    async with wire.serve() as url, client() as post:
        assert await outcome(post, url, body=bytes(size), timeout=SOON) == TIMEOUT
        over.set()
        await eventually(lambda: wire.open == 0)


async def test_what_a_server_did_not_read_in_time_is_dropped():
    """Neither the body nor the connection is kept for a server that may never read it."""
    over, read = asyncio.Event(), asyncio.Future()

    async def script(peer):
        await over.wait()
        read.set_result(await peer.gone())

    async with Wire(script).serve() as url, client() as post:
        assert await outcome(post, url, body=bytes(HUGE), timeout=SOON) == TIMEOUT
        over.set()
        assert await read < HUGE


FLOODS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n",
    "chunks": CHUNKED + b"5F5E100\r\n",
    "no length": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("case", FLOODS)
async def test_a_hundred_megabytes(case):
    """No more is read than is wanted; then the connection is closed."""
    sent = 0

    async def script(peer):
        nonlocal sent
        await peer.request()
        await peer.send(FLOODS[case])
        for _ in range(100):
            await peer.send(b"x" * 1_000_000)
            sent += 1_000_000

    wire = Wire(script)
    async with wire.serve() as url, client() as post:
        tracemalloc.start()
        try:
            assert await outcome(post, url) == (200, b"x" * BODY_LIMIT)
            await eventually(lambda: wire.open == 0)
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()
    assert sent < HUGE


async def test_a_small_answer_that_decodes_to_a_huge_one():
    """What is decoded is bounded too."""
    data = gzip.compress(bytes(100_000_000))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(data)
    wire = Wire(answers(head + data))
    async with wire.serve() as url, client() as post:
        tracemalloc.start()
        try:
            assert await outcome(post, url) == (200, bytes(BODY_LIMIT))
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()
        await eventually(lambda: wire.open == 0)


@pytest.mark.parametrize(
    ("size", "limit", "kept"), [(9, 10, True), (10, 10, None), (11, 10, None), (1_000_000, 10, False), (2, 0, None)]
)
async def test_the_limit_of_a_body(size, limit, kept):
    """A body is cut off at the limit; a connection on which more of it may come is closed."""
    wire = Wire(answers(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size))
    async with wire.serve() as url, client() as post:
        for _ in range(2):
            assert await outcome(post, url, limit=limit) == (200, b"x" * min(size, limit))
            if kept is not None:
                await eventually(lambda: wire.open == kept)


async def echo(peer):
    """Answer each request with its body."""
    while True:
        data = (await peer.request()).body
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data))


async def test_many_posts_at_the_same_time():
    """Each gets its own answer; connections are as many as posts at the same time, and are used again."""
    wire = Wire(echo)
    async with wire.serve() as url, client() as post:
        for _ in range(3):
            got = await asyncio.gather(*(outcome(post, url, body=b"%d" % number) for number in range(100)))
            assert got == [(200, b"%d" % number) for number in range(100)]
        assert len(wire.requests) == 300
        assert wire.accepted <= 100
        before = wire.accepted
        for number in range(5):
            assert await outcome(post, url, body=b"%d" % number) == (200, b"%d" % number)
        assert wire.accepted == before
    await eventually(lambda: wire.open == 0)


async def test_connections_that_nothing_uses_are_closed():
    """They stay for a while, and go."""
    wire = Wire(echo)
    async with wire.serve() as url, client(keepalive=0.05) as post:
        await asyncio.gather(*(outcome(post, url) for _ in range(5)))
        await eventually(lambda: wire.open == 0)
        assert await outcome(post, url) == (200, b"{}")


async def test_a_client_that_closes_in_the_middle():
    """A post that waits for its answer is in doubt, and does not wait for its time to be up."""
    wire = Wire(silent)
    async with wire.serve() as url:
        async with client() as post:
            task = asyncio.create_task(outcome(post, url))
            await eventually(lambda: wire.open == 1)
            await breathe()
        assert await task == BROKE
        await eventually(lambda: wire.open == 0)


async def test_a_client_that_closes_while_a_server_does_not_read():
    """It waits for the post at most until its time is up, not for the server to read."""
    over = asyncio.Event()

    async def script(peer):
        await over.wait()

    wire = Wire(script)
    async with wire.serve() as url:
        async with client() as post:
            task = asyncio.create_task(outcome(post, url, body=bytes(HUGE), timeout=SOON))
            await eventually(lambda: wire.open == 1)
            await breathe()
        assert await task == TIMEOUT
        over.set()
        await eventually(lambda: wire.open == 0)
