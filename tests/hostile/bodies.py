"""Bodies that go wrong: changes within the structure of a body, and the same body in another format or encoding."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import msgspec

from tests.hostile import values
from tests.hostile.drafts import Draft

JSON = Any

_RAW: Final = "@@RAW@@"
_RAW_TEXT: Final = b'"@@RAW@@"'
_FORM: Final = b"application/x-www-form-urlencoded"
_LARGEST: Final = 2_000_000
"""Bytes of the largest body: a few are near the limit of a route, most are as senders make them."""


_BEGINNINGS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\n" * 300, b" " * 5000, b")]}',\n", b"<", b"--")
_LITTLE: Final = tuple(b'|{}|[]|null|0|""| |[[]]|[null]|\0|=|&|a=b|%|--x'.split(b"|"))


def in_structure(draft: Draft, rng: Random, others: Sequence[Draft]) -> None:
    """Change one to four parts of a JSON body where they stand; another body is cut and joined."""
    try:
        value = msgspec.json.decode(draft.body)
    except (msgspec.DecodeError, RecursionError):
        in_bytes(draft, rng, others)
        return
    raws: list[bytes] = []
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        value = _changed(value, rng, others, raws)
    draft.body = _encoded(value, raws)


def in_every_text(draft: Draft, rng: Random, others: Sequence[Draft]) -> None:
    """Put a hostile text, the same one or another each time, into many of a JSON body's texts: messages become long."""
    try:
        value = msgspec.json.decode(draft.body)
    except (msgspec.DecodeError, RecursionError):
        in_bytes(draft, rng, others)
        return
    share, same = rng.choice((0.1, 0.5, 1.0)), values.text(rng)[:20_000] * rng.choice((1, 1, 20))
    each = (lambda: same[:20_000]) if rng.random() < 0.5 else (lambda: values.text(rng)[:2_000])
    draft.body = _encoded(_with_texts(value, share, each, rng), ())


def _with_texts(value: JSON, share: float, text: Callable[[], str], rng: Random) -> JSON:
    if isinstance(value, dict):
        return {key: _with_texts(inner, share, text, rng) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_texts(inner, share, text, rng) for inner in value]
    return rng.choice((value + text(), text())) if isinstance(value, str) and rng.random() < share else value


def _changed(value: JSON, rng: Random, others: Sequence[Draft], raws: list[bytes]) -> JSON:
    """The value with one part changed; a walk down takes a random turn at each level."""
    if not isinstance(value, dict | list) or not value or rng.random() < 0.08:
        return _instead(value, rng, others, raws)
    parent, key = value, _turn(value, rng)
    while isinstance(parent[key], dict | list) and parent[key] and rng.random() < 0.75:
        parent = parent[key]
        key = _turn(parent, rng)
    dice = rng.random()
    if dice < 0.1:
        del parent[key]
    elif dice < 0.15 and isinstance(parent, list):
        parent.extend([parent[key]] * rng.choice((1, 20, 300)))
    elif dice < 0.2 and isinstance(parent, dict):
        parent[rng.choice(values.TEXTS)[:100]] = parent.pop(key)
    else:
        parent[key] = _instead(parent[key], rng, others, raws)
    return value


def _turn(value: JSON, rng: Random) -> Any:
    return rng.randrange(len(value)) if isinstance(value, list) else rng.choice(list(value))


def _instead(value: JSON, rng: Random, others: Sequence[Draft], raws: list[bytes]) -> JSON:
    """What stands in the place of a value."""
    dice = rng.random()
    if isinstance(value, dict) and isinstance(value.get("type"), str) and dice > 0.4:
        return values.tree(rng, rng.choice((3, 12, 60)))  # where one document stood, another is read, too
    if dice < 0.15:
        raws.append(rng.choice(values.RAW))
        return _RAW
    if dice < 0.2:
        try:
            return msgspec.json.decode(rng.choice(others).body)
        except (msgspec.DecodeError, RecursionError):
            return None
    if dice < 0.28:
        return rng.choice(
            ([value], [value, value], {"value": value}, {"name": value}, str(value)[:1000], json.dumps(value)[:5000])
        )
    if isinstance(value, str) and dice < 0.65:
        at = rng.randrange(len(value) + 1)
        return value[:at] + values.text(rng) + (value[at:] if rng.random() < 0.7 else "")
    if isinstance(value, int | float) and dice < 0.4:
        return rng.choice((-value, value * 1000, value / 7, str(value), f"{value}x", [value]))
    return values.value(rng)


def _encoded(value: JSON, raws: Sequence[bytes]) -> bytes:
    try:
        body = msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError, RecursionError):
        body = _by_json(value)
    for raw in raws:
        body = body.replace(_RAW_TEXT, raw, 1)
    return body[:_LARGEST]


def _by_json(value: JSON) -> bytes:
    """Lone surrogates are written as escapes, as senders in JavaScript do."""
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b"[" * 5000


