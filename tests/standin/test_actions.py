"""Clicks by the helpers of tests: on what was said, and on what only one user saw."""

import pytest

from gateway.standin.refusal import RefusedError


def card(url, **more):
    """The attachments of a post with a button and a menu."""
    integration = {"url": url, "context": {"id": "7"}}
    menu = {"name": "Until", "type": "select", "options": [{"text": "a", "value": "b"}], "integration": integration}
    return [{"text": "x", "actions": [{"name": "Ack", "type": "button", "integration": integration} | more, menu]}]


async def test_a_click_changes_the_card_and_whispers(standin, client, integration):
    """The update takes all but who, where and when; the text is for the clicking user alone."""
    standin.add_user("ann")
    hook = standin.add_hook(channel="room")
    standin.join("ann", "room")
    await client.send({"attachments": card(integration.url)}, hook)
    (post,) = standin.posts
    integration.answers = [{"update": {"message": "taken", "props": {}}, "ephemeral_text": "by you"}]
    await standin.click("ann", post, "Until", choice="b")
    asked = await integration.json()
    assert (asked["user_name"], asked["context"]) == ("ann", {"id": "7", "selected_option": "b"})
    assert (post.message, post.attachments, post.props["from_webhook"]) == ("taken", [], "true")
    (whisper,) = standin.whispers
    assert (whisper.user, whisper.post.message, whisper.post.root_id) == ("ann", "by you", post.id)


async def test_who_is_not_there_clicks_nothing(standin, client, integration):
    """Nobody is asked."""
    standin.add_user("ann")
    hook = standin.add_hook(channel="room")
    await client.send({"attachments": card(integration.url)}, hook)
    with pytest.raises(RefusedError, match="permissions"):
        await standin.click("ann", standin.posts[0], "Ack")
    assert not integration.asked


async def test_a_whisper_is_clicked_by_its_cookie(standin, client, integration):
    """By whoever reads the channel; it cannot be changed."""
    standin.add_user("ann")
    standin.add_command("deploy", integration.url)
    integration.answers = [{"attachments": card(integration.url)}, {"ephemeral_text": "yes"}, {"update": {}}]
    await standin.execute("owner", "town-square", "/deploy")
    post = standin.whispers[0].post
    await standin.click("ann", post, "Ack")
    assert (await integration.json(2))["context"] == {"id": "7"}
    assert standin.whispers[-1].user == "ann"
    for cookie, error in ((None, "app.post.get"), ("forged", "action_integration"), ("", "permissions")):
        with pytest.raises(RefusedError, match=error):
            await standin.click("ann", post, "Ack", cookie=cookie)
