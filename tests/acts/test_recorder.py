"""Lines of the audit are stored; what strangers bring about is bounded."""

import asyncio

from gateway.acts.recorder import BATCH, AuditRecorder
from gateway.errors import JournalError
from gateway.journal.audit import SAID_LIMIT, WORD_LIMIT, AuditLine, AuditOutcome
from tests.conftest import eventually


def line(outcome=AuditOutcome.DONE, text=""):
    """A line with an outcome."""
    return AuditLine(at=1.0, outcome=outcome, callback="one/ack", text=text)


class Store:
    """What was recorded, write by write."""

    def __init__(self) -> None:
        self.writes: list[list[AuditLine]] = []
        self.full = False

    async def record(self, lines) -> None:
        """See `journal.audit.Audit`."""
        await asyncio.sleep(0)
        if self.full:
            raise JournalError("the disk is full")
        self.writes.append(list(lines))


async def test_what_was_done_is_durable_at_once(capsys):
    """One write each; one that fails is in the log, whole."""
    store = Store()
    recorder = AuditRecorder(store.record)
    await recorder.add(line())
    assert store.writes == [[line()]]
    store.full = True
    await recorder.add(line(AuditOutcome.FAILED, "for the record"))
    assert "for the record" in capsys.readouterr().out
    await recorder.close()


async def test_what_was_not_taken_comes_in_batches(capsys):
    """The first at once, the others together; beyond a batch they are counted."""
    store = Store()
    recorder = AuditRecorder(store.record)
    for number in range(BATCH + 7):
        await recorder.add(line(AuditOutcome.FORGED, str(number)))
    await eventually(lambda: store.writes)
    assert [one.text for one in store.writes[0]] == [str(number) for number in range(BATCH)]
    assert "count=7" in capsys.readouterr().out
    await recorder.add(line(AuditOutcome.DENIED))
    await recorder.close()
    assert store.writes[1:] == [[line(AuditOutcome.DENIED)]]


async def test_what_waits_is_bounded():
    """In lines, and in what a line says: each may come of a request of a megabyte."""
    stored: list[AuditLine] = []

    async def record(lines):
        stored.extend(lines)

    recorder = AuditRecorder(record)
    for _ in range(BATCH + 5):
        line = AuditLine(0.0, AuditOutcome.FORGED, "", user="u" * 1_000_000, text="t" * 1_000_000)
        await recorder.add(line)
    assert {(len(one.user), len(one.text)) for one in recorder._waiting} == {(WORD_LIMIT, SAID_LIMIT)}
    await recorder.close()
    assert len(stored) == BATCH
