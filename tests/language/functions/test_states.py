"""The words of senders and the colours and icons that they mean."""

import pytest

from gateway.language.functions import TABLE
from gateway.language.functions.states import STATES, TONES, known_color, spelled

WORDS = {
    "good": "success passed ok resolved up closed_ok completed merged released",
    "danger": "failed critical firing down timed_out changes_requested major_outage p1 sev1",
    "warning": "warning degraded_performance unstable no_data under_maintenance p3 reopened",
    "#2f81f7": "info in_progress opened p5",
    "#6e7781": "closed canceled skipped not_built wont_fix queued",
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
    for color, words in WORDS.items():
        for word in words.split():
            assert known_color(spell(word)) == color, word


@pytest.mark.parametrize(
    ("value", "icon"),
    [
        ("inProgress", "large_blue_circle"), ("BUILD_FAILED", "red_circle"), ("deploy: passed", "large_green_circle"),
        ("pull_request.merged", "large_green_circle"), ("failed then passed", "large_green_circle"),
        (True, "large_green_circle"),
        (False, "red_circle"), (7, "white_circle"), ({}, "white_circle"), ("", "white_circle"),
        (" \n", "white_circle"), ("passed" + " x" * 999, "large_green_circle"), (["failed"], "white_circle"),
    ],
)  # fmt: skip
def test_icons(value, icon: str) -> None:
    """The last word that is known speaks; of what is no text, yes and no are words, and the rest says nothing."""
    assert TABLE["severity_icon"].call(value) == f":{icon}:"


def test_icons_are_for_markdown_alone() -> None:
    """Where emoji are not drawn their names would be shown."""
    assert TABLE["severity_icon"].call("ok") == ":large_green_circle:"
    assert TABLE["severity_icon"].call_plain("ok") == ""


def test_states_of_the_product_have_phases_and_tones():
    """Every state tells where its subject stands, in a colour of the table; spellings of words meet in one."""
    assert {phase for phase, _ in STATES.values()} == {"open", "change", "close"}
    assert {tone for _, tone in STATES.values()} <= TONES.keys()
    assert {spelled(word) for word in ("Page Opened", "pageOpened", "page.opened", "PAGE-OPENED")} == {"page_opened"}
