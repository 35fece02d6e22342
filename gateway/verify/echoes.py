"""Handshakes that prove nothing but that somebody listens: the answer repeats a value, and needs no secret.

They are written as a service document writes its own, so that a draft of a service can take one over.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.decode.content import Content
from gateway.verify.handshake import Handshake, answer, parse_handshake

ECHOES: Final[Sequence[Mapping[str, Any]]] = (
    # WebSub, section 5.3, and Meta
    {
        "when": {"query": {"hub.challenge": {"present": True}}},
        "take": {"query": "hub.challenge"},
        "reply": {"body": "{value}"},
    },
    # Microsoft Graph
    {
        "when": {"query": {"validationToken": {"present": True}}},
        "take": {"query": "validationToken"},
        "reply": {"body": "{value}"},
    },
    # Dropbox, Nylas
    {
        "when": {"method": "GET", "query": {"challenge": {"present": True}}},
        "take": {"query": "challenge"},
        "reply": {"body": "{value}"},
    },
    # Slack, Lark, monday.com
    {
        "when": {"json": {"challenge": {"present": True}}},
        "take": {"json": "challenge"},
        "reply": {"body": {"challenge": "{value}"}},
    },
    # Asana
    {
        "when": {"header": {"X-Hook-Secret": {"present": True}}},
        "take": {"header": "X-Hook-Secret"},
        "effect": "store",
        "reply": {"headers": {"X-Hook-Secret": "{value}"}},
    },
)
"""The rules, as `handshake` of a service document writes them."""

RULES: Final[Sequence[Handshake]] = tuple(map(parse_handshake, ECHOES))
"""The rules, read."""


def echo_of(content: Content) -> Mapping[str, Any] | None:
    """The rule of `ECHOES` that answers a request; None when it asks for no echo."""
    found = (raw for raw, rule in zip(ECHOES, RULES, strict=True) if _answers(rule, content))
    return next(found, None)


def _answers(rule: Handshake, content: Content) -> bool:
    reply = answer((rule,), content, ())
    return reply is not None and reply.value != ""
