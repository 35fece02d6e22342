"""The audit in the console: who did what, filtered, page by page."""

from gateway.journal.audit import AuditLine, AuditOutcome
from tests.console.conftest import Browser
from tests.console.markup import HOSTILE, Found


async def _lines(shared: Browser) -> None:
    """Three lines, once for all tests of the module."""
    journal = shared.gateway.running._running.journal
    if (await shared.get("/api/v1/audit")).json()["lines"]:
        return
    done, forged = AuditOutcome.DONE, AuditOutcome.FORGED
    lines = [
        AuditLine(1_800_000_000.0, done, "pager/ack", "Ack", "inc 7", user_name="ann", event="e1", done="Acknowledged"),
        AuditLine(1_800_000_060.0, forged, "", text=HOSTILE[0], user="u1"),
        AuditLine(
            1_800_000_120.0,
            AuditOutcome.FAILED,
            "pager/mute",
            "Mute",
            user_name="ben",
            text="down",
            done="Muted for 1 h",
        ),
    ]
    for line in lines:
        await journal.record([line])


async def test_lines_are_filtered_by_everything(shared):
    """Person, callback, outcome and time, each with the lines that match, newest first."""
    await _lines(shared)

    async def asked(query: str) -> list[str]:
        answer = await shared.get(f"/api/v1/audit?{query}")
        assert answer.status == 200, answer.text
        return [one["outcome"] for one in answer.json()["lines"]]

    assert await asked("") == ["failed", "forged", "done"]
    assert await asked("user=@ann") == ["done"]
    assert await asked("callback=pager/mute") == ["failed"]
    assert await asked("outcome=forged&until=1800000100") == ["forged"]
    assert await asked("since=1800000100") == ["failed"]
    assert (await shared.get("/api/v1/audit?since=yesterday")).status == 400
    first = (await shared.get("/api/v1/audit?limit=2")).json()
    rest = (await shared.get(f"/api/v1/audit?limit=2&before={first['next']}")).json()
    assert ([one["user_name"] for one in rest["lines"]], rest["next"]) == (["ann"], 0)


async def test_the_page_leads_to_the_event_and_to_older_lines(shared):
    """What strangers write is text; the filter stays in the links."""
    await _lines(shared)
    page = await shared.get("/audit?limit=2")
    found = Found(page.text)
    assert HOSTILE[0] not in page.text
    assert any(url.startswith("/audit?limit=2&before=") for url in found.urls)
    found = Found((await shared.get("/audit?user=ann")).text)
    assert "/events/e1" in found.urls
    assert all(one in found.text for one in ("Acknowledged", "@ann", "inc 7", "done"))
    failed = Found((await shared.get("/audit?user=ben")).text).text
    assert "Mute" in failed
    assert "Muted for" not in failed
    assert "Nobody did anything of this kind" in Found((await shared.get("/audit?user=nobody")).text).text
