"""How much the keys of leaves say about each question; None where a leaf is no answer."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.language.functions import clues
from gateway.language.functions.tree import Leaf

URL = "https://x.example/1"


def leaf(path: str, value: Any = "word") -> Leaf:
    """A leaf at a path of keys in words."""
    words = tuple(path.split("."))
    return Leaf(words, words, value, len(words))


def likeliest(clue: Callable[[Leaf], float | None], *leaves: Leaf) -> Leaf | None:
    """The answer among the leaves."""
    weighed = [(weight, at) for at, one in enumerate(leaves) if (weight := clue(one)) is not None]
    return leaves[min(weighed)[1]] if weighed else None


@pytest.mark.parametrize(
    ("paths", "best"),
    [
        (["name", "title"], "title"),
        (["message", "name"], "name"),
        (["description", "issue.name"], "issue.name"),
        (["repository.name", "alert.message"], "alert.message"),
        (["id", "number"], "number"),
        (["user.name", "id"], "id"),
        (["team_name", "service_name"], "service_name"),
        (["message.text", "id"], "message.text"),
        (["user_name", "hostname"], None),
    ],
)
def test_the_thing(paths: list[str], best: str | None) -> None:
    """Titles before names, names before messages, shallow before deep; never a person, and its surroundings last."""
    found = likeliest(clues.name, *map(leaf, paths))
    assert (found and ".".join(found.words)) == best


@pytest.mark.parametrize("value", [True, 1.5, URL, " ", "x" * 100])
def test_what_names_nothing(value: Any) -> None:
    """Flags, URLs and what nobody reads."""
    assert clues.name(leaf("name", value)) is None


@pytest.mark.parametrize(
    ("paths", "best"),
    [
        (["author.name", "sender.login"], "sender.login"),
        (["repository.owner.login", "organization.login"], None),
        (["pusher.email", "pusher.name"], "pusher.name"),
        (["closed_by", "title"], "closed_by"),
        (["sorted_by", "user.id"], None),
        (["author_name"], "author_name"),
    ],
)
def test_who_acts(paths: list[str], best: str | None) -> None:
    """Whoever sends acts; whose thing it is, or a sorting, is no person who acts."""
    found = likeliest(clues.actor, *map(leaf, paths))
    assert (found and ".".join(found.words)) == best


@pytest.mark.parametrize(
    ("path", "value", "is_state"),
    [
        ("state", "open", True),
        ("build_status", "open", True),
        ("status.name", "Open", True),
        ("status_code", "open", True),
        ("status_code", "200", False),
        ("new_state_value", "ALARM", True),
        ("previous_state", "open", False),
        ("user.status", "open", True),
        ("sender.status", 3, False),
        ("status", "x" * 31, False),
        ("status", URL, False),
        ("statue", "open", False),
    ],
)
def test_states(path: str, value: Any, *, is_state: bool) -> None:
    """A word or a few under a word for a state, as it is now."""
    assert (clues.state(leaf(path, value)) is not None) is is_state


@pytest.mark.parametrize(
    ("path", "value", "is_event"),
    [
        ("event", "ticket.created", True),
        ("event.type", "ticket.created", False),
        ("event", "event_callback", False),
        ("event", "notification_event_data", False),
        ("event", "EC2 Instance State-change Notification", True),
        ("event", URL, False),
        ("event", "7", False),
        ("a.b.event", "ticket.created", False),
        ("user.event", "ticket.created", False),
    ],
)
def test_events(path: str, value: Any, *, is_event: bool) -> None:
    """A name near the top that is not only that of the envelope."""
    assert (clues.event(leaf(path, value), clues.EVENTS) is not None) is is_event


def test_kinds_are_at_the_top_or_in_what_happened() -> None:
    """The type of another object says nothing of the event."""
    assert clues.event(leaf("type", "issue"), clues.NOUNS) is not None
    assert clues.event(leaf("action.type", "issue"), clues.NOUNS) is not None
    assert clues.event(leaf("parent.type", "issue"), clues.NOUNS) is None


def test_texts_links_images_and_levels() -> None:
    """Each under its own words."""
    assert likeliest(clues.text, leaf("body"), leaf("message.html"), leaf("message.text")) == leaf("message.html")
    assert likeliest(clues.text, leaf("title"), leaf("body", URL)) is None
    links = [leaf("log_url", URL), leaf("ack_url", URL), leaf("url", URL), leaf("permalinks.web", URL), leaf("a", URL)]
    assert [clues.link(one) for one in links] == [3.0, 8.0, 1.1, 0.3, None]
    assert clues.image(leaf("image_url", URL)) == 1.0
    assert clues.image(leaf("user.image_url", URL)) is None
    assert clues.level(leaf("severity.name", "minor"), clues.SEVERITIES) == 0.0
    assert clues.level(leaf("level", None), clues.SEVERITIES) is None
