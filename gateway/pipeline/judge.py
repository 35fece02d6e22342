"""One request from its bytes to a reading, without I/O: inflate, verify, handshake, interpret.

Until the sender is proven nothing is parsed but what the proof itself or a handshake needs (`Content.glimpse`). Memory
for what is inflated is bounded by how many requests are judged at once: one in the event loop, a few beside it.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from gateway.catalog.service import Service
from gateway.decode.content import Content
from gateway.errors import Refused
from gateway.language.functions import haste
from gateway.mattermost.fit import Limits
from gateway.model import Request
from gateway.pipeline.interpret import Reading, interpret
from gateway.pipeline.route import Route
from gateway.verify import handshake, masking, verify
from gateway.verify.diagnosis import diagnose
from gateway.verify.keys import NO_KEYS, Keys
from gateway.verify.signature import Signature

METHODS: Final = frozenset({"POST", "PUT", "GET"})
"""The methods of requests that can be events."""

LIGHT_BYTES: Final = 48_000
"""The most bytes of a body that is judged in the event loop: with usual contents that takes less than 20 ms."""

_SMALL = 8_192
_FEW = 300
_ITEMS = 1000
"""How many items of arrays: what should be an object by its shape, and is 1e308, takes 13 us to be told."""
_SIGNS = b"<&{[]%\\`~"
_START = 16
_OBJECTS = 40
"""How many objects an array of events may hold, found by the start of a body: those of unknown shape take 1 ms each."""
_HIDING = 16_000
_COSTLY: Final[Sequence[tuple[tuple[bytes, ...], int]]] = (
    ((b"<", b"\\u003", b"%3"), 3000),  # 3 us as an element of XML or in a text; tags of HTML are left to `haste`
    ((b"&",), 1000),
    ((b"{",), 150),  # an event of a request that is split into many takes 150 us
    ((b"[", b"]", b"`", b"~"), 8000),  # 1 us in a text that is escaped, or where links and code are looked for
)
"""Signs, also as JSON and forms write them, and how many of them a body may have that is judged in the event loop."""


class Judgement(Struct, frozen=True):
    """What is known of a request before anything of it is stored.

    `refusal` says that nobody vouches for it; `proof` is None then, and on an open route. `reply` answers a handshake.
    Without both there is a `reading`, unless the method is none of `METHODS`, with the request as the journal keeps it
    (`kept`). `content` is what was read. The times are by the clock of the caller: when the judgement began, and when
    the proof and the reading were there.
    """

    content: Content
    proof: verify.Proof | None
    refusal: Refused | None
    reply: handshake.Reply | None
    reading: Reading | None
    kept: Request | None
    started: float
    proven: float
    read: float


def light(request: Request, limit: int, depth: int) -> Content | None:
    """The content of a request that costs little to judge, None for one that may cost more than 20 ms.

    Raises Refused as `Content.of` does.
    """
    if len(request.body) > LIGHT_BYTES:
        return None
    try:
        content = Content.of(request, min(limit, LIGHT_BYTES), depth)
    except Refused as refused:
        if refused.status == 413 and limit > LIGHT_BYTES:
            return None
        raise
    return None if _is_costly(content.body) else content


def _is_costly(body: bytes) -> bool:
    """Whether there are too many costly signs in a body; a small one has no room for them."""
    if b"[" in body[:_START] and body.count(b"{") > _OBJECTS:
        return True
    if len(body) <= _SMALL:
        return False
    if body.count(b",") > _ITEMS:
        return True
    many = len(body) - len(body.translate(None, _SIGNS)) > _FEW  # one pass over the body is enough for nearly all
    if many and any(sum(map(body.count, signs)) > most for signs, most in _COSTLY):
        return True
    return len(body) > _HIDING and b"base64" in body  # who knows what signs it hides


def judge(
    route: Route,
    service: Service,
    content: Content,
    secrets: Sequence[str],
    moments: Sequence[float],
    limits: Limits,
    clock: Callable[[], float],
    *,
    hasty: bool = False,
    keys: Keys = NO_KEYS,
) -> Judgement:
    """Judge one request. Raises Refused (422) where the route is strict, and TakesLong only if it is to be `hasty`.

    `moments` are the times, in seconds since the epoch, by one of which a signed timestamp must be fresh; the first is
    that of the machine. `clock` times the steps. `keys` are the documents of public keys that
    `verify.wanted` asked for.
    """
    started = clock()
    schemes = route.schemes(service)
    proof, refusal = (None, None) if route.open else _prove(schemes, content, secrets, moments, keys)
    proven = clock()
    if proof is not None and proof.field:
        content = content.only(proof.field)
    elif proof is not None and isinstance(proof.scheme, Signature) and not proof.scheme.covers_body:
        content.exact = True  # such a signature covers fields of the form, or nothing of it
    content = content.legible()
    reply = None
    if service.handshake or not content.request.body:
        reply = handshake.answer(service.handshake, content, secrets, authentic=refusal is None)
    reading = kept = None
    if reply is None and refusal is None and content.request.method in METHODS:
        before = haste.LEFT.set([haste.MOST] if hasty else None)
        try:
            reading = interpret(service, content, route.wishes, limits, moments[0])
        finally:
            haste.LEFT.reset(before)
        kept = masking.kept_request(content, schemes, secrets)
    return Judgement(content, proof, refusal, reply, reading, kept, started, proven, clock())


def _prove(
    schemes: Sequence[verify.Scheme], content: Content, secrets: Sequence[str], moments: Sequence[float], keys: Keys
) -> tuple[verify.Proof | None, Refused | None]:
    """The proof of the request's sender, and the refusal when there is none."""
    for now in moments:
        try:
            return verify.verify(schemes, secrets, content, now, keys), None
        except Refused as refused:
            if refused.cause:  # a key is absent that may prove it
                return None, refused
    found = diagnose(schemes, secrets, content, moments[0], keys)
    return None, Refused(401, verify.NOT_TAKEN, cause=found.cause, why=found.why)
