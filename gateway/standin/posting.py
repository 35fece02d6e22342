"""How posts are made, changed and deleted over REST: the server's checks in its order (contract 6.3)."""

from collections.abc import Callable
from copy import copy
from time import monotonic as clock
from typing import Any

import msgspec
from msgspec import Struct

from gateway.standin.attachments import over_rest, runes
from gateway.standin.incoming import MESSAGE_RUNES, PRIORITY_RUNES, Priority, holds_nul, is_kind
from gateway.standin.records import Channel, Post, User, now
from gateway.standin.refusal import RefusedError, new_id, permissions
from gateway.standin.world import ADMIN, World

PROPS_RUNES = 800_000
FILE_IDS = 10
PENDING_SECONDS = 30.0
_ROOT = "api.post.create_post.root_id.app_error"


class Metadata(Struct):
    """The metadata of a new post that the server uses."""

    priority: Priority | None = None


class NewPost(Struct):
    """A post as it is asked for; null is the same as absent."""

    channel_id: str | None = None
    message: str | None = None
    root_id: str | None = None
    type: str | None = None
    props: dict[str, Any] | None = None
    file_ids: list[str] | None = None
    metadata: Metadata | None = None
    pending_post_id: str | None = None
    id: str | None = None


class Patch(Struct):
    """The changes of a post; what is null stays."""

    message: str | None = None
    props: dict[str, Any] | None = None
    file_ids: list[str] | None = None
    is_pinned: bool | None = None


class Update(Struct):
    """A post that replaces another, but for who, where and when; null is the same as absent."""

    message: str | None = None
    props: dict[str, Any] | None = None
    file_ids: list[str] | None = None


