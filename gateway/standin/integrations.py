"""The REST API for who administers integrations: outgoing webhooks and slash commands, with their tokens."""

import msgspec

from gateway.standin.call import OK, Call, Handler, Reply
from gateway.standin.outside import ADDRESS
from gateway.standin.records import Command, OutgoingHook, User, now
from gateway.standin.refusal import RefusedError, bad_body, is_id, new_id, permissions
from gateway.standin.world import ADMIN, World

_BUILT_IN = frozenset(
    """
    away clear code collapse dnd echo expand exportlink groupmsg header help invite invite_people join kick leave logout
    marketplace me msg mute offline online open purpose remove rename search secure-connection settings share-channel
    shortcuts shrug status test
    """.split()
)
"""The names of the server's own commands, which are taken."""

_PRINTED = 1024
"""The longest that a list may be, printed with its brackets."""


def routes() -> list[tuple[str, str, Handler]]:
    """Method, path below /api/v4 and handler of every call."""
    command = "/commands/{command:[A-Za-z0-9]{26}}"
    hook = "/hooks/outgoing/{hook:[A-Za-z0-9]+}"
    return [
        ("GET", "/hooks/outgoing", _outgoing_hooks),
        ("POST", "/hooks/outgoing", _new_outgoing_hook),
        ("GET", hook, lambda call: Reply(_outgoing_hook(call))),
        ("PUT", hook, _change_outgoing_hook),
        ("DELETE", hook, _remove_outgoing_hook),
        ("POST", f"{hook}/regen_token", _renew_outgoing_token),
        ("GET", "/commands", _commands),
        ("POST", "/commands", _new_command),
        ("GET", command, lambda call: Reply(_command(call))),
        ("PUT", command, _change_command),
        ("DELETE", command, _remove_command),
        ("PUT", f"{command}/regen_token", _renew_command_token),
        ("GET", "/teams/{team:[A-Za-z0-9]+}/commands/autocomplete", _completions),
    ]


def _check_may(user: User, needed: str) -> None:
    """Raise RefusedError for who is no administrator: here nobody else administers integrations."""
    if not user.has(ADMIN):
        raise permissions(needed)


def _outgoing_hooks(call: Call) -> Reply:
    """The hooks of a channel, a team or all."""
    _check_may(call.caller, "manage_own_outgoing_webhooks")
    channel, team = call.query.get("channel_id", ""), call.query.get("team_id", "")
    hooks = call.world.outgoing.values()
    if channel:
        return Reply([hook for hook in hooks if hook.channel_id == channel])
    return Reply([hook for hook in hooks if team in ("", hook.team_id)])


def _outgoing_hook(call: Call) -> OutgoingHook:
    """The hook in the path, for who may see it."""
    hook = call.world.outgoing.get(call.id("hook"))
    if hook is None:
        raise RefusedError(404, "app.webhooks.get_outgoing.app_error")
    _check_may(call.caller, "manage_own_outgoing_webhooks")
    return hook


def _new_outgoing_hook(call: Call) -> Reply:
    asked = call.json(OutgoingHook, "outgoing_webhook")
    _check_may(call.caller, "manage_own_outgoing_webhooks")
    asked.creator_id = call.world.user(asked.creator_id).id if asked.creator_id else call.caller.id
    return Reply(add_outgoing_hook(call.world, asked), 201)


def add_outgoing_hook(world: World, hook: OutgoingHook) -> OutgoingHook:
    """Keep a new hook, with a token unless it has one; raises RefusedError."""
    if not world.settings.service.enable_outgoing_webhooks:
        raise RefusedError(501, "api.outgoing_webhook.disabled.app_error")
    _check_channel(world, hook, closed="api.outgoing_webhook.disabled.app_error")
    if any(_intersect(hook, other) for other in world.outgoing.values()):
        raise RefusedError(500, "api.webhook.create_outgoing.intersect.app_error")
    hook.id = hook.id or new_id()
    hook.token = hook.token or new_id()
    hook.create_at = hook.update_at = now()
    _check_hook(hook)
    world.outgoing[hook.id] = hook
    return hook


def _check_channel(world: World, hook: OutgoingHook, *, closed: str) -> None:
    """A public channel of the team, or else trigger words; `closed` is the error of a channel that is not public."""
    if not hook.channel_id:
        if not hook.trigger_words:
            raise RefusedError(400, "api.webhook.create_outgoing.triggers.app_error")
        return
    channel = world.channel(hook.channel_id)
    if channel.kind != "O":
        raise RefusedError(403, closed)
    if channel.team != hook.team_id:
        raise RefusedError(403, "api.webhook.create_outgoing.permissions.app_error")


def _intersect(hook: OutgoingHook, other: OutgoingHook) -> bool:
    """Whether two hooks of a channel share an address and a trigger word."""
    return (
        (hook.team_id, hook.channel_id) == (other.team_id, other.channel_id)
        and not set(hook.callback_urls).isdisjoint(other.callback_urls)
        and not set(hook.trigger_words or ()).isdisjoint(other.trigger_words or ())
    )


def _check_hook(hook: OutgoingHook) -> None:
    """The rules of a hook by itself; raises RefusedError that names the one that is broken."""
    words, addresses = hook.trigger_words or [], hook.callback_urls
    broken = {
        "words": len(f"[{' '.join(words)}]".encode()) > _PRINTED,
        "trigger_words": "" in words,
        "callback": not addresses or len(f"[{' '.join(addresses)}]".encode()) > _PRINTED,
        "url": not all(map(ADDRESS.fullmatch, addresses)),
        "display_name": len(hook.display_name.encode()) > 64,
        "description": len(hook.description.encode()) > 500,
        "content_type": len(hook.content_type) > 128 or hook.trigger_when > 1,
    }
    for name, wrong in broken.items():
        if wrong:
            raise RefusedError(400, f"model.outgoing_hook.is_valid.{name}.app_error")