def in_bytes(draft: Draft, rng: Random, others: Sequence[Draft]) -> None:
    """Cut, join, repeat or damage the bytes of a body."""
    body, at = draft.body, rng.randrange(len(draft.body) + 1)
    charset = rng.choice(("utf-16", "utf-16-be", "utf-32", "utf-7", "latin-1"))
    ways: Sequence[Callable[[], bytes]] = (
        lambda: body[:at],
        lambda: body + rng.choice(others).body,
        lambda: body[:at] + rng.randbytes(rng.choice((1, 4, 64))) + body[at + 1 :],
        lambda: body[:at] + b"\0" * rng.choice((1, 100)) + body[at:],
        lambda: rng.choice(_BEGINNINGS) + body,
        lambda: body.decode("utf-8", "replace").encode(charset, "replace"),
        lambda: rng.choice(_LITTLE),
        lambda: body[at:] + body[:at],
        lambda: body.replace(b'"', b"'", rng.randrange(1, 10)),
        lambda: values.text(rng).encode("utf-8", "surrogatepass"),
        lambda: rng.choice(values.RAW),
        lambda: b"[" + b",".join([body] * rng.choice((2, 10, 60, 150))) + b"]",
    )
    draft.body = rng.choice(ways)()[:_LARGEST]


def as_form(draft: Draft, rng: Random, others: Sequence[Draft]) -> None:
    """The body as a form: in one field as GitHub and Slack send it, twice, under odd names, among many, nested."""
    text = draft.body.decode("utf-8", "replace")
    field = rng.choice(
        ("payload", "payload", "payload", "data", "payload_json", "Payload", "json", "rawRequest", "a[b][c]", "")
    )
    pair = f"{field}={quote_plus(text)}"
    others_of = quote(rng.choice(others).body.decode("utf-8", "replace"))
    body = rng.choice(
        (
            pair,
            f"{pair}&{pair}",
            f"{field}={others_of}&{pair}",
            f"{pair}&data={others_of}",
            f"{pair}&" + "&".join(f"f{number}=v" for number in range(rng.choice((10, 999, 1001, 5000)))),
            f"token=x&{pair}&%70ayload={others_of}",
            f"{pair};payload=1",
            f"{pair}%&%zz=%&=&&",
            "&".join(f"a[{number}][b]={quote(values.text(rng)[:200], errors='replace')}" for number in range(30)),
            "a=" * 3000,
            "a" + "[b]" * 2000 + "=1",
            "payload=" + quote("payload=" + quote(pair)),
        )
    )
    draft.body = body.encode("utf-8", "replace")[:_LARGEST]
    draft.set(
        b"Content-Type", rng.choice((_FORM, _FORM, _FORM + b"; charset=utf-16", b"application/json", b"text/plain"))
    )


