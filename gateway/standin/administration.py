"""The REST API of the stand-in that administrators use: teams, channels, users, bots, hooks and settings."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct

from gateway.standin.call import OK, Call, Handler, Reply
from gateway.standin.records import Channel, Hook, Token, User, now
from gateway.standin.refusal import RefusedError, bad_body, new_id
from gateway.standin.world import ADMIN, World


class _NewUser(Struct):
    username: str
    email: str
    password: str


class _NewBot(Struct):
    username: str


class _NewTeam(Struct):
    name: str
    display_name: str


class _NewChannel(Struct):
    team_id: str
    name: str
    display_name: str
    type: str


class _Member(Struct):
    user_id: str


class _Scheme(Struct):
    scheme_admin: bool = False
    scheme_user: bool = True


class _NewHook(Struct):
    channel_id: str
    user_id: str = ""
    channel_locked: bool = False
    display_name: str = ""
    username: str = ""
    icon_url: str = ""


class _Rename(Struct):
    name: str


class _Active(Struct):
    active: bool


class _Roles(Struct):
    roles: str


class _Described(Struct):
    description: str = ""


class _TokenId(Struct):
    token_id: str


def routes() -> list[tuple[str, str, Handler]]:
    """Method, path below /api/v4 and handler of every call; all but a first sign-up are for administrators alone."""
    user, team, channel, hook = (f"{{{name}:[A-Za-z0-9]+}}" for name in ("user", "team", "channel", "hook"))
    listed: list[tuple[str, str, Handler]] = [
        ("DELETE", f"/users/{user}", _remove_user),
        ("PUT", f"/users/{user}/active", _set_active),
        ("PUT", f"/users/{user}/roles", _set_roles),
        ("POST", f"/users/{user}/sessions/revoke/all", _end_sessions),
        ("POST", f"/users/{user}/reset_failed_attempts", _unlock),
        ("POST", f"/users/{user}/tokens", _new_token),
        ("POST", "/users/tokens/revoke", _revoke_token),
        ("POST", "/bots", _new_bot),
        ("POST", f"/bots/{user}/disable", _switch(active=False)),
        ("POST", f"/bots/{user}/enable", _switch(active=True)),
        ("GET", "/teams", _teams),
        ("POST", "/teams", _new_team),
        ("DELETE", f"/teams/{team}", _remove_team),
        ("POST", f"/teams/{team}/members", _join_team),
        ("DELETE", f"/teams/{team}/members/{user}", _leave_team),
        ("PUT", f"/teams/{team}/members/{user}/schemeRoles", _set_team_roles),
        ("POST", "/channels", _new_channel),
        ("PUT", f"/channels/{channel}/patch", _rename),
        ("DELETE", f"/channels/{channel}", _archive),
        ("DELETE", f"/channels/{channel}/members/{user}", _leave),
        ("PUT", f"/channels/{channel}/members/{user}/schemeRoles", _set_channel_roles),
        ("GET", "/hooks/incoming", _hooks),
        ("POST", "/hooks/incoming", _new_hook),
        ("DELETE", f"/hooks/incoming/{hook}", _remove_hook),
        ("GET", "/config", lambda call: Reply(call.world.settings)),
        ("PUT", "/config/patch", _patch_config),
    ]
    return [("POST", "/users", _new_user), *((method, path, _admin_only(handler)) for method, path, handler in listed)]


def _admin_only(handler: Handler) -> Handler:
    def guarded(call: Call) -> Reply | Awaitable[Reply]:
        call.check_admin()
        return handler(call)

    return guarded


def _new_user(call: Call) -> Reply:
    """Make a person: the first of a server may sign up without a token, and administers it."""
    first = call.user is None and not any(user.password for user in call.world.users.values())
    if not first:
        call.check_admin()
    asked = call.json(_NewUser, "user")
    user = call.world.new_user(asked.username, email=asked.email)
    user.password = asked.password
    if first:
        user.roles = f"{ADMIN} {user.roles}"
    return Reply(user.shown(), 201)


def _remove_user(call: Call) -> Reply:
    _set_life(call.world, call.target(), active=False)
    return Reply(OK)


def _set_life(world: World, user: User, *, active: bool) -> None:
    """Activate or deactivate a user; the sessions of who is deactivated end, a bot's tokens only rest."""
    user.delete_at = 0 if active else now()
    if not active:
        world.end_tokens(lambda token: token.user == user.id and not token.access)


def _set_active(call: Call) -> Reply:
    _set_life(call.world, call.target(), active=call.json(_Active, "active").active)
    return Reply(OK)


def _set_roles(call: Call) -> Reply:
    call.target().roles = call.json(_Roles, "roles").roles
    return Reply(OK)


def _end_sessions(call: Call) -> Reply:
    user = call.target()
    call.world.end_tokens(lambda token: token.user == user.id and not token.access)
    return Reply(OK)


def _unlock(call: Call) -> Reply:
    call.target().failures = 0
    return Reply(OK)


