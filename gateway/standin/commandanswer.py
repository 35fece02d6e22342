"""Answers of slash commands: how they are read, what they post, and what the caller's client is told of them."""

from copy import deepcopy
from typing import Any

from msgspec import Struct

from gateway.standin import gojson
from gateway.standin.attachments import Attachment, expand_mentions, link_text, of_command, over_hook
from gateway.standin.call import CutError
from gateway.standin.incoming import decode_whole
from gateway.standin.outside import JSON
from gateway.standin.posting import NewPost, Posting, stored_props
from gateway.standin.records import Command, Post, User, now
from gateway.standin.refusal import RefusedError, new_id
from gateway.standin.world import World

_FAILED = RefusedError(500, "api.command.execute_command.create_post_failed.app_error")


class CommandAnswer(Struct):
    """An answer, of the types that Go's decoder demands; null is the same as absent."""

    response_type: str | None = None
    text: str | None = None
    username: str | None = None
    channel_id: str | None = None
    icon_url: str | None = None
    type: str | None = None
    props: dict[str, Any] | None = None
    goto_location: str | None = None
    trigger_id: str | None = None
    skip_slack_parsing: bool | None = None
    attachments: list[Attachment | None] | None = None
    extra_responses: list["CommandAnswer | None"] | None = None


class Place(Struct):
    """Where a command was typed, and by whom."""

    user: User
    channel_id: str
    root_id: str


def read(content_type: str, body: bytes) -> CommandAnswer:
    """Read an answer: JSON if it says so in small letters, else all of it is text; raises ValueError, CutError."""
    if content_type.partition(";")[0].strip() != JSON:
        return CommandAnswer(text=body.decode("utf-8", "replace"))
    answer = decode_whole(body, CommandAnswer)
    if None in (answer.extra_responses or ()):
        raise CutError
    return answer


def take(world: World, posting: Posting, command: Command, place: Place, answer: CommandAnswer) -> dict[str, Any]:
    """Do what an answer and its further ones say, each for itself; raises RefusedError at the end if one failed.

    Gives what the caller's client is told: of posts in the channel even where the clicks of their buttons go.
    """
    whole = _take_one(world, posting, command, place, answer)
    further = [_take_one(world, posting, command, place, extra) for extra in answer.extra_responses or () if extra]
    if None in (whole, *further) or whole is None:
        raise _FAILED
    return whole | {"extra_responses": further or None}


def _take_one(
    world: World, posting: Posting, command: Command, place: Place, answer: CommandAnswer
) -> dict[str, Any] | None:
    """Post one answer; None when that fails."""
    parsing = not answer.skip_slack_parsing
    given = [attachment for attachment in answer.attachments or () if attachment is not None]
    stored = [over_hook(one, world.name_of) if parsing else of_command(one) for one in given]
    text = expand_mentions(answer.text or "", world.name_of) if parsing else answer.text or ""
    echo = {name: getattr(answer, name) or "" for name in answer.__struct_fields__} | {
        "text": text,
        "props": answer.props,
        "skip_slack_parsing": not parsing,
        "attachments": deepcopy(stored) or None,
        "extra_responses": None,
    }
    kind = answer.type or ("slack_attachment" if stored else "")
    props = _props(world, command, answer) | ({"attachments": stored} if stored else {})
    channel_id = answer.channel_id or place.channel_id
    if kind.startswith("system_") or (answer.channel_id and not _is_in(world, place.user, answer.channel_id)):
        return None
    message = link_text(text) if parsing else text
    try:
        if answer.response_type == "in_channel":
            asked = NewPost(channel_id=channel_id, message=message, root_id=place.root_id, type=kind, props=props)
            posting.store(place.user, world.channels[channel_id], asked)
        elif answer.response_type in (None, "", "ephemeral") and (text or stored):
            post = _whisper(world, place, channel_id, message, props)
            echo["attachments"] = post.attachments if stored else None
    except RefusedError:
        return None
    return echo


def _is_in(world: World, user: User, channel_id: str) -> bool:
    channel = world.channels.get(channel_id)
    return channel is not None and user.id in channel.members


def _props(world: World, command: Command, answer: CommandAnswer) -> dict[str, Any]:
    """The props of the post: those of the answer, name and icon of the command or else of the answer."""
    settings = world.settings.service
    props: dict[str, Any] = dict(gojson.floats(answer.props or {}))
    username = command.username or answer.username
    if settings.enable_post_username_override and username:
        props["override_username"] = username
    if settings.enable_post_icon_override:
        props["override_icon_url"] = command.icon_url or answer.icon_url or ""
    return props | {"from_webhook": "true"}


def _whisper(world: World, place: Place, channel_id: str, message: str, props: dict[str, Any]) -> Post:
    post = Post(
        id=new_id(),
        channel=world.channels[channel_id].name,
        channel_id=channel_id,
        user=place.user.username,
        user_id=place.user.id,
        message=message,
        props=stored_props(props),
        create_at=now(),
        update_at=0,
        root_id=place.root_id,
    )
    world.whisper(place.user, post)
    return post
