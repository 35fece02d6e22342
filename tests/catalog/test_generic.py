"""What the generic translator makes of payloads that nobody described: what matters, nothing secret, never too much."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalog import generic as module
from gateway.catalog.generic import generic
from gateway.mattermost.payload import Attachment, encode

KEYS = st.sampled_from(
    [*module.TITLES, *module.KINDS, *module.TEXTS, *module.LINKS, *module.STATES, *module.ACTORS, "a", "b", ""]
)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["https://x.example/1", "<p>a</p>", "**a**\n@all", "x" * 9000, "0001-01-01T00:00:00Z", 10**400])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(KEYS | st.text(max_size=5), inner),
    max_leaves=40,
)
BOUND = 60_000
"""Bytes of the longest message that the limits of the module allow, escapes included."""


def only(value: Any, about: str = "Webhook") -> Attachment:
    """The one attachment that a value becomes."""
    (attachment,) = generic(value, about).attachments
    return attachment


def shown(value: Any) -> str:
    """The whole message as text."""
    return encode(generic(value, "Webhook")).decode()


@settings(max_examples=120, deadline=None)
@given(value=VALUES)
def test_any_value_gives_a_message_of_bounded_size(value: Any) -> None:
    """No JSON value makes it raise, and what it says stays within its limits."""
    message = generic(value, "Webhook")
    size = sum(len(text) for a in message.attachments for text in (a.title, a.text, a.author_name) if text)
    size += sum(len(field.title) + len(field.value) for a in message.attachments for field in a.fields)
    assert size < BOUND
    assert len(message.attachments) <= module.ELEMENTS + 1
    assert all(attachment.title or attachment.text for attachment in message.attachments)


@settings(max_examples=50, deadline=None)
@given(text=st.text())
def test_any_text_gives_a_message(text: str) -> None:
    """A body that was text, or nothing at all, is shown under the name of its sender."""
    (attachment,) = generic({"text": text}, "Webhook", text_only=True).attachments
    assert attachment.title


def test_a_flood_is_cut() -> None:
    """Thousands of keys and elements cost a bounded message."""
    flood = {f"key{i}": {"inner": ["x" * 500] * 50, "n": i} for i in range(3000)}
    assert len(shown(flood)) < BOUND
    many = shown([{"title": "x" * 5000, "body": "*" * 5000}] * 1000)
    assert len(many) < BOUND
    assert "and 995 more" in many


def test_an_alert_tells_what_where_and_how_bad() -> None:
    """The title tells the alert and its state, the colour how bad it is, the link where to look, the table the rest."""
    attachment = only(
        {
            "alert": {
                "alertName": "Disk full",
                "state": "firing",
                "severity": "critical",
                "host": "db-1",
                "url": "https://mon.example/7",
            }
        }
    )
    assert (attachment.title, attachment.title_link, attachment.color) == (
        "Disk full: firing",
        "https://mon.example/7",
        "danger",
    )
    assert [(field.title, field.value) for field in attachment.fields] == [
        ("Alert severity", "critical"),
        ("Alert host", "db-1"),
    ]
    assert attachment.text is None


def test_an_event_without_a_title_is_named_after_its_kind_and_its_thing() -> None:
    """Envelopes of a type and data tell both."""
    attachment = only({"type": "invoice.paid", "data": {"name": "2026-17", "paid_at": 1769868300}})
    assert attachment.title == "invoice.paid: 2026-17"
    assert [(field.title, field.value) for field in attachment.fields] == [("Paid at", "2026-01-31 14:05 UTC")]


def test_a_payload_that_tells_nothing_has_the_name_of_its_sender() -> None:
    """Where no title is found the service is the title."""
    assert only({"a": 1}, "GitHub: push").title == "GitHub: push"
    assert only({}).title == only([]).title == only(None).title == "Webhook"


def test_a_long_message_is_a_title_and_a_text() -> None:
    """The first line of a long message is the title; the rest is below it."""
    attachment = only({"message": "Build failed\nline 2", "user": {"name": "Ada"}})
    assert (attachment.title, attachment.text) == ("Build failed", "line 2")
    assert attachment.author_name == "Webhook · Ada"


@pytest.mark.parametrize(
    "payload",
    [
        {"token": "hunter2x"},
        {"apiKey": "hunter2x"},
        {"X-Client-Secret": "hunter2x"},
        {"auth": {"credentials": {"user": "ada", "any": "hunter2x"}}},
        {"list": [{"deep": {"password": "hunter2x"}}]},
        {"message": "use token=hunter2x to log in"},
        {"title": "Authorization: Bearer hunter2xhunter2x"},
        {"url": "https://ada:hunter2x@db.example/x"},
        {"link": "https://x.example/?access_token=hunter2x&a=1"},
        {"pin_secret": 12, "note": "key ghp_hunter2xhunter2x"},
        ["Bearer hunter2xhunter2x"],
        "password: hunter2x",
    ],
)
def test_credentials_are_not_shown(payload: Any) -> None:
    """What names a credential, or looks like one inside a text, is masked wherever it stands."""
    message = shown({"other": 1, **payload} if isinstance(payload, dict) else payload)
    assert "hunter2x" not in message


def test_what_only_sounds_like_a_credential_is_shown() -> None:
    """Counts are no credentials."""
    assert [(field.title, field.value) for field in only({"token_count": 12}).fields] == [("Token count", "12")]


def test_an_inner_list_is_lines() -> None:
    """The elements of an array are told by their titles, linked; the array is not repeated as code."""
    items = [{"title": f"Fix *{i}*", "url": f"https://x.example/{i}"} for i in range(7)]
    text = only({"event": "push", "commits": items}).text or ""
    assert text.splitlines()[:2] == ["**Commits**", r"- [Fix \*0\*](https://x.example/0)"]
    assert text.endswith("and 2 more")


def test_html_is_formatted_and_other_text_is_literal() -> None:
    """Text with tags is read as HTML; everything else shows as it is."""
    assert only({"title": "t", "body": "<p>It is <b>down</b></p>"}).text == "It is **down**"
    assert only({"title": "t", "body": "*down* @all"}).text == "\\*down\\* @\u200ball"


def test_further_links_are_facts_and_decoration_goes() -> None:
    """The best link is that of the title, few more are shown, pictures of people are not."""
    urls = {f"{name}_url": f"https://x.example/{name}" for name in ("log", "html", "avatar", "diff", "patch")}
    attachment = only({"title": "t", **urls})
    assert attachment.title_link == "https://x.example/html"
    assert [field.value for field in attachment.fields] == ["https://x.example/log", "https://x.example/diff"]
    assert "avatar" not in shown({"title": "t", **urls})


@pytest.mark.parametrize(
    ("payload", "color"),
    [
        ({"status": "failed"}, "danger"),
        ({"status": "firing", "severity": "warning"}, "warning"),
        ({"status": "resolved", "severity": "critical"}, "good"),
        ({"success": False}, "danger"),
        ({"name": "x"}, None),
    ],
)
def test_the_colour_tells_the_state(payload: dict[str, Any], color: str | None) -> None:
    """Of a state and a severity the one that says more gives the colour."""
    assert only(payload).color == color


def test_what_is_left_is_code() -> None:
    """What fits no table follows as JSON that is cut."""
    text = only({"title": "t", "matrix": [[1, [2]]], "empty": {}, "none": None}).text or ""
    assert text.startswith("```json\n{\n")
    assert "matrix" in text
    assert "empty" not in text
    cut = only({"title": "t", "matrix": [[i] for i in range(9999)]}).text or ""
    assert cut.endswith("…\n```")


def test_the_message_is_fit_to_send() -> None:
    """What it makes is a payload of the wire."""
    assert msgspec.json.decode(
        encode(generic({"title": "t", "state": "ok", "image_url": "https://x.example/i.png"}, "W"))
    ) == {
        "attachments": [
            {"author_name": "W", "color": "good", "title": "t: ok", "image_url": "https://x.example/i.png"},
        ]
    }
