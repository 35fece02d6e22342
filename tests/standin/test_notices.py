"""What events say of a post, and whom it mentions."""

import json

from gateway.standin import notices


async def test_who_is_mentioned(standin):
    """By name or as one of all, in the message and in attachments; never by himself."""
    for name in ("ann", "ben"):
        standin.add_user(name)
    readers = [standin._world.user_named(name) for name in ("ann", "ben")]
    channel = standin._world.channel_named(standin._world.home.id, "town-square")

    def told(text):
        post = standin.say("ann", "town-square", text)
        return [notices.mentioned(post, channel, reader) for reader in readers]

    ben = {"mentions": f'["{readers[1].id}"]'}
    assert told("@ann @BEN.") == told("@here") == [{}, ben]
    assert told("ben @bens") == [{}, {}]
    post = standin.say("ann", "town-square", "x")
    post.props = {"attachments": [{"pretext": "", "text": "", "fields": [{"value": "@ben"}]}]}
    assert notices.mentioned(post, channel, readers[1]) == ben


async def test_files_and_names(standin):
    """Files are hinted at, and a hook's post is of who is shown."""
    post = standin.say("owner", "town-square", "x")
    channel, author = standin._world.channels[post.channel_id], standin._world.owner
    post.file_ids, post.hook, post.pending_post_id = ["f"], "h", "p"
    post.props = {"from_webhook": "true", "override_username": "CI"}
    data = notices.posted(post, channel, author)
    assert (data["otherFile"], data["sender_name"], data["set_online"]) == ("true", "CI", False)
    assert json.loads(data["post"])["pending_post_id"] == "p"
