"""The REST API of the stand-in for who administers integrations: outgoing webhooks, with their tokens."""

import re

import msgspec

from gateway.standin.call import OK, Call, Handler, Reply
from gateway.standin.records import OutgoingHook, User, now
from gateway.standin.refusal import RefusedError, bad_body, new_id, permissions
from gateway.standin.world import ADMIN, World

_ADDRESS = re.compile(r"https?://[^/?#\s]+\S*")
_PRINTED = 1024
"""The longest that a list may be, printed with its brackets."""


def routes() -> list[tuple[str, str, Handler]]:
    """Method, path below /api/v4 and handler of every call."""
    hook = "/hooks/outgoing/{hook:[A-Za-z0-9]+}"
    return [
        ("GET", "/hooks/outgoing", _outgoing_hooks),
        ("POST", "/hooks/outgoing", _new_outgoing_hook),
        ("GET", hook, lambda call: Reply(_outgoing_hook(call))),
        ("PUT", hook, _change_outgoing_hook),
        ("DELETE", hook, _remove_outgoing_hook),
        ("POST", f"{hook}/regen_token", _renew_outgoing_token),
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
        "url": not all(map(_ADDRESS.fullmatch, addresses)),
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
