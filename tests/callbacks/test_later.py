"""Answers that come later: to a URL of one question, or to one URL for all conversations."""

import pytest

from gateway.callbacks.answer import OutsideAnswer
from gateway.callbacks.given import Given
from gateway.callbacks.reply import To
from gateway.secret import Secret
from tests.callbacks.conftest import compiled, problems
from tests.callbacks.test_document import ASKED, text_of

LATER = """
title: Ask
answers: [command, message]
command: {trigger: ask}
request:
  url: https://bot.example.com/
  json: {text: "{{ text }}", answer_at: "{{ reply_url }}", session: "{{ conversation }}"}
later:
  answer: {say: text, to?: text}
  conversation: "{{ answer.json.to }}"
  reply:
    - {when: answer.json.say == 'secret', to: nothing}
    - {to: channel, message: {text: "{{ user.name }}: {{ answer.json.say }}"}}
"""
GIVEN = Given({}, {}, 1.0, "u.c.m", Secret("https://gateway.example.com/reply/t1ck3t"))


def posted(text: str) -> OutsideAnswer:
    """JSON that a service posts."""
    return OutsideAnswer(200, {"content-type": "application/json"}, text.encode())


def test_a_service_is_told_where_to_answer_and_nobody_else():
    """Whoever has the URL may answer, so it is masked like a secret."""
    request = compiled(LATER).act(ASKED, GIVEN).request
    assert b"reply/t1ck3t" in request.reveal().body
    assert b"u.c.m" in request.reveal().body
    assert not any(one in request.shown.body for one in (b"t1ck3t", b"u.c.m"))


def test_what_comes_later_is_a_reply_to_what_was_said():
    """It sees the question, as far as that is known, and shows no URL that lets others answer."""
    callback = compiled(LATER)
    reply = callback.reply_later(ASKED, posted('{"say": "see https://gateway.example.com/reply/t1ck3t"}'), GIVEN)
    assert (reply.to, reply.problem) == (To.CHANNEL, "")
    assert "ann: see" in text_of(reply)
    assert "t1ck3t" not in text_of(reply)
    assert callback.reply_later(ASKED, posted('{"say": "secret"}'), GIVEN).messages == ()
    assert callback.later.conversation(posted('{"say": "a", "to": "u.c.m"}').seen()) == "u.c.m"
    for nothing in ("[]", '{"to": ["u.c.m"]}', '{"to": 5}', f'{{"to": "{"u" * 201}"}}'):
        assert callback.later.conversation(posted(nothing).seen()) == ""


@pytest.mark.parametrize("body", ["{}", "no JSON", '{"say": {"a": 1}}'])
def test_what_does_not_match_is_refused_and_says_why(body):
    """Nothing is shown; the service is told."""
    reply = compiled(LATER).reply_later(ASKED, posted(body), GIVEN)
    assert reply.messages == ()
    assert reply.problem.startswith("it answered ")


def test_a_callback_without_later_takes_nothing():
    """It says so."""
    shape = compiled(LATER.partition("later:")[0].replace('answer_at: "{{ reply_url }}", ', ""))
    assert "takes no answers" in shape.reply_later(ASKED, posted("{}"), GIVEN).problem


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("{{ reply_url }}", "there", []),  # the conversation says where
        ('conversation: "{{ answer.json.to }}"', "", []),
        ("to: channel, message", "to: update, message", ["later/reply/1/to: a reply to a command cannot appear there"]),
        ("answer.json.say }}", "answer.json.sya }}", ["later/reply/1/message/text: `answer.json` has no key `sya`"]),
        ("{{ user.name }}:", "{{ reply_url }}:", ["later/reply/1/message/text: reply_url would be shown"]),
        ('url: https://bot.example.com/', 'url: "https://bot.example.com/{{ reply_url | urlencode }}"', ["are logged"]),
        ("later:", "failure:", ["write `later`", "later"]),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_fault(old, new, why):
    """With its place."""
    found = problems(LATER.replace(old, new)) if new != "failure:" else problems(LATER.partition("later:")[0])
    assert len(found) >= bool(why)
    assert all(any(one in line for line in found) for one in why), found
    assert why or found == []


def test_a_service_that_is_not_told_where_cannot_answer():
    """Neither by a URL nor by a conversation."""
    text = LATER.replace("{{ reply_url }}", "there").replace("{{ conversation }}", "one")
    assert any("later: the service does not know where to answer" in one for one in problems(text))
