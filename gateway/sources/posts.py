"""Posts as `posted` events and REST tell them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

_AUTOMATED: Final = ("from_bot", "from_webhook", "from_plugin")
"""The props of posts that no person wrote. A slash command's answer in the channel has the second."""


class Post(Struct, frozen=True):
    """What counts of a post; times are milliseconds since the epoch by the server's clock.

    `original_id` is set in what an edited post was before, which is a post of its own.
    """

    id: str
    create_at: int = 0
    delete_at: int = 0
    user_id: str = ""
    channel_id: str = ""
    root_id: str = ""
    original_id: str = ""
    message: str = ""
    type: str = ""
    props: dict[str, Any] | None = None

    @property
    def thread(self) -> str:
        """The id of the post that opens its thread: its own if it answers none."""
        return self.root_id or self.id

    @property
    def automated(self) -> bool:
        """Whether a program wrote it."""
        return any((self.props or {}).get(name) == "true" for name in _AUTOMATED)

    @property
    def said(self) -> bool:
        """Whether somebody said it: it is no notice of the server, no earlier version, and not deleted."""
        return not (self.original_id or self.delete_at or self.type.startswith("system_"))


decode: Final = msgspec.json.Decoder(Post).decode


def read(data: Mapping[str, Any]) -> Post:
    """The post of a `posted` event. Raises msgspec.DecodeError."""
    return decode(data.get("post", ""))


def while_member(posts: Iterable[Post], user_id: str) -> Iterator[Post]:
    """Of the posts of a channel, oldest first, those made while a user was in it, as far as its notices tell.

    Before a first notice that he came, he was not there; without any notice he was.
    """
    listed = list(posts)
    changes = [change for post in listed if (change := _membership(post, user_id)) is not None]
    present = changes[:1] != [True]
    for post in listed:
        change = _membership(post, user_id)
        present = present if change is None else change
        if present:
            yield post


def _membership(post: Post, user_id: str) -> bool | None:
    """Whether a notice says that the user came, or that he went; None for all other posts."""
    props = post.props or {}
    match post.type:
        case "system_join_channel" if post.user_id == user_id:
            return True
        case "system_leave_channel" if post.user_id == user_id:
            return False
        case "system_add_to_channel" if props.get("addedUserId") == user_id:
            return True
        case "system_remove_from_channel" if user_id in (props.get("removedUserId"), post.user_id):
            return False
    return None