class Posting:
    """Makes and changes the posts of a world; `fire` calls the outgoing webhooks of a new one."""

    def __init__(self, world: World, fire: Callable[[Post], None]) -> None:
        self._world = world
        self._fire = fire
        self._pending: dict[str, tuple[float, str]] = {}

    def forget(self) -> None:
        """Forget all pending ids, as a restart of the server does."""
        self._pending.clear()

    def create(self, user: User, asked: NewPost) -> dict[str, Any]:
        """Store a post and show it; raises RefusedError. A repeat of its pending id shows the first one."""
        channel = self._world.channels.get(asked.channel_id or "")
        if channel is None or not self._world.may_post(user, channel):
            raise permissions("create_post")
        priority = asked.metadata.priority if asked.metadata else None
        self._check_priority(priority, asked.root_id or "")
        if (asked.type or "").startswith("system_"):
            raise RefusedError(400, "api.context.invalid_param.app_error", "post.type")
        if channel.delete_at:
            raise RefusedError(400, "api.post.create_post.can_not_post_to_deleted.error")
        pending = asked.pending_post_id or ""
        first = self._first(user, pending) if pending else None
        if first is not None:
            shown = first.shown(self._world.thread(first))
            del shown["metadata"]
            return shown
        post = self.store(user, channel, asked)
        if pending:
            self._remember(pending, post)
        return post.shown(self._world.thread(post)) | {"pending_post_id": pending}

    def store(self, user: User, channel: Channel, asked: NewPost) -> Post:
        """Store a post wherever it is asked for; raises RefusedError for one that cannot be stored."""
        post = self._new_post(user, channel, asked)
        self._world.keep(post)
        self._fire(post)
        return post

    def _check_priority(self, priority: Priority | None, root_id: str) -> None:
        """The rules of priorities of who has no licence; raises RefusedError."""
        if priority is None:
            return
        prefix = "api.post.post_priority.priority_post"
        if not self._world.settings.service.post_priority:
            raise RefusedError(403, f"{prefix}_not_allowed_for_user.request_error")
        if root_id:
            raise RefusedError(400, f"{prefix}_only_allowed_for_root_post.request_error")
        if priority.requested_ack or priority.persistent_notifications:
            raise RefusedError(501, "license_error.feature_unavailable", "no licence")

    def _first(self, user: User, pending: str) -> Post | None:
        """The post that the pending id made within the last half minute, if the user may read it."""
        until, post_id = self._pending.get(pending, (0.0, ""))
        if until <= clock():
            return None
        post = self._world.post(post_id)
        if post is None:
            raise RefusedError(500, "api.post.deduplicate_create_post.failed_to_get")
        return post if self._world.may_read(user, self._world.channels[post.channel_id]) else None

    def _remember(self, pending: str, post: Post) -> None:
        """Note the pending id of a post, and forget those whose time has passed: the oldest are first."""
        moment = clock()
        while self._pending and (oldest := next(iter(self._pending))) and self._pending[oldest][0] <= moment:
            del self._pending[oldest]
        self._pending[pending] = (moment + PENDING_SECONDS, post.id)

    def _new_post(self, user: User, channel: Channel, asked: NewPost) -> Post:
        """The post that is asked for, fit to be stored; raises RefusedError."""
        priority = asked.metadata.priority if asked.metadata else None
        root_id = asked.root_id or ""
        if root_id:
            self._check_root(root_id, channel)
        if asked.id:
            raise RefusedError(400, "app.post.save.existing.app_error")
        if not is_kind(asked.type or ""):
            raise RefusedError(400, "model.post.is_valid.type.app_error")
        props = stored_props(asked.props or {}) | ({"from_bot": "true"} if user.bot else {})
        message, moment, post_id = asked.message or "", now(), new_id()
        file_ids = list(dict.fromkeys(asked.file_ids or ()))
        _check_sizes(message, props, file_ids)
        name = priority.priority if priority else ""
        if holds_nul(message, props) or name is None or len(name) > PRIORITY_RUNES:
            raise RefusedError(500, "app.post.save.app_error", "the database refuses it")
        return Post(
            id=post_id,
            channel=channel.name,
            channel_id=channel.id,
            user=user.username,
            user_id=user.id,
            message=message,
            props=props,
            create_at=moment,
            update_at=moment,
            root_id=root_id,
            type=asked.type or "",
            pending_post_id=asked.pending_post_id or "",
            priority=msgspec.to_builtins(priority) if priority else None,
            file_ids=self._attach(user, channel, post_id, file_ids),
        )

    def _check_root(self, root_id: str, channel: Channel) -> None:
        root = self._world.post(root_id)
        if root is None:
            raise RefusedError(400, _ROOT, "no such post")
        if root.channel_id != channel.id:
            raise RefusedError(400, "api.post.create_post.channel_root_id.app_error")
        if root.root_id:
            raise RefusedError(400, _ROOT, "the root is a reply")

    def _attach(self, user: User, channel: Channel, post_id: str, file_ids: list[str]) -> list[str]:
        """Take the user's own free files, of whichever channel; the others are left out without a word."""
        taken = []
        for file in filter(None, map(self._world.files.get, file_ids)):
            if file.user == user.id and not file.post:
                file.post, file.channel = post_id, channel.id
                taken.append(file.id)
        return taken

    def patch(self, user: User, post_id: str, patch: Patch) -> dict[str, Any]:
        """Change a post and show it; raises RefusedError."""
        post = self._world.post(post_id)
        if post is None or not self._may_change(user, post):
            raise permissions("edit_post")
        limit = self._world.settings.service.post_edit_time_limit
        if limit >= 0 and now() > post.create_at + limit * 1000 and patch.message is not None:
            raise RefusedError(400, "api.post.update_post.permissions_time_limit.app_error")
        if self._world.channels[post.channel_id].delete_at:
            raise RefusedError(400, "api.post.patch_post.can_not_update_post_in_deleted.error")
        message = post.message if patch.message is None else patch.message
        props = post.props if patch.props is None else stored_props(patch.props)
        _check_sizes(message, props, patch.file_ids or [])
        if holds_nul(message, props):
            raise RefusedError(500, "app.post.update.app_error", "the database refuses it")
        before = copy(post)
        edited = message != post.message or props.get("attachments") != post.props.get("attachments")
        post.update_at = now()
        post.edit_at = post.update_at if edited else post.edit_at
        post.message, post.props = message, props
        post.is_pinned = post.is_pinned if patch.is_pinned is None else patch.is_pinned
        self._world.change(post, before)
        return post.shown(self._world.thread(post))

    def replace(self, post: Post, update: Update) -> None:
        """Replace message and files of a post, and its props if there are new ones; raises RefusedError."""
        if self._world.channels[post.channel_id].delete_at:
            raise RefusedError(400, "api.post.update_post.can_not_update_post_in_deleted.error")
        message, file_ids = update.message or "", [one for one in update.file_ids or () if one in post.file_ids]
        props = post.props if update.props is None else stored_props(update.props)
        _check_sizes(message, props, file_ids)
        if holds_nul(message, props):
            raise RefusedError(500, "app.post.update.app_error", "the database refuses it")
        before = copy(post)
        post.message, post.file_ids, post.props, post.update_at = message, file_ids, props, now()
        if (before.message, before.file_ids, before.attachments) != (message, file_ids, post.attachments):
            post.edit_at = post.update_at
        self._world.change(post, before)

    def delete(self, user: User, post_id: str) -> None:
        """Delete a post and its replies; raises RefusedError."""
        post = self._world.post(post_id)
        if post is None:
            raise RefusedError(404, "app.post.get.app_error")
        if not self._may_change(user, post):
            raise permissions("delete_post")
        if self._world.channels[post.channel_id].delete_at:
            raise RefusedError(400, "api.post.delete_post.can_not_delete_post_in_deleted.error")
        self._world.delete(post, user.id)

    def _may_change(self, user: User, post: Post) -> bool:
        """Whether a post is one's own, in a channel that one is in; administrators change every one."""
        own = post.user_id == user.id and self._world.is_member(user, self._world.channels[post.channel_id])
        return own or user.has(ADMIN)


def stored_props(asked: dict[str, Any]) -> dict[str, Any]:
    """The props as they are stored: attachments with every key."""
    return {**asked, "attachments": over_rest(asked["attachments"])} if "attachments" in asked else asked


def _check_sizes(message: str, props: dict[str, Any], file_ids: list[str]) -> None:
    if len(message) > MESSAGE_RUNES:
        raise RefusedError(400, "model.post.is_valid.message_length.app_error")
    if len(file_ids) > FILE_IDS:
        raise RefusedError(400, "model.post.is_valid.file_ids.app_error")
    if props and runes(props) > PROPS_RUNES:
        raise RefusedError(400, "model.post.is_valid.props.app_error")
