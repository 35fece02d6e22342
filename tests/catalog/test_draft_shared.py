"""What the documents of a drafted service share."""

import pytest

from gateway.catalog import yamlfile
from gateway.catalog.draft_message import Drafted
from gateway.catalog.draft_shared import People, row, shared_text


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("closed", "closed"), ("close", "closed"), ("Open", "opened"), ("cancel", "cancelled"),
        ("paid", ["paid", "change", "done"]), ("IN_TRANSIT", ["in transit", "change", "waiting"]),
        ("failure", ["failure", "change", "failed"]),
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
