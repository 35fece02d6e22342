"""The values that travel through the gateway, and the closed sets of their outcomes.

Data only: every module may import it. Times are seconds since the epoch (UTC) as floats.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

JSON = Any
"""A decoded JSON value: None, bool, int, float, str, list or dict with string keys."""


class Outcome(StrEnum):
    """What became of one request."""

    MESSAGE = "message"
    IGNORED = "ignored"
    REFUSED = "refused"
    BROKEN = "broken"


class Note(StrEnum):
    """Why a person should look at an event that is told, nearly always by nothing but the generic translator.

    unknown: no translator for its name; mismatch: the payload does not match the schema; broken: the translator
    failed; empty: its message had nothing in it; unreadable: the body is not what it claims to be; unconfirmed: a
    subscription that it asks to confirm could not be confirmed. untitled: the translator speaks, but its message has
    lost the title that the document gives it.
    """

    UNKNOWN = "unknown"
    MISMATCH = "mismatch"
    BROKEN = "broken"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    UNCONFIRMED = "unconfirmed"
    UNTITLED = "untitled"


DRIFT: Final = (Note.MISMATCH, Note.UNKNOWN)
"""What counts as drift: a payload that does not match its shape, and an event that no document knows."""


class Cause(StrEnum):
    """Why a request was refused. A closed set: these are labels of a metric.

    unsigned: nothing in it proves who sent it; wrong_secret: what should prove it fits no secret of the route; stale:
    its signed timestamp is too far from now; keys: the public key that could prove it cannot be fetched now.
    """

    CONNECTIONS = "connections"
    DOCUMENTS = "documents"
    ENCODING = "encoding"
    HEAD_TOO_LARGE = "head_too_large"
    KEYS = "keys"
    MALFORMED = "malformed"
    MEMORY = "memory"
    METHOD = "method"
    NO_ROUTE = "no_route"
    NOT_UNDERSTOOD = "not_understood"
    PROTOCOL = "protocol"
    RATE = "rate"
    SLOW = "slow"
    STALE = "stale"
    STRANGERS = "strangers"
    TOO_LARGE = "too_large"
    UNSIGNED = "unsigned"
    WORK = "work"
    WRONG_SECRET = "wrong_secret"  # noqa: S105 - a word


class FetchOutcome(StrEnum):
    """What became of one fetch.

    forbidden: the host is not listed, or has an address that is not public; unreachable: no answer; status: an answer
    that is no success, a redirect among them; too_large: more bytes than are read; unusable: not what it should be.
    """

    FETCHED = "fetched"
    FORBIDDEN = "forbidden"
    UNREACHABLE = "unreachable"
    STATUS = "status"
    TOO_LARGE = "too_large"
    UNUSABLE = "unusable"


class Request(Struct, frozen=True):
    """One HTTP request as received.

    `headers` has lower-case names; repeated headers are joined by ", " (RFC 9110 section 5.3). `query` keeps the first
    value of a name. `path_secret` is the path segment behind the route's name, empty when there is none. `url` is the
    public URL as the sender wrote it, for signatures that cover it.
    """

    method: str = "POST"
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: bytes = b""
    path_secret: str = ""
    url: str = ""


class Event(Struct, frozen=True):
    """One authentic request as the journal keeps it, with the outcome of its translation.

    `name` is the event name of the service ("pull_request.opened"), `translator` is "service/document", `reason`
    explains every outcome but a plain message; `request` is the request with its secrets masked. `note` is a Note, or
    the Cause of a refused request, or "".
    """

    id: str
    received: float
    route: str
    service: str
    outcome: Outcome
    name: str
    translator: str
    subject: str
    reason: str
    request: Request
    note: str = ""


class Refusal(Struct, frozen=True):
    """One request that was not accepted, without its body and its URL: nobody knows what secrets of others they hold.

    `route` is "" for a request that reached none, and `service` then, too. `reason` says what was wrong, in words of
    the gateway, `hint` what may mend it ("": nothing is known). `method`, `agent` (User-Agent) and `content_type` are
    the sender's words, bounded; `size` is that of the body as far as it is known.
    """

    id: str
    received: float
    route: str
    service: str
    cause: Cause
    status: int
    reason: str
    hint: str = ""
    peer: str = ""
    method: str = ""
    agent: str = ""
    content_type: str = ""
    size: int = 0


class CardMode(StrEnum):
    """What a later event of a subject does, on destinations that can: edit its card, reply in its thread, or both."""

    UPDATE = "update"
    THREAD = "thread"
    BOTH = "both"


class Phase(StrEnum):
    """Where an event stands in the life of its subject. An OPEN after a CLOSE gets a card of its own."""

    OPEN = "open"
    CHANGE = "change"
    CLOSE = "close"


class Card(Struct, frozen=True, omit_defaults=True):
    """How a delivery joins the others about its subject, on destinations that can edit and thread.

    The first delivery of a `subject` posts `payload` (JSON of a message; empty: that of the delivery); later ones do
    what `mode` says. With `alone` the delivery never is the first: where the subject has no post, it makes one of its
    own, which further parts of the same message find under the name `alone` ("": it has no further parts).

    `origin` is the id of an earlier event whose news this is: of a request that was translated again.
    """

    subject: str
    mode: CardMode
    phase: Phase = Phase.CHANGE
    payload: str = ""
    alone: str | None = None
    origin: str = ""


class Parcel(Struct, frozen=True):
    """One message bound for one destination, not yet journalled. `payload` is the JSON of the Mattermost message.

    `address` is the address inside a destination that has several: the hook of a pass-through URL (a secret). `trace`
    is the trace context of the request, empty without one.
    """

    destination: str
    lane: str
    payload: bytes
    address: str = ""
    card: Card | None = None
    trace: str = ""


class DeliveryState(StrEnum):
    """Where a delivery stands.

    `dead` waits for a person; `replayed` was sent again under a new number; `discarded` was dead, and a person decided
    that it need not be sent.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


