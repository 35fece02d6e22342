"""The public socket: what strangers send is refused in our words, costs little, and is logged in few of them."""

import asyncio
import json
import logging
import re
import socket
from contextlib import suppress

import aiohttp
import pytest

from gateway.ingress import listener
from tests.conftest import PATIENCE, SECRET, eventually

OPEN = '[routes.open]\nservice = "generic"\ndestinations = ["ops"]\nallow_unsigned = true\n'
GITHUB = f'[routes.github]\nservice = "github"\ndestinations = ["ops"]\nsecrets = ["{SECRET}"]\n'
TELLING = "t3ll1ng"
POST = b"POST /in/open HTTP/1.1\r\nHost: x\r\n"


async def connected(gateway):
    """A connection to the public listener."""
    host, port = gateway.url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def sent(gateway, *pieces):
    """All that is answered to these bytes until the connection ends."""
    return await answered(*await connected(gateway), pieces)


async def answered(reader, writer, pieces):
    """All that is answered to these bytes until the connection ends; it may be reset, and the answer lost."""
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
    answer = b""
    with suppress(ConnectionError):
        while more := await asyncio.wait_for(reader.read(65_536), PATIENCE):
            answer += more
    writer.close()
    return answer


def test_it_fits_this_version_of_aiohttp():
    """The listener reaches below aiohttp's public API: whoever takes another version looks at it again."""
    assert aiohttp.__version__.startswith("3.14.")