def _change_outgoing_hook(call: Call) -> Reply:
    """Replace a hook by what is sent: a token that is not sent along is empty from then on."""
    asked = call.json(OutgoingHook, "outgoing_webhook")
    if asked.id != call.id("hook"):
        raise bad_body("hook_id")
    old = _outgoing_hook(call)
    if asked.team_id not in ("", old.team_id):
        raise RefusedError(400, "api.webhook.team_mismatch.app_error")
    asked.team_id, asked.creator_id = old.team_id, old.creator_id
    asked.create_at, asked.update_at = old.create_at, now()
    _check_channel(call.world, asked, closed="api.webhook.create_outgoing.not_open.app_error")
    if any(_intersect(asked, other) for other in call.world.outgoing.values() if other is not old):
        raise RefusedError(400, "api.webhook.update_outgoing.intersect.app_error")
    call.world.outgoing[asked.id] = asked
    return Reply(asked)


def _renew_outgoing_token(call: Call) -> Reply:
    hook = _outgoing_hook(call)
    hook.token, hook.update_at = new_id(), now()
    return Reply(msgspec.to_builtins(hook))


def _remove_outgoing_hook(call: Call) -> Reply:
    del call.world.outgoing[_outgoing_hook(call).id]
    return Reply(OK)


def _commands(call: Call) -> Reply:
    """The commands of a team, which is asked for."""
    team = call.query.get("team_id", "")
    if not team:
        raise bad_body("team_id")
    call.world.check_team(call.caller, team)
    if call.query.get("custom_only") != "true":
        return _completions_of(call.world, team)
    _check_may(call.caller, "manage_own_slash_commands")
    return Reply([command for command in call.world.commands.values() if command.team_id == team])


def _command(call: Call) -> Command:
    """The command in the path; who may not see it is told that there is none."""
    command = call.world.commands.get(call.id("command"))
    if command is None or not call.caller.has(ADMIN):
        raise RefusedError(404, "store.sql_command.save.get.app_error")
    return command


def _new_command(call: Call) -> Reply:
    asked = call.json(Command, "command")
    _check_may(call.caller, "manage_own_slash_commands")
    asked.creator_id = call.world.user(asked.creator_id).id if asked.creator_id else call.caller.id
    return Reply(add_command(call.world, asked), 201)


def add_command(world: World, command: Command) -> Command:
    """Keep a new command, with a token unless it has one; raises RefusedError."""
    if not world.settings.service.enable_commands:
        raise RefusedError(501, "api.command.disabled.app_error")
    command.trigger = command.trigger.lower()
    taken = any((one.team_id, one.trigger) == (command.team_id, command.trigger) for one in world.commands.values())
    if taken or command.trigger in _BUILT_IN:
        raise RefusedError(400, "api.command.duplicate_trigger.app_error")
    command.id = command.id or new_id()
    command.token = command.token or new_id()
    command.create_at = command.update_at = now()
    _check_command(command)
    world.commands[command.id] = command
    return command


def _check_command(command: Command) -> None:
    """The rules of a command by itself; raises RefusedError that names the one that is broken."""
    trigger = command.trigger
    broken = {
        "team_id": not is_id(command.team_id),
        "trigger": not 1 <= len(trigger.encode()) <= 128 or trigger.startswith("/") or " " in trigger,
        "url": not 1 <= len(command.url.encode()) <= 1024,
        "url_http": not ADDRESS.fullmatch(command.url),
        "method": command.method not in {"P", "G"},
        "display_name": len(command.display_name.encode()) > 64,
        "description": len(command.description.encode()) > 128,
    }
    for name, wrong in broken.items():
        if wrong:
            raise RefusedError(400, f"model.command.is_valid.{name}.app_error")


def _change_command(call: Call) -> Reply:
    """Replace a command by what is sent; its token stays."""
    asked = call.json(Command, "command")
    if asked.id != call.id("command"):
        raise bad_body("command")
    old = _command(call)
    if asked.team_id != old.team_id:
        raise RefusedError(400, "api.command.team_mismatch.app_error")
    asked.trigger = asked.trigger.lower()
    asked.token, asked.creator_id = old.token, old.creator_id
    asked.create_at, asked.update_at = old.create_at, now()
    _check_command(asked)
    call.world.commands[asked.id] = asked
    return Reply(asked)


def _renew_command_token(call: Call) -> Reply:
    command = _command(call)
    command.token, command.update_at = new_id(), now()
    return Reply({"token": command.token})


def _remove_command(call: Call) -> Reply:
    del call.world.commands[_command(call).id]
    return Reply(OK)


def _completions(call: Call) -> Reply:
    team = call.team()
    call.world.check_team(call.caller, team.id)
    return _completions_of(call.world, team.id)


def _completions_of(world: World, team: str) -> Reply:
    """The commands of a team that clients suggest, without what is secret of them."""
    suggested = [one for one in world.commands.values() if one.team_id == team and one.auto_complete]
    return Reply(
        [
            msgspec.structs.replace(one, token="", url="", creator_id="", method="", username="", icon_url="")
            for one in suggested
        ]
    )
