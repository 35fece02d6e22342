"""Captures, as the API gives them."""

from tests.console.conftest import READ_TOKEN, TOKEN

ADMIN, READER = {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": f"Bearer {READ_TOKEN}"}


async def test_a_capture_from_its_begin_to_its_end(console):
    """Its URL takes requests, which are shown whole, from a number on; when it has ended, both are unknown."""
    browser = await console(guarded=True)
    begun = await browser.call("/captures", **ADMIN)
    assert begun.status == 201
    state = begun.json()
    assert state["url"].startswith("http")
    assert 3500 < state["seconds"] <= 3600
    path = state["url"].partition("/in/")[2]
    for number in range(2):
        assert (await browser.gateway.post(f"/in/{path}", {"n": number}))[0] == 200
    seen = (await browser.get(f"/api/v1/captures/{state['id']}", **ADMIN)).json()
    assert [one["method"] for one in seen["requests"]] == ["POST", "POST"]
    [second] = (await browser.get(f"/api/v1/captures/{state['id']}?after=1", **ADMIN)).json()["requests"]
    assert "eyJuIjogMX0=" in second["body"] or "eyJuIjoxfQ==" in second["body"]
    assert (await browser.call(f"/captures/{state['id']}", method="DELETE", **ADMIN)).status == 204
    assert (await browser.get(f"/api/v1/captures/{state['id']}", **ADMIN)).status == 404
    assert (await browser.gateway.post(f"/in/{path}", {"n": 3}))[0] == 404


async def test_only_an_administrator_captures(console):
    """What is sent may hold credentials: a reader can neither begin nor look."""
    browser = await console(guarded=True)
    state = (await browser.call("/captures", **ADMIN)).json()
    assert (await browser.call("/captures", **READER)).status == 403
    assert (await browser.get(f"/api/v1/captures/{state['id']}", **READER)).status == 403
    assert (await browser.get(f"/api/v1/captures/{state['id']}")).status == 401


async def test_no_more_than_a_few_at_once(console):
    """The problem says what to do."""
    browser = await console(guarded=True)
    answers = [await browser.call("/captures", **ADMIN) for _ in range(9)]
    assert [one.status for one in answers] == [201] * 8 + [429]
    assert "end one, or wait" in answers[-1].json()["detail"]
