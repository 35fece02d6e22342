"""Lines of what was not taken wait for the journal, and little of what strangers say with them."""

from gateway.acts.recorder import BATCH, AuditRecorder
from gateway.journal.audit import SAID_LIMIT, WORD_LIMIT, AuditLine, AuditOutcome


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
