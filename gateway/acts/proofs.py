"""The proof that Mattermost calls: tokens of outgoing webhooks and slash commands, credentials, secrets in paths.

Every secret is compared in constant time, and all of them whatever fits. Contract 3 and 4.
"""

import hmac
from base64 import b64decode
from binascii import Error
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from gateway.errors import Refused
from gateway.journal.keyrings import RingKey
from gateway.model import Cause, Request
from gateway.secret import Secret
from gateway.settings.callbacks import CallbackSettings

PATH_SECRET: Final = 22
"""Characters of the secret in the paths of buttons and dialogs: 132 bits."""

_PATHS: Final = b"mattergate action path\n"
_HINT: Final = "copy the token of the webhook or command into `tokens`, or let `mattergate connect` do it"


def prove_caller(settings: CallbackSettings, request: Request, token: Secret | None) -> None:
    """Check the token of a webhook or command, and the credentials in its URL where they are asked for.

    Raises Refused (401).
    """
    if token is None:
        raise _refused("the request has no token", Cause.UNSIGNED)
    if not settings.tokens:
        raise _refused(f"[callbacks.{settings.name}] has no tokens: nobody can call", Cause.WRONG_SECRET)
    if not fits(token.reveal(), settings.tokens):
        raise _refused(f"the token fits none of [callbacks.{settings.name}]", Cause.WRONG_SECRET)
    if settings.credentials and not fits(_basic(request), settings.credentials):
        raise _refused("the user name and password in the URL are missing, or wrong", Cause.WRONG_SECRET)


def fits(given: str, known: Iterable[Secret]) -> bool:
    """Whether a text is one of the secrets."""
    sent = given.encode("utf-8", "surrogatepass")
    found = False
    for secret in known:
        found |= hmac.compare_digest(sent, secret.reveal().encode("utf-8", "surrogatepass"))
    return found


def path_secret(key: RingKey) -> str:
    """The secret in the paths of buttons, made of a key of the ring, so that it rotates with it."""
    return hmac.digest(key.key, _PATHS, sha256).hex()[:PATH_SECRET]


def prove_path(given: str, keys: Iterable[RingKey]) -> None:
    """Check the secret in the path of a click. Raises Refused (401)."""
    if not fits(given, [Secret(path_secret(key)) for key in keys]):
        raise _refused("the path has a wrong secret", Cause.WRONG_SECRET, "buttons of a lost journal cannot be used")


def _basic(request: Request) -> str:
    """The user name and password of a request (RFC 7617); "" for none."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    try:
        return b64decode(text, validate=True).decode() if scheme.lower() == "basic" else ""
    except (Error, ValueError):
        return ""


def _refused(why: str, cause: Cause, hint: str = _HINT) -> Refused:
    return Refused(401, "Unauthorized", cause=cause, why=why, hint=hint)
