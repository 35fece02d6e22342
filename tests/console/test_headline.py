"""The line by which a list names a message."""

import msgspec
import pytest

from gateway.console.headline import LONGEST, headline
from gateway.secret import Secret


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ({"attachments": [{"title": "Disk *full*", "fallback": "other"}]}, "Disk *full*"),
        ({"attachments": [{"title": " ", "fallback": "Disk full\nmore"}], "text": "text"}, "Disk full"),
        (
            {"attachments": [{"text": "only this"}], "text": "\n\n### [Build](http://h/) **failed**\nmore"},
            "Build failed",
        ),
        ({"text": "it \\_is\\_ plain"}, "it _is_ plain"),
        ({"text": "  a   line\twith   room "}, "a line with room"),
        ({"attachments": []}, ""),
        ({}, ""),
    ],
)
def test_the_title_stands_for_the_message(message, line):
    """Then comes the fallback, then the first line of the text, without its Markdown."""
    assert headline(msgspec.json.encode(message)) == line


@pytest.mark.parametrize("payload", [b"", b"9.", b"[]", b"\xff", b'{"text": 1}', b'{"attachments": [{"title": []}]}'])
def test_what_is_no_message_has_no_headline(payload):
    """A payload that was written by hand, or not read, is no fault."""
    assert headline(payload) == ""


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "[" * 100_000, "`" * 100_000, "\n" * 100_000 + "x", "a\u2028" * 90_000]
)
def test_a_headline_is_short_whatever_the_text(text):
    """And it is found at once."""
    for message in ({"text": text}, {"attachments": [{"title": text}]}):
        found = headline(msgspec.json.encode(message))
        assert len(found) <= LONGEST
        assert len(found.splitlines()) <= 1


def test_a_secret_in_a_title_is_masked():
    """As it is wherever a message is shown."""
    secret = Secret("a-token-in-a-title")
    shown = headline(msgspec.json.encode({"text": f"the token {secret.reveal()} leaked"}))
    assert shown == "the token <secret> leaked"
