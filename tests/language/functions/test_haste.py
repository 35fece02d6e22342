"""What takes long is begun only where there is time for it."""

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.bareurl import whole_urls
from gateway.language.functions.haste import LEFT, MOST, TakesLong, take
from gateway.language.functions.mrkdwn import to_markdown


def test_without_haste_all_is_begun() -> None:
    """The command line, the console and the threads beside the event loop have the time."""
    take(1_000 * MOST)


def test_what_is_begun_adds_up() -> None:
    """Until nothing is left: what has not begun then never does."""
    before = LEFT.set([MOST])
    try:
        take(MOST - 1)
        take(1)
        with pytest.raises(TakesLong):
            take(1)
    finally:
        LEFT.reset(before)


@pytest.mark.parametrize("name", ["html", "markdown"])
@pytest.mark.parametrize("call", ["call", "call_plain"])
def test_html_takes_long(name: str, call: str) -> None:
    """A comment's usual tags do not; hundreds of them do, and so do long texts with one."""
    act = getattr(TABLE[name], call)
    before = LEFT.set([MOST])
    try:
        act("<p>Some <b>words</b>.</p>" * 5, 500)
        take(MOST // 2)
        with pytest.raises(TakesLong):
            act("<b>x</b>" * 250, 500)
    finally:
        LEFT.reset(before)


def test_thousands_of_odd_urls_take_long() -> None:
    """Each of them is looked at; usual ones are not."""
    before = LEFT.set([MOST])
    try:
        assert whole_urls("https://x.example/a " * 150) == "https://x.example/a " * 150
        assert whole_urls("https://x.example/( " * 150) != ""
        with pytest.raises(TakesLong):
            whole_urls("https://x.example/( " * 4_000)
    finally:
        LEFT.reset(before)


def test_long_texts_of_slack_take_long() -> None:
    """A usual one does not."""
    before = LEFT.set([MOST])
    try:
        to_markdown("*a*\n" * 1_000)
        with pytest.raises(TakesLong):
            to_markdown("*a*\n" * 10_000)
    finally:
        LEFT.reset(before)
