"""Heads that go wrong: headers, method, path and query of a request, and what a socket sends that is no request."""

from collections.abc import Sequence
from random import Random
from typing import Final

from tests.hostile import values
from tests.hostile.drafts import SECRET, Draft

TYPES: Final = (
    b"application/json", b"application/json; charset=utf-16", b"application/json;charset=rot13",
    b"application/vnd.x+json", b"text/json", b"text/plain", b"text/html", b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x", b"multipart/form-data", b"text/xml", b"application/xml; charset=shift_jis",
    b"application/cloudevents+json", b"application/cloudevents-batch+json", b"application/octet-stream", b"", b";",
    b"a" * 5000, b"\xff/\xfe", b"application/json, text/plain", b"text/plain; charset=" + b"x" * 2000,
    b"text/x; charset=\"utf-16", b"application/json; charset=utf-32; charset=big5", b"*/*",
    b"multipart/form-data; boundary=" + b"\"" * 300,
)  # fmt: skip

NAMES: Final = (
    b"X-GitHub-Event", b"X-Gitea-Event", b"X-Event-Key", b"X-GitHub-Delivery", b"Idempotency-Key", b"webhook-id",
    b"X-Atlassian-Webhook-Identifier", b"X-Forwarded-For", b"X-Forwarded-Proto", b"X-Forwarded-Host", b"Forwarded",
    b"X-Real-IP", b"Host", b"Referer", b"X-Original-URI", b"Cookie", b"traceparent", b"tracestate", b"Expect",
    b"Connection", b"Upgrade", b"TE", b"Trailer", b"Range", b"If-Match", b"Accept-Encoding", b"Via", b"ce-specversion",
    b"ce-id", b"WebHook-Request-Origin", b"WebHook-Request-Rate", b"User-Agent", b"Authorization",
    b"X-HTTP-Method-Override",
)  # fmt: skip

_VALUES: Final = (
    b"", b" ", b"0", b"push", b"*", b"\xff\xfe", b"a" * 3000, b"a" * 15_500, b"a,b,c," * 300, b"%00%0d%0a", b"{{ 1 }}",
    b"<!channel>", b"@all", b"100-continue", b"close", b"keep-alive, Upgrade", b"websocket", b"h2c", b"trailers",
    b"127.0.0.1", b"for=\"[::1]\";proto=x", b"\t", b"()\\", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    b"00-" + b"f" * 60, b"https://x.example/?a=b", b"999999999999", b"..", b"1\xc2\xa0",
)  # fmt: skip


