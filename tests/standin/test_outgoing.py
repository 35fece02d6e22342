"""Outgoing webhooks: what fires them, and answers that end a real server."""

import pytest

from gateway.standin import outgoing
from gateway.standin.refusal import RefusedError


async def test_what_a_user_says_is_sent_and_the_answer_posted(standin, client, integration):
    """The way through both servers, by the helpers of tests."""
    hook = standin.add_outgoing(integration.url, "ask", channel="room")
    integration.answers = [{"text": "yes", "response_type": "comment"}]
    asked = standin.say("owner", "room", "ask me")
    form = await integration.form()
    assert (form["token"], form["post_id"], form["user_name"]) == (hook.token, asked.id, "owner")
    answer = await integration.post(standin, 2)
    assert (answer.message, answer.root_id, answer.username, answer.hook) == ("yes", asked.id, "webhook", hook.id)


async def test_no_channel_but_a_public_one_of_the_team_fires(standin):
    """Nor does anything while outgoing webhooks are off."""
    standin.add_outgoing("http://x", "ask")
    standin.add_channel("secret", private=True)
    standin.add_team("other")
    standin.add_channel("far", team="other")
    posts = [standin.say("owner", "town-square", "ask"), standin.say("owner", "secret", "ask")]
    posts.append(standin.say("owner", "far", "ask", team="other"))
    assert [bool(outgoing.matching(standin._world, post)) for post in posts] == [True, False, False]
    standin.settings.service.enable_outgoing_webhooks = False
    assert outgoing.matching(standin._world, posts[0]) is None


async def test_a_null_attachment_counts_as_a_crash(standin):
    """The end of a real server is counted, and nothing is posted."""
    hook = standin.add_outgoing("http://x", "ask")
    post = standin.say("owner", "town-square", "ask")
    outgoing.take(standin._world, hook, post, b'{"text": "x", "attachments": [null]}')
    assert (standin.stats["crashes"], len(standin.posts)) == (1, 1)
    with pytest.raises(RefusedError):
        outgoing.take(standin._world, hook, post, b"<html>")
