"""Texts compared by their words; names of events in words."""

import pytest

from gateway.language.functions.wording import contains, first_line, in_words, is_form_of, is_html, plain, squashed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("option_voting_changed", "Option voting changed"),
        ("com.example.order.shipped", "Order shipped"),
        ("google.cloud.storage.object.v1.finalized", "Storage object finalized"),
        ("Acme.Storage.BlobCreated", "Acme storage blob created"),
        ("jira:issue_updated", "Jira issue updated"),
        ("public_incident.incident_created_v2", "Public incident created"),
        ("EC2 Instance Change", "EC2 Instance Change"),
        ("push", "Push"),
        ("", ""),
    ],
)
def test_names_of_events_in_words(name: str, words: str) -> None:
    """A domain in front, versions and repetitions say nothing."""
    assert in_words(name) == words


def test_words_are_compared_and_not_signs() -> None:
    """Case and what stands between the words does not matter; a part of a word is none."""
    assert contains("Build of acme/web: done", "acme web")
    assert not contains("Builder", "build")
    assert not contains("anything", "")
    assert squashed(" A-b_c ") == "a b c"


def test_forms_of_one_word() -> None:
    """An event may only repeat the state."""
    assert is_form_of("Resolve", "resolved")
    assert not is_form_of("Resolve incident", "resolved")
    assert not is_form_of("Re", "resolved")


def test_texts_without_their_tags() -> None:
    """HTML is known by its tags; other angle brackets are text."""
    assert is_html("<p>x</p>")
    assert not is_html("a < b > c")
    assert plain("<p>It &amp; <b>that</b></p>") == "It & that"
    assert plain("Promise<string>, token=abcdef") == "Promise<string>, token=***"
    assert first_line("\n  a   b\nc") == "a b"
