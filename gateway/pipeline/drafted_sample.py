"""The text of a sample for a drafted document: a masked request, and what becomes of it."""

from gateway.catalog.draft_proof import Proof
from gateway.catalog.service import Service
from gateway.model import Outcome, Request
from gateway.pipeline import sample
from gateway.pipeline.sample import Expectation, Sample


def text(service: Service, request: Request, proof: Proof | None, secret: str) -> str:  # noqa: ARG001
    """The sample of a request of a service. Raises MattergateError for one that no sample can hold."""
    plain = Sample(sample.taken(request, proof.signed if proof is not None else ()), Expectation(Outcome.MESSAGE))
    return sample.document(Sample(plain.request, sample.outcome(plain, service)))
