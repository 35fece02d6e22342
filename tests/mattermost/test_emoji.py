"""Emoji by name."""

import pytest

from gateway.mattermost.emoji import character


@pytest.mark.parametrize(("name", "found"), [("cat", "🐱"), ("large_green_circle", "🟢"), ("aws", ""), ("", "")])
def test_names_of_unicode_and_of_slack_are_known(name, found):
    """Others are not emoji, as far as anybody can know without the server."""
    assert character(name) == found
