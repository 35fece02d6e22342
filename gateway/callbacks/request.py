"""The request of a callback to an outside service. Secrets stand in it by reference, and nothing prints them."""

from collections.abc import Mapping
from typing import Any, Final, Literal, NoReturn

from msgspec import Struct

from gateway import units
from gateway.callbacks.address import Address, checked
from gateway.callbacks.answer import OutsideAnswer, answer_shape, problem_of
from gateway.callbacks.auth import Token
from gateway.callbacks.body import BODIES, LARGEST, Body, Pairs
from gateway.callbacks.given import HIDDEN, Given
from gateway.catalog.scope import Scope
from gateway.errors import TranslationError
from gateway.language.document import Compiler, DocumentPlace
from gateway.language.output import Mode
from gateway.language.template import Context
from gateway.secret import redact

TIMEOUT: Final = "10s"
LONGEST: Final = 60.0
"""The most seconds that a request may take."""

_BODILESS: Final = frozenset({"GET", "HEAD"})
_OURS: Final = frozenset("connection content-length host te trailer transfer-encoding upgrade".split())
"""Headers that the connection decides."""

Repeat = Literal["never", "safe"]


class Wire(Struct, frozen=True):
    """A request as it is sent."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""


class OutsideRequest:
    """A rendered request: `shown` has masks in place of secrets, `reveal` is for the place that sends it.

    `host` is what problems call the service. `timeout` is in seconds. `repeat` says whether it may be sent again after
    a crash, when nobody knows what became of it.
    """

    __slots__ = ("_wire", "host", "repeat", "shown", "timeout")

    def __init__(self, wire: Wire, shown: Wire, host: str, timeout: float, repeat: Repeat) -> None:
        self._wire = wire
        self.shown = shown
        self.host = host
        self.timeout = timeout
        self.repeat = repeat

    def reveal(self) -> Wire:
        """The request with its secrets."""
        return self._wire

    def secret_texts(self) -> list[str]:
        """The values of headers that have secrets in them, also without what stands before: `Bearer`, `Basic`."""
        shown = self.shown.headers
        made = [text for name, text in self._wire.headers.items() if text != shown.get(name)]
        return [*made, *(text.rpartition(" ")[2] for text in made)]

    def __repr__(self) -> str:
        return f"OutsideRequest({self.shown!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a request with secrets cannot be pickled: keep `shown`")


class RequestShape:
    """The `request` of a document, compiled."""

    def __init__(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace, scope: Scope) -> None:
        self._name = place.document
        self._method: str = raw.get("method", "POST")
        self.repeat: Repeat = raw.get("repeat", "never")
        self._expected = frozenset(raw.get("expect", ()))
        self._timeout = _seconds(raw.get("timeout", TIMEOUT), place / "timeout")
        self.address = Address(str(raw["url"]), compiler, place / "url")
        with compiler.names_used() as names:
            self._query = Pairs(raw["query"], compiler, place / "query") if "query" in raw else None
            self._headers = _headers(raw.get("headers", {}), compiler, place / "headers")
            self._body = self._body_of(raw, compiler, place)
            self._token = Token(raw["auth"], compiler, place / "auth") if "auth" in raw else None
        if self._token is not None and self._token.header.lower() in {name.lower() for name, _ in self._headers}:
            (place / "auth").fault(f"`headers` has {self._token.header}, too: leave one of them out")
        self._secret = self._token is not None or not names.isdisjoint(HIDDEN)
        self._shape = answer_shape(raw, place, scope)

    def _body_of(self, raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> Body | None:
        kinds = [kind for kind in BODIES if kind in raw]
        for kind in kinds[1:]:
            (place / kind).fault(f"a request has one body, and {kinds[0]} is one already")
        if not kinds:
            return None
        if self._method in _BODILESS:
            (place / kinds[0]).fault(f"a {self._method} has no body: write its values into `query`")
        made: Body = BODIES[kinds[0]](raw[kinds[0]], compiler, place / kinds[0])
        return made

    @property
    def looks(self) -> bool:
        """Whether it changes nothing (RFC 9110 section 9.2.1)."""
        return self._method in _BODILESS

    def render(self, context: Context, given: Given) -> OutsideRequest:
        """The request. Raises TranslationError, which holds no secret."""
        try:
            wire = self._wire(context, given, masked=False)
            shown = self._wire(context, given, masked=True) if self._secret else wire
        except TranslationError as error:
            raise TranslationError(error.document, error.pointer, redact(error.problem)) from None
        except ValueError as error:
            raise TranslationError(self._name, "/request", redact(str(error))) from None
        host = wire.url.split("/", 3)[2].partition("?")[0]
        return OutsideRequest(wire, shown, host, self._timeout, self.repeat)

    def problem(self, answer: OutsideAnswer, request: OutsideRequest, *, shown: bool) -> str:
        """What is wrong with the answer to a request, of which something is to be `shown` or not; "" for nothing."""
        return problem_of(answer, request.host, self._expected, self._shape, shown=shown)

    def _wire(self, outer: Context, given: Given, *, masked: bool) -> Wire:
        context = given.seen(outer, masked=masked)
        url = self.address.render(context)
        if self._query is not None and (query := self._query.render(context)):
            url = checked(f"{url}{'&' if '?' in url else '?'}{query}")
        headers = {name: text for name, header in self._headers if (text := header.render(context)) is not None}
        if self._token is not None:
            headers[self._token.header] = self._token.render(context, given, masked=masked)
        body = b""
        if self._body is not None:
            body = self._body.render(context)
            if not any(name.lower() == "content-type" for name in headers):
                headers["Content-Type"] = self._body.content_type
        if len(body) > LARGEST:
            raise ValueError(f"its body has more than {LARGEST:,} bytes")
        return Wire(self._method, url, headers, body)


def _headers(raw: Mapping[str, Any], compiler: Compiler, place: DocumentPlace) -> list[tuple[str, Any]]:
    """The compiled headers; each is one line, and left out where a value of it is missing."""
    seen: set[str] = set()
    for name in raw:
        if name.lower() in _OURS:
            (place / name).fault("the connection decides this header: leave it out")
        if name.lower() in seen:
            (place / name).fault("the same header is there in another spelling")
        seen.add(name.lower())
    return [(name, compiler.template(text, Mode.RAW, place / name)) for name, text in raw.items()]


def _seconds(text: str, place: DocumentPlace) -> float:
    try:
        seconds = units.seconds(str(text))
    except ValueError as error:
        place.fault(str(error))
        return LONGEST
    if not 0 < seconds <= LONGEST:
        place.fault(f"a request takes {units.written(LONGEST)} at most")
    return seconds
