"""Incoming webhooks of the stand-in: who may post what where, in the server's order of checks (contract 1)."""

import msgspec
from msgspec import Struct

from gateway.standin import incoming
from gateway.standin.incoming import GENERAL, Draft, Incoming
from gateway.standin.records import Channel, Hook, Post, User, now
from gateway.standin.refusal import RefusedError, new_id
from gateway.standin.world import World


def receive(world: World, hook_id: str, payload: bytes) -> int:
    """Store the posts that the JSON of a message makes and count them; raises RefusedError.

    Pieces of a split message are stored one by one: a failure midway leaves the earlier ones.
    """
    message = incoming.read(payload)
    if not world.settings.service.enable_incoming_webhooks:
        raise RefusedError(501, GENERAL, "incoming webhooks are disabled")
    if message.is_empty:
        raise RefusedError(400, GENERAL, "no text specified")
    hook = world.hooks.get(hook_id)
    if hook is None:
        raise RefusedError(400, GENERAL, "no such hook")
    channel = _channel(world, hook, message.channel or "")
    message.username = message.username or hook.username
    message.icon_url = message.icon_url or hook.icon_url
    return store(world, Origin(world.users[hook.user], hook.id, hook.display_name), channel, message)


class Origin(Struct):
    """Where the posts of a hook come from: whose they are, the hook's id and shown name, and the thread.

    `outgoing` tells the answer to an outgoing webhook.
    """

    owner: User
    hook: str
    display_name: str
    root: str = ""
    outgoing: bool = False


def store(world: World, origin: Origin, channel: Channel, message: Incoming) -> int:
    """Store the posts of a message of a hook and count them; raises RefusedError."""
    dress = _dress(world, origin, message)
    pieces = incoming.drafts(message, dress, world.name_of, typed=origin.outgoing)
    for draft in pieces:

        def is_member(name: str) -> bool:
            user = world.user_named(name)
            return user is not None and user.id in channel.members

        incoming.check_storable(draft, None if channel.kind == "D" else is_member)
        world.keep(_post(origin, channel, draft))
    return len(pieces)


def _channel(world: World, hook: Hook, asked: str) -> Channel:
    """Find the channel of a message (contract 1.4); raises RefusedError."""
    if "\0" in asked:
        raise RefusedError(500, GENERAL, "the database takes no U+0000")
    channel: Channel | None
    if asked.startswith("@"):
        user = world.user_named(asked[1:].lower())
        if user is None:
            raise RefusedError(400, GENERAL, "no such user")
        channel = world.direct(world.users[hook.user], user)
    elif asked:
        team = world.channels[hook.channel].team
        channel = world.channel_named(team, asked.removeprefix("#"))
        channel = None if channel is not None and channel.delete_at else channel
    else:
        channel = world.channels[hook.channel]
    if channel is None:
        raise RefusedError(404, GENERAL, "no such channel")
    if hook.locked and channel.id != hook.channel:
        raise RefusedError(403, GENERAL, "the hook is locked to its channel")
    if channel.kind != "O" and not world.is_member(world.users[hook.user], channel):
        raise RefusedError(403, GENERAL, "no permission to read the channel")
    return channel


def _dress(world: World, origin: Origin, message: Incoming) -> dict[str, str]:
    """The props that the server adds: where a post comes from and, where the settings let it, its name and icon."""
    dress = {"from_webhook": "true", "webhook_display_name": origin.display_name}
    if origin.owner.bot:
        dress["from_bot"] = "true"
    if world.settings.service.enable_post_username_override:
        dress["override_username"] = message.username or "webhook"
    if world.settings.service.enable_post_icon_override:
        icons = {"override_icon_url": message.icon_url, "override_icon_emoji": message.icon_emoji}
        dress |= {name: icon for name, icon in icons.items() if icon}
    return dress


def _post(origin: Origin, channel: Channel, draft: Draft) -> Post:
    moment = now()
    return Post(
        id=new_id(),
        channel=channel.name,
        channel_id=channel.id,
        user=origin.owner.username,
        user_id=origin.owner.id,
        message=draft.message,
        props=draft.props,
        create_at=moment,
        update_at=moment,
        root_id=origin.root,
        type=draft.kind,
        hook=origin.hook,
        priority=msgspec.to_builtins(draft.priority) if draft.priority else None,
    )
