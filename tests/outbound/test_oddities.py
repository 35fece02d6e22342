"""Destinations that do not speak as they should: what a post comes to, and what becomes of its connection."""

import gzip
import zlib

import aiohttp.helpers
import pytest

from gateway import __version__
from tests.conftest import eventually
from tests.outbound.client import BROKE, CUT, HEADERS, NOT_HTTP, OK, RESET, client, outcome, twice
from tests.outbound.wire import OK as GOOD
from tests.outbound.wire import Wire, answers

pytestmark = pytest.mark.usefixtures("nothing_left")

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
SHUT = b"Connection: close\r\n"
UNLENGTHY = b"\r\nok"
GZIPPED = gzip.compress(b"ok")
LIMIT = 8190
"""Bytes of a line, and of a header with its name."""


def body(data: bytes = b"ok") -> bytes:
    """The end of a head, and the body that it announces."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(data), data)


def coded(name: bytes, data: bytes) -> bytes:
    """An answer with a content coding."""
    return HEAD + b"Content-Encoding: %s\r\n" % name + body(data)


async def check(wire: Wire, expected: object, *, kept: bool) -> None:
    """What two posts come to; in the end all connections are closed."""
    async with wire.serve() as url:
        async with client() as post:
            await twice(wire, post, url, expected, kept=kept)
        assert len(wire.requests) == 2
        await eventually(lambda: wire.open == 0)


PROPER = {
    "a length": HEAD + body(),
    "no body": (HEAD + body(b""), (200, b"")),
    "HTTP/1.0 that keeps": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + body(),
    "chunks": CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
    "chunks with a trailer": CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n",
    "chunks with extensions": CHUNKED + b'2;a=b;c="d"\r\nok\r\n0;e\r\n\r\n',
    "a chunk with a size of many digits": CHUNKED + b"00000002\r\nok\r\n0\r\n\r\n",
    "a chunk with a size in capitals": (CHUNKED + b"A\r\n0123456789\r\n0\r\n\r\n", (200, b"0123456789")),
    "no chunk": (CHUNKED + b"0\r\n\r\n", (200, b"")),
    "chunks of another coding": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "100": b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD,
    "102": b"HTTP/1.1 102 Processing\r\n\r\n" + GOOD,
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + GOOD,
    "100 with a length": b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n" + GOOD,
    "several 1xx": b"HTTP/1.1 100 A\r\n\r\nHTTP/1.1 102 B\r\n\r\nHTTP/1.1 103 C\r\n\r\nHTTP/1.1 103 C\r\n\r\n" + GOOD,
    "an upgrade that nobody asked for": HEAD + b"Upgrade: h2c\r\nConnection: upgrade\r\n" + body(),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
    "204 with a length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n", (204, b"")),
    "304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", (304, b"")),
    "304 with a length": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", (304, b"")),
    "205 with a body": (b"HTTP/1.1 205 Reset Content\r\n" + body(), (205, b"ok")),
    "a length with spaces": HEAD + b"Content-Length:  2 \t\r\n\r\nok",
    "a length with zeros": HEAD + b"Content-Length: 02\r\n\r\nok",
    "an empty reason": b"HTTP/1.1 200 \r\n" + body(),
    "no reason": b"HTTP/1.1 200\r\n" + body(),
    "a reason that is not ASCII": b"HTTP/1.1 200 \xe4\r\n" + body(),
    "empty lines before": b"\r\n\r\n" + GOOD,
    "a header without a value": HEAD + b"X:\r\nY: \r\n" + body(),
    "Keep-Alive": HEAD + b"Keep-Alive: timeout=0, max=1\r\n" + body(),
    "099": (b"HTTP/1.1 099 X\r\n" + body(), (99, b"ok")),
    "600": (b"HTTP/1.1 600 X\r\n" + body(), (600, b"ok")),
    "999": (b"HTTP/1.1 999 X\r\n" + body(), (999, b"ok")),
    **{
        str(status): (b"HTTP/1.1 %d X\r\nLocation: /hooks/y\r\n" % status + body(), (status, b"ok"))
        for status in (301, 302, 303, 307, 308)
    },
    "gzip": coded(b"gzip", GZIPPED),
    "GZIP": coded(b"GZIP", GZIPPED),
    "gzip in chunks": HEAD
    + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(GZIPPED), GZIPPED),
    "gzip twice in a row": (coded(b"gzip", GZIPPED + GZIPPED), (200, b"okok")),
    "gzip without its end": coded(b"gzip", GZIPPED[:-6]),
    "gzip of nothing": (coded(b"gzip", b""), (200, b"")),
    "deflate": coded(b"deflate", zlib.compress(b"ok")),
    "deflate without a head": coded(b"deflate", zlib.compress(b"ok")[2:-4]),
    "x-gzip, which is not decoded": (coded(b"x-gzip", GZIPPED), (200, GZIPPED)),
    "a coding that nobody knows": coded(b"rot13", b"ok"),
    "identity": coded(b"identity", b"ok"),
    "204 with a coding": (b"HTTP/1.1 204 X\r\nContent-Encoding: gzip\r\n\r\n", (204, b"")),
}
"""Answers that are taken, and after which the connection is kept: the bytes, and what is not simply OK."""


@pytest.mark.parametrize("step", [0, 1], ids=["whole", "in pieces"])
@pytest.mark.parametrize("case", PROPER)
async def test_a_connection_is_kept_after_an_answer_that_is_complete(case, step):
    """The answer is the same whether it comes at once or byte by byte, and the next post uses the connection."""
    answer, expected = PROPER[case] if isinstance(PROPER[case], tuple) else (PROPER[case], OK)
    await check(Wire(answers(answer, step=step)), expected, kept=True)


ENDING = {
    "the server says so": (HEAD + SHUT + body(), ""),
    "the server says and does so": (HEAD + SHUT + body(), "close"),
    "the server does so": (GOOD, "close"),
    "the server ends its side": (GOOD, "finish"),
    "the server resets": (GOOD, "reset"),
    "among other options": (HEAD + b"Connection: foo, close\r\n" + body(), ""),
    "in capitals": (HEAD + b"Connection: CLOSE\r\n" + body(), ""),
    "with its opposite": (HEAD + b"Connection: keep-alive\r\nConnection: close\r\n" + body(), ""),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + body(), ""),
    "HTTP/1.0 without a length": (b"HTTP/1.0 200 OK\r\n" + UNLENGTHY, "close"),
    "HTTP/1.0 with chunks": (b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ""),
    "HTTP/2.0": (b"HTTP/2.0 200 OK\r\n" + body(), ""),
    "no length": (HEAD + UNLENGTHY, "close"),
    "no length, and said": (HEAD + SHUT + UNLENGTHY, "close"),
    "no length, and a reset": (HEAD + UNLENGTHY, "reset"),
    "a coding of the transfer": (HEAD + b"Transfer-Encoding: gzip\r\n" + UNLENGTHY, "close"),
}


@pytest.mark.parametrize("step", [0, 1], ids=["whole", "in pieces"])
@pytest.mark.parametrize("case", ENDING)
async def test_a_connection_that_ends_with_its_answer(case, step):
    """The answer counts, and the next post has a connection of its own."""
    answer, end = ENDING[case]
    await check(Wire(answers(answer, step=step, end=end)), OK, kept=False)


async def test_a_change_of_protocols_is_an_answer():
    """101 was not asked for: the server may speak whatever it likes, so the connection is closed."""
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    await check(Wire(answers(upgrade)), (101, b""), kept=False)
    await check(Wire(answers(upgrade + b"\0\1\2")), (101, b""), kept=False)


BREAKING = {
    "nothing": (b"", "close", BROKE),
    "nothing, reset": (b"", "reset", RESET),
    "nothing, half closed": (b"", "finish", BROKE),
    "a part of the status line": (b"HTTP/1.1 20", "close", BROKE),
    "a part of the head": (HEAD + b"X: 1\r\n", "close", BROKE),
    "a part of the head, reset": (HEAD + b"X: 1\r\n", "reset", RESET),
    "only 100": (b"HTTP/1.1 100 Continue\r\n\r\n", "close", BROKE),
    "no body": (HEAD + b"Content-Length: 5\r\n\r\n", "close", CUT),
    "a part of the body": (HEAD + b"Content-Length: 5\r\n\r\nok", "close", CUT),
    "a part of the body, half closed": (HEAD + b"Content-Length: 5\r\n\r\nok", "finish", CUT),
    "a part of the body, reset": (HEAD + b"Content-Length: 5\r\n\r\nok", "reset", CUT),
    "a part of a chunk": (CHUNKED + b"5\r\nok", "close", CUT),
    "chunks without the last": (CHUNKED + b"2\r\nok\r\n", "close", CUT),
    "the last chunk without its end": (CHUNKED + b"2\r\nok\r\n0\r\n", "close", CUT),
    "a body that is not gzip": (coded(b"gzip", b"not gzip"), "", CUT),
    "gzip with something after it": (coded(b"gzip", GZIPPED + b"xx"), "", CUT),
}


@pytest.mark.parametrize("step", [0, 1], ids=["whole", "in pieces"])
@pytest.mark.parametrize("case", BREAKING)
async def test_an_answer_that_is_not_complete_is_none(case, step):
    """The server may have the post, and it is not posted twice; the next has a connection of its own."""
    answer, end, expected = BREAKING[case]
    await check(Wire(answers(answer, step=step, end=end)), expected, kept=False)


IMPROPER = {
    "no head": b"ok\r\n\r\n",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\n" + body(),
    "a version alone": b"HTTP/1.1\r\n\r\n",
    "a version in small letters": b"http/1.1 200 OK\r\n" + body(),
    "a tab": b"HTTP/1.1\t200 OK\r\n" + body(),
    "two spaces": b"HTTP/1.1  200 OK\r\n" + body(),
    "a space before": b" " + GOOD,
    "a request": b"POST / HTTP/1.1\r\nHost: x\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "SMTP": b"220 mail.example.com ESMTP\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "the settings of HTTP/2": bytes.fromhex("000012040000000000000300000064000400010000000500004000"),
    "an alert of TLS": bytes.fromhex("15030300020232"),
    **{
        f"status {status}": b"HTTP/1.1 %s X\r\n" % status.encode() + body()
        for status in ("0", "20", "99", "1000", "-200", "+200", "2x0")
    },
    **{
        f"length {length}": HEAD + b"Content-Length: %s\r\n\r\nok" % length.encode()
        for length in ("-1", "two", "", "+2", "0x2", "2.0", "2_0", "2, 2", "2,3", "9" * 30)
    },
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "the same length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "chunks and a length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "a length and chunks": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "a coding of the transfer and a length": HEAD + b"Transfer-Encoding: identity\r\n" + body(),
    **{
        f"chunks {chunks!r}": CHUNKED + chunks
        for chunks in (
            b"zz\r\nok\r\n0\r\n\r\n",
            b"-1\r\nok\r\n0\r\n\r\n",
            b"0x2\r\nok\r\n0\r\n\r\n",
            b"f" * 40 + b"\r\nok\r\n0\r\n\r\n",
            b"1\r\nok\r\n0\r\n\r\n",
            b"2\r\nok0\r\n\r\n",
        )
    },
    "100 with a body": b"HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\nxx" + GOOD,
    "a NUL in a value": HEAD + b"X: a\0b\r\n" + body(),
    "a NUL in a name": HEAD + b"X\0: b\r\n" + body(),
    "CR in a value": HEAD + b"X: a\rb\r\n" + body(),
    "a name that is not ASCII": HEAD + b"X\xe4: 1\r\n" + body(),
    "no name": HEAD + b": x\r\n" + body(),
    "no colon": HEAD + b"garbage\r\n" + body(),
    "a long value": HEAD + b"X: " + b"a" * LIMIT + b"\r\n" + body(),
    "a very long value": HEAD + b"X: " + b"a" * 1_000_000 + b"\r\n" + body(),
    "a long name": HEAD + b"X" * (LIMIT + 1) + b": 1\r\n" + body(),
    "a long reason": b"HTTP/1.1 200 " + b"a" * (LIMIT + 1) + b"\r\n" + body(),
    "many headers": HEAD + b"X: 1\r\n" * 128 + body(),
    "very many headers": HEAD + b"X: 1\r\n" * 100_000 + body(),
}


@pytest.mark.parametrize("case", IMPROPER)
async def test_an_answer_that_is_not_http_is_none(case):
    """It is told at once, not when time is up; the server may have the post all the same."""
    await check(Wire(answers(IMPROPER[case])), NOT_HTTP, kept=False)


LENIENT = {
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "one bare line feed": HEAD + b"X: 1\nContent-Length: 2\r\n\r\nok",
    "a folded value": HEAD + b"X: a\r\n  b\r\n" + body(),
    "a fold in the first header": HEAD + b" X: 1\r\n" + body(),
    "a control character": HEAD + b"X: a\x01\x7fb\r\n" + body(),
}


@pytest.mark.skipif(aiohttp.helpers.DEBUG, reason="the parser is stricter in the development mode of Python")
@pytest.mark.parametrize("case", LENIENT)
async def test_heads_that_old_servers_write_are_read(case):
    """What a reader may forgive is forgiven."""
    await check(Wire(answers(LENIENT[case])), OK, kept=True)


@pytest.mark.parametrize("name", [b"br", b"zstd"])
async def test_a_coding_that_needs_a_library_is_not_taken_for_text(name):
    """With or without the library, what cannot be decoded is no answer."""
    wire = Wire(answers(coded(name, b"\xff\xff\xff")))
    async with wire.serve() as url, client() as post:
        assert await outcome(post, url) in (NOT_HTTP, CUT)
        await eventually(lambda: wire.open == 0)


LONGEST = {
    "value": HEAD + b"X: " + b"a" * (LIMIT - 1) + b"\r\n" + body(),
    "reason": b"HTTP/1.1 200 " + b"a" * LIMIT + b"\r\n" + body(),
    "headers": HEAD + b"X: 1\r\n" * 127 + body(),
}


@pytest.mark.parametrize("case", LONGEST)
async def test_the_longest_head(case):
    """Heads have limits, and go up to them."""
    await check(Wire(answers(LONGEST[case])), OK, kept=True)


async def test_headers_come_as_they_are_written():
    """Repeated ones are all there, in their order and case; what is not UTF-8 does no harm."""
    head = HEAD + "X-A: 1\r\nx-a: \t2 \r\nSet-Cookie: a=b\r\nU: ä\r\n".encode() + b"L: \xe4\r\n"
    wire = Wire(answers(head + body()))
    async with wire.serve() as url, client() as post:
        headers = (await post(url)).headers
        await post(url)
    written = [("X-A", "1"), ("x-a", "2"), ("Set-Cookie", "a=b"), ("U", "ä"), ("L", "\udce4"), ("Content-Length", "2")]
    assert list(headers.items()) == written
    assert headers.getall("X-a") == ["1", "2"]
    assert not any(name.lower() == "cookie" for name, _ in wire.requests[1].headers)


SENT = [("Host", "{host}"), ("User-Agent", f"mattergate/{__version__}")]
JSON = ("Content-Type", "application/json")
UTF8 = ("X", "ä".encode().decode("latin-1"))
TEXT = ("content-type", "a/b")


@pytest.mark.parametrize(
    ("method", "data", "headers", "expected"),
    [
        ("POST", b"{}", HEADERS, [*SENT, JSON, ("Content-Length", "2")]),
        ("PUT", b"{}", HEADERS, [*SENT, JSON, ("Content-Length", "2")]),
        ("POST", b"", HEADERS, [*SENT, JSON, ("Content-Length", "0")]),
        ("POST", None, None, [*SENT, ("Content-Length", "0")]),
        ("DELETE", None, None, [*SENT, ("Content-Length", "0")]),
        ("GET", None, {"Authorization": "Bearer x"}, [*SENT, ("Authorization", "Bearer x")]),
        ("POST", b"{}", None, [*SENT, ("Content-Length", "2")]),
        (
            "POST",
            b"{}",
            dict([TEXT, ("X", "ä")]),
            [*SENT, TEXT, UTF8, ("Content-Length", "2")],
        ),
        ("POST", b"x" * 300_000, HEADERS, [*SENT, JSON, ("Content-Length", "300000")]),
    ],
)
async def test_what_is_sent(method, data, headers, expected):
    """The body as it is, with its length, and no header that nobody asked for: no Accept, no Expect, no coding."""
    wire = Wire(answers(GOOD))
    async with wire.serve() as url, client() as post:
        await post(url, data, method, headers)
    (sent,) = wire.requests
    expected = [(name, value.format(host=f"127.0.0.1:{wire.port}")) for name, value in expected]
    assert (sent.line, sent.body) == (f"{method} /hooks/x HTTP/1.1", data or b"")
    untold = [] if headers else [("Content-Type", "application/octet-stream")]  # aiohttp names a kind where nobody does
    assert sorted(one for one in sent.headers if one not in untold) == sorted(expected)


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("", "/"),
        ("/?", "/"),
        ("/a b?x=1 2#f", "/a%20b?x=1+2"),
        ("/ä?ö", "/%C3%A4?%C3%B6"),
        ("/%61%2f%20?a=%2B+&b", "/a%2F%20?a=%2B+&b"),
        ("/../x", "/x"),
        ("//x;y=z", "//x;y=z"),
        ("/a%zz", "/a%25zz"),
    ],
)
async def test_the_target_of_a_request(written, target):
    """Paths and queries are quoted once."""
    wire = Wire(answers(GOOD))
    async with wire.serve() as url, client() as post:
        await post(url.removesuffix("/hooks/x") + written)
    assert wire.requests[0].line == f"POST {target} HTTP/1.1"


async def test_a_user_in_the_url_is_told_to_the_server():
    """A server that stands behind a login of its own; Host holds no user."""
    wire = Wire(answers(GOOD))
    async with wire.serve() as url, client() as post:
        await post(url.replace("//", "//ann:p%20w%40@"))
    assert ("Authorization", "Basic YW5uOnAgd0A=") in wire.requests[0].headers
    assert ("Host", f"127.0.0.1:{wire.port}") in wire.requests[0].headers
