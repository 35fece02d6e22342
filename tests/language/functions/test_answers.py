"""The questions asked one after the other: each answer is told once."""

from typing import Any

import pytest

from gateway.language.functions.answers import Answers
from gateway.language.functions.tree import tree_of


def asked(value: Any, event: str = "") -> tuple[Answers, dict[str, Any]]:
    """The answers to the questions in their order."""
    answers = Answers(tree_of(value))
    found: dict[str, Any] = {"event": answers.event(event)}
    found["name"] = answers.name(found["event"])
    found["state"] = answers.state()
    found["color"] = answers.color(event or found["event"])
    found["actor"] = answers.actor()
    answers.say(found["event"], found["name"], found["state"], found["actor"][0])
    found["link"], found["text"] = answers.link(), answers.text(found["name"])
    return answers, {key: answer for key, answer in found.items() if answer not in ("", None, ("", None))}


@pytest.mark.parametrize(
    ("told", "value", "event"),
    [
        ("issue_comment", {"action": "created"}, "Issue comment created"),
        ("issues.opened", {"action": "opened"}, "Issues opened"),
        ("event.pin_added", {"type": "event_callback"}, "Pin added"),
        ("other", {"event": {"type": "silenced"}}, "Silenced"),
        ("", {"action": "change", "type": "epic"}, "Epic change"),
        ("", {"action": "done", "data": {"type": "x"}}, "Done"),
        ("", {"topic": "cart.updated", "action": "x"}, "Cart updated"),
        ("", {"a": 1}, ""),
    ],
)
def test_what_happened(told: str, value: Any, event: str) -> None:
    """The request's word first, with the action that it lacks; else the payload's."""
    assert Answers(tree_of(value)).event(told) == event


def test_the_thing_is_in_the_object_that_the_event_names() -> None:
    """Its name, state and link, and labels count from there."""
    value = {
        "issue": {"name": "Leak", "state": "open", "url": "https://x.example/i", "weight": 3},
        "title": {"name": "other"},
        "repository": {"name": "api", "url": "https://x.example/r", "state": "active"},
    }
    answers, found = asked(value, "issue.opened")
    assert found == {
        "event": "Issue opened",
        "name": "Leak",
        "state": "open",
        "color": "#2f81f7",
        "link": "https://x.example/i",
    }
    assert [(title, text) for _, title, text, _ in answers.facts()][:2] == [("Title", "other"), ("Repository", "api")]
    assert ("Weight", "3") in [(title, text) for _, title, text, _ in answers.facts()]


def test_a_number_and_an_id_name_a_thing_at_need() -> None:
    """A number is told as one; an id beside the event's name is that of the event."""
    assert asked({"number": 9, "id": 4})[1]["name"] == "#9"
    assert asked({"id": "p4"})[1]["name"] == "p4"
    assert "name" not in asked({"id": "e4"}, "done")[1]
    assert asked({"id": "e4", "data": {"id": "d4"}}, "done")[1]["name"] == "d4"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"title": "Disk full", "message": {"html": "<b>95</b> %", "text": "95 %"}}, "**95** %"),
        ({"title": "Disk full", "description": "Disk full"}, None),
        ({"message": "Disk full\non db-1"}, "on db-1"),
        ({"title": "t", "last_message": {"body": "old"}, "target": {"body": "new"}}, "new"),
        ({"title": "t", "error": "*bad*"}, "\\*bad\\*"),
        ({"title": "t", "data": "QUJD" * 30}, None),
    ],
)
def test_the_nearest_text(value: Any, text: str | None) -> None:
    """HTML becomes Markdown, other texts are literal; what the title says and what nobody reads is none."""
    assert asked(value)[1].get("text") == text


def test_of_the_person_who_acted_only_the_name_and_the_page_are_told() -> None:
    """Other names of that person are no facts, unlike what kind of person it is."""
    sender = {
        "login": "ada",
        "name": "Ada L",
        "email": "a@x.example",
        "id": 3,
        "type": "bot",
        "url": "https://x.example/ada",
    }
    answers, found = asked({"title": "t", "sender": sender})
    assert found["actor"] == ("Ada L", "https://x.example/ada")
    assert [(title, text) for _, title, text, _ in answers.facts()] == [("Sender type", "bot")]


def test_secrets_in_urls_are_no_links() -> None:
    """A URL with a credential is neither link nor fact."""
    answers, found = asked(
        {"title": "t", "url": "https://x.example/?token=abcdef", "log_url": "https://a:b@x.example/"}
    )
    assert "link" not in found
    assert list(answers.links(few=True)) == list(answers.facts()) == []


def test_links_are_told_once_and_those_for_programs_at_need() -> None:
    """The same URL under two keys is one; what a machine calls back is none."""
    url = "https://x.example/1"
    value = {
        "title": "t",
        "url": url,
        "same_url": url,
        "callback_url": "https://x.example/hook/7",
        "a_url": "https://api.x.example/1",
    }
    answers, found = asked(value)
    assert found["link"] == url
    assert list(answers.links(few=False)) == []
    assert [leaf.word for leaf in answers.links(few=True)] == ["a_url"]
