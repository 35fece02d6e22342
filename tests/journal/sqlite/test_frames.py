"""Frames on a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.sqlite.frames import Frames, framed


@given(st.lists(st.binary(max_size=300)), st.integers(1, 50))
def test_frames_come_out_as_they_went_in(frames: list[bytes], piece: int) -> None:
    """However the stream is cut into pieces."""
    stream = b"".join(map(framed, frames))
    cutter, found = Frames(), []
    for at in range(0, len(stream), piece):
        cutter.feed(stream[at : at + piece])
        found += list(cutter)
    assert found == frames


def test_a_frame_above_the_limit_is_refused_by_its_head() -> None:
    """Nothing of it has to be kept; the frames before it are given."""
    cutter = Frames(limit=10)
    cutter.feed(framed(b"x" * 10) + framed(b"y" * 11)[:4])
    frames = iter(cutter)
    assert next(frames) == b"x" * 10
    with pytest.raises(ValueError, match="a frame of 11 bytes is above the limit of 10"):
        next(frames)
