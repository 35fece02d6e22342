"""Frames on a stream."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.sqlite.frames import Frames, framed, head


def received(frames: Frames, pieces: Iterable[bytes]) -> list[bytes]:
    """Receive pieces of a stream, each in as many reads as the space demands; returns the frames."""
    found: list[bytes] = []
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            space = frames.space()
            count = min(len(space), len(rest))
            assert count, "a read into no space looks like the end of the stream"
            space[:count] = rest[:count]
            rest = rest[count:]
            found += map(bytes, frames.received(count))
    return found


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50), st.integers(4, 400))
def test_frames_come_out_as_they_went_in(packed: list[bytes], piece: int, size: int) -> None:
    """However the stream is cut into pieces, and whether frames fit into the usual buffer or not."""
    stream = b"".join(map(framed, packed))
    pieces = [stream[at : at + piece] for at in range(0, len(stream), piece)]
    assert received(Frames(size), pieces) == packed


def test_a_stream_may_be_cut_at_every_byte() -> None:
    """In a length as in a frame."""
    packed = [b"", b"one", b"", b"x" * 40, b"last"]
    stream = b"".join(map(framed, packed))
    for at in range(len(stream) + 1):
        assert received(Frames(32), (stream[:at], stream[at:])) == packed


def test_one_read_may_hold_many_frames() -> None:
    """And the beginning of another one."""
    frames, last = Frames(1 << 20), framed(b"last")
    assert received(frames, [framed(b"") * 1000 + framed(b"x" * 100) * 1000 + last[:5]]) == 1000 * [b""] + 1000 * [
        b"x" * 100
    ]
    assert received(frames, [last[5:]]) == [b"last"]


def test_head_and_frame_may_be_sent_apart() -> None:
    """Which saves a copy."""
    assert received(Frames(32), (head(b"abc"), b"abc")) == [b"abc"]


def test_the_buffer_grows_as_a_long_frame_arrives_and_shrinks_after_it() -> None:
    """It doubles, and never exceeds that frame; what follows the frame is kept."""
    frames, long = Frames(100), b"x" * 1000
    sizes = []
    for at in range(0, 1004, 10):
        assert received(frames, [framed(long)[at : at + 10]]) == [long] * (at == 1000)
        sizes.append(len(frames._buffer))
    assert sorted(set(sizes)) == [100, 200, 400, 800, 1004]
    assert (sizes[0], sizes[-2], sizes[-1]) == (100, 1004, 100)
    assert received(frames, [framed(long) + framed(b"next")[:6], framed(b"next")[6:]]) == [long, b"next"]
    assert len(frames._buffer) == 100


def test_two_long_frames_follow_each_other() -> None:
    """Each has a buffer of its own, and no read goes beyond the end of it."""
    frames, long = Frames(100), [b"x" * 500, b"y" * 2000, b"z" * 300]
    stream = b"".join(map(framed, long))
    for piece in (1, 99, 100, 101, 333, 504, 700, 3000):
        assert received(frames, [stream[at : at + piece] for at in range(0, len(stream), piece)]) == long
        assert len(frames._buffer) == 100


def test_a_length_alone_gets_no_memory() -> None:
    """A sender has to send half of a buffer before it gets the other half."""
    frames = Frames(100)
    assert received(frames, [(1 << 31).to_bytes(4) + b"x" * 96]) == []
    assert len(frames.space()) == 100


@pytest.mark.parametrize("size", [4, 20, 100])
def test_a_frame_above_the_limit_is_refused_by_its_head(size: int) -> None:
    """There is no larger buffer for it. The frames before it are given, as is one at the limit."""
    frames = Frames(size, limit=10)
    stream = framed(b"x" * 10) + framed(b"ok") + framed(b"y" * 11)[:3]
    assert received(frames, [stream[at : at + 1] for at in range(len(stream))]) == [b"x" * 10, b"ok"]
    with pytest.raises(ValueError, match="a frame of 11 bytes is above the limit of 10"):
        received(frames, [framed(b"y" * 11)[3:4]])
    assert len(frames._buffer) == size


def test_frames_before_one_that_is_refused_are_given() -> None:
    """In the same read."""
    frames, stream = Frames(100, limit=10), framed(b"x" * 10) + framed(b"y" * 11)[:4]
    frames.space()[: len(stream)] = stream
    found = frames.received(len(stream))
    assert bytes(next(found)) == b"x" * 10
    with pytest.raises(ValueError, match="a frame of 11 bytes is above the limit of 10"):
        next(found)


def test_who_stops_at_a_frame_loses_none_after_it() -> None:
    """A frame that cannot be decoded ends the loop over the others."""
    frames, stream = Frames(100), framed(b"bad") + framed(b"good")
    frames.space()[: len(stream)] = stream
    for frame in frames.received(len(stream)):
        assert bytes(frame) == b"bad"
        break
    assert [bytes(frame) for frame in frames.received(0)] == [b"good"]
