"""`mattergate audit`: who did what, as a table and as JSON."""

import asyncio
import time

import pytest

from gateway.journal.audit import AuditLine, AuditOutcome
from gateway.journal.sqlite.journal import SqliteJournal

ACK, MERGE = "pagerduty/acknowledge", "github/merge"


@pytest.fixture
def told(desk):
    """Give a desk whose journal has four lines: of three hours ago, of one hour ago, and two of now."""
    now = time.time()
    lines = [
        AuditLine(now - 10_800, AuditOutcome.DONE, ACK, "ack", "disk", "id1", "ann", "c", "p", "took it", "event1"),
        AuditLine(now - 3_600, AuditOutcome.FAILED, MERGE, "merge", "acme/api#12", "id2", "ben", text="503\x1b[2J"),
        AuditLine(now, AuditOutcome.FORGED, ACK, "", "", "id3", text="the MAC is wrong"),
        AuditLine(now, AuditOutcome.DONE, MERGE, "merge", "acme/api#12", "id1", "ann"),
    ]
    desk.store("0199a0000013456789abcdef")

    async def record():
        journal = await SqliteJournal.open(desk.folder / "journal.db", retention=1e9, max_size=10**9)
        await journal.record(lines)
        await journal.close()

    asyncio.run(record())
    return desk


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ([], [4, 3, 2, 1]),
        (["--limit", "2"], [4, 3]),
        (["--before", "3"], [2, 1]),
        (["--user", "ann"], [4, 1]),
        (["--user", "@ann", "--since", "2h"], [4]),
        (["--user", "id3"], [3]),
        (["--subject", "acme/api#12", "--until", "30m"], [2]),
        (["--callback", ACK], [3, 1]),
        (["--action", "merge"], [4, 2]),
        (["--outcome", "forged"], [3]),
        (["--user", "nobody"], []),
    ],
)
def test_every_filter_of_the_audit(told, options, found):
    """The newest line first."""
    result = told.run("audit", *options, "-o", "jsonl")
    assert result.code == 0, result.text
    assert [line["number"] for line in result.lines] == found


def test_a_line_says_who_did_what(told):
    """A table for people, where nothing steers the terminal; JSON has everything."""
    table = told.run("audit").out
    assert "@ann" in table
    (forged,) = [row.split() for row in table.splitlines() if "forged" in row]
    assert forged[3:] == ["id3", "-", "-", "forged", ACK, "-", "the", "MAC", "is", "wrong"]
    assert "503\\u001b[2J" in table
    (line,) = told.run("audit", "--subject", "disk", "-o", "jsonl").lines
    assert {name: line[name] for name in ("outcome", "callback", "action", "user", "user_name", "channel", "post")} == {
        "outcome": "done", "callback": ACK, "action": "ack", "user": "id1", "user_name": "ann", "channel": "c",
        "post": "p",
    }  # fmt: skip


def test_nothing_and_nonsense_are_told_apart(told):
    """A list without lines is no error; an impossible one is wrong usage."""
    empty = told.run("audit", "--user", "nobody")
    assert (empty.code, empty.out) == (0, "nobody did anything of this kind\n")
    wrong = told.run("audit", "--since", "1h", "--until", "2h")
    assert (wrong.code, "nothing can be between them" in wrong.err) == (2, True)
    assert told.run("audit", "--outcome", "perhaps").code == 2
    assert "mattergate audit --user ann --callback" in told.run("audit", "--help").out
