"""What the stand-in keeps: users, teams, channels, hooks, tokens, files and posts, and how REST shows them.

Times are milliseconds since the epoch; 0 means never.
"""

import time
from typing import Any

from msgspec import Struct

from gateway.standin.attachments import for_readers


def now() -> int:
    """The time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class User(Struct, kw_only=True):
    """A person or a bot. `failures` counts refused logins since the last good one; `password` is empty for bots."""

    id: str
    username: str
    email: str
    password: str = ""
    roles: str = "system_user"
    bot: bool = False
    failures: int = 0
    create_at: int
    delete_at: int = 0

    def has(self, *roles: str) -> bool:
        """Whether the user has one of the roles."""
        return not set(roles).isdisjoint(self.roles.split())

    def shown(self) -> dict[str, Any]:
        """The user as REST shows one."""
        names = ("id", "create_at", "delete_at", "username", "email", "roles")
        extra = {"is_bot": True} if self.bot else {}
        return {name: getattr(self, name) for name in names} | {"nickname": "", "locale": "en"} | extra


class Team(Struct):
    """A team: `members` are ids of users, `admins` of those that administer it, now or when they left.

    `left` tells since when somebody is no longer a member.
    """

    id: str
    name: str
    display_name: str
    members: set[str]
    create_at: int
    delete_at: int = 0
    admins: set[str] = set()
    left: dict[str, int] = {}

    def shown(self) -> dict[str, Any]:
        """The team as REST shows one."""
        names = ("id", "create_at", "delete_at", "name", "display_name")
        return {name: getattr(self, name) for name in names} | {"type": "O", "allow_open_invite": False}

    def member(self, user: str) -> dict[str, Any]:
        """Somebody who is or was a member, as REST shows him: who has left keeps his roles."""
        admin = user in self.admins
        roles = "team_user team_admin" if admin else "team_user"
        at = 0 if user in self.members else self.left[user]
        return {"team_id": self.id, "user_id": user, "roles": roles, "delete_at": at, "scheme_admin": admin}


class Channel(Struct, kw_only=True):
    """A channel: `kind` is O (public), P (private) or D (direct, of no team).

    `members` are ids of users, and `admins` of those of them that administer it.
    """

    id: str
    name: str
    display_name: str
    team: str
    kind: str
    members: set[str]
    admins: set[str] = set()
    create_at: int
    delete_at: int = 0
    last_post_at: int = 0

    def shown(self) -> dict[str, Any]:
        """The channel as REST shows one."""
        names = ("id", "create_at", "delete_at", "name", "display_name", "last_post_at")
        return {name: getattr(self, name) for name in names} | {"team_id": self.team, "type": self.kind}


class Hook(Struct, kw_only=True):
    """An incoming webhook: the ids of its channel and owner, and the name and icon for messages without any."""

    id: str
    channel: str
    user: str
    locked: bool = False
    display_name: str = ""
    username: str = ""
    icon_url: str = ""

    def shown(self) -> dict[str, Any]:
        """The hook as REST shows one."""
        names = ("id", "display_name", "username", "icon_url")
        ids = {"channel_id": self.channel, "user_id": self.user, "channel_locked": self.locked}
        return {name: getattr(self, name) for name in names} | ids


class OutgoingHook(Struct, kw_only=True):
    """An outgoing webhook, by the names of REST. `trigger_when` is 0 for the first word, 1 for how it begins."""

    id: str = ""
    token: str = ""
    create_at: int = 0
    update_at: int = 0
    delete_at: int = 0
    creator_id: str = ""
    channel_id: str = ""
    team_id: str = ""
    trigger_words: list[str] | None = None
    trigger_when: int = 0
    callback_urls: list[str] = []
    display_name: str = ""
    description: str = ""
    content_type: str = ""
    username: str = ""
    icon_url: str = ""


class Command(Struct, kw_only=True):
    """A slash command, by the names of REST. `method` is P for POST, G for GET."""

    id: str = ""
    token: str = ""
    create_at: int = 0
    update_at: int = 0
    delete_at: int = 0
    creator_id: str = ""
    team_id: str = ""
    trigger: str = ""
    method: str = ""
    username: str = ""
    icon_url: str = ""
    auto_complete: bool = False
    auto_complete_desc: str = ""
    auto_complete_hint: str = ""
    display_name: str = ""
    description: str = ""
    url: str = ""
    plugin_id: str = ""


class Delayed(Struct, kw_only=True):
    """The right to answer a command later: whose it was and where, and how often it was used."""

    id: str
    command: str
    user: str
    channel: str
    root: str
    create_at: int
    uses: int = 0


class Token(Struct):
    """What a caller shows: a session of a login, or an access token (`access`), which ends only when it is revoked."""

    token: str
    id: str
    user: str
    access: bool


class File(Struct, kw_only=True):
    """An uploaded file; its bytes are not kept. `post` is the id of the post that took it."""

    id: str
    user: str
    channel: str
    name: str
    size: int
    create_at: int
    post: str = ""

    def shown(self) -> dict[str, Any]:
        """The file as REST shows one."""
        extension = self.name.rpartition(".")[2] if "." in self.name else ""
        return {
            "id": self.id,
            "user_id": self.user,
            "channel_id": self.channel,
            "create_at": self.create_at,
            "name": self.name,
            "extension": extension,
            "size": self.size,
        }


class Post(Struct, kw_only=True):
    """One stored post.

    `channel` and `user` are names, `channel_id` and `user_id` ids; `hook` is the id of the hook that it came through,
    if any. A deleted post keeps its text and has `delete_at`. `original_id` tells an earlier version of a post.
    """

    id: str
    channel: str
    channel_id: str
    user: str
    user_id: str
    message: str
    props: dict[str, Any]
    create_at: int
    update_at: int
    edit_at: int = 0
    delete_at: int = 0
    deleted_by: str = ""
    root_id: str = ""
    original_id: str = ""
    type: str = ""
    hook: str = ""
    pending_post_id: str = ""
    is_pinned: bool = False
    priority: dict[str, Any] | None = None
    file_ids: list[str] = []

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The attachments as stored, every key there."""
        return self.props.get("attachments") or []

    @property
    def username(self) -> str:
        """Who is shown as the author."""
        return str(self.props.get("override_username") or self.user)

    @property
    def icon(self) -> str:
        """The name of the emoji or the address that is shown beside it; empty for the author's own picture."""
        return str(self.props.get("override_icon_emoji") or self.props.get("override_icon_url") or "")

    def _shown_props(self) -> dict[str, Any]:
        return {**self.props, "attachments": [*map(for_readers, self.attachments)]} if self.attachments else self.props

    def shown(self, replies: int = 0) -> dict[str, Any]:
        """The post as REST shows one; `replies` is the length of its thread."""
        metadata: dict[str, Any] = {"embeds": [{"type": "message_attachment"}]} if self.attachments else {}
        if self.priority is not None:
            metadata["priority"] = self.priority
        return {
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.update_at,
            "edit_at": self.edit_at,
            "delete_at": self.delete_at,
            "is_pinned": self.is_pinned,
            "user_id": self.user_id,
            "channel_id": self.channel_id,
            "root_id": self.root_id,
            "original_id": self.original_id,
            "message": self.message,
            "type": self.type,
            "props": self._shown_props(),
            "hashtags": "",
            "file_ids": self.file_ids,
            "pending_post_id": "",
            "remote_id": "",
            "reply_count": replies,
            "last_reply_at": 0,
            "participants": None,
            "metadata": metadata,
        }


class Whisper(Struct):
    """A post that only the user with a name saw."""

    user: str
    post: Post


class OpenedDialog(Struct):
    """A dialog that the user with a name was shown: the client's trigger id, where it is sent, and all of it."""

    user: str
    trigger_id: str
    url: str
    dialog: dict[str, Any]


class Cookie(Struct):
    """What stands behind the cookie of an action: the post, which is not stored, and the action."""

    post: Post
    action: dict[str, Any]