def change_headers(draft: Draft, rng: Random) -> None:
    """Change one to three headers: their type, another value, twice, many of them, odd names."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        dice = rng.randrange(8)
        if dice <= 1:
            draft.set(b"Content-Type", rng.choice(TYPES))
        elif dice == 2 and draft.headers:
            name, value = rng.choice(draft.headers)
            draft.headers.append((name, rng.choice((value, *_VALUES))))
        elif dice == 3 and draft.headers:
            draft.drop(rng.choice(draft.headers)[0])
        elif dice == 4:
            draft.headers += [(b"X-%d" % number, b"v") for number in range(rng.choice((5, 60, 200)))]
        elif dice == 5:
            draft.headers.append((rng.choice((b"x", b"X_Y", b"a" * 2000, b"!#$%&'*+-.^`|~")), rng.choice(_VALUES)))
        else:
            draft.set(
                rng.choice(NAMES),
                rng.choice((*_VALUES, values.text(rng)[:200].encode("latin-1", "replace").translate(None, b"\r\n\0"))),
            )


def change_target(draft: Draft, rng: Random) -> None:
    """Change method, path or query."""
    dice = rng.randrange(9)
    if dice == 0:
        draft.method = rng.choice(
            ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "post", "PROPFIND", "X" * 30)
        )
    elif dice == 1:
        draft.path = rng.choice(
            (draft.path + "/", draft.path + "/wrong", draft.path + "/%00", "/in/", "/", "/in", "/in/" + "a" * 5000,
             draft.path + "/a/b/c", "/hooks/x", "/hooks/../in/github", "//in/github",
             draft.path.replace("/in/", "/in/%2e%2e/"), "/in/%67ithub", "/in/\xff", "*")
        )  # fmt: skip
    elif dice == 2:
        draft.query = rng.choice(
            (
                "",
                "&",
                "=",
                "?",
                "#",
                "%",
                "%zz=%",
                "a=b&" * 900,
                "a" * 12_000,
                "token=",
                "token=a&token=b",
                "a[]=1",
                "\xff=\xfe",
            )
        )
    elif dice == 3:
        draft.query = f"{rng.choice(('secret', 'key', 'token', 'access_token', 'sig', 'q'))}={SECRET}"
    else:
        draft.query = f"q={len(values.text(rng))}&x={rng.random()}"


_LINES: Final = (
    b"GET", b"GET /in/github", b"POST  /in/github HTTP/1.1", b"POST /in/github HTTP/9.9", b"POST /in/github HTTP/1.0",
    b"POST /in/github HTTP/0.9", b"PRI * HTTP/2.0", b"CONNECT example.com:443 HTTP/1.1",
    b"POST http://u:p@h/in/github HTTP/1.1", b"POST http://[::1/in HTTP/1.1", b"POST /in/github\0 HTTP/1.1",
    b"POST /in/gith ub HTTP/1.1", b"\x16\x03\x01\x02\x00\x01\x00", b"POST /" + b"a" * 20_000 + b" HTTP/1.1", b"",
    b"\r\n\r\nPOST /in/github HTTP/1.1", b"P\xc3\x96ST /in/github HTTP/1.1", b"POST /in/github HTTP/1.1 x",
    b"OPTIONS * HTTP/1.1", b"{}",
)  # fmt: skip

_FIELDS: Final = (
    b"Content-Length: 5, 5", b"Content-Length: -1", b"Content-Length: +5", b"Content-Length: 99999999999999999999",
    b"Content-Length: 0x10", b"Content-Length: 3\r\nContent-Length: 7", b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, x", b"Transfer-Encoding: identity",
    b"Transfer-Encoding : chunked", b" Transfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nContent-Length: 4",
    b"X: a\r\n b", b"no colon here", b": empty", b"X\0Y: z", b"X: \0", b"X: a\rb", b"X: a\nY: b",
    b"Authorization: Bearer " + SECRET.encode() + b"\0", b"Host: a\r\nHost: b",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x", b"Expect: 100-continue", b"Expect: x",
    b"X: " + b"a" * 17_000, b"X-A: b\r\n" * 200 + b"X: y", b"Content-Length: ", b"Content-Length: 10000000",
    b"Content-Length: 100",
)  # fmt: skip


def chunked(draft: Draft, rng: Random) -> bytes:
    """The request in chunks: right ones, extensions, trailers, sizes that lie, an end that is missing."""
    draft.drop(b"Content-Length")
    draft.headers.append((b"Transfer-Encoding", b"chunked"))
    head, _, body = draft.wire().partition(b"\r\n\r\n")
    step = rng.choice((1 + len(body), 1000, 7 if len(body) < 3000 else 4000))
    extension = rng.choice((b"", b"", b";a=b", b";" + b"x" * 3000, b" ", b"\0"))
    pieces = [body[at : at + step] for at in range(0, len(body), step)]
    chunks = b"".join(b"%x%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
    end = rng.choice(
        (
            b"0\r\n\r\n",
            b"0\r\n\r\n",
            b"0\r\nX: y\r\n\r\n",
            b"0\r\n" + b"T: u\r\n" * 300 + b"\r\n",
            b"",
            b"zz\r\n\r\n",
            b"-1\r\n",
            b"f" * 40 + b"\r\n",
        )
    )
    return head + b"\r\n\r\n" + chunks + end


def malformed(draft: Draft, rng: Random, others: Sequence[Draft]) -> bytes:
    """Bytes that are no HTTP request, or one that parsers disagree about."""
    wire = draft.wire()
    dice = rng.randrange(10)
    if dice <= 1:
        return rng.choice(_LINES) + b"\r\n" + wire.partition(b"\r\n")[2]
    if dice <= 3:
        line, _, rest = wire.partition(b"\r\n")
        return line + b"\r\n" + rng.choice(_FIELDS) + b"\r\n" + rest
    if dice == 4:
        at = rng.randrange(min(len(wire), 600))
        return wire[:at] + rng.randbytes(rng.choice((1, 2, 8))) + wire[at + 1 :]
    if dice == 5:
        return wire[: rng.randrange(len(wire))]
    if dice == 6:
        return wire + rng.choice((b"\r\n", b"GARBAGE", rng.choice(others).wire(), b"GET / HTTP/1.1\r\n\r\n" * 20))
    if dice == 7:
        head, _, body = wire.partition(b"\r\n\r\n")
        return head.replace(b"\r\n", b"\n") + rng.choice((b"\n\n", b"\r\n\r\n", b"\n\r\n")) + body
    return chunked(draft, rng)
