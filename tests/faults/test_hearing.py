"""The short form of what a bot is put through: a few cuts, and kills of its process and of the one that writes."""

import sys

import pytest

from tests.conftest import PATIENCE
from tests.faults.comparison import Comparison
from tests.faults.hearing import Hearing, hear


@pytest.mark.slow
async def test_a_bot_misses_and_repeats_nothing(tmp_path):
    """Over cuts of its connection, forgotten ones too, and over kills: every post once, in the order of its channel."""
    hearing = await hear(tmp_path, posts=400, cuts=6, kills=2, seed=1, say=lambda _: None, seconds=PATIENCE)
    sys.stderr.write((tmp_path / "log").read_text()[-3000:])
    assert not hearing.broken, str(hearing)
    assert hearing.comparison.accepted == 400


def test_what_was_not_kept_is_told():
    """In numbers."""
    hearing = Hearing(50, 10, Comparison(5000, 1, 2, 0), 40.0)
    assert hearing.broken == ("1 missed", "2 heard twice")
    assert "5,000 posts in 6 channels over 50 cuts of the connection and 10 kills in 40 s: 1 missed" in str(hearing)
    assert not hearing._replace(comparison=Comparison(5000)).broken
