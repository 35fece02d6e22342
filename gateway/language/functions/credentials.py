"""Credentials in third-party payloads: known by the name of their key, and by their look inside of texts and URLs."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from gateway.model import JSON

MASK: Final = "***"
KNOWN_WORDS: Final = 2048
"""How many keys are remembered, of 200 characters at most: those of a sender come again with each request."""
_SEEN: Final = 5000

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[\W_]+")
_QUALIFIER = re.compile(
    r"(?:_(?:\d+|v\d+|sha\d*|md5|value|hash|digest|text|string|plain|plaintext|raw|base64|b64|hex|header|encoded|encrypted"
    r"|confirmation|current|new|old|previous|next|live|test|pem))+$"
)
"""Last words that do not change what is named: `password_hash`, `X-Hub-Signature-256`."""
_CREDENTIAL = re.compile(
    r"(?:^|_)(?:tokens?|secrets?|passwords?|passwd|passphrase|passcode|pwd|authorization|signatures?|cookies?|credentials?"
    r"|jwt|otp|csrf|(?:api|access|private|secret|signing|shared|master|encryption)_?keys?|apikeys?"
    r"|(?:db|database|user|admin|root|smtp|mail|ftp|ssh|sudo|ldap|redis|mysql|postgres|registry|docker|login)_?pass)$"
)
_HARMLESS = re.compile(
    r"(?:^|_)(?:name|email|email_address|login|status|status_code|state|type|kind|role|title|reason|order|count|at|on|date|time"
    r"|created|updated|expires|expired|description)$"
)
"""What an object that is named like a credential (`signatures`, `token`) tells besides: who signed, until when."""
_NAMING: Final = ("name", "key", "Name", "Key")
_CREDENTIAL_TEXT = re.compile(
    r"""
      (?P<before> \b(?:[a-z0-9]{1,20}[_-])?(?:token|secret|password|passwd|pwd|api[_-]?key|access[_-]?key|signature|sig)
                  ["']?\s?[=:]\s?["']? )[^\s&"',;]{3,}
    | (?P<scheme> \b(?:bearer|basic)\s )[A-Za-z0-9+/=._~-]{8,}
    | (?P<user> ://[^\s/:@]{0,100}: )[^\s/@]{1,200}(?=@)
    | \b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|sk_live_|sk-|whsec_)[A-Za-z0-9_-]{10,}
    | \beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----[\s\S]*
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HINT = re.compile(
    r"token|secret|passw|pwd|key|sig|bearer|basic|://|gh[pousr]_|github_pat|glpat|xox|sk[-_]|eyJ|BEGIN", re.I
)


def words_of(key: str) -> str:
    """A key as lower-case words joined by `_`: `checkName`, `check-name` and `Check name` are one."""
    return _words_of(key[:200])


@lru_cache(KNOWN_WORDS)
def _words_of(key: str) -> str:
    return _NOT_WORD.sub("_", _CAMEL.sub("_", key)).strip("_").lower()


def names_credential(key: str) -> bool:
    """Whether a key names a credential, by its last word: `signature`, but not `signature_request` or `token_id`."""
    return _names_credential(words_of(key))


@lru_cache(KNOWN_WORDS)
def _names_credential(words: str) -> bool:
    return _CREDENTIAL.search(_QUALIFIER.sub("", words) or words) is not None


def is_credential(key: str, value: JSON, *, inside: bool = False) -> bool:
    """Whether a scalar is a credential by its key. Flags are none, nor are containers: their leaves are.

    `inside` an object that is itself named like a credential all are, but those that say who, what state or when.
    """
    if value is None or isinstance(value, bool | dict | list):
        return False
    return names_credential(key) or (inside and _HARMLESS.search(words_of(key)) is None)


def hidden_key(value: Mapping[str, JSON]) -> str | None:
    """The key of the credential in a pair such as `{"name": "DB_PASSWORD", "value": "x"}`; None in other objects."""
    found = next((key for key in ("value", "Value") if key in value), None)
    if found is None:
        return None
    named = any(isinstance(name := value.get(key), str) and names_credential(name) for key in _NAMING)
    return found if named else None


def hide(text: str) -> str:
    """The first 5,000 characters without credentials: `token=...`, `Bearer ...`, the password in a URL, known keys."""
    seen = text[:_SEEN]
    return (
        _CREDENTIAL_TEXT.sub(lambda m: (m["before"] or m["scheme"] or m["user"] or "") + MASK, seen)
        if _HINT.search(seen)
        else seen
    )
