"""What the documents of a drafted service share."""

import pytest

from gateway.catalog import yamlfile
from gateway.catalog.draft_message import Drafted
from gateway.catalog.draft_shared import SYNONYMS, People, row, shared_text
from gateway.language.functions.states import STATES, TONES, spelled, tone_of


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("closed", "closed"), ("close", "closed"), ("Open", "opened"), ("cancel", "cancelled"),
        ("paid", ["paid", "change", "done"]), ("IN_TRANSIT", ["in transit", "change", "waiting"]),
        ("failure", "failed"), ("Triggered", "firing"), ("down", "firing"), ("UP", "resolved"), ("pending", "waiting"),
        ("canceled", "cancelled"),
    ],
)  # fmt: skip
def test_words_become_states(word, state):
    """Those of the product where it has them, else the word with its tone."""
    assert row(word) == state


def test_people_are_described_once():
    """By all of them: their names, the better first, page and picture."""
    payloads = [
        {"user": {"login": "a", "full_name": "Ann", "html_url": "https://x.example/a", "avatar_url": None, "id": 1}},
        {"user": {"login": "b", "avatar_url": "https://x.example/b.png"}},
    ]
    acting = Drafted({}, set(), {("user", "id"), ("user", "login"), ("x",)}, person=("user",))
    people = People([(acting, payloads), (Drafted({}, set(), set()), payloads)])
    shared = yamlfile.load(shared_text(people, {"issue": ["open"]}), "shared")
    assert shared["author"] == {
        "name": "{{ coalesce(full_name, login) }}", "link": "{{ html_url }}", "icon": "{{ avatar_url }}",
    }  # fmt: skip
    assert set(shared["shapes"]["user"]) == {"id?", "login?", "full_name?", "html_url?", "avatar_url?"}
    assert shared["states"] == {"issue": {"open": "opened"}}
    assert shared_text(People([]), {}) == ""


def test_synonyms_are_of_the_tone_of_their_states():
    """A word never looks otherwise in a draft than where no document speaks."""
    assert set(SYNONYMS.values()) <= set(STATES)
    assert not {spelled(word) for word in SYNONYMS} & set(STATES)
    alike = {"opened": {"started", "waiting"}, "silenced": {"gone", ""}, "warning": {"warned"}}
    odd = {
        word: state
        for word, state in SYNONYMS.items()
        if tone_of(word) and tone_of(word) not in {STATES[state][1], *alike.get(state, ())}
    }
    assert not odd
    assert set(alike) <= set(STATES)
    assert TONES