def _new_token(call: Call) -> Reply:
    if not call.json(_Described, "description").description:
        raise bad_body("description")
    return Reply(_token(call.world.new_token(call.target(), access=True)))


def _token(token: Token) -> dict[str, Any]:
    return {"id": token.id, "token": token.token, "user_id": token.user, "is_active": True}


def _revoke_token(call: Call) -> Reply:
    wanted = call.json(_TokenId, "token_id").token_id
    call.world.end_tokens(lambda token: token.access and token.id == wanted)
    return Reply(OK)


def _new_bot(call: Call) -> Reply:
    if not call.world.settings.service.enable_bot_account_creation:
        raise RefusedError(403, "api.bot.create_disabled")
    user = call.world.new_user(call.json(_NewBot, "bot").username)
    user.bot = True
    return Reply(_bot(user), 201)


def _bot(user: User) -> dict[str, Any]:
    return {"user_id": user.id, "username": user.username, "create_at": user.create_at, "delete_at": user.delete_at}


def _switch(*, active: bool) -> Callable[[Call], Reply]:
    def switch(call: Call) -> Reply:
        user = call.target()
        _set_life(call.world, user, active=active)
        return Reply(_bot(user))

    return switch


def _new_team(call: Call) -> Reply:
    asked = call.json(_NewTeam, "team")
    team = call.world.new_team(asked.name, asked.display_name)
    team.members.add(call.caller.id)
    return Reply(team.shown(), 201)


def _teams(call: Call) -> Reply:
    """A page of the teams; pages count from 0."""
    size, page = (int(call.query.get(name, usual)) for name, usual in (("per_page", "60"), ("page", "0")))
    return Reply([team.shown() for team in list(call.world.teams.values())[page * size : (page + 1) * size]])


def _remove_team(call: Call) -> Reply:
    team = call.team()
    for channel in [channel for channel in call.world.channels.values() if channel.team == team.id]:
        call.world.remove(channel)
    del call.world.teams[team.id]
    return Reply(OK)


def _join_team(call: Call) -> Reply:
    team, member = call.team(), call.json(_Member, "user_id").user_id
    team.members.add(member)
    team.left.pop(member, None)
    return Reply(team.member(member), 201)


def _leave_team(call: Call) -> Reply:
    call.world.leave_team(call.team(), call.target(), call.caller)
    return Reply(OK)


def _set_team_roles(call: Call) -> Reply:
    team, user = call.team(), call.target()
    if user.id not in team.members:
        raise RefusedError(404, "app.team.get_member.missing.app_error")
    return _set_admin(team.admins, user.id, call.json(_Scheme, "scheme_roles"))


def _set_channel_roles(call: Call) -> Reply:
    channel, user = call.channel(), call.target()
    if user.id not in channel.members:
        raise RefusedError(404, "app.channel.get_member.missing.app_error")
    return _set_admin(channel.admins, user.id, call.json(_Scheme, "scheme_roles"))


def _set_admin(admins: set[str], user: str, asked: _Scheme) -> Reply:
    (admins.add if asked.scheme_admin else admins.discard)(user)
    return Reply(OK)


def _new_channel(call: Call) -> Reply:
    asked = call.json(_NewChannel, "channel")
    channel = call.world.new_channel(call.world.team(asked.team_id), asked.name, asked.type, asked.display_name)
    call.world.join(channel, call.caller)
    channel.admins.add(call.caller.id)
    return Reply(channel.shown(), 201)


def _rename(call: Call) -> Reply:
    channel: Channel = call.channel()
    call.world.rename(channel, call.json(_Rename, "channel").name)
    return Reply(channel.shown())


def _archive(call: Call) -> Reply:
    call.world.archive(call.channel())
    return Reply(OK)


def _leave(call: Call) -> Reply:
    call.world.leave(call.channel(), call.target(), call.caller)
    return Reply(OK)


def _hooks(call: Call) -> Reply:
    world, team = call.world, call.query.get("team_id", "")
    return Reply([hook.shown() for hook in world.hooks.values() if team in ("", world.channels[hook.channel].team)])


def _new_hook(call: Call) -> Reply:
    asked = call.json(_NewHook, "incoming_webhook")
    hook = Hook(
        id=new_id(),
        channel=call.world.channel(asked.channel_id).id,
        user=call.world.user(asked.user_id or call.caller.id).id,
        locked=asked.channel_locked,
        display_name=asked.display_name,
        username=asked.username,
        icon_url=asked.icon_url,
    )
    call.world.hooks[hook.id] = hook
    return Reply(hook.shown(), 201)


def _remove_hook(call: Call) -> Reply:
    call.world.hooks.pop(call.id("hook"), None)
    return Reply(OK)


def _patch_config(call: Call) -> Reply:
    call.world.settings = call.world.settings.patched(call.json(dict[str, Any], "config"))
    return Reply(msgspec.to_builtins(call.world.settings))