class DiscardCause(StrEnum):
    """Why dead deliveries are gone without being sent: too old, beyond their size, or a person's decision."""

    AGE = "age"
    SIZE = "size"
    PERSON = "person"


class Discard(Struct, frozen=True):
    """A person's decision at `at` not to send a dead delivery, with the reason, DISCARD_REASON characters at most."""

    at: float
    reason: str


DISCARD_REASON = 300


class DestinationState(StrEnum):
    """How a destination stands. `delivery.condition` says which of them it is, when several could be meant."""

    HEALTHY = "healthy"
    THROTTLED = "throttled"
    FAILING = "failing"
    HELD = "held"
    PAUSED = "paused"


class Pause(Struct, frozen=True):
    """A person's decision at `at` that nothing is delivered to a destination until it is resumed.

    `by` is who it was as far as that is known, PAUSE_BY characters at most; `reason` PAUSE_REASON at most.
    """

    at: float
    by: str
    reason: str


PAUSE_BY, PAUSE_REASON = 100, 300


class AttemptResult(StrEnum):
    """How one attempt ended; one for each kind of `Result`."""

    DELIVERED = "delivered"
    LATER = "later"
    NEVER = "never"


class Attempt(Struct, frozen=True):
    """One attempt at a delivery, which ended at `at`.

    `status` is the HTTP status (0: no answer), `code` its class, one of `metrics.CODES`. `answer` is what the
    destination said, in words and without secrets, at most ANSWER_LIMIT characters; of a success only what an outside
    service answered to an act.
    """

    at: float
    result: AttemptResult
    status: int
    code: str
    answer: str = ""


ANSWER_LIMIT = 300


class Delivery(Struct, frozen=True):
    """One message on its way to one destination.

    `seq` grows with every journalled delivery: deliveries of one lane leave in its order. `not_before` is the time
    before which no further attempt is made; on the monotonic clock while the delivery is in a lane. `reason` is the
    reason of the last failed attempt, or says why a delivered message stands elsewhere than expected. `log` holds the
    newest attempts, oldest first; it is empty unless the caller of the journal asks for it. `discard` stays when a
    discarded delivery is sent again.
    """

    seq: int
    event_id: str
    received: float
    destination: str
    lane: str
    payload: bytes
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    not_before: float = 0.0
    reason: str = ""
    post_id: str = ""
    address: str = ""
    card: Card | None = None
    trace: str = ""
    log: tuple[Attempt, ...] = ()
    discard: Discard | None = None


class Delivered(Struct, frozen=True):
    """The destination has the message.

    `code` is the class of the answer, one of `metrics.CODES`; `status` is the HTTP status, 0 without an answer. `alone`
    says that the post is one of the delivery's own, not the one that shows its subject: see `Card`. `late` says that
    newer news of its subject were delivered before, so that it changed nothing of what shows the subject. `note` is
    what else is to be known of it: "" for nothing. `answer` is the beginning of what an outside service answered.
    """

    post_id: str = ""
    code: str = "2xx"
    status: int = 0
    alone: bool = False
    late: bool = False
    note: str = ""
    answer: str = ""


class Blame(StrEnum):
    """Who is at fault at a failed attempt, as far as its answer tells.

    server: it does not answer, or cannot serve anybody now; destination: it refuses every message until somebody mends
    it; unknown: it refuses this message, or every message.
    """

    SERVER = "server"
    DESTINATION = "destination"
    UNKNOWN = "unknown"


class Later(Struct, frozen=True):
    """Not now: `after` seconds is what the destination asked for (None: it did not say).

    `code` and `status` as in `Delivered`.
    """

    reason: str
    after: float | None = None
    code: str = "network"
    status: int = 0
    blame: Blame = Blame.SERVER


class Never(Struct, frozen=True):
    """The message itself is at fault: no attempt will succeed. `code`, `status` and `answer` as in `Delivered`."""

    reason: str
    code: str = "4xx"
    status: int = 0
    answer: str = ""


Result = Delivered | Later | Never
"""The answer to one delivery attempt."""
