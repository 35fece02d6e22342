"""A body whose sender is not proven yet: nothing of it is read but the values at paths that documents declare.

These are body tokens, the fields that some signatures cover, and handshakes. Of JSON everything else is only skipped,
not built, which takes 2 ms for 1 MB, and no memory. Forms and XML are read within the bounds of any request.
"""

from collections.abc import Iterator

from gateway.decode import cloudevents, forms, look, xmltext
from gateway.decode.bounds import UNPROVEN_NODES, Allowance
from gateway.decode.decode import from_query
from gateway.decode.forms import LIFTED
from gateway.decode.lazy import lazy
from gateway.decode.skim import Skimmed, skim
from gateway.jsonpath import MISSING, Step, every
from gateway.model import JSON, Request


class Glimpse:
    """The values at declared paths of a request whose inflated body is `body`; an array or object is shown as empty.

    They are those of the decoded body, except that of a body that exceeds a bound there is none.
    """

    def __init__(self, request: Request, body: bytes) -> None:
        self._request = request
        self._body = body

    def at(self, path: tuple[Step, ...]) -> JSON:
        """The value at a path without `*`, or MISSING."""
        return next(iter(self.each(path)), MISSING)

    def each(self, path: tuple[Step, ...]) -> Iterator[JSON]:
        """The value at a path, one for each element that a `*` branches over; MISSING where there is none."""
        headers = self._request.headers
        if not cloudevents.is_binary(headers) or look.media_type(headers.get("content-type", "")) in cloudevents.MEDIA:
            return self._seen(path)
        if path[:1] == ("data",) and self._body:
            return self._seen(path[1:])
        envelope, _ = cloudevents.from_headers(headers, b"", lambda *_: (None, ""))
        return every(envelope, path)

    def _seen(self, path: tuple[Step, ...]) -> Iterator[JSON]:
        content = self._content
        if isinstance(content, Skimmed):
            return content.each(path)
        fields, event = content
        if event is None:
            return every(fields, path)
        if path[:1] == ("form",) and event.at(path[:1]) is MISSING:
            return every(fields, path[1:])
        return event.each(path)

    @lazy
    def _content(self) -> Skimmed | tuple[JSON, Skimmed | None]:
        """JSON, or the flat fields of a form with the JSON that one of them holds, or another value."""
        if not self._body or self._body.isspace():
            return from_query(self._request.query), None
        content_type = self._request.headers.get("content-type", "")
        body = look.recode_to_utf8(self._body, content_type)
        for kind in look.guesses(look.media_type(content_type), body):
            try:
                if kind == "json":
                    return skim(body)
                if kind == "xml":
                    allowance = Allowance(len(self._request.body), UNPROVEN_NODES)
                    return xmltext.parse(body, allowance=allowance), None
                multipart = kind == "multipart"
                return _lift(forms.fields(forms.multipart(body, content_type) if multipart else forms.urlencoded(body)))
            except ValueError:
                continue
        return MISSING, None


def _lift(fields: dict[str, JSON]) -> tuple[JSON, Skimmed | None]:
    """The event inside a form that carries it as the JSON of one field, and the other fields."""
    events = []
    for name, text in fields.items():
        if name.lower() in LIFTED and isinstance(text, str) and text.lstrip().startswith(("{", "[")):
            try:
                events.append((name, skim(text.encode("utf-8", "replace"))))
            except ValueError:
                continue
    if len(events) != 1:
        return fields, None
    return {name: value for name, value in fields.items() if name != events[0][0]}, events[0][1]
