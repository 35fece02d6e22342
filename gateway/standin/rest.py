"""The REST API of the stand-in that bots and persons use: who they are, where they post, and their posts."""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from msgspec import Struct

from gateway.standin import accounts, uploads
from gateway.standin.call import OK, Call, Handler, Reply
from gateway.standin.posting import NewPost, Patch, Posting, stored_props
from gateway.standin.records import Channel, Post, User, now
from gateway.standin.refusal import RefusedError, bad_body, new_id, permissions
from gateway.standin.world import ADMIN, World

_NAME = "[A-Za-z0-9_-]+"
_PAGE = 60
_LARGEST_PAGE = 200
_LARGEST_NUMBER = 1_000_000
_LATEST = 10**15
_MOST = 1000
"""How many changed posts are told at most."""
_MISSING = RefusedError(404, "app.channel.get_by_name.missing.app_error")


class _Typing(Struct):
    channel_id: str = ""
    parent_id: str = ""


class _NewWhisper(Struct):
    user_id: str = ""
    post: NewPost | None = None


class _NewMember(Struct):
    user_id: str


def routes(posting: Posting) -> list[tuple[str, str, Handler]]:
    """Method, path below /api/v4 and handler of every call."""

    def create_post(call: Call) -> Reply:
        call.world.hub.touch(call.token)
        return Reply(posting.create(call.caller, call.json(NewPost, "post")), 201)

    def patch_post(call: Call) -> Reply:
        return Reply(posting.patch(call.caller, call.id("post"), call.json(Patch, "post")))

    def delete_post(call: Call) -> Reply:
        posting.delete(call.caller, call.id("post"))
        return Reply(OK)

    user, team, channel, post = (f"{{{name}:[A-Za-z0-9]+}}" for name in ("user", "team", "channel", "post"))
    return [
        ("POST", "/users/login", _login),
        ("POST", "/users/logout", _logout),
        ("GET", f"/users/{user}", _user),
        ("GET", "/users/username/{name:[A-Za-z0-9_.-]+}", _user_by_name),
        ("GET", f"/teams/name/{{name:{_NAME}}}", _team_by_name),
        ("GET", f"/teams/{team}/channels/name/{{channel:{_NAME}}}", _channel_by_name),
        ("GET", f"/teams/name/{{name:{_NAME}}}/channels/name/{{channel:{_NAME}}}", _channel_by_names),
        ("GET", f"/teams/{team}/members/{user}", _team_member),
        ("GET", f"/users/{user}/teams", _teams_of),
        ("GET", f"/users/{user}/groups", _groups_of),
        ("GET", f"/users/{user}/channels", _channels_of),
        ("GET", f"/channels/{channel}", _channel),
        ("GET", f"/channels/{channel}/posts", _posts),
        ("GET", f"/channels/{channel}/members/{user}", _member),
        ("POST", f"/channels/{channel}/members", _join),
        ("POST", "/channels/direct", _direct),
        ("POST", f"/users/{user}/typing", _typing),
        ("POST", "/posts", create_post),
        ("POST", "/posts/ephemeral", _whisper),
        ("GET", f"/posts/{post}", _post),
        ("GET", f"/posts/{post}/thread", _thread),
        ("DELETE", f"/posts/{post}", delete_post),
        ("PUT", f"/posts/{post}/patch", patch_post),
        ("POST", "/files", _files),
        ("GET", "/config/client", _config),
        ("GET", "/license/client", lambda _: Reply({"IsLicensed": "false"})),
    ]


def _login(call: Call) -> Reply:
    user, token = accounts.log_in(call.world, call.body)
    return Reply(user.shown(), headers={"Token": token.token})


def _logout(call: Call) -> Reply:
    call.world.tokens.pop(call.token, None)
    return Reply(OK)


def _user(call: Call) -> Reply:
    return Reply(call.target().shown())


def _user_by_name(call: Call) -> Reply:
    name = call.path["name"]
    if name != name.lower():
        raise bad_body("username")
    user = call.world.user_named(name)
    if user is None:
        raise RefusedError(404, "app.user.get_by_username.app_error")
    return Reply(user.shown())


def _team_id(world: World, name: str) -> str:
    """The id of the team with a name; raises RefusedError."""
    for team in world.teams.values():
        if team.name == name and not team.delete_at:
            return team.id
    raise RefusedError(404, "app.team.get_by_name.missing.app_error")


def _team_by_name(call: Call) -> Reply:
    team = _team_id(call.world, call.path["name"])
    call.world.check_team(call.caller, team)
    return Reply(call.world.teams[team].shown())


def _channel_by_name(call: Call) -> Reply:
    return _find_channel(call, call.id("team"))


def _channel_by_names(call: Call) -> Reply:
    return _find_channel(call, _team_id(call.world, call.path["name"]))


