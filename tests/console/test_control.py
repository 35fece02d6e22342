"""Who is signed in, and taking up changed files."""

import pytest

from gateway.console.web.auth import Role
from tests.console.conftest import READ_TOKEN, ROUTES, TOKEN


async def test_where_no_token_is_asked_for_everybody_may_change(shared):
    """And needs what the page proves itself by."""
    await shared.get("/catalog")
    found = (await shared.get("/api/v1/session")).json()
    assert (found["role"], found["csrf"]) == (Role.ADMIN, shared.csrf)
    assert len(found["csrf"]) > 20


@pytest.mark.parametrize(("token", "role"), [(TOKEN, "admin"), (READ_TOKEN, "reader")])
async def test_who_asks_is_told(console, token, role):
    """Of a session with its own proof; a token in the request needs none."""
    browser = await console(guarded=True)
    assert (await browser.get("/api/v1/session", Authorization=f"Bearer {token}")).json() == {"role": role, "csrf": ""}
    await browser.sign_in(token)
    found = (await browser.get("/api/v1/session")).json()
    assert (found["role"], found["csrf"]) == (role, browser.csrf)


async def test_a_reload_without_changes_says_so(shared):
    """No line, and everything goes on."""
    await shared.get("/catalog")
    answer = await shared.call("/reload")
    assert (answer.status, answer.json()) == (200, {"lines": []})


async def test_a_reload_that_fails_lists_what_is_wrong_and_changes_nothing(console, tmp_path):
    """With file, line, place and remedy of each fault."""
    service = tmp_path / "own" / "github"
    service.mkdir(parents=True)
    browser = await console(routes=ROUTES, tables='folders = ["own"]\n')
    await browser.get("/")
    (service / "note.yaml").write_text("title: A note\nevents: [note]\nmessage:\n  text: '{{ a | none }}'\n")
    answer = await browser.call("/reload")
    assert answer.status == 422
    [fault] = answer.json()["faults"]
    assert (fault["file"], fault["line"], fault["where"]) == (str(service / "note.yaml"), 4, "message/text")
    assert "none" in fault["problem"]
    assert (await browser.gateway.github("push", {"ref": "x"}, "d1"))[0] == 202
