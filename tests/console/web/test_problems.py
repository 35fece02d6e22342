"""What goes wrong with a request, as the caller is told of it."""

import pytest
from aiohttp import web

from gateway.console.web.problems import FaultInFile, Problem, problem_of
from gateway.errors import CatalogError, Fault, JournalDamaged, JournalError, Refused, SettingsError, TranslationError


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (
            Refused(409, "Route gone", "the settings have no route a"),
            Problem("Route gone", 409, "the settings have no route a"),
        ),
        (
            JournalError("the disk is full"),
            Problem("Service Unavailable", 503, "the journal cannot be used now: the disk is full"),
        ),
        (JournalDamaged("x"), Problem("Service Unavailable", 503, "the journal cannot be used now: x")),
        (web.HTTPNotFound(), Problem("Not Found", 404, "there is nothing at this path")),
        (
            web.HTTPMethodNotAllowed("GET", ["PUT", "POST"]),
            Problem("Method Not Allowed", 405, "this answers to POST, PUT"),
        ),
        (web.HTTPBadRequest(), Problem("Bad Request", 400)),
        (
            web.HTTPRequestEntityTooLarge(max_size=1, actual_size=2),
            Problem("Request Entity Too Large", 413, "the request is larger than anything that is expected here"),
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_is_raised_on_purpose_is_a_problem(error, problem):
    """Status, title and a detail that says what to do."""
    found = problem_of(error)
    if found.status == 413:  # its phrase differs between versions of Python
        problem = Problem(found.title, problem.status, problem.detail)
    assert found == problem


@pytest.mark.parametrize("kind", [SettingsError, CatalogError])
def test_every_fault_of_files_is_listed(kind):
    """Each has its file, line, place, problem and remedy; what runs goes on."""
    error = kind([Fault("a.yaml", 3, "message/text", "is missing", "add it", 7), Fault("b.toml", 0, "", "not TOML")])
    assert problem_of(error) == Problem(
        "Unprocessable Content",
        422,
        "the files have faults; nothing was changed",
        (
            FaultInFile("a.yaml", 3, "message/text", "is missing", "add it"),
            FaultInFile("b.toml", 0, "", "not TOML", ""),
        ),
    )


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("secret"), TranslationError("a/b", "/x", "y"), OSError(28, "x")]
)
def test_what_nobody_expected_is_no_problem_of_the_caller(error):
    """It is a 500 without its text, which may hold anything."""
    assert problem_of(error) is None
