"""The bytes of a request as one JSON value; hostile bytes, and those that exceed a bound, become text."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from gateway.decode import cloudevents, forms, jsontext, look, unencoded, xmltext
from gateway.decode.bounds import DEPTH, Allowance, BoundError, TooDeepError
from gateway.decode.forms import LIFTED
from gateway.model import JSON, Request


class Decoded(Struct, frozen=True):
    """A decoded request: `kind` is json, form, multipart, xml, text, query or cloudevents.

    The value of kind text is `{"text": ...}`; `fault` says why a body could only be shown as text, else it is empty.
    `note` says what was repaired, or could not be, of a body that its sender wrote wrongly.
    """

    value: JSON
    kind: str
    fault: str = ""
    note: str = ""


def decode(request: Request, body: bytes, depth: int = DEPTH, *, exact: bool = False) -> Decoded:
    """Return the value of a request whose inflated body is `body`; never raises, never nests deeper than `depth`.

    With `exact` the fields of a form are those that a signature covers, however wrong that is (see `unencoded`).
    It holds no more values than the `Allowance` of a request of this size. The value of a request without a body, or
    with an empty object, is its query.
    """
    content_type = request.headers.get("content-type", "")
    media = look.media_type(content_type)
    decoder = _Decoder(depth, Allowance(len(request.body)), exact=exact)
    if media in cloudevents.MEDIA or cloudevents.is_binary(request.headers):
        return decoder.cloudevent(request.headers, media, body)
    if not body or body.isspace():
        return Decoded(from_query(request.query, depth), "query")
    decoded = decoder.by_type(content_type, media, body)
    if not decoded.value and request.query:  # `{}`: some senders of queries have to send a body
        return Decoded(from_query(request.query, depth), "query")
    return decoded


def from_query(query: Mapping[str, str], depth: int = DEPTH) -> JSON:
    """Return the query as an object; it is itself one level, so that JSON inside may nest one level less."""
    decoder = _Decoder(depth - 1, Allowance())
    decoded = {name: decoder.container(text) for name, text in query.items()}
    return {name: value if _is_container(value) else query[name] for name, value in decoded.items()}


_CONTROLS = "its JSON had line breaks or other control characters within strings, which were escaped"
_UNENCODED = "its form field {} was not percent-encoded, and was read as it stood"
_NO_JSON = "its form field {} begins like JSON, but is none"


class _Decoder:
    """Decodes the parts of one request, which share its allowance."""

    def __init__(self, depth: int, allowance: Allowance, *, exact: bool = False) -> None:
        self._depth = depth
        self._allowance = allowance
        self._exact = exact
        self._notes: list[str] = []

    def by_type(self, content_type: str, media: str, body: bytes) -> Decoded:
        """Decode a body of this type, or of what it looks like."""
        body = look.recode_to_utf8(body, content_type)
        faults: list[str] = []
        for kind in look.guesses(media, body):
            try:
                value = self._readers[kind](self, body, content_type)
                return Decoded(value, kind, note="; ".join(self._notes)) if self._notes else Decoded(value, kind)
            except BoundError as error:
                return _text(body, str(error))
            except ValueError as error:
                faults.append(str(error))
        # A body that fails to parse as what it looks like is no fault when the sender declares it as text.
        return _text(body, "" if media.startswith("text/") and not look.declared_kind(media) else "; ".join(faults))

    def cloudevent(self, headers: Mapping[str, str], media: str, body: bytes) -> Decoded:
        """Decode a CloudEvent in any of its forms; see `cloudevents`."""
        try:
            if media not in cloudevents.MEDIA:
                value, fault = cloudevents.from_headers(headers, body, self._data)
            else:
                value, fault = cloudevents.from_json(self._json(body), self._data)
        except ValueError as error:
            return _text(body, str(error))
        if jsontext.deeper_than(value, self._depth):
            return _text(body, f"a CloudEvent nested deeper than {self._depth} levels")
        return Decoded(value, "cloudevents", fault, "; ".join(self._notes))

    def container(self, text: JSON) -> JSON:
        """Return the array or object that a text holds, else None."""
        if not _opens(text):
            return None
        try:
            return self._json(text)
        except ValueError:
            return None

    def _data(self, content_type: str, data: bytes) -> tuple[JSON, str]:
        inner = self.by_type(content_type, look.media_type(content_type), data)
        return inner.value["text"] if inner.kind == "text" else inner.value, inner.fault

    def _json(self, text: bytes | str) -> JSON:
        try:
            return jsontext.parse(text, self._depth, self._allowance)
        except BoundError:
            raise
        except ValueError as error:
            value = self._repaired_json(text, error)
        self._notes.append(_CONTROLS)
        return value

    def _repaired_json(self, text: bytes | str, error: ValueError) -> JSON:
        """The value of a text that is JSON but for line breaks in its strings; raises the error of any other."""
        repaired = jsontext.escape_controls(text)
        if repaired is None:
            raise error
        try:
            return jsontext.parse(repaired, self._depth, self._allowance)
        except BoundError:
            raise
        except ValueError:
            raise error from None

    def _read_json(self, body: bytes, _: str) -> JSON:
        return self._json(body)

    def _read_xml(self, body: bytes, _: str) -> JSON:
        return xmltext.parse(body, self._depth, self._allowance)

    def _read_form(self, body: bytes, _: str) -> JSON:
        found = None if self._exact else unencoded.read(body)
        if found is None:
            return self._lift_event(forms.fields(forms.urlencoded(body)))
        others = forms.fields(found.others)
        if found.differs:
            self._notes.append(_UNENCODED.format(found.name))
        for text in found.texts:
            if (event := self.container(text)) is not None:
                return self._beside(event, others)
        return self._lift_event({**others, found.name: found.text})

    def _read_multipart(self, body: bytes, content_type: str) -> JSON:
        return self._lift_event(forms.fields(forms.multipart(body, content_type)))

    _readers: Mapping[str, Callable[["_Decoder", bytes, str], JSON]] = {
        "json": _read_json,
        "xml": _read_xml,
        "form": _read_form,
        "multipart": _read_multipart,
    }

    def _lift_event(self, fields: dict[str, JSON]) -> JSON:
        """Return the event inside a form that carries it as the JSON of one field; of other forms, the fields."""
        named = [(name, text) for name, text in fields.items() if name.lower() in LIFTED]
        found = [(name, self.container(text)) for name, text in named]
        events = [(name, event) for name, event in found if event is not None]
        self._notes += [
            _NO_JSON.format(name)
            for (name, text), (_, event) in zip(named, found, strict=True)
            if event is None and _opens(text)
        ]
        if len(events) != 1:
            return fields
        name, event = events[0]
        return self._beside(event, {other: value for other, value in fields.items() if other != name})

    def _beside(self, event: JSON, others: dict[str, JSON]) -> JSON:
        """Return the event of a form with the other fields under `form`."""
        if others and isinstance(event, dict) and "form" not in event:
            event = {**event, "form": others}
        if jsontext.deeper_than(event, self._depth):
            raise TooDeepError(f"a form nested deeper than {self._depth} levels")
        return event


def _opens(text: JSON) -> bool:
    """Whether this is a text that begins as an array or object does in JSON."""
    if isinstance(text, bytes):
        return text.lstrip()[:1] in (b"{", b"[")
    return isinstance(text, str) and text.lstrip()[:1] in ("{", "[")


def _is_container(value: JSON) -> bool:
    return isinstance(value, dict | list)


def _text(body: bytes, fault: str) -> Decoded:
    return Decoded({"text": body.decode("utf-8", "replace")}, "text", fault)
