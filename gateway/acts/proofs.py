"""The proof that Mattermost calls: tokens of outgoing webhooks and slash commands, credentials, secrets in paths.

Every secret is compared in constant time, and all of them whatever fits. Contract 3 and 4.
"""

import hmac
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.callbacks.buttons import path_secrets
from gateway.errors import Refused
from gateway.journal.keyrings import RingKey
from gateway.model import Cause, Request
from gateway.secret import Secret
from gateway.settings.callbacks import CallbackSettings

_HINT: Final = "copy the token of the webhook or command into `tokens`, or let `mattergate connect` do it"


def prove_webhook(settings: CallbackSettings, request: Request, token: Secret | None) -> None:
    """Check the token of an outgoing webhook, and the credentials in its URL where they are asked for.

    Raises Refused (401).
    """
    prove_token(settings, token)
    if settings.credentials and not fits(_basic(request), _revealed(settings.credentials)):
        raise _refused("the user name and password in the URL are missing, or wrong", Cause.WRONG_SECRET)


def prove_token(settings: CallbackSettings, token: Secret | None) -> None:
    """Check the token of a webhook or command. Raises Refused (401).

    A command brings no credentials of its URL: its token stands in their place, in the header Authorization.
    """
    if token is None:
        raise _refused("the request has no token", Cause.UNSIGNED)
    if not settings.tokens:
        raise _refused(f"[callbacks.{settings.name}] has no tokens: nobody can call", Cause.WRONG_SECRET)
    if not fits(token.reveal(), _revealed(settings.tokens)):
        raise _refused(f"the token fits none of [callbacks.{settings.name}]", Cause.WRONG_SECRET)


def fits(given: str, known: Iterable[str]) -> bool:
    """Whether a text is one of the secrets."""
    sent = given.encode("utf-8", "surrogatepass")
    found = False
    for secret in known:
        found |= hmac.compare_digest(sent, secret.encode("utf-8", "surrogatepass"))
    return found


def prove_path(given: str, door: str, keys: Sequence[RingKey]) -> None:
    """Check the secret in the path of a click. Raises Refused (401)."""
    if not fits(given, path_secrets(keys, door)):
        raise _refused("the path has a wrong secret", Cause.WRONG_SECRET, "buttons of a lost journal cannot be used")


def _revealed(secrets: Iterable[Secret]) -> list[str]:
    return [secret.reveal() for secret in secrets]


def _basic(request: Request) -> str:
    """The user name and password of a request (RFC 7617); "" for none."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    try:
        return b64decode(text, validate=True).decode() if scheme.lower() == "basic" else ""
    except (Error, ValueError):
        return ""


def _refused(why: str, cause: Cause, hint: str = _HINT) -> Refused:
    return Refused(401, "Unauthorized", cause=cause, why=why, hint=hint)
