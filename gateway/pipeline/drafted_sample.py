"""The text of a sample for a drafted document: a masked request that its runner signs, and what becomes of it."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from gateway import jsonpath
from gateway.catalog.draft_proof import Proof
from gateway.catalog.service import Service
from gateway.errors import MattergateError
from gateway.model import Outcome, Request
from gateway.pipeline import sample
from gateway.pipeline.expectation import Expectation
from gateway.pipeline.rehearsal import rehearse, written
from gateway.pipeline.sample import Sample
from gateway.verify.masking import MASK
from gateway.verify.sender import WORD
from gateway.verify.signer import sender_of


def text(service: Service, request: Request, proof: Proof | None, header: Callable[[str], str] = str) -> str:
    """The sample of a request of a service; an open one where it cannot be signed.

    `proof` is that of a drafted service; one that was there says itself how its requests are proven. A proof that was
    masked is no longer one, and left to the runner, too. `header` spells the name of a header. Raises MattergateError
    for a request that is refused as it is.
    """
    raw: Mapping[str, Any] = proof.schemes[0] if proof is not None and proof.schemes else {}
    plain = sample.taken(_unproven(request, raw), proof.signed if proof is not None else ())
    plain = replace(plain, headers={header(name): value for name, value in plain.headers.items()})
    for secret in (_secret(raw, service), ""):
        found = _rehearsed(Sample(secret=secret, request=plain, expect=Expectation(Outcome.MESSAGE.value)), service)
        if found is not None and (found.expect.outcome != Outcome.REFUSED or not secret):
            return sample.document(found)
    raise MattergateError("its request cannot be sent again")


def _rehearsed(plain: Sample, service: Service) -> Sample | None:
    """The sample with what becomes of it; None where its sender cannot sign."""
    try:
        found = rehearse(plain, service).found
    except ValueError:
        return None
    return replace(plain, expect=written(plain, found, service))


def _secret(raw: Mapping[str, Any], service: Service) -> str:
    """The secret of a sample; a token in the body is masked, and so is its secret."""
    if "token" in raw:
        return MASK
    return sender_of(service.verify[0]).example() if service.verify else WORD


def _unproven(request: Request, raw: Mapping[str, Any]) -> Request:
    """The request without the places of its proof, which its runner fills."""
    name = "authorization" if "basic" in raw else raw.get("header", "").lower()
    headers = {key: one for key, one in request.headers.items() if key != name and one != MASK}
    query = {key: one for key, one in request.query.items() if key != raw.get("query") and one != MASK}
    return replace(
        request,
        headers=headers,
        query=query,
        body=_without(request.body, raw["json"]) if "json" in raw else request.body,
    )


def _without(body: bytes, path: str) -> bytes:
    """A JSON body without the value at a path; any other stays as it is."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    *above, last = jsonpath.parse(path)
    home = jsonpath.lookup(value, tuple(above))
    if not isinstance(home, dict) or last not in home:
        return body
    del home[last]
    return msgspec.json.encode(value)
