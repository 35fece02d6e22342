"""The parts of Slack's blocks: text objects and elements."""

from typing import Any

import pytest

from gateway.language.functions.blockparts import bold_line, element, picture_url, text_object, words


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "mrkdwn", "text": "*a* <!here>"}, "**a** @\u200bhere"),
        ({"type": "plain_text", "text": "*a* :tada:"}, "\\*a\\* :tada:"),
        ("*bare*", "**bare**"),
        (None, ""),
        ([1], ""),
    ],
)
def test_a_text_object(value: Any, expected: str) -> None:
    """Its type says whether marks are marks."""
    assert text_object(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "button", "text": {"text": "Go now"}, "url": "https://x.example"}, "[Go now](https://x.example)"),
        ({"type": "checkboxes", "options": [{"text": {"text": "a"}}, None, {"text": 7}]}, "`a`"),
        ({"type": "number_input", "initial_value": "7"}, "`7`"),
        ({"type": "image", "alt_text": "a", "slack_file": "F"}, "a"),
        ({"type": "feedback_buttons"}, ""),
        ({"type": ["odd"]}, ""),
        ("text", ""),
    ],
)
def test_an_element(value: Any, expected: str) -> None:
    """A link if it has an address, else its label as code; nothing where there is none."""
    assert element(value) == expected


def test_bold_lines_stay_bold() -> None:
    """Marks inside of them would end them."""
    assert bold_line("a **b**\nc") == "**a b c**"
    assert bold_line(" ") == ""


def test_words_and_addresses_of_anything() -> None:
    """Whatever stands where they belong."""
    assert [words(one) for one in ("a", {"text": "b"}, {"text": 7}, None, 7)] == ["a", "b", "", "", ""]
    assert picture_url({"image_url": None, "slack_file": {"url": "https://x.example"}}) == "https://x.example"
