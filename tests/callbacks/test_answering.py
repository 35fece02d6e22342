"""Answers to Mattermost: no null in an array, no empty text, and nothing lost that does not fit."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.callbacks.answering import LARGEST, answered
from gateway.callbacks.reply import POSSIBLE, Option, Reply, To
from gateway.callbacks.smoothing import Occasion
from gateway.mattermost.fit import fitted
from gateway.mattermost.payload import Attachment, Field, Message

LONG = "word " * 10_000


def reply(to: To, message: Message, **more) -> Reply:
    """The reply of a message."""
    return Reply(to, tuple(fitted(message)), **more)


def body(occasion: Occasion, one: Reply, **more):
    """The JSON that Mattermost gets."""
    return json.loads(answered(occasion, one, **more).body)


FULL = Message(
    text="<https://a.example|b> done",
    attachments=[Attachment(title="a *b*", title_link="https://a.example/", text="**c**", fields=[Field("n", "7")])],
)


def test_an_outgoing_webhook_posts_or_comments():
    """The server would rewrite Slack's notation here, so that is made harmless before."""
    assert body(Occasion.OUTGOING, reply(To.CHANNEL, Message(text="a", icon_emoji="x", channel="c"))) == {
        "response_type": "post",
        "text": "a",
    }
    found = body(Occasion.OUTGOING, reply(To.THREAD, FULL))
    assert found["response_type"] == "comment"
    assert "<https://a.example|b>" not in found["text"]


def test_a_command_answers_all_parts_at_once():
    """What is too long for one post is in further responses, each of them of the same kind."""
    found = body(Occasion.COMMAND, reply(To.CALLER, Message(text=LONG)))
    every = [found, *found.pop("extra_responses")]
    assert {one["response_type"] for one in every} == {"ephemeral"}
    assert all(one["skip_slack_parsing"] for one in every)
    assert " ".join(one["text"] for one in every).split() == LONG.split()
    assert body(Occasion.COMMAND, reply(To.CHANNEL, FULL))["response_type"] == "in_channel"


def test_an_answer_to_a_command_is_bounded():
    """Mattermost reads a megabyte; the rest is left for its URL for later answers."""
    many = Reply(To.CALLER, tuple(fitted(Message(text="ü" * 16_000))) * 60)
    found = answered(Occasion.COMMAND, many)
    assert len(found.body) <= LARGEST + 1_000
    assert len(json.loads(found.body)["extra_responses"]) + 1 + len(found.left) == 60
    assert found.to is To.CALLER


def test_a_click_is_answered_with_text_or_an_update():
    """An ephemeral post cannot be updated: its reply goes to the caller. What an update cannot hold goes below."""
    assert body(Occasion.ACTION, reply(To.CALLER, FULL)) == {
        "ephemeral_text": "<https://a.example|b> done\n\n**[a \\*b\\*](https://a.example/)**\n\n**c**\n\n**n**: 7",
        "skip_slack_parsing": True,
    }
    updated = body(Occasion.ACTION, reply(To.UPDATE, FULL))["update"]
    assert updated["props"]["attachments"][0]["title"] == "a *b*"
    assert "attachments" not in updated
    assert "ephemeral_text" in body(Occasion.ACTION, reply(To.UPDATE, FULL), updatable=False)
    long = answered(Occasion.ACTION, reply(To.UPDATE, Message(text=LONG)))
    assert (long.to, bool(long.left)) == (To.THREAD, True)


def test_a_dialog_stays_open_while_something_is_wrong():
    """Errors at fields, one for all of it, options; a reply closes it and is posted otherwise."""
    assert body(Occasion.DIALOG, Reply(errors={"a": "no"})) == {"errors": {"a": "no"}}
    assert body(Occasion.DIALOG, reply(To.CALLER, Message(text="no"), problem="p")) == {"error": "no"}
    options = Reply(options=(Option("A", "a"),))
    assert body(Occasion.DIALOG, options, lookup=True) == {"items": [{"text": "A", "value": "a"}]}
    assert body(Occasion.DIALOG, Reply(problem="p"), lookup=True) == {"items": []}
    done = answered(Occasion.DIALOG, reply(To.CALLER, FULL))
    assert (done.body, len(done.left), done.to) == (b"{}", 1, To.CALLER)


TEXTS = st.none() | st.sampled_from(["", " ", "\x00", "a", "<a|b>", "@all", "\u200b"]) | st.text(max_size=5)
ATTACHMENTS = st.builds(
    Attachment, title=TEXTS, text=TEXTS, pretext=TEXTS, fields=st.lists(st.builds(Field, st.just("t"), TEXTS.map(str)))
)


def walk(value):
    """Every value in a JSON value, those of arrays marked."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield "[]", inner
            yield from walk(inner)


@given(
    st.sampled_from([(one, to) for one in Occasion for to in POSSIBLE[one]]),
    st.builds(Message, text=TEXTS, attachments=st.lists(ATTACHMENTS, max_size=3)),
)
def test_no_answer_harms_the_server(where, message):
    """A null in an array ends its process, an empty text makes an empty post: neither is ever sent."""
    occasion, to = where
    found = body(occasion, reply(to, message))
    for key, value in walk(found):
        assert value is not None
        assert not (key in ("text", "ephemeral_text") and (not value or value.isspace()))
    assert not set(found) <= {"response_type", "skip_slack_parsing"} or found == {}


@pytest.mark.parametrize("occasion", Occasion)
def test_nothing_to_say_is_an_empty_object(occasion):
    """Which every occasion takes for silence."""
    assert answered(occasion, Reply()).body == b"{}"
