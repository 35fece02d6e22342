"""Pages: who may ask for them, and how they read what was asked for."""

import pytest
from aiohttp.test_utils import make_mocked_request
from msgspec import Struct
from multidict import MultiDict

from gateway.console.web.auth import Role
from gateway.console.web.page import Page, Visit, chosen_by
from gateway.errors import Refused


class Box(Struct, frozen=True):
    """What is asked for."""

    box: str
    chosen: tuple[int, ...] = ()


async def act(_: Visit) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("method", "role", "needed"),
    [("GET", None, Role.READER), ("POST", None, Role.ADMIN), ("POST", Role.READER, Role.READER)],
)
def test_everybody_looks_and_administrators_act(method, role, needed):
    """Unless the page says otherwise."""
    assert Page(method, "/x", act, role).needed is needed


def visit(path: str, *form: tuple[str, str]) -> Visit:
    """A request for a page."""
    return Visit(None, None, make_mocked_request("POST", path), MultiDict(form))


def test_the_proof_of_a_form_is_none_of_its_fields():
    """The CSRF token is read by the guard; what the page asks for is the rest."""
    form = visit("/x", ("csrf", "token"), ("box", "a"), ("chosen", "1"), ("chosen", "2"))
    assert form.fields(Box) == Box("a", (1, 2))


def test_query_and_form_are_apart():
    """A field of the form is none of the query, and the other way round."""
    both = visit("/x?box=b", ("csrf", "token"), ("box", "a"))
    assert (both.query(Box), both.fields(Box)) == (Box("b"), Box("a"))
    with pytest.raises(Refused, match="csrf: unknown parameter"):
        visit("/x?csrf=token&box=a").query(Box)
    with pytest.raises(Refused, match="box: is missing"):
        visit("/x?box=a").fields(Box)


def test_what_is_asked_for_becomes_parameters_of_a_url():
    """But for what is empty, and for the place in the list."""

    class Wanted(Struct):
        route: str = ""
        text: str = ""
        before: str = ""
        limit: int = 50

    assert chosen_by(Wanted("github", before="e1")) == {"route": "github", "limit": 50}
