"""Who is signed in, and taking up changed files."""

import pytest

from gateway.console.web.auth import Role
from gateway.errors import Fault, SettingsError
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
    assert (answer.status, answer.json()) == (200, {"lines": [], "faults": []})


async def test_a_reload_lists_the_faults_of_documents(console, tmp_path):
    """Each in a line with file, line and place; the last good version of the service goes on."""
    service = tmp_path / "own" / "github"
    service.mkdir(parents=True)
    browser = await console(routes=ROUTES, tables='folders = ["own"]\n')
    assert (await browser.gateway.github("push", {"ref": "x"}, "d1"))[0] == 202  # the service is compiled
    await browser.get("/")
    (service / "note.yaml").write_text("title: A note\nevents: [note]\nmessage:\n  text: '{{ a | none }}'\n")
    answer = await browser.call("/reload")
    assert answer.status == 200
    [fault] = answer.json()["faults"]
    assert fault.startswith(f"{service / 'note.yaml'}:4: message/text: ")
    assert "none" in fault
    assert (await browser.gateway.github("push", {"ref": "y"}, "d2"))[0] == 202


async def test_a_reload_with_faulty_settings_is_refused(console):
    """The answer is a problem with every fault, and the running settings stay."""
    browser = await console(routes=ROUTES)
    await browser.get("/")

    def faulty():
        raise SettingsError([Fault("mattergate.toml", 3, "routes.github", "it is wrong", "correct it")])

    browser.gateway.running._running._read = faulty
    answer = await browser.call("/reload")
    assert answer.status == 422
    [fault] = answer.json()["faults"]
    assert (fault["file"], fault["line"], fault["where"]) == ("mattergate.toml", 3, "routes.github")
    assert (await browser.gateway.github("push", {"ref": "x"}, "d1"))[0] == 202
