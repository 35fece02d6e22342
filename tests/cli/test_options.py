"""Times as people write them on the command line."""

import time
from datetime import UTC, datetime

import pytest
import typer

from gateway.cli.options import moment


@pytest.mark.parametrize(("text", "seconds"), [("2h", 7200), ("30m", 1800), ("7d", 604800)])
def test_a_duration_is_so_long_ago(text, seconds):
    """It counts back from now."""
    assert moment(text) == pytest.approx(time.time() - seconds, abs=5)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-31T08:00", 8),
        ("2026-01-31 08:00:00", 8),
        ("2026-01-31T08:00Z", 8),
        ("2026-01-31T08:00+02:00", 6),
        ("2026-01-31", 0),
    ],
)
def test_a_time_is_utc_unless_it_says_else(text, hour):
    """The times of tables can be pasted."""
    assert moment(text) == datetime(2026, 1, 31, hour, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "yesterday", "2 parsecs", "2026-13-01"])
def test_another_text_is_refused_with_what_may_be_written(text):
    """The error names the text and both kinds."""
    with pytest.raises(typer.BadParameter, match="neither how long ago"):
        moment(text)
