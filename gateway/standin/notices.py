"""What events say of posts: the post as a JSON text, its channel and author, and whom it mentions."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.standin.incoming import mentions
from gateway.standin.records import Channel, Post, User

_ALL = frozenset({"all", "channel", "here"})


def text_of(post: Post, **more: Any) -> str:
    """A post as events hold it: JSON in a text."""
    return msgspec.json.encode(post.shown() | more).decode()


def posted(post: Post, channel: Channel, author: User) -> dict[str, Any]:
    """The data of a new post but for what differs among its readers. A hook's author has the name that is shown."""
    by_hook = "from_webhook" in post.props and bool(post.hook)
    found: dict[str, Any] = {
        "channel_display_name": channel.display_name if channel.team else f"@{author.username}",
        "channel_name": channel.name,
        "channel_type": channel.kind,
        "post": text_of(post, pending_post_id=post.pending_post_id),
        "sender_name": post.username if by_hook else f"@{author.username}",
        "set_online": not post.hook,
        "team_id": channel.team,
    }
    return found | ({"otherFile": "true"} if post.file_ids else {})


def mentioned(post: Post, channel: Channel, reader: User) -> Mapping[str, Any]:
    """What a reader alone is told: that he is mentioned, as always in a direct channel; never by himself."""
    if reader.id == post.user_id:
        return {}
    names = mentions(post.message, post.attachments)
    if channel.kind == "D" or reader.username in names or not _ALL.isdisjoint(names):
        return {"mentions": msgspec.json.encode([reader.id]).decode()}
    return {}
