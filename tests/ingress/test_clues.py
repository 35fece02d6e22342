"""Hints for requests that nobody vouches for, with what the catalog knows of other senders."""

import pytest

from gateway.catalog import files
from gateway.catalog.catalog import Catalog
from gateway.decode.content import Content
from gateway.ingress.clues import Clues
from gateway.model import Cause, Request

NOW = 1_760_000_000.0


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The built-in catalog."""
    return Catalog(files.layered(()))


async def hint(catalog: Catalog, cause: Cause, key: str, headers: dict[str, str], clues: Clues | None = None) -> str:
    """The hint for a request to a route of this service."""
    service = catalog.descriptions()[key]
    content = Content(Request(headers=headers, body=b"{}"))
    return await (clues or Clues()).of(cause, service, service.verify, ["a secret"], content, NOW, catalog)


async def test_the_service_whose_header_is_there_is_named(catalog):
    """Someone pasted the URL of another route, or the route has another service."""
    found = await hint(catalog, Cause.UNSIGNED, "github", {"x-gitlab-token": "x", "x-gitlab-event": "Push Hook"})
    assert "which GitLab sends: is the service of this route right?" in found


async def test_headers_of_its_own_service_are_no_hint(catalog):
    """Then the sender is to be given a secret, and the command says where."""
    headers = {"x-github-event": "push", "x-github-delivery": "1", "user-agent": "GitHub-Hookshot/1"}
    found = await hint(catalog, Cause.UNSIGNED, "github", headers)
    assert found == "set the secret of this route at the sender: `mattergate services github` says where"
    assert "set the same secret" in await hint(catalog, Cause.WRONG_SECRET, "github", headers)
    assert await hint(catalog, Cause.STALE, "github", headers) == ""


async def test_the_catalog_is_read_once(catalog, monkeypatch):
    """And again for another version of it."""
    read = []
    monkeypatch.setattr(Catalog, "descriptions", lambda one, known=Catalog.descriptions: read.append(one) or known(one))
    clues = Clues()
    service = catalog.descriptions()["github"]
    read.clear()
    content = Content(Request(body=b"{}"))
    for known in (catalog, catalog, Catalog(files.layered(()))):
        await clues.of(Cause.UNSIGNED, service, service.verify, ["s"], content, NOW, known)
    assert len(read) == 2
