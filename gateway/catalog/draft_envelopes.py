"""Envelopes that many services share: what proves them, opens them and confirms their subscription is known by heart.

Amazon SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html, and for the signature
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from msgspec import Struct

from gateway.model import JSON

Raw = Mapping[str, Any]


class Envelope(Struct, frozen=True):
    """A kind of envelope, known by the `keys` at its top; the event stands at `content`, often as JSON in a text.

    `verify`, `handshake`, `delivery_id` and `setup` are those of a service document. `kind` is the key of what kind of
    envelope it is, `idle` are the keys that say nothing of the event, `optional` those that not every one has. `proof`
    says what proves it, and `confirm` how to get the first event when there are none but handshakes.
    """

    keys: AbstractSet[str]
    content: str
    kind: str
    idle: AbstractSet[str]
    optional: AbstractSet[str]
    verify: Sequence[Raw]
    handshake: Sequence[Raw]
    delivery_id: Sequence[Raw]
    setup: str
    proof: str
    confirm: str

    def told(self, value: JSON) -> JSON:
        """An envelope without the keys that say nothing of its event; any other value as it is."""
        if not (isinstance(value, dict) and value.keys() >= self.keys):
            return value
        return {key: inner for key, inner in value.items() if key not in self.idle}

    def held(self, value: JSON) -> JSON:
        """An envelope with nothing in it but the event."""
        return {self.content: value[self.content]} if isinstance(value, dict) and self.content in value else {}


_HOSTS: Final = ("sns.*.amazonaws.com",)
_SNS: Final = Envelope(
    keys=frozenset({"Type", "MessageId", "TopicArn", "Message", "Signature", "SigningCertURL"}),
    content="Message",
    kind="Type",
    idle=frozenset(
        "Type MessageId Token Signature SignatureVersion SigningCertURL SubscribeURL UnsubscribeURL".split()
    ),
    optional=frozenset({"Subject"}),
    verify=[
        {
            "rsa": digest,  # SignatureVersion 2, and 1
            "json": "Signature",
            "encoding": "base64",
            "message": [
                {"lines": ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"]}
            ],
            "keys": {"certificate": {"json": "SigningCertURL"}, "hosts": [*_HOSTS]},
            "also": "secret",
        }
        for digest in ("sha256", "sha1")
    ],
    handshake=[
        {
            "when": {"json": {"Type": "SubscriptionConfirmation"}, "signed": True},
            "take": {"json": "SubscribeURL"},
            "effect": "fetch",
            "hosts": [*_HOSTS],
        }
    ],
    delivery_id=[{"json": "MessageId"}],
    setup="Subscribe the URL of the route, which ends in its secret, to the topic, by HTTPS.",
    proof="Amazon SNS signs for all its customers, by SHA1 or SHA256 (SignatureVersion 1, 2): the URL has the secret",
    confirm="Amazon SNS sends events once its SubscribeURL was opened: open it in a browser, and draft from what comes",
)
_ENVELOPES: Final = (_SNS,)


def envelope_of(values: Sequence[JSON]) -> Envelope | None:
    """The envelope that all of some payloads (at least one) are; None for none."""
    known = (one for one in _ENVELOPES if all(isinstance(value, dict) and value.keys() >= one.keys for value in values))
    return next(known, None) if values else None
