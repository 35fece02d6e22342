"""Trigger ids of the stand-in: the right to open a dialog for a user, for as long as the settings say."""

import base64
import binascii
import hashlib
import hmac
import secrets

from gateway.standin.records import now
from gateway.standin.refusal import RefusedError, new_id


class Triggers:
    """Makes trigger ids and reads them. One may be used again: nothing is kept."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, user_id: str) -> tuple[str, str]:
        """Make one for a user: what his client is told, and what the integration gets."""
        client = new_id()
        text = f"{client}:{user_id}:{now()}:"
        return client, base64.b64encode(f"{text}{self._signature(text)}".encode()).decode()

    def read(self, trigger_id: str, seconds: int) -> tuple[str, str]:
        """Give what the client was told and the user's id, of one not older than `seconds`; raises RefusedError."""
        try:
            parts = base64.b64decode(trigger_id, validate=True).decode("utf-8", "replace").split(":")
        except (binascii.Error, ValueError) as error:
            raise _wrong("base64_decode_failed") from error
        if len(parts) != 4:
            raise _wrong("missing_data")
        client, user_id, made, signature = parts
        if now() - int(made if made.isdecimal() and made.isascii() else 0) > seconds * 1000:
            raise _wrong("expired")
        if not hmac.compare_digest(signature, self._signature(f"{client}:{user_id}:{made}:")):
            raise _wrong("verify_signature_failed")
        return client, user_id

    def _signature(self, text: str) -> str:
        return base64.b64encode(hmac.digest(self._key, text.encode(), hashlib.sha256)).decode()


def _wrong(what: str) -> RefusedError:
    return RefusedError(400, f"interactive_message.decode_trigger_id.{what}")
