"""The answers to senders in JSON: the outcome of their request, or problem details (RFC 9457)."""

from collections.abc import Mapping

import msgspec

from gateway.ingress.doors import Accepted, Rejected
from gateway.ingress.response import Response


def in_json(outcome: Accepted | Rejected) -> Response:
    """The answer to a request: 202 with its id while messages of it are to be posted, 200 when none are.

    A sender that wants to read a text of its own has that, with 200.
    """
    if isinstance(outcome, Rejected):
        return problem(outcome.status, outcome.title, outcome.detail, outcome.headers)
    if outcome.wanted:
        return Response(200, outcome.wanted.encode(), "text/plain; charset=utf-8")
    body = {"id": outcome.event_id, "outcome": outcome.outcome, "translator": outcome.translator}
    return Response(202 if outcome.pending else 200, msgspec.json.encode(body), "application/json")


def problem(status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """Problem details, RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status}
    if detail:
        body["detail"] = detail
    return Response(status, msgspec.json.encode(body), "application/problem+json", headers)
