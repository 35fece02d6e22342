"""Tickets: the signed text in a button's `context` and in a dialog's `state`, which comes back with a click.

Whoever reads it may know what stands in it, and everybody may send anything to our URLs: a caller of a slash command
reads the context of its buttons, and the browser of a person has the state of the dialog. So it holds no secret, says
all that the click is about by itself, and counts only with its MAC:

    KEY ID . BODY . MAC      body: a JSON array; MAC: HMAC-SHA256 over all before it; both in base64url

It is one text, as numbers in a context pass through a float on their way.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway import units
from gateway.journal import DuplicateKey
from gateway.journal.audit import AuditOutcome
from gateway.journal.duplicates import use_key
from gateway.journal.keyrings import RingKey

LIFE: Final = 7 * 86_400.0
"""Seconds for which a ticket is taken, where nothing else is said."""

RING: Final = "tickets"
"""The ring of keys in the journal that signs tickets."""

ID_BITS: Final = 96
"""Random bits of a ticket's id: no two tickets have the same."""

LONGEST: Final = 8_192
"""Characters of the longest ticket, which is far more than names and subjects take."""

_SET_BACK: Final = 86_400.0
"""Seconds by which a clock may be set back, so that a ticket lives longer than the journal's windows know."""

_DOMAIN: Final = b"mattergate ticket 1\n"
"""Precedes what is signed: a MAC of the same key over something else is no ticket's."""


class TicketKind(StrEnum):
    """What brings a ticket back: one of a button is no state of a dialog, nor the URL for a later answer."""

    BUTTON = "button"
    DIALOG = "dialog"
    REPLY = "reply"


class Place(Struct, frozen=True, array_like=True):
    """Channel, post and user of a click by their ids; what is empty in a ticket's place is bound to nothing."""

    channel: str = ""
    post: str = ""
    user: str = ""


class Ticket(Struct, frozen=True, array_like=True):
    """What a click is for, and the `place` that it is bound to; it is taken before `expires`, in whole epoch seconds.

    `callback` and `action` are the names in the documents, `subject` and `destination` those of the message with the
    button. `context` is what the document gives the button besides, in texts: numbers are written out.

    `table` is the name in the settings of what brings the callback to life, `document` ("pagerduty/incident") declares
    the action, `event` is the id of the event whose message has the button, `options` are the values of a menu.
    """

    kind: TicketKind
    id: str
    callback: str
    action: str = ""
    subject: str = ""
    destination: str = ""
    place: Place = Place()
    expires: int = 0
    context: Mapping[str, str] = {}
    table: str = ""
    document: str = ""
    event: str = ""
    options: tuple[str, ...] = ()


class TicketRefused(Struct, frozen=True):
    """Why a ticket is not taken: the outcome for the audit, its text there, and what the person reads."""

    outcome: AuditOutcome
    reason: str
    told: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Ticket).decode

_ASK_ANEW: Final = {
    TicketKind.BUTTON: "Nothing was done. Use a button of a newer message.",
    TicketKind.DIALOG: "Nothing was done. Open the dialog anew, and send it from there.",
    TicketKind.REPLY: "Nothing was posted.",
}


def new_ticket_id(bits: int) -> str:
    """The id of a ticket, made of ID_BITS random bits."""
    return _text(bits.to_bytes(ID_BITS // 8))


def sign(ticket: Ticket, key: RingKey) -> str:
    """The text of a ticket. Raises ValueError for one longer than LONGEST."""
    signed = f"{key.id}.{_text(_encode(ticket))}"
    text = f"{signed}.{_mac(key, signed)}"
    if len(text) > LONGEST:
        raise ValueError(f"what the {ticket.kind} {ticket.action or ticket.callback!r} carries is too long to sign")
    return text


def verify(text: object, kind: TicketKind, keys: Sequence[RingKey], place: Place, now: float) -> Ticket | TicketRefused:
    """The ticket that was sent as a text from a place, if we signed it, and for there.

    `text` is whatever stands where a ticket should; `keys` are those of the ring. Nothing of the text is decoded before
    its MAC is found right, in constant time.
    """
    if not isinstance(text, str) or not text:
        return _forged(kind, f"the {kind} carries no ticket")
    if len(text) > LONGEST:
        return _forged(kind, f"the ticket of the {kind} has {len(text):,} characters, more than we sign")
    signed, _, mac = text.rpartition(".")
    key_id = signed.partition(".")[0]
    key = next((key for key in keys if key.id == key_id), None)
    if key is None or not key.valid(now):
        reason = f"the ticket of the {kind} is signed with a key that is not valid any more, or never was"
        return TicketRefused(AuditOutcome.UNKNOWN_KEY, reason, f"This {kind} is not valid any more. {_ASK_ANEW[kind]}")
    if not hmac.compare_digest(mac.encode("utf-8", "surrogatepass"), _mac(key, signed).encode()):
        return _forged(kind, f"the MAC of the ticket of the {kind} is wrong: it was changed, or is not ours")
    ticket = _decode(urlsafe_b64decode(signed.partition(".")[2] + "=="))
    if ticket.kind is not kind:
        return _forged(kind, f"the ticket is that of a {ticket.kind}, not of a {kind}")
    if now >= ticket.expires:
        ago = units.written(now - ticket.expires)
        reason = f"the ticket expired {ago} ago"
        return TicketRefused(AuditOutcome.EXPIRED, reason, f"This {kind} expired {ago} ago. {_ASK_ANEW[kind]}")
    return foreign(kind, ticket.place, place) or ticket


def foreign(kind: TicketKind, bound: Place, found: Place) -> TicketRefused | None:
    """Why a click is not one of the place that its ticket is bound to, or was pinned to by its first click."""
    for name, here, there in (
        ("channel", found.channel, bound.channel),
        ("post", found.post, bound.post),
        ("user", found.user, bound.user),
    ):
        if there and here != there:
            reason = f"the ticket is bound to the {name} {there}, and was used at the {name} {here or '(none)'}"
            whose = "was made for somebody else" if name == "user" else f"belongs to another {name}"
            return TicketRefused(AuditOutcome.FOREIGN, reason, f"This {kind} {whose}. {_ASK_ANEW[kind]}")
    return None


def pinned(ticket: Ticket, channel: str, post: str) -> Ticket:
    """The ticket, bound to the channel and post where it was clicked first: see `gateway.journal.uses.Pins`."""
    return replace(ticket, place=replace(ticket.place, channel=channel, post=post))


def once(route: str, ticket: Ticket, now: float, option: str = "") -> DuplicateKey:
    """What makes each later use of a ticket a repeat of the first, for longer than it is valid.

    `route` is that under which the event of the click is stored, together with this. Each `option` of a menu counts by
    itself.
    """
    return DuplicateKey(once_key(route, ticket, option), ticket.expires - now + _SET_BACK)


def once_key(route: str, ticket: Ticket, option: str = "") -> bytes:
    """The key of the use of a ticket, by which it is given back."""
    return use_key(route, "ticket", f"{ticket.id} {option}" if option else ticket.id)


def _forged(kind: TicketKind, reason: str) -> TicketRefused:
    return TicketRefused(AuditOutcome.FORGED, reason, f"This {kind} was not made by this gateway. {_ASK_ANEW[kind]}")


def _mac(key: RingKey, signed: str) -> str:
    message = _DOMAIN + signed.encode("utf-8", "surrogatepass")
    return _text(hmac.digest(key.key, message, hashlib.sha256))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