def _find_channel(call: Call, team: str) -> Reply:
    """The channel with the name in the path, in any case; a private one is hidden from who is not in it."""
    channel = call.world.channel_named(team, call.path["channel"].lower())
    if channel is None or (channel.delete_at and call.query.get("include_deleted") != "true"):
        raise _MISSING
    if channel.kind != "O" and not call.world.is_member(call.caller, channel):
        raise _MISSING
    _check_readable(call, channel)
    return Reply(channel.shown())


def _check_readable(call: Call, channel: Channel) -> None:
    if not call.world.may_read(call.caller, channel):
        raise permissions("read_channel")


def _channel(call: Call) -> Reply:
    channel = call.channel()
    _check_readable(call, channel)
    return Reply(channel.shown())


def _posts(call: Call) -> Reply:
    """A page of a channel's posts, newest first; pages count from 0, from the newest or from a post before or after.

    Posts of the very time of that post are neither before nor after it.
    """
    channel = call.channel()
    _check_readable(call, channel)
    if (since := _whole(call.query.get("since", ""), 0, _LATEST)) > 0:
        return Reply(_since(call, channel, since))
    size = _whole(call.query.get("per_page", ""), _PAGE, _LARGEST_PAGE)
    first = size * _whole(call.query.get("page", ""), 0, _LARGEST_NUMBER)
    before, after = (call.query.get(name, "") for name in ("before", "after"))
    newest = (post for post in reversed(call.world.posts) if post.channel_id == channel.id and not post.delete_at)
    if after and not before:
        moment = call.world.time_of(after)
        later = [post for post in newest if moment is not None and post.create_at > moment]
        found = list(islice(reversed(later), first, first + size))[::-1]
    else:
        moment = call.world.time_of(before) if before else _LATEST
        earlier = (post for post in newest if moment is not None and post.create_at < moment)
        found = list(islice(earlier, first, first + size))
    return Reply(_listed(call, found))


def _listed(call: Call, found: Sequence[Post]) -> dict[str, Any]:
    return {"order": [post.id for post in found], "posts": {post.id: _post_json(call, post) for post in found}}


def _thread(call: Call) -> Reply:
    """A thread, from its root on, a page of so many posts behind one of them."""
    post = call.world.post(call.id("post"))
    if post is None:
        raise RefusedError(404, "app.post.get.app_error")
    _check_readable(call, call.world.channels[post.channel_id])
    root = call.world.post(post.root_id) or post
    size = _whole(call.query.get("perPage", ""), _LARGEST_PAGE, _LARGEST_PAGE)
    replies = [one for one in call.world.replies.get(root.id, ()) if not one.delete_at]
    last = next((place for place, one in enumerate(replies, 1) if one.id == call.query.get("fromPost")), 0)
    replies = replies[last:]
    size -= not last  # the root counts on the first page alone, and stands on all
    shown = _listed(call, [root, *replies[:size]])
    return Reply(shown | {"has_next": len(replies) > size})


def _since(call: Call, channel: Channel, moment: int) -> dict[str, Any]:
    """What changed in a channel after a moment, newest first: deleted posts too, of which the text is gone.

    What a changed post was before comes along, as a deleted post with an id of its own.
    """
    everything = [*reversed(call.world.versions), *reversed(call.world.posts)]
    found = [post for post in everything if post.channel_id == channel.id and post.update_at > moment]
    found.sort(key=lambda post: post.create_at, reverse=True)
    shown = [_changed_json(call, post) for post in found[:_MOST]]
    posts = {post["id"]: post for post in shown}
    return {"order": list(posts), "posts": posts, "next_post_id": "", "prev_post_id": ""}


def _changed_json(call: Call, post: Post) -> dict[str, Any]:
    shown = _post_json(call, post)
    if not post.delete_at:
        return shown
    by = {"deleteBy": post.deleted_by} if post.deleted_by else {}
    return shown | {"message": "", "props": shown["props"] | by}


def _whole(asked: str, usual: int, largest: int) -> int:
    """The number that a query asks for, at most the largest; what is no number asks for the usual one."""
    return min(int(asked[:15]), largest) if asked.isascii() and asked.isdecimal() else usual


def _member(call: Call) -> Reply:
    """Who is in a channel, for those who are: all others may not know."""
    channel = call.world.channels.get(call.id("channel"))
    user = call.target()
    if channel is None or not call.world.is_member(call.caller, channel):
        raise permissions("read_channel")
    if user.id not in channel.members:
        raise RefusedError(404, "app.channel.get_member.missing.app_error")
    return Reply(_membership(channel, user.id))


