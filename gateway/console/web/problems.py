"""The problems of a request, as one value that pages and API both show."""

import http

from aiohttp import web
from msgspec import Struct

from gateway.errors import Fault, FaultyFilesError, JournalError, Refused


class FaultInFile(Struct, frozen=True):
    """One thing wrong in a file: `line` counts from 1, 0 is unknown; `where` is the key or JSON pointer."""

    file: str
    line: int
    where: str
    problem: str
    remedy: str


class Problem(Struct, frozen=True, omit_defaults=True):
    """Problem details (RFC 9457); `faults` lists the faults of files that are not taken up."""

    title: str
    status: int
    detail: str = ""
    faults: tuple[FaultInFile, ...] = ()


def problem_of(error: Exception) -> Problem | None:
    """The problem that an expected error of a handler is for the caller; None for an unexpected error."""
    if isinstance(error, Refused):
        return Problem(error.title, error.status, error.detail)
    if isinstance(error, JournalError):
        return Problem("Service Unavailable", 503, f"the journal cannot be used now: {error}")
    if isinstance(error, FaultyFilesError):
        faults = tuple(map(_fault, error.faults))
        return Problem("Unprocessable Content", 422, "the files have faults; nothing was changed", faults)
    if isinstance(error, web.HTTPException):
        return Problem(http.HTTPStatus(error.status).phrase, error.status, _explanation(error))
    return None


def _fault(fault: Fault) -> FaultInFile:
    return FaultInFile(fault.file, fault.line, fault.where, fault.problem, fault.remedy)


def _explanation(error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"this answers to {', '.join(sorted(error.allowed_methods))}"
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return "the request is larger than anything that is expected here"
    return "there is nothing at this path" if error.status == 404 else ""
