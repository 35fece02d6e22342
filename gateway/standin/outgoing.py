"""Outgoing webhooks of the stand-in: which posts fire them, what is sent, and what an answer makes."""

import asyncio
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from gateway.standin import gojson, hooks, incoming
from gateway.standin.attachments import Attachment
from gateway.standin.incoming import Incoming, Priority
from gateway.standin.outside import FORM, JSON, NoAnswerError, Outside
from gateway.standin.records import OutgoingHook, Post
from gateway.standin.refusal import RefusedError
from gateway.standin.world import World


class OutgoingAnswer(Struct):
    """The answer of an integration, of the types that Go's decoder demands."""

    text: str | None = None
    username: str | None = None
    icon_url: str | None = None
    props: dict[str, Any] | None = None
    attachments: list[Attachment | None] | None = None
    type: str | None = None
    response_type: str | None = None
    priority: Priority | None = None


def fire(world: World, outside: Outside, post: Post) -> None:
    """Call the hooks of a new post in the background: one after the other, the addresses of one at once."""
    found = matching(world, post)
    if found:
        outside.begin(_call(world, outside, post, *found))


def matching(world: World, post: Post) -> tuple[list[OutgoingHook], str] | None:
    """The hooks that a post fires, and the trigger word of the last of them, which all are told."""
    channel = world.channels[post.channel_id]
    if not world.settings.service.enable_outgoing_webhooks or channel.kind != "O":
        return None
    words = post.message.split(maxsplit=1)
    found, word = [], ""
    for hook in world.outgoing.values():
        if hook.team_id != channel.team or hook.channel_id not in ("", channel.id):
            continue
        triggered = _trigger(hook, words[0]) if words else None
        if triggered is not None or (hook.channel_id and not hook.trigger_words):
            found.append(hook)
            word = triggered or ""
    return (found, word) if found else None


def _trigger(hook: OutgoingHook, word: str) -> str | None:
    """The trigger word of a hook that the first word of a post is, or begins with."""
    exact = hook.trigger_when == 0
    return next((one for one in hook.trigger_words or () if (word == one if exact else word.startswith(one))), None)


async def _call(world: World, outside: Outside, post: Post, found: list[OutgoingHook], word: str) -> None:
    for hook in found:
        body = request(world, hook, post, word)
        await asyncio.gather(*(_call_one(world, outside, post, hook, url, body) for url in hook.callback_urls))


def request(world: World, hook: OutgoingHook, post: Post, word: str) -> bytes:
    """The body of the request for a post, in the form that the hook asks for."""
    json = hook.content_type == JSON
    fields = {
        "token": hook.token,
        "team_id": hook.team_id,
        "team_domain": world.teams[hook.team_id].name,
        "channel_id": post.channel_id,
        "channel_name": world.channels[post.channel_id].name,
        "timestamp": post.create_at if json else post.create_at // 1000,
        "user_id": post.user_id,
        "user_name": world.users[post.user_id].username,
        "post_id": post.id,
        "text": post.message,
        "trigger_word": word,
        "file_ids": ",".join(post.file_ids),
    }
    return gojson.encode(fields) if json else urlencode(sorted(fields.items())).encode()


async def _call_one(world: World, outside: Outside, post: Post, hook: OutgoingHook, url: str, body: bytes) -> None:
    kind = JSON if hook.content_type == JSON else FORM
    try:
        answer = await outside.ask("POST", url, body, {"Content-Type": kind})
    except NoAnswerError:
        world.stats["outgoing failed"] += 1
        return
    try:
        take(world, hook, post, answer.body)
    except RefusedError:
        world.stats["outgoing failed"] += 1


def take(world: World, hook: OutgoingHook, trigger: Post, body: bytes) -> None:
    """Post what an answer says, whatever its status; raises RefusedError, of which nobody is told."""
    if not body.strip():
        return
    try:
        answer = incoming.decode(body, OutgoingAnswer)
    except (ValueError, RecursionError) as error:
        raise RefusedError(500, "api.unmarshal_error", str(error)) from error
    if None in (answer.attachments or ()):
        world.stats["crashes"] += 1  # a real server ends here
        return
    if answer.text is None and not answer.attachments:
        return
    reply = answer.response_type == "comment"
    if reply and trigger.root_id:
        raise RefusedError(400, "api.post.create_post.root_id.app_error", "the root is a reply")
    message = Incoming(
        text=answer.text,
        username=answer.username or hook.username,
        icon_url=answer.icon_url or hook.icon_url,
        attachments=answer.attachments,
        type=answer.type,
        props=answer.props,
        priority=answer.priority,
    )
    origin = hooks.Origin(
        world.users[hook.creator_id], hook.id, hook.display_name, trigger.id if reply else "", outgoing=True
    )
    hooks.store(world, origin, world.channels[trigger.channel_id], message)