def _membership(channel: Channel, user: str) -> dict[str, Any]:
    """A member of a channel as REST shows one."""
    admin = user in channel.admins
    roles = "channel_user channel_admin" if admin else "channel_user"
    return {"channel_id": channel.id, "user_id": user, "roles": roles, "scheme_admin": admin}


def _team_member(call: Call) -> Reply:
    """Who is or was in a team, for those who are in it."""
    user, team = call.target(), call.world.teams.get(call.id("team"))
    if team is None or (call.caller.id not in team.members and not call.caller.has(ADMIN)):
        raise permissions("view_team")
    if user.id not in team.members and user.id not in team.left:
        raise RefusedError(404, "app.team.get_member.missing.app_error")
    return Reply(team.member(user.id))


def _groups_of(_: Call) -> Reply:
    """Nobody's groups: they need a licence."""
    raise RefusedError(501, "api.license_error")


def _oneself(call: Call) -> User:
    """The user in the path, whom nobody else but an administrator may ask about; raises RefusedError."""
    user = call.target()
    if user is not call.caller and not call.caller.has(ADMIN):
        raise permissions("edit_other_users")
    return user


def _teams_of(call: Call) -> Reply:
    user = _oneself(call)
    return Reply([team.shown() for team in call.world.teams.values() if user.id in team.members])


def _channels_of(call: Call) -> Reply:
    """The channels of all teams that a user is in, direct ones too; archived ones are left out."""
    user = _oneself(call)
    channels = call.world.channels.values()
    return Reply([one.shown() for one in channels if user.id in one.members and not one.delete_at])


def _join(call: Call) -> Reply:
    """Make somebody a member of a channel: oneself of a public channel of the team; an administrator, anybody."""
    channel, user, caller = call.channel(), call.json(_NewMember, "user_id").user_id, call.caller
    if not channel.team:
        raise RefusedError(400, "api.channel.add_user_to_channel.type.app_error")
    in_team = caller.id in call.world.teams[channel.team].members
    if not caller.has(ADMIN) and not (channel.kind == "O" and user == caller.id and in_team):
        raise permissions("join_public_channels")
    call.world.join(channel, call.world.user(user))
    return Reply(_membership(channel, user), 201)


def _post_json(call: Call, post: Post) -> dict[str, Any]:
    return post.shown(call.world.thread(post))


def _direct(call: Call) -> Reply:
    world, caller = call.world, call.caller
    asked = call.json(list[str], "user_ids")
    ids = list(dict.fromkeys(asked))
    if ids == [caller.id]:
        ids *= 2
    if len(ids) != 2:
        raise bad_body("user_ids")
    if any(len(user) != 26 for user in ids):
        raise bad_body("user_id")
    if caller.id not in ids and not caller.has(ADMIN):
        raise permissions("manage_system")
    users = [world.users.get(user) for user in ids]
    if users[0] is None or users[1] is None:
        raise RefusedError(400, "api.channel.create_direct_channel.invalid_user.app_error")
    return Reply(world.direct(users[0], users[1]).shown(), 201)


def _typing(call: Call) -> Reply:
    """Show that oneself writes."""
    asked, user = call.json(_Typing, "typing"), call.target()
    channel = call.world.channels.get(asked.channel_id)
    if user is not call.caller or channel is None or not call.world.may_post(user, channel):
        raise permissions("create_post")
    call.world.typing(user, channel, asked.parent_id)
    return Reply(OK)


def _whisper(call: Call) -> Reply:
    """Show somebody a post that is not stored, whether he is in the channel or not."""
    asked, world = call.json(_NewWhisper, "body"), call.world
    user = world.users.get(asked.user_id)
    if not asked.user_id or asked.post is None:
        raise bad_body("post" if asked.user_id else "user_id")
    if not call.caller.has(ADMIN):
        raise permissions("create_post_ephemeral")
    channel = world.channels.get(asked.post.channel_id or "")
    made = Post(
        id=new_id(),
        channel=channel.name if channel else "",
        channel_id=asked.post.channel_id or "",
        user=call.caller.username,
        user_id=call.caller.id,
        message=asked.post.message or "",
        props=stored_props(asked.post.props or {}),
        create_at=now(),
        update_at=0,
        root_id=asked.post.root_id or "",
    )
    if user is not None:
        world.whisper(user, made)
    return Reply(made.shown() | {"type": "system_ephemeral"}, 201)


def _post(call: Call) -> Reply:
    post = call.world.post(call.id("post"))
    if post is None:
        raise RefusedError(404, "app.post.get.app_error")
    _check_readable(call, call.world.channels[post.channel_id])
    return Reply(_post_json(call, post))


def _files(call: Call) -> Reply:
    return Reply(uploads.upload(call.world, call.caller, call.content_type, call.query, call.body), 201)


def _config(call: Call) -> Reply:
    return Reply(call.world.settings.client(known=call.user is not None))
