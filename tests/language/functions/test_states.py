"""The words of senders and the colours and icons that they mean."""

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.states import look_of

STATES = {
    "good": "success passed ok resolved up closed_ok completed",
    "danger": "failed critical firing down timed_out changes_requested major_outage p1 sev1",
    "warning": "warning degraded_performance unstable no_data under_maintenance p3",
    "#2f81f7": "info in_progress queued opened p5",
    "#8250df": "merged released",
    "#6e7781": "closed canceled skipped not_built wont_fix",
}


@pytest.mark.parametrize(
    ("word", "color"),
    [
        ("SUCCESS", "good"),
        ("InProgress", "#2f81f7"),
        ("build failed", "danger"),
        ("in-progress", "#2f81f7"),
        ("odd", "#6e7781"),
    ],
)
def test_states(word: str, color: str) -> None:
    """State words are known in any spelling and inside a phrase; unknown ones are grey."""
    assert TABLE["severity_color"].call(word) == color


@pytest.mark.parametrize(
    "spell", [str.upper, str.title, lambda word: word.replace("_", "-"), lambda word: word.replace("_", " ")]
)
def test_words_are_known_in_every_spelling(spell) -> None:
    """Capitals, hyphens and spaces make no difference to any word of the table."""
    for color, words in STATES.items():
        for word in words.split():
            assert look_of(spell(word)).color == color, word


@pytest.mark.parametrize(
    ("value", "icon"),
    [
        ("inProgress", "large_blue_circle"), ("BUILD_FAILED", "red_circle"), ("deploy: passed", "large_green_circle"),
        ("pull_request.merged", "large_purple_circle"), ("failed then passed", "large_green_circle"),
        (True, "large_green_circle"),
        (False, "red_circle"), (None, "white_circle"), (7, "white_circle"), ({}, "white_circle"), ("", "white_circle"),
        (" \n", "white_circle"), ("passed" + " x" * 999, "large_green_circle"), (["failed"], "white_circle"),
    ],
)  # fmt: skip
def test_icons(value, icon: str) -> None:
    """The last word that is known speaks; of what is no text, yes and no are words, and the rest says nothing."""
    assert look_of(value).icon == icon


def test_icons_are_for_markdown_alone() -> None:
    """Where emoji are not drawn their names would be shown."""
    assert TABLE["severity_icon"].call("ok") == ":large_green_circle:"
    assert TABLE["severity_icon"].call_plain("ok") == ""
