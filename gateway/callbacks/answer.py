"""What an outside service answered: how templates see it, and what is wrong with it."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final

from msgspec import Struct

from gateway.catalog import schema_cost
from gateway.catalog.schema import Schema
from gateway.catalog.scope import Scope
from gateway.catalog.shapes import compiled
from gateway.catalog.tolerance import tolerant
from gateway.decode import jsontext
from gateway.language.document import DocumentPlace
from gateway.language.template import Context
from gateway.model import JSON

_SHOWN: Final = 3
"""Differences from the expected shape that a problem names."""
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"


class OutsideAnswer(Struct, frozen=True):
    """One answer: `headers` has lower-case names, `body` is bounded by whoever read it."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def seen(self) -> Context:
        """What templates see as `answer`: status, headers, and `json` or `text`."""
        about = {"status": self.status, "headers": dict(self.headers)}
        try:
            return {**about, "json": self.parsed()}
        except ValueError:
            return {**about, "text": self.body.decode("utf-8", "replace")}

    def parsed(self) -> JSON:
        """The value of a JSON body, by its content type or its look. Raises ValueError for another body."""
        kind = self.headers.get("content-type", "").lower()
        if "json" not in kind and not ("html" not in kind and self.body.lstrip(_BLANK)[:1] in (b"{", b"[")):
            raise ValueError("no JSON")
        return jsontext.parse(self.body)


class NoAnswer(Struct, frozen=True):
    """A service did not answer; `problem` says so in words: "timed out after 10 s".

    `unsure`: it may have done all the same what it was asked for.
    """

    problem: str
    unsure: bool = False


def size_of(answer: OutsideAnswer | NoAnswer | None) -> int:
    """How many bytes a service answered."""
    return len(answer.body) if isinstance(answer, OutsideAnswer) else 0


def problem_of(
    answer: OutsideAnswer, host: str, expected: Collection[int], shape: Schema | None, *, shown: bool = False
) -> str:
    """What is wrong with an answer, in words that hold nothing of it; "" when nothing is.

    Without `expected` statuses every success is one; `shape` is that of its JSON. Where an answer is to be `shown`, a
    web page is none: it comes from a proxy or a sign-in in front of the service; nor is JSON that cannot be read.
    """
    if answer.status not in expected if expected else not 200 <= answer.status < 300:
        instead = f" instead of {' or '.join(map(str, sorted(expected)))}" if 200 <= answer.status < 300 else ""
        return f"{host} answered {_status(answer.status)}{instead}"
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()[:100]
    if shape is None:
        return f"{host} answered {misread}" if shown and (misread := _unreadable(answer, kind)) else ""
    try:
        wrong = shape.mismatches(answer.parsed(), _SHOWN)
    except ValueError:
        return f"{host} answered no JSON" + (f" but {kind}" if kind and "json" not in kind else "")
    return f"{host} answered something unexpected: {'; '.join(str(one) for one in wrong)}" if wrong else ""


def _unreadable(answer: OutsideAnswer, kind: str) -> str:
    """What an answer is of which nothing can be shown; "" for every other one."""
    if kind in _PAGES:
        return "a web page"
    if "json" not in kind or not answer.body.strip(_BLANK):
        return ""
    try:
        answer.parsed()
    except ValueError:
        return "JSON that cannot be read"
    return ""


def answer_shape(raw: Mapping[str, Any], place: DocumentPlace, scope: Scope) -> Schema | None:
    """The shape `answer` of a part of a document; None where it has none."""
    if "answer" not in raw:
        return None
    schema = compiled(raw["answer"], scope.shapes, place / "answer")
    for cost in schema_cost.unbearable(schema):
        (place / "answer").fault(cost.problem)
    try:
        return Schema(tolerant(schema))
    except ValueError as error:
        (place / "answer").fault(str(error))
        return None


def _status(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
