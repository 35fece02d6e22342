"""Compressed bodies are inflated up to the limit and not one byte further."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode.compression import inflate
from gateway.errors import Refused
from tests.cost import bytes_of, seconds_of


def raw_deflate(body: bytes) -> bytes:
    """Deflate without the zlib frame, as some senders do."""
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


def packed(data: bytes) -> bytes:
    """The data in gzip, the same bytes whatever the time is."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"abc", ""),
        (b"abc", "identity"),
        (packed(b"abc"), "gzip"),
        (packed(b"abc"), " X-GZIP "),
        (packed(b"ab") + packed(b"c") + b"\0\0", "gzip"),
        (zlib.compress(b"abc"), "deflate"),
        (raw_deflate(b"abc"), "deflate"),
        (packed(b"abc"), "gzip, "),
    ],
)
def test_codings(body, encoding):
    """Every coding that senders use gives the body back."""
    assert inflate(body, encoding, 100) == b"abc"


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"abc", "br", 415),
        (packed(packed(b"abc")), "gzip, gzip", 415),
        (packed(b"abc"), "identity, gzip", 415),
        (b"abc", "gzip", 400),
        (b"", "gzip", 400),
        (packed(b"abc")[:-9], "gzip", 400),
        (packed(b"abc") + b"junk", "gzip", 400),
        (packed(b"a") * 17, "gzip", 400),
        (b"abc", "deflate", 400),
        (zlib.compress(b"abc") + b"junk", "deflate", 400),
        (packed(bytes(10_000_000)), "gzip", 413),
        (zlib.compress(bytes(10_000_000)), "deflate", 413),
        (packed(bytes(60)) + packed(bytes(60)), "gzip", 413),
        (bytes(101), "", 413),
    ],
)
def test_refusals(body, encoding, status):
    """Too large, unknown and corrupt are three different answers."""
    with pytest.raises(Refused) as refused:
        inflate(body, encoding, 100)
    assert refused.value.status == status


def test_little_may_become_much_but_not_too_much():
    """A body inflates to 1 MB, or to 100 times its size."""
    assert len(inflate(packed(bytes(900_000)), "gzip", 5_000_000)) == 900_000
    with pytest.raises(Refused) as refused:
        inflate(packed(bytes(2_000_000)), "gzip", 5_000_000)
    assert refused.value.status == 413
    payload = "".join(f'{{"id": {number}, "name": "item {number}"}},' for number in range(60_000)).encode()
    assert inflate(packed(payload), "gzip", 5_000_000) == payload


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_the_work_is_bounded(encoding):
    """Whatever a small body pretends to hold, members of a file and failed attempts included."""
    bomb = packed(bytes(900_000)) * 16 if encoding == "gzip" else raw_deflate(bytes(50_000_000))

    def act():
        inflate(bomb, encoding, 5_000_000)

    assert seconds_of(act) < 0.1
    assert bytes_of(act) < 12_000_000


def test_the_limit_itself_is_allowed():
    """A body of exactly `limit` bytes passes."""
    assert inflate(packed(bytes(100)), "gzip", 100) == bytes(100)


@given(st.binary(), st.lists(st.sampled_from(["gzip", "deflate", "identity", "br"])), st.integers(0, 50), st.booleans())
def test_never_past_the_limit(body, codings, limit, compressed):
    """Whatever the bytes, what comes out fits in the limit or is refused."""
    sent = packed(body) if compressed else body
    try:
        assert len(inflate(sent, ",".join(codings), limit)) <= limit
    except Refused as refused:
        assert refused.status in {400, 413, 415}  # noqa: PT017 - both endings are right
