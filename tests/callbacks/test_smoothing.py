"""Smoothing: whatever way Mattermost sends what was said or clicked, templates see one shape."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.callbacks.smoothing import Occasion, fields, smoothed, without_first_word

FORM = "application/x-www-form-urlencoded"
POSTED = {
    "channel_id": "c1", "channel_name": "ops", "file_ids": "f1,f2", "post_id": "p1", "team_domain": "acme",
    "team_id": "t1", "text": "ask  is it up?", "token": "tok-tok-tok", "trigger_word": "ask", "user_id": "u1",
    "user_name": "ann",
}  # fmt: skip
INPUT = {
    "user": {"id": "u1", "name": "ann"}, "channel": {"id": "c1", "name": "ops"}, "team": {"id": "t1", "name": "acme"},
    "text": "is it up?", "words": ["is", "it", "up?"], "trigger": "ask", "post": {"id": "p1"}, "files": ["f1", "f2"],
    "at": 1795952464.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (urlencode({**POSTED, "timestamp": "1795952464"}).encode(), FORM),
        (json.dumps({**POSTED, "timestamp": 1795952464000}).encode(), "application/json"),
    ],
)
def test_an_outgoing_webhook_is_the_same_as_a_form_and_as_json(body, kind):
    """Seconds and milliseconds, file ids in one text, the trigger word in front of what is asked."""
    said = smoothed(Occasion.OUTGOING, fields(body, kind))
    assert said.input == INPUT
    assert (said.id, said.token.reveal()) == ("p1", "tok-tok-tok")
    assert "tok-tok-tok" not in repr(said)


@pytest.mark.parametrize(
    ("text", "trigger", "seen"), [("askme now", "ask", "askme now"), ("ask", "ask", ""), ("hey ask", "ask", "hey ask")]
)
def test_only_a_whole_first_word_is_the_trigger(text, trigger, seen):
    """Of several hooks that match, the word of the last one is sent to all."""
    assert smoothed(Occasion.OUTGOING, {"text": text, "trigger_word": trigger}).input["text"] == seen


def test_a_command_has_its_mentions_as_pairs_and_its_url_is_a_secret():
    """Repeated fields of names and ids belong together; the answer's URL is for the door alone."""
    body = (
        b"command=%2Fdeploy&text=%20api%20%40ben&user_mentions=ben&user_mentions_ids=u2&channel_mentions=a"
        b"&channel_mentions=b&channel_mentions_ids=c2&channel_mentions_ids=c3&root_id=&trigger_id=tr"
        b"&response_url=https%3A%2F%2Fchat.example%2Fhooks%2Fcommands%2Fabc"
    )
    said = smoothed(Occasion.COMMAND, fields(body, FORM))
    assert said.input == {
        "text": "api @ben",
        "words": ["api", "@ben"],
        "trigger": "deploy",
        "command": "/deploy",
        "mentions": [{"name": "ben", "id": "u2"}],
        "channels": [{"name": "a", "id": "c2"}, {"name": "b", "id": "c3"}],
    }
    assert said.id == "tr"
    assert "/hooks/commands/abc" not in repr(said)
    assert without_first_word(said.input)["words"] == ["@ben"]
    assert without_first_word({})["text"] == ""


def test_a_click_has_its_context_and_the_option_beside_it():
    """What was chosen is no part of what the button was given."""
    sent = {"user_id": "u1", "post_id": "p1", "context": {"incident": "Q1", "selected_option": "1h"}, "trigger_id": "x"}
    said = smoothed(Occasion.ACTION, sent)
    assert said.input == {"user": {"id": "u1"}, "context": {"incident": "Q1"}, "option": "1h", "post": {"id": "p1"}}


def test_a_dialog_keeps_types_and_tells_looking_up_from_submitting():
    """Values keep their JSON types; a cancelled dialog has nothing; what is typed into a field is the text."""
    said = smoothed(Occasion.DIALOG, {"submission": {"n": 3, "sure": True}, "state": "s", "cancelled": False})
    assert said.input == {"submission": {"n": 3, "sure": True}, "state": "s", "cancelled": False}
    assert smoothed(Occasion.DIALOG, {"submission": None, "cancelled": True}).input["cancelled"] is True
    asked = {"query": "ap", "selected_field": "service", "n": 3}
    said = smoothed(Occasion.DIALOG, {"type": "dialog_lookup", "submission": asked})
    assert said.lookup
    assert (said.input["text"], said.input["field"], said.input["submission"]) == ("ap", "service", {"n": 3})


def test_a_message_is_read_out_of_its_event():
    """The post is a JSON text within the data of the event."""
    post = {"id": "p2", "root_id": "p1", "user_id": "u1", "channel_id": "c1", "message": " hello ", "create_at": 5e12}
    said = smoothed(Occasion.MESSAGE, {"post": json.dumps(post), "sender_name": "@ann", "channel_name": "ops"})
    assert said.id == "p2"
    assert said.input == {
        "text": "hello",
        "words": ["hello"],
        "user": {"id": "u1", "name": "ann"},
        "channel": {"id": "c1", "name": "ops"},
        "post": {"id": "p2", "root": "p1"},
        "at": 5e9,
    }


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(
    "user_id text trigger_word timestamp file_ids user_mentions user_mentions_ids context submission type state".split()
)


@given(st.sampled_from(list(Occasion)), st.dictionaries(KEYS, VALUES, max_size=6))
def test_nothing_that_a_stranger_sends_breaks_it(occasion, sent):
    """Every field may be of every type, and may be missing."""
    assert smoothed(occasion, {"type": "dialog_lookup", **sent}).occasion is occasion
