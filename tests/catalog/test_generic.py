"""What the generic translator makes of payloads that nobody described: what matters, nothing secret, never too much."""

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalog.generic import generic
from gateway.language.functions import clues
from gateway.language.functions.gist import ELEMENTS
from gateway.mattermost.payload import Attachment, encode
from tests.cost import seconds_of

KEYS = st.sampled_from(
    [*clues.TITLES, *clues.EVENTS, *clues.TEXTS, *clues.LINKS, *clues.STATES, *clues.ACTORS, "tokens", "a", "b", ""]
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


def table(attachment: Attachment) -> dict[str, str]:
    """The fields by their titles."""
    return {field.title: field.value for field in attachment.fields}


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
    encode(message)
    assert size < BOUND
    assert len(message.attachments) <= ELEMENTS + 1
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
    assert table(attachment) == {"Severity": "critical", "Host": "db-1"}
    assert attachment.text is None


@pytest.mark.parametrize(
    ("payload", "author", "title"),
    [
        # Who: the sender acts, not whose thing it is.
        ({"repo": {"owner": {"login": "acme"}}, "sender": {"login": "ada"}, "title": "t"}, "W · ada", "t"),
        ({"organization": {"login": "acme"}, "title": "t", "actor": "ada"}, "W · ada", "t"),
        ({"title": "t", "closed_by": {"first_name": "Ada", "last_name": "Lovelace"}}, "W · Ada Lovelace", "t"),
        # What happened, in words, before the thing; never the envelope alone.
        ({"type": "invoice.paid", "data": {"name": "2026-17"}}, "W", "Invoice paid: 2026-17"),
        ({"action": "deleted", "object_type": "deal", "name": "Big"}, "W", "Deal deleted: Big"),
        ({"type": "event_callback", "event": {"type": "file_shared", "name": "a.txt"}}, "W", "File shared: a.txt"),
        ({"event": "ticket.created", "title": "Ticket created by Bo"}, "W", "Ticket created by Bo"),
        # The state nearest to the title, under either word.
        ({"group": {"title": "Disk", "state": "resolved"}, "payload": {"status": "firing"}}, "W", "Disk: resolved"),
        ({"title": "Disk", "status": {"name": "Waiting", "id": 4}}, "W", "Disk: Waiting"),
        ({"event": {"type": "resolve"}, "title": "Disk", "state": "resolved"}, "W", "Disk: resolved"),
        ({"title": "Disk", "previous_state": "down"}, "W", "Disk"),
        # The thing: a title, a name, a message, in this order at one depth.
        ({"message": "Timeout", "name": "web-1", "state": "down"}, "W", "web-1: down"),
        ({"description": "A risk", "name": "Risk"}, "W", "Risk"),
        ({"message": {"attributes": {}, "text": "Hello"}}, "W", "Hello"),
        ({"id": "p1", "status": "done"}, "W", "p1: done"),
    ],
)
def test_who_what_and_how_it_stands(payload: Any, author: str, title: str) -> None:
    """Author and title answer the first questions of a reader."""
    attachment = only(payload, "W")
    assert (attachment.author_name, attachment.title) == (author, title)


def test_the_name_of_the_event_in_the_request_is_told_in_words() -> None:
    """It leads the title, and the author's line has it as filters name it."""
    (attachment,) = generic({"property": {"key": "a.b"}}, "Jira", "option_votes_changed").attachments
    assert (attachment.author_name, attachment.title) == ("Jira: option_votes_changed", "Option votes changed: a.b")
    (attachment,) = generic({"a": 1}, "Jira", "option_votes_changed").attachments
    assert attachment.title == "Option votes changed"
    (attachment,) = generic({"title": "Disk"}, "Grafana", "other").attachments
    assert attachment.title == "Disk"


def test_a_payload_that_tells_nothing_has_the_name_of_its_sender() -> None:
    """Where no title is found the service is the title."""
    assert only({"a": 1}, "GitHub").title == "GitHub"
    assert only({}).title == only([]).title == only(None).title == "Webhook"


def test_a_long_message_is_a_title_and_a_text() -> None:
    """The first line of a long message is the title; the rest is below it."""
    attachment = only({"message": "Build failed\nline 2", "user": {"name": "Ada"}})
    assert (attachment.title, attachment.text) == ("Build failed", "line 2")
    assert attachment.author_name == "Webhook · Ada"


def test_nothing_is_told_twice() -> None:
    """Two spellings of a key, two formats of a text, and what title, author or text say already are told once."""
    attachment = only(
        {
            "message_id": "12",
            "messageId": "12",
            "title": "Build of acme/web",
            "repository": {"full_name": "acme/web"},
            "actor": {"name": "Ada", "email": "ada@example.com"},
            "html": "<p>The build of acme/web takes longer than it should</p>",
            "description": "The build of acme/web takes longer than it should",
        }
    )
    assert table(attachment) == {"Message id": "12"}


def test_checksums_are_not_told_and_ids_come_last() -> None:
    """What only machines compare is left out; a sentinel is no time."""
    attachment = only(
        {
            "id": "a-1",
            "etag": "CNHZ=",
            "md5Hash": "x",
            "generation": 4,
            "self_link": "https://x.example/s",
            "name": "a.txt",
            "size": 3,
            "timestamp": 1,
            "deleted_at": "0001-01-01T00:00:00Z",
        }
    )
    assert [field.title for field in attachment.fields] == ["Size", "Id"]


def test_objects_are_told_by_their_names() -> None:
    """An object is one fact, linked to its page; only what is neither fact nor line is JSON."""
    attachment = only(
        {
            "title": "t",
            "assignee": {
                "id": 4,
                "name": "Bo",
                "html_url": "https://x.example/bo",
                "avatar_url": "https://x.example/p",
            },
            "limits": {"cpu": {"max": 4}},
            "color": {"name": "Shade", "value": "dark"},
        }
    )
    assert table(attachment) == {
        "Assignee": "[Bo](https://x.example/bo)",
        "Limits cpu max": "4",
        "Shade": "dark",
        "Assignee id": "4",
    }
    assert attachment.text is None


def test_what_links_lead_to_is_told_by_its_name() -> None:
    """The names under `links` are things beside the one that the message is about; its own page is the link."""
    links = {
        "self": {"href": "https://api.x.example/r/1"},
        "web": "https://x.example/r/1",
        "repository": {"href": "https://api.x.example/p/2", "title": "Scheduler"},
    }
    attachment = only({"review": {"summary": "Fix", "_links": links, "prefs": {"title": "x"}}})
    assert (attachment.title, attachment.title_link) == ("Fix", "https://x.example/r/1")
    assert list(table(attachment)) == ["Repository", "Prefs", "Links"]


def test_an_envelope_of_base64_is_opened() -> None:
    """A Pub/Sub push is told as the event itself, the subscription after it."""
    event = base64.b64encode(b'{"name": "backup", "status": "failed", "size": 7}').decode()
    attachment = only({"message": {"data": event, "messageId": "1"}, "subscription": "projects/p/subscriptions/s"})
    assert (attachment.title, attachment.color) == ("backup: failed", "danger")
    assert list(table(attachment)) == ["Size", "Subscription", "Message id"]


def test_events_in_an_envelope_are_told_apart() -> None:
    """An array alone in an object is several events, as an array is."""
    message = generic({"events": [{"name": "a"}, {"name": "b"}]}, "W")
    assert [attachment.title for attachment in message.attachments] == ["a", "b"]


@pytest.mark.parametrize(
    "payload",
    [
        {"token": "hunter2x"},
        {"apiKey": "hunter2x"},
        {"X-Client-Secret": "hunter2x"},
        {"auth": {"credentials": {"user": "ada", "any": "hunter2x"}}},
        {"list": [{"deep": {"password": "hunter2x"}}]},
        {"secrets": {"a": {"b": [[{"c": "hunter2x"}]]}}},
        {"headers": [["X-Api-Key", "hunter2x"], ["Accept", "a/b"]]},
        {"deep": [[["X-Api-Key", "hunter2x"]]]},
        {"command": ["login", "--password", "hunter2x"]},
        {"secrets": {"DATABASE": "hunter2x"}, "tokens": ["hunter2x"], "signatures": [{"value": "hunter2x"}]},
        {"env": [{"name": "DB_PASSWORD", "value": "hunter2x"}, {"name": "A", "value": "b"}]},
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
    """Counts and requests are no credentials, nor are the names of those who sign."""
    assert table(only({"token_count": 12})) == {"Token count": "12"}
    attachment = only(
        {"signature_request": {"title": "Lease", "signatures": [{"signer_name": "Jo", "status": "signed"}]}}
    )
    assert (attachment.title, attachment.text) == ("Lease", "**Signatures**\n- Jo · signed")


def test_an_inner_list_is_lines() -> None:
    """The elements of an array are told by their titles, linked; the array is not repeated as code."""
    items = [{"title": f"Fix *{i}*", "url": f"https://x.example/{i}"} for i in range(7)]
    text = only({"event": "push", "commits": items}).text or ""
    assert text.splitlines()[:2] == ["**Commits**", r"- [Fix \*0\*](https://x.example/0)"]
    assert text.endswith("and 2 more: Fix \\*5\\*, Fix \\*6\\*")


@pytest.mark.parametrize(
    ("element", "line"),
    [
        ({"title": "Fix", "author": {"name": "Ada"}, "state": "open", "id": "a" * 40}, "Fix · open · Ada"),
        ({"description": "Hosting", "amount": 9.5}, "Hosting · Amount: 9.5"),
        ({"sku": "A*1", "n": 2}, "Sku: A\\*1 · N: 2"),
        ({"value": "ada@example.com", "type": "home"}, "ada@example.com · Type: home"),
        ([1, "a", None], "1, a"),
    ],
)
def test_lines_of_elements(element: Any, line: str) -> None:
    """An element is told by its name, its state, its author and what tells most; a row of scalars as they are."""
    assert only({"title": "t", "rows": [element, {"name": "other"}]}).text == f"**Rows**\n- {line}\n- other"


def test_html_is_formatted_and_other_text_is_literal() -> None:
    """Text with tags is read as HTML; everything else shows as it is."""
    assert only({"title": "t", "body": "<p>It is <b>down</b></p>"}).text == "It is **down**"
    assert only({"title": "t", "body": "*down* @all"}).text == "\\*down\\* @\u200ball"


def test_further_links_share_a_field_and_decoration_goes() -> None:
    """The best link is that of the title, the others are told by their names, pictures of people are not."""
    urls = {f"{name}_url": f"https://x.example/{name}" for name in ("log", "html", "avatar", "diff")}
    attachment = only({"title": "t", **urls})
    assert attachment.title_link == "https://x.example/html"
    assert table(attachment) == {"Links": "[Log](https://x.example/log) · [Diff](https://x.example/diff)"}


def test_the_link_is_that_of_the_thing() -> None:
    """A page of another object, of a person or for programs is not the page of what the message is about."""
    payload = {
        "title": "t",
        "user": {"login": "ada", "html_url": "https://x.example/ada"},
        "url": "https://api.x.example/t",
        "permalink": "https://x.example/t",
    }
    attachment = only(payload)
    assert (attachment.title_link, attachment.author_link) == ("https://x.example/t", "https://x.example/ada")


@pytest.mark.parametrize(
    ("payload", "color"),
    [
        ({"status": "failed"}, "danger"),
        ({"status": "firing", "severity": "warning"}, "warning"),
        ({"status": "resolved", "severity": "critical"}, "good"),
        ({"success": False}, "danger"),
        ({"name": "x"}, None),
        ({"title": "t", "state": "resolved", "inner": {"deep": {"status": "firing"}}}, "good"),
        ({"event": "build.failed"}, "danger"),
        ({"status": "odd", "severity": {"name": "minor"}}, "warning"),
    ],
)
def test_the_colour_tells_the_state(payload: dict[str, Any], color: str | None) -> None:
    """Of a state and a severity the one that says more gives the colour."""
    assert only(payload).color == color


def test_what_is_left_is_code() -> None:
    """What is neither fact nor line follows as JSON that is cut."""
    text = only({"title": "t", "matrix": [[1, [2]]], "empty": {}, "none": None}).text or ""
    assert text.startswith("```json\n{\n")
    assert "matrix" in text
    assert "empty" not in text
    cut = only({"title": "t", "matrix": [[[i]] for i in range(9999)]}).text or ""
    assert cut.endswith("…\n```")


def test_settings_are_told_only_where_there_are_few_facts() -> None:
    """How something is set up gives way to what happened; what the table has no room for stands below it."""
    settings = {"prefs": {f"p{number}": "x" for number in range(9)}}
    assert "Prefs p1" in shown({"title": "t", **settings})
    attachment = only({"title": "t", **settings, **{f"size_{name}": name for name in "abcdefghijkl"}})
    assert len(attachment.fields) == 10
    assert attachment.footer == "Size k: k · Size l: l"


@pytest.mark.parametrize(
    "payload",
    [
        {"a" * 10_000 + str(number): "v" for number in range(9)},
        {"a": json.loads('{"status":' * 500 + "1" + "}" * 500)},
        {f"n{number}_status": "failed <b>x" for number in range(3000)},
        {f"t{number}": {"message": "<p>" * 300} for number in range(100)},
        [{f"n{number}_by": f"{number} of {at}" for number in range(600)} for at in range(5)],
        {f"r{at}": [{f"n{number}": f"{at}" for number in range(40)} for _ in range(50)] for at in range(9)},
        {f"u{number}_url": "https://x.example/" + "a" * 900 for number in range(100)},
        {f"d{number}": "eyJ" + "A" * 900 for number in range(100)},
        {f"d{number}": "authorization: " * 400 for number in range(300)},
        {f"m{number}": {"message": {"html": "<a href='https://u:p@x'>token: t</a>" * 100}} for number in range(300)},
        [
            {f"r{at}": [{f"n{number}": "<://@" * 80 for number in range(20)} for _ in range(5)] for at in range(5)}
            for _ in range(5)
        ],
    ],
)
def test_hostile_payloads_take_little_time(payload: Any) -> None:
    """100 kB or 1 MB of any shape are looked at in part: the time, about 15 ms, is bounded, and so is the message."""
    assert seconds_of(lambda: generic(payload, "Webhook")) < 0.1
    assert len(shown(payload)) < BOUND


def test_the_message_is_fit_to_send() -> None:
    """What it makes is a payload of the wire."""
    assert msgspec.json.decode(
        encode(generic({"title": "t", "state": "ok", "image_url": "https://x.example/i.png"}, "W"))
    ) == {
        "attachments": [
            {"author_name": "W", "color": "good", "title": "t: ok", "image_url": "https://x.example/i.png"},
        ]
    }