HOSTILE = {
    "HTTP/0.9": (b"GET /in/open\r\n\r\n", 400),
    "version 0.9": (b"GET /in/open HTTP/0.9\r\nX-T: t3ll1ng\r\n\r\n", 400),
    "version 2.0": (b"GET /in/open HTTP/2.0\r\nHost: x\r\nX-T: t3ll1ng\r\n\r\n", 400),
    "preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "version 1.9": (b"GET /in/open HTTP/1.9\r\nHost: x\r\n\r\n", 400),
    "no version": (b"GET /in/open t3ll1ng\r\nHost: x\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03t3ll1ng\r\n\r\n", 400),
    "chunked on 1.0": (
        b"POST /in/open HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nt3ll1ng\r\n0\r\n\r\n", 400,
    ),
    "websocket": (
        b"GET /in/open HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dDNsbDFuZ3QzbGwxbmc=\r\n\r\nt3ll1ng", 400,
    ),
    "other upgrade": (POST + b"Connection: Upgrade\r\nUpgrade: t3ll1ng\r\nContent-Length: 2\r\n\r\n{}", 400),
    "CONNECT": (b"CONNECT t3ll1ng.example.com:443 HTTP/1.1\r\nHost: t3ll1ng.example.com:443\r\n\r\n", 405),
    "both framings": (
        POST + b"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nt3ll1ng\r\n0\r\n\r\n", 400,
    ),
    "two lengths": (POST + b"Content-Length: 2\r\nContent-Length: 7\r\n\r\nt3ll1ng", 400),
    "length with a sign": (POST + b"Content-Length: +7\r\n\r\nt3ll1ng", 400),
    "unknown coding": (POST + b"Transfer-Encoding: t3ll1ng\r\n\r\n", 400),
    "chunk without size": (POST + b"Transfer-Encoding: chunked\r\n\r\nt3ll1ng\r\n", 400),
    "folded header": (POST + b"Authorization: Bearer\r\n t3ll1ng\r\n\r\n", 400),
    "space before colon": (POST + b"Authorization : Bearer t3ll1ng\r\n\r\n", 400),
    "header without colon": (POST + b"Authorization Bearer t3ll1ng\r\n\r\n", 400),
    "control in a header": (POST + b"Authorization: Bearer t3ll1ng\x00\x01\r\n\r\n", 400),
    "lone line feed": (b"POST /in/open/t3ll1ng HTTP/1.1\nHost: x\n\n", 400),
    "no Host": (b"GET /in/open/t3ll1ng HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (POST + b"Host: t3ll1ng\r\n\r\n", 400),
    "no such Host": (b"GET /in/open HTTP/1.1\r\nHost: t3ll1ng@x/y\r\n\r\n", 400),
    "Host of other bytes": (b"GET /in/open HTTP/1.1\r\nHost: t3ll1ng\xff\r\n\r\n", 400),
    "bad target": (b"GET t3ll1ng HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "target with a control": (b"GET /in/open/t3ll1ng\x01 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "unknown method": (b"T3LL1NG /in/open/t3ll1ng HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "long target": (b"GET /in/open/t3ll1ng" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    "long header": (POST + b"X-T: t3ll1ng" + b"x" * 20_000 + b"\r\n\r\n", 431),
    "many headers": (POST + b"".join(b"X-%d: t3ll1ng\r\n" % number for number in range(200)) + b"\r\n", 400),
    "tiny chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nt\r\n" * 3000, 400),
    "no such route": (b"GET /t3ll1ng/in/open HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
    "TRACE": (b"TRACE /in/open/t3ll1ng HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "status"), HOSTILE.values(), ids=HOSTILE)
async def test_hostile_requests_are_refused_without_a_word_of_theirs(start, capsys, caplog, request_, status):
    """Problem details of the right status; neither they nor the log repeat the request, and there is no stack trace."""
    caplog.set_level(logging.DEBUG)
    gateway = await start(OPEN)
    capsys.readouterr()
    answer = await sent(gateway, request_)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.0 %d " % status)), answer
    problem = json.loads(body)
    assert (problem["status"], problem["type"]) == (status, "about:blank")
    assert b"application/problem+json" in head
    out = capsys.readouterr()
    told = out.out + out.err + caplog.text
    for text in (answer.decode("latin-1"), told):
        assert TELLING not in text.lower()
        assert "Traceback" not in text
    assert told.count("refused") == 1, told
    assert "127.0.0.1" in told
    assert all(len(line) < 2000 for line in told.splitlines())
    _, series = await gateway.admin("/metrics")
    counts = [float(count) for count in re.findall(r'mattergate_refusals_total\{cause="\w+"\} (\S+)', series)]
    assert sum(counts) == 1
    assert not gateway.standin.posts


async def test_an_upgrade_that_may_be_ignored_is(start):
    """Java's client offers HTTP/2 with each request over plain HTTP: it is answered as HTTP/1.1."""
    gateway = await start(OPEN)
    head = POST + b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA\r\n"
    answer = await sent(gateway, head + b"Content-Length: 2\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 202 ")


async def test_slow_headers_are_408(start):
    """A sender that never ends its headers is answered 408 and hung up on, also after a first request."""
    gateway = await start(OPEN, server='read_timeout = "0.2s"')
    assert (await sent(gateway, POST)).startswith(b"HTTP/1.1 408 ")
    reader, writer = await connected(gateway)
    writer.write(POST + b"Content-Length: 2\r\n\r\n{}")
    assert (await reader.readline()).startswith(b"HTTP/1.1 202 ")
    await reader.readuntil(b"}")
    writer.write(POST)
    assert json.loads((await reader.read()).partition(b"\r\n\r\n")[2])["status"] == 408
    writer.close()


async def test_a_connection_that_says_nothing_is_hung_up_on(start):
    """It costs a socket for `read_timeout`, and no longer."""
    gateway = await start(OPEN, server='read_timeout = "0.2s"')
    assert (await sent(gateway)).startswith(b"HTTP/1.1 408")


async def test_headers_are_bounded_together(start):
    """Each may be short: twice the limit of one is the most for all, as it arrives."""
    gateway = await start(OPEN, server='header_limit = "8kB"')
    answer = await sent(gateway, POST, *(b"X-%d: %s\r\n" % (number, b"y" * 7000) for number in range(30)))
    assert answer.startswith(b"HTTP/1.1 431 ") or not answer  # a reset may lose it


async def test_trailers_are_bounded_too(start):
    """They are headers behind the body."""
    gateway = await start(OPEN, server='header_limit = "8kB"')
    trailers = [b"X-%d: %s\r\n" % (number, b"y" * 7000) for number in range(30)]
    answer = await sent(gateway, POST + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\n{}\r\n0\r\n", *trailers)
    assert answer.startswith(b"HTTP/1.1 400 ") or not answer
    await eventually(lambda: _counted(gateway, "malformed"))
    short = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n"
    assert (await sent(gateway, short)).startswith(b"HTTP/1.1 202 ")


async def test_chunks_of_usual_sizes_are_read(start):
    """Also very many of them, and also some tiny ones."""
    gateway = await start(OPEN)
    body = b"".join(b"%x\r\n%s\r\n" % (len(text), text) for text in [b"ab" * 300] * 3000 + [b"c"] * 400)
    head = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await sent(gateway, head, body, b"0\r\n\r\n")).startswith(b"HTTP/1.1 202 ")


async def test_a_stranger_that_goes_on_is_hung_up_on(start):
    """Some refusals on one connection, and it ends; an accepted request begins the count anew."""
    gateway = await start(OPEN)
    wrong = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    right = POST + b"Content-Length: 2\r\n\r\n{}"
    answers = await sent(gateway, wrong * 5, right, wrong * 100)
    assert answers.count(b"HTTP/1.1 404 ") <= 5 + listener.STRIKES
    assert answers.count(b"HTTP/1.1 202 ") == 1


async def test_a_sender_that_does_not_read_its_answers_is_hung_up_on(start):
    """What waits to be sent to it is bounded."""
    gateway = await start(OPEN + 'duplicate_window = "1h"\n', server='read_timeout = "0.3s"')
    host, port = gateway.url.removeprefix("http://").split(":")

    def send():
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.settimeout(PATIENCE)
            silent.connect((host, int(port)))
            while True:
                silent.sendall((POST + b"Content-Length: 2\r\n\r\n{}") * 100)

    with pytest.raises(ConnectionError):
        await asyncio.to_thread(send)


async def test_an_answer_before_the_body_arrives(start):
    """A sender that has announced too much is told so at once, and not read to its end."""
    gateway = await start(OPEN + 'body_limit = "10kB"\n')
    reader, writer = await connected(gateway)
    writer.write(POST + b"Content-Length: 2000000\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close" in await reader.read()
    writer.close()


async def test_a_connection_that_was_used_is_kept(start):
    """Only a request that has begun has to come in time: a sender keeps its connection between two events."""
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


async def test_one_connection_too_many(start):
    """One address has half of the connections: its idle ones make room, the oldest first, and busy ones do not."""
    gateway = await start(OPEN, server="connections = 4")
    first, second = await connected(gateway), await connected(gateway)
    third = await connected(gateway)
    assert await first[0].read() == b""
    for _, writer in (second, third):
        writer.write(POST + b"Content-Length: 2\r\n\r\n")
    await eventually(lambda: _holding(gateway, 2))
    fourth = await connected(gateway)
    assert (await fourth[0].read()).startswith(b"HTTP/1.1 503 ")
    second[1].write(b"{}")
    assert (await second[0].readline()).startswith(b"HTTP/1.1 202 ")
    await eventually(lambda: _counted(gateway, "connections"))
    for _, writer in (first, second, third, fourth):
        writer.close()


async def test_a_failure_of_ours_is_logged_with_its_trace(start, capsys, monkeypatch):
    """It is answered 500, and the sender is told nothing of it."""
    gateway = await start(OPEN)
    monkeypatch.setattr(listener, "_unwanted", lambda _: 1 / 0)
    answer = await sent(gateway, POST + b"Content-Length: 2\r\n\r\n{}")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"ZeroDivision" not in answer
    assert "ZeroDivisionError" in capsys.readouterr().out


async def _counted(gateway, cause):
    return f'mattergate_refusals_total{{cause="{cause}"}} 1.0' in (await gateway.admin("/metrics"))[1]


async def _holding(gateway, size):
    found = re.search(r"(?m)^mattergate_unproven_bytes (\S+)", (await gateway.admin("/metrics"))[1])
    return float(found[1]) >= size


async def _note(made: list[int]) -> None:
    made.append(1)