def as_multipart(draft: Draft, rng: Random, others: Sequence[Draft]) -> None:
    """The body as multipart: fields, files, strange boundaries, headers without end, parts that never close."""
    boundary = rng.choice(
        (b"x", b"----WebKitFormBoundary7MA4YWxk", b"--", b"-" * 60, b"x y", b"'", b"a" * 200, b"\xff")
    )
    name = rng.choice(
        (
            b'"payload"',
            b"payload",
            b'"a\\"b"',
            b'"' + b"n" * 3000 + b'"',
            b'""',
            b"\xff",
            b"payload; name=b",
            b'"unclosed',
        )
    )
    file = rng.choice(
        (b"", b"", b'; filename="f.json"', b"; filename*=utf-8''%e2%82%ac%zz", b'; filename="\x00"', b"; filename*=x'")
    )
    junk = rng.choice(
        (
            b"",
            b"",
            b"X: y\r\n" * 200,
            b"; a=b" * 2000,
            b"Content-Type: text/plain\r\n",
            b"no colon\r\n",
            b"\xff: \xfe\r\n",
        )
    )
    part = b"--%b\r\nContent-Disposition: form-data; name=%b%b\r\n%b\r\n%b\r\n" % (
        boundary,
        name,
        file,
        junk,
        draft.body,
    )
    count = rng.choice((1, 1, 2, 5, 60))
    small = b'--%b\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' % boundary
    end = rng.choice((b"--%b--\r\n" % boundary, b"--%b--" % boundary, b"", b"--%b" % boundary))
    body = part * min(count, 1 + 200_000 // (len(part) + 1)) + small * rng.choice((0, 0, 10, 1100)) + end
    draft.body = (body.replace(b"\r\n", b"\n") if rng.random() < 0.15 else body)[:_LARGEST]
    kind = rng.choice((b"form-data", b"form-data", b"mixed", b"related"))
    given = rng.choice(
        (b"; boundary=" + boundary, b'; boundary="' + boundary + b'"', b"", b"; boundary=", b"; boundary=z", b";" * 500)
    )
    draft.set(b"Content-Type", b"multipart/" + kind + given)


def as_xml(draft: Draft, rng: Random, others: Sequence[Draft]) -> None:
    """The body as XML: its values as elements, or a document that is odd by itself."""
    dice = rng.randrange(9)
    inner = escape(values.text(rng)[:5000]).encode("utf-8", "surrogatepass").replace(b"\0", b"")
    if dice == 0:
        body = b"<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;'>]><r>&b;&b;</r>"
    elif dice == 1:
        body = b"<a>" * (depth := rng.choice((30, 63, 65, 1000, 30_000))) + b"</a>" * depth
    elif dice == 2:
        body = b"<r>" + b"<e/>" * rng.choice((100, 5000, 30_000)) + b"</r>"
    elif dice == 3:
        body = b"<r " + b" ".join(b"a%d='v'" % number for number in range(rng.choice((10, 2000)))) + b"/>"
    elif dice == 4:
        body = b"<?xml version='1.0' encoding='%b'?><r>%b</r>" % (
            rng.choice((b"utf-16", b"utf-7", b"x", b"latin-1", b"rot13")),
            inner,
        )
    elif dice == 5:
        body = b"<n:r xmlns:n='u'><n:a n:b='1'><![CDATA[" + inner + b"]]></n:a></n:r>"
    elif dice == 6:
        body = b"<r><!--" + inner + b"--><?p i?>" + inner + b"</r"
    else:
        body = b"<job>" + _elements(draft.body, rng) + b"</job>"
    draft.body = body[:_LARGEST]
    draft.set(
        b"Content-Type",
        rng.choice((b"application/xml", b"text/xml; charset=utf-8", b"application/atom+xml", b"application/json")),
    )


def _elements(body: bytes, rng: Random) -> bytes:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return b"<x/>"
    pairs = list(value.items())[:50] if isinstance(value, dict) else [("item", value)]
    return b"".join(
        b"<%b>%b</%b>" % (name, escape(str(item)[:3000]).encode("utf-8", "replace"), name)
        for key, item in pairs
        if (name := key.encode("utf-8", "replace"))
    )


def as_cloudevent(draft: Draft, rng: Random, others: Sequence[Draft]) -> None:
    """The body as the data of a CloudEvent: structured, binary, batched, or half of each."""
    dice = rng.randrange(4)
    data = base64.b64encode(draft.body).decode() if rng.random() < 0.5 else values.text(rng)[:500]
    event = {"specversion": "1.0", "id": values.text(rng)[:50], "source": "/s", "type": "t", "data_base64": data}
    event["datacontenttype"] = rng.choice(
        ("application/json", "text/xml", "application/cloudevents+json", "multipart/x", values.text(rng)[:200])
    )
    if dice == 0:
        draft.headers += [
            (b"ce-specversion", b"1.0"),
            (b"ce-id", rng.choice((b"%zz", b'"\\"', b"\xff", b"%00", b"%F0%9F"))),
            (b"ce-type", b"t"),
        ]
    elif dice == 1:
        draft.body = _by_json(event)
        draft.set(b"Content-Type", b"application/cloudevents+json")
    else:
        draft.body = _by_json([event] * rng.choice((0, 1, 60, 400)) + [values.value(rng)])[:_LARGEST]
        draft.set(b"Content-Type", b"application/cloudevents-batch+json")


def encode(draft: Draft, rng: Random) -> None:
    """Give the body a Content-Encoding: right ones, several, damaged ones, lies, and bombs."""
    dice = rng.randrange(12)
    plain = draft.body
    packed = gzip.compress(plain, 1, mtime=0)
    bomb = rng.choice((b" ", b"0", b"[", b"<a/>", b"\0")) * rng.choice((100_000, 1_000_000, 6_000_000))
    choices: Sequence[Callable[[], tuple[bytes, bytes]]] = (
        lambda: (b"gzip", packed),
        lambda: (b"deflate", zlib.compress(plain)),
        lambda: (b"deflate", zlib.compress(plain)[2:-4]),
        lambda: (b"gzip, gzip", gzip.compress(packed, 1, mtime=0)),
        lambda: (b"gzip", packed[: rng.randrange(len(packed))]),
        lambda: (b"gzip", packed[:10] + rng.randbytes(30) + packed[40:]),
        lambda: (b"gzip", packed * rng.choice((2, 17, 200)) if len(packed) < 5000 else packed * 2),
        lambda: (b"gzip", gzip.compress(bomb, 6, mtime=0)),
        lambda: (b"gzip, deflate", zlib.compress(gzip.compress(bomb, 6, mtime=0))),
        lambda: (
            rng.choice(
                (b"br", b"zstd", b"compress", b"identity", b"gzip;q=1", b"", b",,,", b"x" * 3000, b"GZIP", b"\xff")
            ),
            plain,
        ),
        lambda: (b"identity, " * 30 + b"gzip", packed),
        lambda: (b"gzip", plain),
    )
    encoding, draft.body = choices[dice]()
    draft.set(b"Content-Encoding", encoding)
