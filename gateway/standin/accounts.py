"""Callers: logins with their failures and lock, and the user behind the token of a request (contract 6.1)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.standin.records import Token, User
from gateway.standin.refusal import RefusedError
from gateway.standin.world import World

_COOKIE = "MMAUTHTOKEN"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def log_in(world: World, body: bytes) -> tuple[User, Token]:
    """Give the user and the new session for the JSON of a login; raises RefusedError.

    Every failed password counts; after `MaximumLoginAttempts` of them even the right one is refused.
    """
    words = _words(body)
    password = words.get("password", "")
    if not password:
        raise RefusedError(400, "api.user.login.blank_pwd.app_error")
    wrong = RefusedError(401, "api.user.login.invalid_credentials_email_username")
    login = words.get("login_id", "").lower()
    user = world.user_named(login) or next((one for one in world.users.values() if one.email == login), None)
    if user is None:
        raise wrong
    if user.delete_at:
        raise RefusedError(401, "api.user.login.inactive.app_error")
    if user.bot:
        raise RefusedError(401, "api.user.login.bot_login_forbidden.app_error")
    if user.failures >= world.settings.service.maximum_login_attempts:
        raise RefusedError(401, "api.user.check_user_login_attempts.too_many.app_error")
    if password != user.password:
        user.failures += 1
        raise wrong
    user.failures = 0
    return user, world.new_token(user, access=False)


def _words(body: bytes) -> dict[str, str]:
    """The texts of a JSON object; values of other types are left out."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def caller(
    world: World, method: str, headers: Mapping[str, str], cookies: Mapping[str, str], query: Mapping[str, str]
) -> tuple[User, Token] | None:
    """Give the user and token of a request, None without a token; raises RefusedError for an invalid token.

    A cookie beats the header, and needs the mark of a browser for everything that changes something.
    """
    text, place = cookies.get(_COOKIE, ""), "cookie"
    if not text:
        scheme, _, text = headers.get("Authorization", "").partition(" ")
        text, place = (text, "header") if scheme.lower() in {"bearer", "token"} else ("", "header")
    if not text and "access_token" in query:
        text, place = query["access_token"], "address"
    if not text:
        return None
    token = world.tokens.get(text)
    if token is None:
        raise expired()
    if place == "address":
        raise RefusedError(401, "api.context.token_provided.app_error")
    browser = headers.get("X-Requested-With") == "XMLHttpRequest" or "X-CSRF-Token" in headers
    if place == "cookie" and not token.access and method not in _SAFE and not browser:
        raise expired()
    user = world.users[token.user]
    if user.delete_at or (token.access and not user.bot and not world.settings.service.enable_user_access_tokens):
        raise expired()
    return user, token


def expired() -> RefusedError:
    """The refusal of a request without a valid token: 401, and the cookie of a browser is cleared."""
    return RefusedError(401, "api.context.session_expired.app_error", forget=True)
