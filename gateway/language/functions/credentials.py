"""Credentials in third-party payloads: known by the name of their key, and by their look inside of texts and URLs."""

import re
from collections.abc import Mapping, Sequence
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
_KEY: Final = "(?:api|access|private|secret|signing|shared|master|encryption)[_-]?key"
_CREDENTIAL = re.compile(
    r"(?:^|_)(?:tokens?|secrets?|passwords?|passwd|passphrase|passcode|pwd|authorization|signatures?|cookies?|credentials?"
    rf"|jwt|t?otp|csrf|hmac|bearer|psk|passkeys?|c(?:vv|vc)2?|code_verifier|session_?ids?|{_KEY}s?"
    r"|(?:otp|verification|mfa|security|recovery|backup)_codes?"
    r"|(?:db|database|user|admin|root|smtp|mail|ftp|ssh|sudo|ldap|redis|mysql|postgres|registry|docker|login)_?pass)$"
)
_COUNTED = re.compile(r"(?:^|_)(?:tokens|secrets|passwords|signatures|cookies|credentials)$")
"""What a number under such a key counts: the tokens that a model used."""
_HARMLESS = re.compile(
    r"(?:^|_)(?:name|email|email_address|login|status|status_code|state|type|kind|role|title|reason|order|count|at|on|date|time"
    r"|created|updated|expires|expired|description)$"
)
"""What an object that is named like a credential (`signatures`, `token`) tells besides: who signed, until when."""
_NAMING: Final = ("name", "key", "variable", "header", "Name", "Key")
_NAMED: Final = ("value", "values", "default", "Value", "Values")
_CREDENTIAL_TEXT = re.compile(
    rf"""
      (?: token | secret | passw(?:or[dt]|d) | passphrase | passcode | pwd | {_KEY} | signature | sig (?<![a-z]sig)
        | [?&]key )
      (?: [_-](?:value|hash|\d{{1,3}}) )? \\?["']? (?:[ \t]{{0,9}}|\s) [=:][*_]{{0,2}} (?:[ \t]{{0,9}}|\s)
      (?:sha\d{{1,3}}=)? (?: \\?["'`] ([^"'`\r\n]{{3,}}) | ([^\s&"',;`]{{3,}}) )
    | authorization \\?["']?\s?[=:]\s?\\?["']? (?: [a-z]{{3,20}}[ ]([^\s"',;]{{8,}}) | ([^\s"',;]{{12,}}) )
    | cookie \\?["']?:\s?\\?["']? ([^\s"'=]{{1,60}}=[^"'\r\n]+)
    | b (?<![a-z0-9]b)(?:earer|asic) \s (?=\S*[0-9=]|\S{{20}}) ([a-z0-9+/=._~-]{{8,}})
    | g (?<![a-z0-9]g)(?:h[pousr]_|ithub_pat_|lpat-) [a-z0-9_-]{{10,}}
    | x (?<![a-z0-9]x)(?:ox[abeprs]|app)- [a-z0-9-]{{10,}}
    | s (?<![a-z0-9]s)(?:k-|k_live_|hpat_|g\.) [a-z0-9_.-]{{10,}}
    | whsec_[a-z0-9+/=_-]{{10,}} | rk_live_[a-z0-9]{{10,}} | npm_[a-z0-9]{{20,}}
    | hvs\.[a-z0-9_-]{{10,}} | aiza[a-z0-9_-]{{30,}}
    | e (?<![a-z0-9_-]e)yj[a-z0-9_-]{{10,}}\.[a-z0-9_-]{{10,}}\.[a-z0-9_-]*
    | :// (?: [^\s/:@]{{0,100}}:([^\s/@]{{1,200}}) | ([^\s/:@]{{20,200}}) ) (?=@)
    | hooks\.slack(?:-gov)?\.com/[a-z]+/([\w/-]{{8,}}) | /webhooks/\d{{5,30}}/([\w-]{{20,}})
    | webhook\.office\.com/([^\s"'<>]{{3,}}) | /hooks/(?:commands/)?([a-z0-9]{{26}})\b
    | -----begin[ ][a-z ]*private[ ]key[\s\S]*
    """,
    re.VERBOSE,
)
"""A credential in a text in lower case: the group that is found, or all of it."""
_HINTS: Final = (
    "token", "secret", "pass", "pwd", "key", "sig", "authorization", "cookie", "bearer", "basic", "ghp_", "gho_",
    "ghu_", "ghs_", "ghr_", "github_pat", "glpat", "xox", "xapp", "sk-", "sk_", "shpat", "sg.", "whsec", "rk_", "npm_",
    "hvs.", "aiza", "eyj", "@", "hook", "-----begin",
)  # fmt: skip
"""Without one of these no text has a credential in it."""
_SHORTEST: Final = 6
"""Characters of the shortest text with a credential in it: `://:x@`."""
_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


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
    if names_credential(key):
        return isinstance(value, str) or _COUNTED.search(words_of(key)) is None
    return inside and _HARMLESS.search(words_of(key)) is None


def hidden_keys(value: Mapping[str, JSON]) -> Sequence[str]:
    """The keys of the credential in a pair such as `{"name": "DB_PASSWORD", "value": "x"}`; none in other objects."""
    found = [key for key in _NAMED if key in value]
    named = found and any(isinstance(name := value.get(key), str) and names_credential(name) for key in _NAMING)
    return found if named else ()


def without_named(items: Sequence[JSON], *, row: bool) -> Sequence[JSON]:
    """The items of an array, those masked whose name stands before them: `["--password", "x"]`.

    In a `row` of two, such as a header in an array of them, the first is the name of the second.
    """
    return [
        MASK if at and isinstance(item, str) and _announces(items[at - 1], row=row and len(items) == 2) else item
        for at, item in enumerate(items)
    ]


def _announces(item: JSON, *, row: bool) -> bool:
    return isinstance(item, str) and (row or item.startswith("-")) and "=" not in item and names_credential(item)


def hide(text: str) -> str:
    """The first 5,000 characters without credentials: `token=...`, `Bearer ...`, secrets in URLs, known keys."""
    seen = text[:_SEEN]
    low = seen.lower()
    if len(low) < _SHORTEST or not any(map(low.__contains__, _HINTS)):
        return seen
    if len(low) != len(seen):  # a letter such as the Turkish İ becomes two
        low = seen.translate(_LOWER)
    parts, end = list[str](), 0
    for found in _CREDENTIAL_TEXT.finditer(low):
        start = found.start(found.lastindex or 0)
        parts += seen[end:start], MASK
        end = found.end(found.lastindex or 0)
    return "".join((*parts, seen[end:]))
