"""Names of emoji as characters."""

import time

import pytest

from gateway.language.functions.emoji import drawn


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (":fire: Disk full", "🔥 Disk full"),
        (":large_green_circle: up :+1:", "🟢 up 👍"),
        ("10:20:30 and a:b:c", "10:20:30 and a:b:c"),
        (":fire::of_our_own::tada:!", "🔥:of_our_own:🎉!"),
        (":of_our_own:", ":of_our_own:"),
        ("", ""),
    ],
)
def test_names_of_unicode_become_characters(text: str, shown: str) -> None:
    """Others stay as they are."""
    assert drawn(text) == shown


def test_any_number_of_names_is_looked_up_in_time() -> None:
    """A payload may have thousands that are none."""
    started = time.thread_time()
    drawn(" ".join(f":n{number}:" for number in range(10_000)))
    assert time.thread_time() - started < 1
