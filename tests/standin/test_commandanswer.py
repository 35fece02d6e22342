"""Answers of commands: how they are read, and what of them goes where."""

import pytest

from gateway.standin import commandanswer
from gateway.standin.call import CutError


def test_what_is_not_json_by_its_type_is_text():
    """Whatever it looks like; JSON has keys in any case of letters."""
    assert commandanswer.read("text/plain", b'{"text": "x\xff"}').text == '{"text": "x\ufffd"}'
    assert commandanswer.read("", b"").text == ""
    assert commandanswer.read("application/json; charset=x", b'{"TEXT": "x", "Skip_Slack_Parsing": true}').text == "x"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{} 1", b"[1]", b'{"text": 1}', b'{"skip_slack_parsing": "x"}', b"[" * 99_999]
)
def test_bodies_that_are_no_answer(body):
    """Each of them is a failure for the caller."""
    with pytest.raises((ValueError, RecursionError)):
        commandanswer.read("application/json", body)


def test_a_null_among_further_answers_breaks_everything():
    """Deeper ones are never looked at."""
    with pytest.raises(CutError):
        commandanswer.read("application/json", b'{"extra_responses": [null]}')
    assert commandanswer.read("application/json", b'{"extra_responses": [{"extra_responses": [null]}]}')


async def test_a_whisper_is_remembered(standin, client, integration):
    """With whom it was for; its buttons have cookies, for which the actions are kept."""
    standin.add_command("deploy", integration.url)
    action = {"name": "Ack", "integration": {"url": "http://x", "context": {"a": 1}}}
    integration.answers = [{"text": "<http://a|b>", "attachments": [{"actions": [action]}]}]
    told = await standin.execute("owner", "room", "/deploy it") if standin.add_channel("room") else {}
    (whisper,) = standin.whispers
    assert (whisper.user, whisper.post.message, whisper.post.channel) == ("owner", "[b](http://a)", "room")
    (shown,) = told["attachments"][0]["actions"]
    kept = standin._world.cookies[shown["cookie"]]
    assert kept.action["integration"] == action["integration"]
    assert kept.post is whisper.post
    assert not standin.posts
