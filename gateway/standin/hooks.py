"""Incoming webhooks of the stand-in: who may post what where, in the server's order of checks (contract 1)."""

import msgspec

from gateway.standin import incoming
from gateway.standin.incoming import GENERAL, Draft, Incoming
from gateway.standin.records import Channel, Hook, Post, now
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
    pieces = incoming.drafts(message, _dress(world, hook, message), lambda user_id: _name(world, user_id))
    for draft in pieces:

        def is_member(name: str) -> bool:
            user = world.user_named(name)
            return user is not None and user.id in channel.members

        incoming.check_storable(draft, None if channel.kind == "D" else is_member)
        world.keep(_post(world, hook, channel, draft))
    return len(pieces)


def _name(world: World, user_id: str) -> str | None:
    user = world.users.get(user_id)
    return user.username if user else None


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


def _dress(world: World, hook: Hook, message: Incoming) -> dict[str, str]:
    """The props that the server adds: where a post comes from and, where the settings let it, its name and icon."""
    dress = {"from_webhook": "true", "webhook_display_name": hook.display_name}
    if world.users[hook.user].bot:
        dress["from_bot"] = "true"
    if world.settings.service.enable_post_username_override:
        dress["override_username"] = message.username or hook.username or "webhook"
    if world.settings.service.enable_post_icon_override:
        icons = {"override_icon_url": message.icon_url or hook.icon_url, "override_icon_emoji": message.icon_emoji}
        dress |= {name: icon for name, icon in icons.items() if icon}
    return dress


def _post(world: World, hook: Hook, channel: Channel, draft: Draft) -> Post:
    moment = now()
    return Post(
        id=new_id(),
        channel=channel.name,
        channel_id=channel.id,
        user=world.users[hook.user].username,
        user_id=hook.user,
        message=draft.message,
        props=draft.props,
        create_at=moment,
        update_at=moment,
        type=draft.kind,
        hook=hook.id,
        priority=msgspec.to_builtins(draft.priority) if draft.priority else None,
    )
