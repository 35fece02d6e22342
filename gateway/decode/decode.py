"""The bytes of a request as one JSON value, by Content-Type first and by look second; hostile bytes become text.

Senders are careless with Content-Type: SNS and OpenSearch send JSON as text/plain, `curl -d` sends it as a form, some
send none. So the declared type is the first guess, and the look of the body is the second.
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Struct

from gateway.decode import cloudevents, forms, jsontext, xmltext
from gateway.decode.jsontext import TooDeepError
from gateway.model import JSON, Request

LIFTED = frozenset({"payload", "payload_json", "json", "data", "rawrequest"})
"""Form fields (in lower case) that hold the whole event as JSON: GitHub, Slack, Discord, Dropbox Sign, Jotform."""

_ENVELOPES = frozenset({cloudevents.STRUCTURED, cloudevents.BATCH})
_LOOKS_LIKE_FORM = re.compile(rb"[\w.\-\[\]%+*]{1,200}=[^\s<{]*\Z")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:\-]+)""", re.I)
# Codecs that turn bytes into text in linear time; others that Python knows are no charsets.
_CHARSETS = re.compile(
    r"iso-?8859-?\d+|latin-?1|windows-?125\d|cp125\d|utf-?(?:16|32)-?(?:le|be)?|koi8-[ru]|shift_jis|euc-(?:jp|kr)|gbk|gb2312|gb18030|big5",
    re.I,
)


class Decoded(Struct, frozen=True):
    """A decoded request: `kind` is json, form, multipart, xml, text, query or cloudevents.

    The value of kind text is `{"text": ...}`; `fault` says why a body could only be shown as text, else it is empty.
    """

    value: JSON
    kind: str
    fault: str = ""


def decode(request: Request, body: bytes, depth: int = jsontext.DEPTH) -> Decoded:
    """Return the value of a request whose inflated body is `body`; never raises, never nests deeper than `depth`.

    The value of a request without a body is its query.
    """
    content_type = request.headers.get("content-type", "")
    media = _media(content_type)
    if media in _ENVELOPES or cloudevents.is_binary(request.headers):
        return _cloudevent(request.headers, media, body, depth)
    if not body or body.isspace():
        return Decoded(_from_query(request.query, depth), "query")
    return _by_type(content_type, media, body, depth)


def _cloudevent(headers: Mapping[str, str], media: str, body: bytes, depth: int) -> Decoded:
    def read(content_type: str, data: bytes) -> tuple[JSON, str]:
        inner = _by_type(content_type, _media(content_type), data, depth)
        return inner.value["text"] if inner.kind == "text" else inner.value, inner.fault

    if media not in _ENVELOPES:
        value, fault = cloudevents.from_headers(headers, body, read)
    else:
        try:
            parsed = jsontext.parse(body, depth)
        except ValueError as error:
            return _text(body, str(error))
        value, fault = cloudevents.from_json(parsed, read)
    if jsontext.deeper_than(value, depth):
        return _text(body, f"a CloudEvent nested deeper than {depth} levels")
    return Decoded(value, "cloudevents", fault)


def _by_type(content_type: str, media: str, body: bytes, depth: int) -> Decoded:
    declared = _declared_kind(media)
    if "charset" in content_type:
        body = _recode_to_utf8(body, content_type)
    if declared == "json":
        try:  # nearly every request ends here
            return Decoded(jsontext.parse(body, depth), "json")
        except ValueError:
            pass
    faults: list[str] = []
    for kind in _guesses(declared, media, body):
        try:
            value = _READERS[kind](body, content_type, depth)
        except TooDeepError as error:
            return _text(body, str(error))
        except ValueError as error:
            faults.append(str(error))
        else:
            return Decoded(value, kind)
    # A body that fails to parse as what it looks like is no fault when the sender declares it as text.
    return _text(body, "" if media.startswith("text/") and not declared else "; ".join(faults))


def _guesses(declared: str, media: str, body: bytes) -> list[str]:
    """Kinds to try, most likely first: a form that begins like JSON is JSON under the default type of many clients."""
    looks = _apparent_kind(body, media)
    order = [looks, declared] if declared == "form" and looks == "json" else [declared, looks]
    return [kind for kind in dict.fromkeys(order) if kind]


def _apparent_kind(body: bytes, media: str) -> str:
    start = body[:300].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return "json"
    if start.startswith(b"<"):
        return "" if media == "text/html" else "xml"
    if media.startswith("text/"):
        return ""
    if start.startswith(b"--") and b"content-disposition" in body[:1000].lower():
        return "multipart"
    return "form" if _LOOKS_LIKE_FORM.match(body.strip()) else ""


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _declared_kind(media: str) -> str:
    if media == "application/json" or media.endswith(("/json", "+json", "/x-json")):
        return "json"
    if media == "application/x-www-form-urlencoded":
        return "form"
    if media.startswith("multipart/"):
        return "multipart"
    return "xml" if media.endswith(("/xml", "+xml")) else ""


def _recode_to_utf8(body: bytes, content_type: str) -> bytes:
    """Recode the body when the sender declares another charset; XML that declares its own stays as it is."""
    charset = _CHARSET.search(content_type)
    if charset is None or not _CHARSETS.fullmatch(charset[1]) or body.lstrip().startswith(b"<?xml"):
        return body
    return body.decode(charset[1], "replace").encode("utf-8", "replace")


def _read_json(body: bytes, _: str, depth: int) -> JSON:
    return jsontext.parse(body, depth)


def _read_xml(body: bytes, _: str, depth: int) -> JSON:
    return xmltext.parse(body, depth)


def _read_form(body: bytes, _: str, depth: int) -> JSON:
    return _lift_event(forms.fields(forms.urlencoded(body)), depth)


def _read_multipart(body: bytes, content_type: str, depth: int) -> JSON:
    return _lift_event(forms.fields(forms.multipart(body, content_type)), depth)


_READERS: dict[str, Callable[[bytes, str, int], JSON]] = {
    "json": _read_json,
    "xml": _read_xml,
    "form": _read_form,
    "multipart": _read_multipart,
}


def _lift_event(fields: dict[str, JSON], depth: int) -> JSON:
    """Return the event inside a form that carries it as the JSON of one field; of other forms, the fields."""
    events = [
        (name, event)
        for name, text in fields.items()
        if name.lower() in LIFTED and _is_container(event := _json(text, depth))
    ]
    if len(events) != 1:
        return fields
    name, event = events[0]
    others = {other: value for other, value in fields.items() if other != name}
    if others and isinstance(event, dict) and "form" not in event:
        event = {**event, "form": others}
    if jsontext.deeper_than(event, depth):
        raise TooDeepError(f"a form nested deeper than {depth} levels")
    return event


def _from_query(query: Mapping[str, str], depth: int) -> JSON:
    """Return the query as an object; it is itself one level, so that JSON inside may nest one level less."""
    decoded = {name: _json(text, depth - 1) for name, text in query.items()}
    return {name: value if _is_container(value) else query[name] for name, value in decoded.items()}


def _json(text: JSON, depth: int) -> JSON:
    """Return the array or object that a text holds, else None."""
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return jsontext.parse(text, depth)
    except ValueError:
        return None


def _is_container(value: JSON) -> bool:
    return isinstance(value, dict | list)


def _text(body: bytes, fault: str) -> Decoded:
    return Decoded({"text": body.decode("utf-8", "replace")}, "text", fault)
